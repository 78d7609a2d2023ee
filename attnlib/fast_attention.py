"""The output of ``attention`` block by block: exact, without a matrix of weights."""

from itertools import product
from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_gradient
from attnlib.block_scores import SAFE_EXPONENT, as_call, blocks_that_count, exponents_are_safe, hide, powers_or_zero
from attnlib.blocks import block_shape, key_spans, spans, tiles
from attnlib.broadcast import unbroadcast
from attnlib.fast_attention_backward import backward
from attnlib.softmax import check_below_inf
from attnlib.threads import as_threads, run_in_threads
from attnlib.workspace import add_product, shaped, workspaces

BLOCKS_A_TASK = 4  # blocks of queries that a thread takes at a time


def fast_attention(query, key, value, mask=None, causal=False, scale=None, threads=None):
    """Each query's weighted mean of the values, as from ``attention``, in memory proportional to the length.

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

    Source: Dao (2024), algorithm 1, after Milakov and Gimelshein (2018), algorithm 3.
    """
    threads = as_threads(threads)
    return forward(as_call(query, key, value, mask, causal, scale), threads)[0]


def fast_attention_vjp(query, key, value, mask=None, causal=False, scale=None, threads=None):
    """``fast_attention``, and its pullback: grad_output (..., seq_q, d_v) → ``(grad_query, grad_key, grad_value)``.

    The pullback computes the weights once more, block by block, from two numbers a query that the forward pass keeps.
    The last bits of ``grad_query`` may depend on ``threads``, those of the output do not.

    Source: Dao (2024), algorithm 2.
    """
    threads = as_threads(threads)
    call = as_call(query, key, value, mask, causal, scale)
    output, shift, total = forward(call, threads)

    def pullback(grad_output):
        grads = backward(call, output, shift, total, as_gradient(grad_output, output), threads)
        return tuple(unbroadcast(grad, np.shape(x)) for grad, x in zip(grads, (query, key, value), strict=True))

    return output, pullback


class Task(NamedTuple):
    """Some queries of one tile."""

    tile: tuple  # where the tile is on the leading axes
    query: np.ndarray  # (..., rows, d_k), times what makes exponents of the inner products
    first: int  # place of the first of them
    safe: bool  # whether all exponents are known to be safe


def forward(call, threads):
    """The output (..., seq_q, d_v), and what each query's softmax took away and divided by: twice (..., seq_q, 1)."""
    *lead, seq_q, _ = call.query.shape
    output = np.empty((*lead, seq_q, call.value.shape[-1]), call.value.dtype)
    shift, total = np.empty((2, *lead, seq_q, 1), output.dtype)
    size, columns = block_shape(seq_q, call.key.shape[-2], call.causal)
    free = workspaces(call, size, columns, threads)

    @np.errstate(over="ignore", invalid="ignore")  # scores that overflow raise an error that says more
    def attend(tile_and_queries):
        tile, queries = tile_and_queries
        query, value, workspace = call.query[tile][..., queries, :], call.value[tile], free.pop()
        safe = exponents_are_safe(query, call.key[tile], call.factor)
        task = Task(tile, query * call.factor, queries.start, safe)
        for rows in spans(queries.start, queries.stop, size):
            at = (*tile, ..., rows, slice(None))
            weighted, total[at], shift[at] = attend_rows(call, task, value, rows, columns, workspace)
            if not np.isfinite(weighted).all():
                counts = values_that_count(call, task, rows, columns, workspace)
                weighted, *_ = attend_rows(call, task, counts, rows, columns, workspace)
                check_sums(weighted, counts)
            np.divide(weighted, total[at], out=output[at])
        free.append(workspace)

    # Of a causal text the last rows have most to do: they come first, so that no thread is left with them.
    all_queries = reversed(spans(0, seq_q, BLOCKS_A_TASK * size))
    run_in_threads(attend, product(tiles(tuple(lead), size, columns), all_queries), threads)
    return output, shift, total


def attend_rows(call, task, value, rows, columns, workspace):
    """Add up over blocks of keys what some queries ask for.

    Args:
        call, task: what to compute.
        value: (..., seq_k, d_v), the tile's or others in their place.
        rows: the queries, a slice.
        columns: number of keys in a block.
        workspace: where to compute.

    Returns:
        ``(weighted, total, shift)``: the sums of power · value, (..., rows, d_v), and of the powers, (..., rows, 1),
        and what was taken away from their exponents. A query that may attend to nothing has a total of 1.
    """
    power = call.power.of
    query, key = task.query[..., rows.start - task.first : rows.stop - task.first, :], call.key[task.tile]
    weighted = np.zeros((*query.shape[:-1], value.shape[-1]), query.dtype)
    total, shift = np.zeros((2, *query.shape[:-1], 1), query.dtype)
    blocks = ((rows, span) for span in key_spans(rows, key.shape[-2], columns, call.causal))
    for _, span, allowed in blocks_that_count(call, task.tile, blocks):
        shape = *query.shape[:-1], span.stop - span.start
        exponents = np.matmul(query, key[..., span, :].mT, out=shaped(workspace.scores, shape))
        if task.safe:
            powers = power(exponents, out=exponents)
            if allowed is not None:
                powers *= allowed
        else:
            before, shift = shift, shifted(exponents, allowed, shift, total == 0)
            shrink = power(np.minimum(before - shift, 0))  # the shift falls only where nothing was added yet
            weighted *= shrink
            total *= shrink
            powers = powers_or_zero(call.power, exponents)
        total += powers @ np.ones((shape[-1], 1), powers.dtype)  # a product sums faster than .sum
        add_product(weighted, powers, value[..., span, :], workspace)
    total[total == 0] = 1
    return weighted, total, shift


def shifted(exponents, allowed, shift, first):
    """Take the shift away, in place, after it has moved to the highest exponent where that is too far off.

    Only what a query may attend to moves its shift, and nothing safe moves it at all: so no bit of an output depends
    on hidden keys.

    Args:
        exponents: (..., rows, columns). What is hidden becomes −∞.
        allowed: from ``blocks_that_count``.
        shift: (..., rows, 1), what was taken away before.
        first: (..., rows, 1) boolean, whether there was nothing before.

    Returns:
        The new shift.
    """
    hide(exponents, allowed)
    # Twice as quick as .max, which takes long to begin each row.
    highest = np.take_along_axis(exponents, exponents.argmax(axis=-1, keepdims=True), axis=-1)
    check_below_inf(exponents, highest)
    too_low = first & (highest < shift - SAFE_EXPONENT) & (highest > -np.inf)
    shift = np.where((highest > shift + SAFE_EXPONENT) | too_low, highest, shift)
    if shift.any():
        exponents -= shift
    return shift


def values_that_count(call, task, rows, columns, workspace):
    """The values of a tile, with 0 in place of NaN and infinity, to which none of these queries may attend.

    Raises:
        ValueError: if one may.
    """
    value = call.value[task.tile]
    broken = ~np.isfinite(value)
    if broken.any() and attend_rows(call, task, broken.astype(value.dtype), rows, columns, workspace)[0].any():
        raise ValueError("value must be finite where a query may attend to it: got NaN or inf")
    return np.where(broken, 0, value)


def check_sums(weighted, value):
    """Raise a ValueError if sums of finite values have overflowed."""
    if not np.isfinite(weighted).all():
        raise ValueError(
            f"sums of the values must not overflow {value.dtype}: got values up to {np.abs(value).max():.3g}"
        )
