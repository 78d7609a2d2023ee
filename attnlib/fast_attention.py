"""The output of ``attention`` block by block: no matrix of weights, and the speed of the machine."""

import math
from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_floats, as_gradient, as_mask, as_scale, describe
from attnlib.attention import zero_unless_finite
from attnlib.blocks import BLOCK, key_spans, query_spans, tiles
from attnlib.broadcast import check_broadcasts, unbroadcast
from attnlib.masks import causal_mask
from attnlib.shapes import check_matching_d_k, check_one_value_a_key
from attnlib.softmax import check_below_inf, smallest_exponent
from attnlib.threads import as_threads, run_in_threads

SMALL = 30  # a score up to here needs nothing taken away: e³⁰ ≈ 10¹³ is far from overflow, e⁻³⁰ far from zero


class Call(NamedTuple):
    """One call of attention, checked. All arrays have the leading axes of the output."""

    query: np.ndarray  # (..., seq_q, d_k)
    key: np.ndarray  # (..., seq_k, d_k)
    value: np.ndarray  # (..., seq_k, d_v)
    mask: np.ndarray | None  # boolean (..., 1 or seq_q, 1 or seq_k)
    causal: bool
    scale: float
    bound: float  # no score is farther from 0


def fast_attention(query, key, value, mask=None, causal=False, scale=None, threads=None):
    """Each query's weighted mean of the values, as from ``attention``, in memory that grows with the length alone.

    Args:
        query: (..., seq_q, d_k)
        key: (..., seq_k, d_k)
        value: (..., seq_k, d_v)
        mask: boolean, broadcastable to (..., seq_q, seq_k). True means *may attend*.
        causal: whether each query may attend only to the keys up to its own position, as by ``causal_mask``.
        scale: multiplies the scores. None means 1/√d_k, with the width d_k of one head.
        threads: how many blocks are computed at a time. None means as many as NumPy's matrix library has threads.

    Returns:
        (..., seq_q, d_v) in the dtype of the inputs. A query that may attend to nothing gets zero.

    Raises:
        TypeError: as ``attention``, or if ``causal`` is no bool, or ``threads`` no integer.
        ValueError: as ``attention``, or if a query, or a key or value that it may attend to, is NaN or infinite.
        ModuleNotFoundError: if ``threads`` is 2 or more, and the package threadpoolctl is not installed.

    Source: Dao et al. (2022), algorithm 1, after Milakov and Gimelshein (2018), algorithm 3.
    """
    threads = as_threads(threads)
    return forward(as_call(query, key, value, mask, causal, scale), threads)[0]


def fast_attention_vjp(query, key, value, mask=None, causal=False, scale=None, threads=None):
    """``fast_attention``, and its pullback: grad_output (..., seq_q, d_v) → ``(grad_query, grad_key, grad_value)``.

    The pullback computes the weights once more, block by block, from two numbers a query that the forward pass keeps.

    Source: Dao et al. (2022), algorithm 4.
    """
    threads = as_threads(threads)
    call = as_call(query, key, value, mask, causal, scale)
    output, shift, total = forward(call, threads)

    def pullback(grad_output):
        grads = backward(call, output, shift, total, as_gradient(grad_output, output), threads)
        return tuple(unbroadcast(grad, np.shape(x)) for grad, x in zip(grads, (query, key, value), strict=True))

    return output, pullback


def forward(call, threads):
    """The output (..., seq_q, d_v), and what each query's softmax took away and divided by: twice (..., seq_q, 1)."""
    *lead, seq_q, _ = call.query.shape
    output = np.empty((*lead, seq_q, call.value.shape[-1]), call.value.dtype)
    shift, total = np.empty((2, *lead, seq_q, 1), output.dtype)
    free = [np.empty(BLOCK, output.dtype) for _ in range(threads)]  # one block a thread, used again and again

    def attend(task):
        tile, rows = task
        block = free.pop()
        at = (*tile, ..., rows, slice(None))
        output[at], shift[at], total[at] = attend_rows(call, tile, rows, block)
        free.append(block)

    shape = tuple(lead), seq_q, call.key.shape[-2]
    run_in_threads(attend, [(tile, rows) for tile in tiles(*shape) for rows in reversed(query_spans(seq_q))], threads)
    if not np.isfinite(output).all():
        raise ValueError(f"the weighted sums of the values overflow {output.dtype}: got {describe(value=call.value)}")
    return output, shift, total


