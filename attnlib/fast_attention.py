"""The output of ``attention`` block by block: no matrix of weights, and the speed of the machine."""

import math
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_floats, as_gradient, as_mask, as_scale
from attnlib.attention import zero_unless_finite
from attnlib.blocks import BLOCK, block_shape, key_spans, spans, tiles
from attnlib.broadcast import check_broadcasts, unbroadcast
from attnlib.power import quickest_power
from attnlib.shapes import check_matching_d_k, check_one_value_a_key
from attnlib.softmax import check_below_inf, smallest_exponent
from attnlib.threads import as_threads, run_in_threads

SMALL = 30  # an exponent up to here needs nothing taken away: its power is far from overflow, and that of −30 from zero
TASK = 4  # blocks of queries that a thread takes at a time


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
        ValueError: as ``attention``, or if the sums of the values, before they are divided, overflow.
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
    # What is not finite has weight zero, else there had been an error; but 0 · NaN is NaN.
    call = call._replace(**{name: zero_unless_finite(getattr(call, name)) for name in ("query", "key", "value")})

    def pullback(grad_output):
        grads = backward(call, output, shift, total, as_gradient(grad_output, output), threads)
        return tuple(unbroadcast(grad, np.shape(x)) for grad, x in zip(grads, (query, key, value), strict=True))

    return output, pullback


class Call(NamedTuple):
    """One call of attention, checked. All arrays have the leading axes of the output."""

    query: np.ndarray  # (..., seq_q, d_k)
    key: np.ndarray  # (..., seq_k, d_k)
    value: np.ndarray  # (..., seq_k, d_v)
    mask: np.ndarray | None  # boolean (..., 1 or seq_q, 1 or seq_k)
    causal: bool
    scale: float


class Part(NamedTuple):
    """Some queries of one tile, and all keys and values of that tile."""

    query: np.ndarray  # (..., rows, d_k), times what makes exponents of the inner products
    first: int  # place of the first of them
    key: np.ndarray  # (..., seq_k, d_k)
    value: np.ndarray  # (..., seq_k, d_v)
    mask: np.ndarray | None  # (..., 1 or seq_q, 1 or seq_k)
    causal: bool
    small: bool  # whether all exponents are known to lie between −SMALL and SMALL


class Room(NamedTuple):
    """What one thread computes in."""

    columns: int  # keys in a block
    arrays: list[np.ndarray]  # flat: one or two blocks of scores, and vectors


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
    return Call(query, key, value, mask, bool(causal), scale)


def part_of(call, tile, queries):
    """What a task works on."""
    query, key = call.query[tile][..., queries, :] * (call.scale * quickest_power().factor), call.key[tile]
    # No inner product is farther from 0 than the product of the lengths, and lengths are quicker to have.
    small = largest_norm(query) * largest_norm(key) <= SMALL
    mask = None if call.mask is None else call.mask[tile]
    return Part(query, queries.start, key, call.value[tile], mask, call.causal, small)


def forward(call, threads):
    """The output (..., seq_q, d_v), and what each query's softmax took away and divided by: twice (..., seq_q, 1)."""
    *lead, seq_q, _ = call.query.shape
    output = np.empty((*lead, seq_q, call.value.shape[-1]), call.value.dtype)
    shift, total = np.empty((2, *lead, seq_q, 1), output.dtype)
    shape = block_shape(seq_q, call.key.shape[-2], call.causal)
    free, size = rooms(call, shape, threads), shape[0]

    @np.errstate(over="ignore", invalid="ignore")  # scores that overflow raise an error that says more
    def attend(task):
        tile, queries = task
        part, room = part_of(call, tile, queries), free.pop()
        for rows in spans(queries.start, queries.stop, size):
            at = (*tile, ..., rows, slice(None))
            weighted, total[at], shift[at] = attend_rows(part, part.value, rows, room)
            if not np.isfinite(weighted).all():
                weighted, *_ = attend_rows(part, values_that_count(part, rows, room), rows, room)
            np.divide(weighted, total[at], out=output[at])
        free.append(room)

    tasks = product(tiles(tuple(lead), *shape), reversed(spans(0, seq_q, TASK * size)))
    run_in_threads(attend, tasks, threads)
    return output, shift, total


