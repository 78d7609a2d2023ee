"""Position encodings that are added to the tokens' vectors: sines and cosines, or a learned table."""

import numpy as np

from attnlib.arguments import as_array, as_count, as_float_type, as_floats, as_gradient, as_number, as_size, describe


def sinusoidal_positions(seq, d_model, base=10000.0, dtype=np.float64, halves=False):
    """One vector a position, made of sines and cosines of ever longer waves.

    Feature 2i is sin(p / base^(2i/d_model)), feature 2i + 1 the cosine of the *same* angle: interleaved, as in
    the paper. Some libraries put all sines before all cosines; that is the same encoding with its features in
    another order, ``encoding[:, [*range(0, d_model, 2), *range(1, d_model, 2)]]``. Those that follow Tensor2Tensor
    also make the longest wave base · 2π positions long: a base of ``base ** (d_model / (d_model - 2))`` does that here.

    Args:
        seq: number of positions, counted from 0.
        d_model: width of a vector, even.
        base: the longest wave is base^(1 − 2/d_model) · 2π positions long; above 0.
        dtype: float32 or float64. The angles are computed in float64 in any case.
        halves: whether all sines stand before all cosines.

    Returns:
        (seq, d_model), every number between −1 and 1, every row of norm √(d_model/2).

    Raises:
        TypeError, ValueError: if seq is no integer of 0 or more, d_model not even and above 0, base not above 0,
            or ``dtype`` neither float32 nor float64.

    Source: Vaswani et al. (2017), section 3.5.
    """
    seq, d_model, dtype = as_size("seq", seq), as_count("d_model", d_model), as_float_type(dtype)
    angles = wave_angles(np.arange(seq), d_model, base)
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=-1)  # (seq, d_model / 2, 2)
    return (waves.mT if halves else waves).reshape(seq, d_model).astype(dtype)


def wave_angles(positions, width, base=10000.0):
    """The angle of every pair of features at every position: position / base^(2i/width).

    Args:
        positions: (...) integers or floats.
        width: number of features, even; two share an angle.
        base: above 0.

    Returns:
        (..., width / 2) float64 radians. In float32 the angle at position 10 000 would be off by up to 0.0007.

    Raises:
        TypeError, ValueError: if the width is not a positive even integer, base is not a finite number above 0,
            or a position is not finite.
    """
    if as_count("width", width) % 2:
        raise ValueError(f"sines and cosines come in pairs, so the width must be even: got {width}")
    base = as_number("base", base, "be a finite number above 0", lambda base: 0 < base < np.inf)
    positions = as_array("positions", positions)
    if positions.dtype.kind not in "iuf":
        raise TypeError(f"positions must be integers or floats: got {positions.dtype} {positions.shape}")
    if not np.isfinite(positions).all():
        raise ValueError(f"positions must be finite: got NaN or inf in {describe(positions=positions)}")
    frequencies = base ** (-np.arange(0, width, 2) / width)
    return positions[..., None].astype(np.float64) * frequencies


def learned_positions(table, seq):
    """The first rows of a learned table, one a position.

    Args:
        table: (max_seq, d_model), trained like any other parameter.
        seq: number of positions, at most max_seq: the table knows nothing about later ones.

    Returns:
        (seq, d_model). A view; nothing is copied.

    Raises:
        TypeError: if the table is not float32 or float64, or ``seq`` is not an integer.
        ValueError: if ``seq`` is above max_seq.

    Source: Gehring et al. (2017), section 3.1; Vaswani et al. (2017), table 3, row E.
    """
    [table], seq = as_floats(table=table), as_size("seq", seq)
    if table.ndim != 2 or seq > len(table):
        raise ValueError(
            f"table (max_seq, d_model) has no row for some of seq={seq} positions: got {describe(table=table)}"
        )
    return table[:seq]


def learned_positions_vjp(table, seq):
    """``learned_positions``, and its pullback: grad_output (seq, d_model) → grad_table (max_seq, d_model).

    It is zero for positions that were not used, which is why they learn nothing.
    """
    output = learned_positions(table, seq)

    def pullback(grad_output):
        grad_table = np.zeros(np.shape(table), output.dtype)
        grad_table[:seq] = as_gradient(grad_output, output)
        return grad_table

    return output, pullback