@np.errstate(over="ignore", invalid="ignore")  # scores that overflow raise an error that says more
def attend_rows(call, tile, rows, block):
    """``forward`` for some queries of one tile: over blocks of keys, it adds up what the softmax divides."""
    query = call.query[tile][..., rows, :] * call.scale
    *lead, seq_q, _ = query.shape
    output = np.zeros((*lead, seq_q, call.value.shape[-1]), query.dtype)
    total, shift = np.zeros((2, *lead, seq_q, 1), query.dtype)
    for columns in key_spans(rows, call.key.shape[-2], call.causal):
        allowed = may_attend(call, tile, rows, columns)
        if allowed is not None and not allowed.any():
            continue
        key, value = call.key[tile][..., columns, :], call.value[tile][..., columns, :]
        scores = np.matmul(query, key.mT, out=shaped(block, (*lead, seq_q, key.shape[-2])))
        if call.bound > SMALL:
            before, shift = shift, shifted(scores, allowed, shift, total == 0)
            shrink = np.exp(np.minimum(before - shift, 0))  # from less to more taken away
            output *= shrink
            total *= shrink
        weights = np.exp(scores, out=scores)
        if allowed is not None:
            weights *= allowed
        total += weights @ np.ones((key.shape[-2], 1), weights.dtype)  # a product sums faster than .sum
        output += weights @ value
    total[total == 0] = 1
    return output / total, shift, total


def shifted(scores, allowed, shift, first):
    """Take the shift away from the scores, in place, after it has moved to the highest score where that is too far off.

    Only what a query may attend to moves its shift, and none that is SMALL moves it at all: so no bit of an output
    depends on hidden keys.

    Args:
        scores: (..., rows, columns)
        allowed: as from ``may_attend``.
        shift: (..., rows, 1), what was taken away from the scores before.
        first: (..., rows, 1) boolean, whether there were none.

    Returns:
        The new shift.
    """
    if allowed is not None:
        np.fmin(scores, (allowed - 0.5) * np.inf, out=scores)  # −∞ where hidden, though it be NaN there
    highest = scores.max(axis=-1, keepdims=True)
    check_below_inf(scores, highest)
    too_low = first & (highest < shift - SMALL) & (highest > -np.inf)
    shift = np.where((highest > shift + SMALL) | too_low, highest, shift)
    if shift.any():
        scores -= shift
    np.maximum(scores, smallest_exponent(scores.dtype), out=scores)  # below, exp is slow
    return shift