def rooms(call, shape, threads, blocks=1):
    """What each thread computes in, again and again: blocks of scores, and room for as many vectors."""
    width = max(call.query.shape[-1], call.value.shape[-1])
    vectors = max(1, BLOCK // math.prod(shape)) * max(shape) * width
    sizes = [BLOCK] * blocks + [vectors]
    return [Room(columns=shape[1], arrays=[np.empty(size, call.query.dtype) for size in sizes]) for _ in range(threads)]


def attend_rows(part, value, rows, room):
    """Add up over blocks of keys what some queries ask for.

    Args:
        part: ``Part``.
        value: (..., seq_k, d_v), the part's or others in their place.
        rows: the queries, a slice.
        room: from ``rooms``.

    Returns:
        ``(weighted, total, shift)``: the sums of power · value, (..., rows, d_v), and of the powers, (..., rows, 1),
        and what was taken away from their exponents. A query that may attend to nothing has a total of 1.
    """
    power, query = quickest_power().of, part.query[..., rows.start - part.first : rows.stop - part.first, :]
    weighted = np.zeros((*query.shape[:-1], value.shape[-1]), query.dtype)
    total, shift = np.zeros((2, *query.shape[:-1], 1), query.dtype)
    for columns in key_spans(rows, value.shape[-2], room.columns, part.causal):
        allowed = may_attend(part, rows, columns)
        if allowed is not None and not allowed.any():
            continue
        key = part.key[..., columns, :]
        exponents = np.matmul(query, key.mT, out=shaped(room.arrays[0], (*query.shape[:-1], key.shape[-2])))
        if not part.small:
            before, shift = shift, shifted(exponents, allowed, shift, total == 0)
            shrink = power(np.minimum(before - shift, 0))  # from less to more taken away
            weighted *= shrink
            total *= shrink
        powers = power(exponents, out=exponents)
        if allowed is not None:
            powers *= allowed
        total += powers @ np.ones((key.shape[-2], 1), powers.dtype)  # a product sums faster than .sum
        add_product(weighted, powers, value[..., columns, :], room)
    total[total == 0] = 1
    return weighted, total, shift


def shifted(exponents, allowed, shift, first):
    """Take the shift away, in place, after it has moved to the highest exponent where that is too far off.

    Only what a query may attend to moves its shift, and none that is SMALL moves it at all: so no bit of an output
    depends on hidden keys.

    Args:
        exponents: (..., rows, columns)
        allowed: from ``may_attend``.
        shift: (..., rows, 1), what was taken away before.
        first: (..., rows, 1) boolean, whether there was nothing before.

    Returns:
        The new shift.
    """
    if allowed is not None:
        np.fmin(exponents, (allowed - 0.5) * np.inf, out=exponents)  # −∞ where hidden, though it be NaN there
    highest = exponents.max(axis=-1, keepdims=True)
    check_below_inf(exponents, highest)
    too_low = first & (highest < shift - SMALL) & (highest > -np.inf)
    shift = np.where((highest > shift + SMALL) | too_low, highest, shift)
    if shift.any():
        exponents -= shift
    np.maximum(exponents, lowest_exponent(exponents), out=exponents)
    return shift


def lowest_exponent(exponents):
    """What an exponent is raised to: below, powers are slow, and too small to count."""
    return smallest_exponent(exponents.dtype) * quickest_power().factor


def values_that_count(part, rows, room):
    """The values of a part, with 0 in place of NaN and infinity, to which none of these queries may attend.

    Raises:
        ValueError: if one may, or if all values are finite and their sums are not.
    """
    broken = ~np.isfinite(part.value)
    if not broken.any():
        raise ValueError(
            f"sums of the values must not overflow {part.value.dtype}: got values up to {np.abs(part.value).max():.3g}"
        )
    if attend_rows(part, broken.astype(part.value.dtype), rows, room)[0].any():
        raise ValueError("value must be finite where a query may attend to it: got NaN or inf")
    return np.where(broken, 0, part.value)


def backward(call, output, shift, total, grad_output, threads):
    """The gradients by query, key and value, with the leading axes of the output.

    A task adds up the gradients of some keys of one tile, over all queries. The queries' own gradients come from
    several tasks if there are fewer tiles than threads; each has a sum of its own.
    """
    *lead, seq_q, _ = call.query.shape
    seq_k = call.key.shape[-2]
    shape = block_shape(seq_q, seq_k, call.causal, at_once=2)
    all_tiles, all_columns = tiles(tuple(lead), *shape), spans(0, seq_k, shape[1])
    shares = min(-(-threads // len(all_tiles)), max(1, len(all_columns)))
    grads = grad_output / total  # here, and not once a weight
    # Back through softmax: one column more, so that one product also subtracts the mean, [g, −mean] · [v, 1].
    grads = with_column(grads, -np.vecdot(grads, output)[..., None])
    grad_queries = [np.zeros((*lead, *call.query.shape[-2:]), output.dtype) for _ in range(shares)]
    grad_key, grad_value = (np.zeros((*lead, *x.shape[-2:]), output.dtype) for x in (call.key, call.value))
    free = rooms(call, shape, threads, blocks=2)

    @np.errstate(over="ignore", invalid="ignore")  # what is hidden may overflow
    def add_up(task):
        tile, share = task
        part, room = part_of(call, tile, slice(0, seq_q)), free.pop()
        of_queries = part.query, grads[tile], shift[tile], grad_queries[share][tile]
        for columns in all_columns[share::shares]:
            key, value, *sums = (x[..., columns, :] for x in (part.key, part.value, grad_key[tile], grad_value[tile]))
            of_keys = key, with_column(value, 1), *sums
            for rows in spans(0, seq_q, shape[0]):
                allowed = may_attend(part, rows, columns)
                if allowed is None or allowed.any():
                    add_block([x[..., rows, :] for x in of_queries], of_keys, allowed, part.small, room)
        free.append(room)

    run_in_threads(add_up, product(all_tiles, range(shares)), threads)
    grad_query = grad_queries[0]
    for more in grad_queries[1:]:
        grad_query += more
    grad_query *= call.scale
    grad_key /= quickest_power().factor
    return grad_query, grad_key, grad_value


def add_block(of_queries, of_keys, allowed, small, room):
    """The way back through one block of scores; the gradients, the last of each group, are added up in place."""
    query, grad_output, shift, grad_query = of_queries
    key, value, grad_key, grad_value = of_keys
    shape = *query.shape[:-1], key.shape[-2]
    exponents = np.matmul(query, key.mT, out=shaped(room.arrays[0], shape))
    if not small:
        exponents -= shift
        np.fmin(exponents, 2 * SMALL, out=exponents)  # hidden keys may have any
        np.maximum(exponents, lowest_exponent(exponents), out=exponents)
    powers = quickest_power().of(exponents, out=exponents)
    if allowed is not None:
        powers *= allowed
    add_product(grad_value, powers.mT, grad_output[..., :-1], room)
    grad_scores = np.matmul(grad_output, value.mT, out=shaped(room.arrays[1], shape))
    grad_scores *= powers
    add_product(grad_key, grad_scores.mT, query, room)
    add_product(grad_query, grad_scores, key, room)


def add_product(total, a, b, room):
    """total += a @ b, computed in the room for vectors: a new array would cost as much time as the sum."""
    total += np.matmul(a, b, out=shaped(room.arrays[-1], total.shape))


def may_attend(part, rows, columns):
    """Which of these queries may attend to which of these keys: 1 or 0, (..., 1 or rows, 1 or columns); None: all."""
    past = None
    if part.causal and columns.stop - 1 > rows.start:
        numbers = (span.stop - span.start for span in (rows, columns))
        past = triangle(*numbers, rows.start - columns.start, part.key.dtype)
    if part.mask is None:
        return past
    row_axis, column_axis = part.mask.shape[-2:]
    some = part.mask[..., rows if row_axis > 1 else slice(None), columns if column_axis > 1 else slice(None)]
    if past is not None:
        return some * past
    return None if some.all() else some.astype(part.key.dtype)


@lru_cache(maxsize=8)
def triangle(rows, columns, before, dtype):
    """The causal mask of a block, in numbers; its first query has ``before`` keys of the block before it."""
    return np.tri(rows, columns, before, dtype)


def largest_norm(x):
    """The length of the longest vector, a Python float; infinity if its square overflows, NaN if one is NaN."""
    return float(np.vecdot(x, x).max(initial=0)) ** 0.5


def with_column(x, column):
    """The vectors with one component more: (..., seq, width + 1)."""
    wide = np.empty((*x.shape[:-1], x.shape[-1] + 1), x.dtype)
    wide[..., :-1], wide[..., -1:] = x, column
    return wide


def shaped(block, shape):
    """The first numbers of a block as an array of this shape."""
    return block[: math.prod(shape)].reshape(shape)
