"""Rotary position encoding: turn queries and keys instead of adding something to them."""

import numpy as np

from attnlib.arguments import as_array, as_floats, as_gradient, describe
from attnlib.positions import wave_angles
from attnlib.shapes import check_sequences


@np.errstate(over="ignore", invalid="ignore")  # attention looks at what comes of it, and says more
def rotate(x, positions=None, base=10000.0):
    """Turn each pair of features by an angle that grows with the position.

    The pair (2i, 2i + 1) turns by position / base^(2i/width). A query turned by p and a key turned by r have an
    inner product that depends on p − r only. Some libraries pair feature i with i + width/2 instead: the same
    idea with the features in another order, but weights trained for one layout do not fit the other.

    Args:
        x: (..., seq, width) queries or keys of one head; an even width.
        positions: (seq,) numbers, or None for 0, 1, 2, …
        base: the slowest pair turns once in base^(1 − 2/width) · 2π positions; above 0.

    Returns:
        Same shape and dtype as ``x``; every vector keeps its norm.

    Raises:
        TypeError: if ``x`` is not float32 or float64.
        ValueError: if the width is odd, base not above 0, or there is not one finite position a vector.

    Source: Su et al. (2021), eq. 15 and 34.
    """
    [x] = as_floats(x=x)
    cos, sin = turns(x, positions, base)
    first, second = x[..., 0::2], x[..., 1::2]
    turned = np.empty_like(x)
    turned[..., 0::2] = first * cos - second * sin
    turned[..., 1::2] = first * sin + second * cos
    return turned


def rotate_vjp(x, positions=None, base=10000.0):
    """``rotate``, and its pullback to ``x``: it turns the other way."""
    output = rotate(x, positions, base)
    # As floats: the opposite of an unsigned integer would wrap around.
    backwards = -np.asarray(np.arange(output.shape[-2]) if positions is None else positions, dtype=np.float64)

    def pullback(grad_output):
        return rotate(as_gradient(grad_output, output), backwards, base)

    return output, pullback


def turns(x, positions, base):
    """Cosines and sines of the angles, (seq, width / 2) each: worked out in float64, given in the dtype of ``x``.

    Raises:
        ValueError: if the width is odd, or there is not one position a vector.
    """
    check_sequences(x=x)
    positions = np.arange(x.shape[-2]) if positions is None else as_array("positions", positions)
    if positions.shape != x.shape[-2:-1]:
        raise ValueError(f"positions must have shape (seq,), one a vector: got {describe(positions=positions, x=x)}")
    angles = wave_angles(positions, x.shape[-1], base)
    return np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