def backward(call, output, shift, total, grad_output, threads):
    """The gradients by query, key and value, with the leading axes of the output.

    A task adds up the gradients of some keys of one tile, over all queries. The queries' own gradients come from
    several tasks if there are fewer tiles than threads; each has a sum of its own.
    """
    *lead, seq_q, _ = call.query.shape
    seq_k = call.key.shape[-2]
    all_tiles, all_columns = tiles(tuple(lead), seq_q, seq_k), key_spans(slice(seq_q, seq_q), seq_k, causal=False)
    parts = min(-(-threads // len(all_tiles)), max(1, len(all_columns)))
    queries = call.query * call.scale
    grads = grad_output / total  # here, and not once a weight
    # Back through softmax: one column more, so that one product also subtracts the mean, [g, −mean] · [v, 1].
    grads = with_column(grads, -np.vecdot(grads, output)[..., None])
    grad_queries = [np.zeros((*lead, *call.query.shape[-2:]), output.dtype) for _ in range(parts)]
    grad_key, grad_value = (np.zeros((*lead, *x.shape[-2:]), output.dtype) for x in (call.key, call.value))
    free = [np.empty((2, BLOCK), output.dtype) for _ in range(threads)]

    def add_up(task):
        tile, part = task
        blocks = free.pop()
        of_queries = queries[tile], grads[tile], shift[tile], grad_queries[part][tile]
        for columns in all_columns[part::parts]:
            key, value, *sums = (x[tile][..., columns, :] for x in (call.key, call.value, grad_key, grad_value))
            of_keys = key, with_column(value, 1), *sums
            for rows in query_spans(seq_q):
                allowed = may_attend(call, tile, rows, columns)
                if allowed is None or allowed.any():
                    add_block([x[..., rows, :] for x in of_queries], of_keys, allowed, call.bound, blocks)
        free.append(blocks)

    run_in_threads(add_up, [(tile, part) for tile in all_tiles for part in range(parts)], threads)
    grad_query = grad_queries[0]
    for more in grad_queries[1:]:
        grad_query += more
    grad_query *= call.scale
    return grad_query, grad_key, grad_value


@np.errstate(over="ignore", invalid="ignore")  # what is hidden may overflow
def add_block(of_queries, of_keys, allowed, bound, blocks):
    """The way back through one block of scores; the gradients, the last of each group, are added up in place."""
    query, grad_output, shift, grad_query = of_queries
    key, value, grad_key, grad_value = of_keys
    shape = *query.shape[:-1], key.shape[-2]
    scores = np.matmul(query, key.mT, out=shaped(blocks[0], shape))
    if bound > SMALL:
        scores -= shift
        np.fmin(scores, 2 * SMALL, out=scores)  # hidden keys may have any score
        np.maximum(scores, smallest_exponent(scores.dtype), out=scores)
    weights = np.exp(scores, out=scores)
    if allowed is not None:
        weights *= allowed
    grad_value += weights.mT @ grad_output[..., :-1]
    grad_scores = np.matmul(grad_output, value.mT, out=shaped(blocks[1], shape))
    grad_scores *= weights
    grad_key += grad_scores.mT @ query
    grad_query += grad_scores @ key


def may_attend(call, tile, rows, columns):
    """Which of these queries may attend to which of these keys: 1 or 0, (..., 1 or rows, 1 or columns); None: all."""
    allowed = None
    if call.causal and columns.stop - 1 > rows.start:
        allowed = np.arange(columns.start, columns.stop) <= np.arange(rows.start, rows.stop)[:, None]
    if call.mask is not None:
        row_axis, column_axis = call.mask.shape[-2:]
        some = call.mask[tile][..., rows if row_axis > 1 else slice(None), columns if column_axis > 1 else slice(None)]
        allowed = some if allowed is None else some & allowed
    return None if allowed is None or allowed.all() else allowed.astype(call.query.dtype)


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
        mask = np.broadcast_to(np.atleast_2d(mask), (*lead, *np.atleast_2d(mask).shape[-2:]))
    query, key, value = finite_where_attended(query, key, value, mask, causal)
    bound = largest_norm(query) * largest_norm(key) * abs(scale)  # no inner product is larger than that of the norms
    query, key, value = (np.broadcast_to(x, (*lead, *x.shape[-2:])) for x in (query, key, value))
    return Call(query, key, value, mask, bool(causal), scale, bound)


def finite_where_attended(query, key, value, mask, causal):
    """The arrays, with 0 for what is NaN or infinite, but takes no part.

    Raises:
        ValueError: if a query that is not finite may attend to a key, or a key or value that is not may be attended to.
    """
    if all(np.isfinite(x).all() for x in (query, key, value)):
        return query, key, value
    allowed = np.True_ if mask is None else mask
    if causal:
        allowed = allowed & causal_mask(query.shape[-2], key.shape[-2])
    for name, x, axis in (("query", query, -1), ("key", key, -2), ("value", value, -2)):
        if (allowed & np.expand_dims(~np.isfinite(x).all(axis=-1), axis)).any():
            raise ValueError(
                f"{name} must be finite where a query may attend to a key: got NaN or inf in "
                f"{describe(query=query, key=key, value=value)}"
            )
    return tuple(zero_unless_finite(x) for x in (query, key, value))


def largest_norm(x):
    """The length of the longest vector, a Python float; infinity if its square overflows."""
    with np.errstate(over="ignore"):
        return float(np.vecdot(x, x).max(initial=0)) ** 0.5


def with_column(x, column):
    """The vectors with one component more: (..., seq, width + 1)."""
    wide = np.empty((*x.shape[:-1], x.shape[-1] + 1), x.dtype)
    wide[..., :-1], wide[..., -1:] = x, column
    return wide


def shaped(block, shape):
    """The first numbers of a block as an array of this shape."""
    return block[: math.prod(shape)].reshape(shape)
