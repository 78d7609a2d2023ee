"""Rotary position encoding: turn queries and keys instead of adding something to them."""

import numpy as np

from attnlib.arguments import as_array, as_floats, as_gradient, describe
from attnlib.broadcast import fits
from attnlib.positions import wave_angles
from attnlib.shapes import check_sequences


def rotate(x, positions=None, base=10000.0, halves=False):
    """Turn each pair of features by an angle that grows with the position.

    The pair (2i, 2i + 1) turns by position / base^(2i/width). A query turned by p and a key turned by r have an
    inner product that depends on p − r only.

    Args:
        x: (..., seq, width) queries or keys of one head; an even width.
        positions: (seq,) numbers, or None for 0, 1, 2, …
        base: the slowest pair turns once in base^(1 − 2/width) · 2π positions; above 0.
        halves: whether a pair is feature i and feature i + width/2, as in many libraries: the same idea with the
            features in another order, but weights trained for one layout do not fit the other.

    Returns:
        Same shape and dtype as ``x``; every vector keeps its norm.

    Raises:
        TypeError: if ``x`` is not float32 or float64.
        ValueError: if the width is odd, base not above 0, or there is not one finite position a vector.

    Source: Su et al. (2021), eq. 15 and 34.
    """
    return rotate_vjp(x, positions, base, halves)[0]


def rotate_vjp(x, positions=None, base=10000.0, halves=False):
    """``rotate``, and its pullback to ``x``: it turns the other way."""
    [x] = as_floats(x=x)
    cos, sin = turns(x, positions, base)
    return turn_pairs_vjp(x, cos, sin, halves)


@np.errstate(over="ignore", invalid="ignore")  # attention looks at what comes of it, and says more
def turn_pairs(x, cos, sin, halves=False):
    """Turn each pair of features by an angle whose cosine and sine are given.

    Args:
        x: (..., seq, width), an even width.
        cos, sin: broadcastable to (..., seq, width / 2), the angle of pair i in column i.
        halves: whether pair i is feature i and feature i + width/2. Otherwise it is features 2i and 2i + 1.

    Returns:
        Same shape and dtype as ``x``.

    Raises:
        TypeError: if the arrays are not all float32 or all float64.
        ValueError: if the width is odd, or the shapes do not fit.

    Source: Su et al. (2021), eq. 34.
    """
    x, cos, sin = as_floats(x=x, cos=cos, sin=sin)
    check_sequences(x=x)
    *lead, width = x.shape
    if width % 2 or not all(fits(array.shape, (*lead, width // 2)) for array in (cos, sin)):
        raise ValueError(
            f"x needs an even width, and cos and sin must broadcast to (..., seq, width / 2): "
            f"got {describe(x=x, cos=cos, sin=sin)}"
        )
    pair = (slice(width // 2), slice(width // 2, None)) if halves else (slice(0, None, 2), slice(1, None, 2))
    first, second = (x[..., features] for features in pair)
    turned = np.empty_like(x)
    turned[..., pair[0]] = first * cos - second * sin
    turned[..., pair[1]] = first * sin + second * cos
    return turned


def turn_pairs_vjp(x, cos, sin, halves=False):
    """``turn_pairs``, and its pullback to ``x``: it turns the other way. Cosines and sines are constants."""
    output, back = turn_pairs(x, cos, sin, halves), np.negative(sin)

    def pullback(grad_output):
        return turn_pairs(as_gradient(grad_output, output), cos, back, halves)

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
