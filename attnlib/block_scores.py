"""What blocks of scores are computed from, and which of their scores count."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_floats, as_mask, as_scale
from attnlib.broadcast import check_broadcasts
from attnlib.power import Power, vectorised_power
from attnlib.shapes import check_matching_d_k, check_one_value_a_key
from attnlib.softmax import smallest_exponent

SAFE_EXPONENT = 30  # its power is far from overflow, and that of −30 from zero


class Call(NamedTuple):
    """One call of attention, checked. All arrays have the leading axes of the output."""

    query: np.ndarray  # (..., seq_q, d_k)
    key: np.ndarray  # (..., seq_k, d_k)
    value: np.ndarray  # (..., seq_k, d_v)
    mask: np.ndarray | None  # boolean (..., 1 or seq_q, 1 or seq_k)
    causal: bool
    scale: float
    power: Power

    @property
    def factor(self):
        """What makes exponents of the inner products."""
        return self.scale * self.power.factor


def as_call(query, key, value, mask, causal, scale):
    """The arguments, checked and stretched to common leading axes.

    Raises:
        TypeError, ValueError: as ``fast_attention``.
    """
    query, key, value = as_floats(query=query, key=key, value=value)
    check_one_value_a_key(query, key, value)
    check_matching_d_k(query, key)
    if not isinstance(causal, bool | np.bool_):
        raise TypeError(f"causal must be True or False: got {causal!r}")
    scale = as_scale(scale, d_k=key.shape[-1])
    lead = np.broadcast_shapes(*(x.shape[:-2] for x in (query, key, value)))
    if mask is not None:
        mask = as_mask(mask)
        scores = np.broadcast_to(query.dtype.type(0), (*lead, query.shape[-2], key.shape[-2]))
        check_broadcasts(scores, mask=mask)
        mask = np.atleast_2d(mask)
        mask = np.broadcast_to(mask, (*lead, *mask.shape[-2:]))
    query, key, value = (np.broadcast_to(x, (*lead, *x.shape[-2:])) for x in (query, key, value))
    return Call(query, key, value, mask, bool(causal), scale, vectorised_power())


def exponents_are_safe(query, key, factor):
    """Whether no exponent can be farther from 0 than SAFE_EXPONENT: then softmax need not look for the highest.

    No inner product is farther from 0 than the product of the lengths, and lengths are quicker to have.
    """
    return largest_norm(query) * largest_norm(key) * abs(factor) <= SAFE_EXPONENT


def largest_norm(x):
    """The length of the longest vector, a Python float; infinity if its square overflows, NaN if one is NaN."""
    return float(np.vecdot(x, x).max(initial=0)) ** 0.5


def hide(exponents, allowed):
    """Make −∞, in place, of the exponents that do not count, whatever they were."""
    if allowed is not None:
        np.fmin(exponents, (allowed - 1) * np.inf, out=exponents)  # −1 · ∞, or 0 · ∞, NaN, which fmin passes over


def powers_or_zero(power, exponents):
    """Powers, in place, and zero of those so small that softmax returns zero: on the way there, processors are slow."""
    lowest = np.full(1, smallest_exponent(exponents.dtype) * power.factor, exponents.dtype)
    powers = power.of(np.maximum(exponents, lowest, out=exponents), out=exponents)
    powers -= power.of(lowest)  # changes no bit of a power that matters
    return powers


def blocks_that_count(call, tile, blocks):
    """Leave out the blocks in which no query may attend to any key, and say which may in the others.

    Args:
        call: ``Call``.
        tile: index of the leading axes.
        blocks: pairs of slices, of queries and of keys.

    Yields:
        ``(rows, columns, allowed)``: both slices, and 1 or 0, (..., 1 or rows, 1 or columns), or None: all may.
    """
    mask = None if call.mask is None else unstretched(call.mask[tile])
    for rows, columns in blocks:
        past = None
        if call.causal and columns.stop - 1 > rows.start:
            numbers = (span.stop - span.start for span in (rows, columns))
            past = triangle(*numbers, rows.start - columns.start, call.key.dtype)
        if mask is None:
            yield rows, columns, past
            continue
        row_axis, column_axis = mask.shape[-2:]
        some = mask[..., rows if row_axis > 1 else slice(None), columns if column_axis > 1 else slice(None)]
        if past is None and some.all():
            yield rows, columns, None
        elif some.any():
            some = some.astype(call.key.dtype)
            yield rows, columns, some if past is None else some * past


def unstretched(x):
    """The array as it was before it was broadcast: what is the same for all heads is computed with once."""
    return x[tuple(slice(None if stride else 1) for stride in x.strides)]


@lru_cache(maxsize=8)
def triangle(rows, columns, before, dtype):
    """The causal mask of a block, in numbers; its first query has ``before`` keys of the block before it."""
    return np.tri(rows, columns, before, dtype)
