"""The way back through attention in blocks, which computes the weights once more, a block at a time."""

from itertools import product
from typing import NamedTuple

import numpy as np

from attnlib.attention import zero_unless_finite
from attnlib.block_scores import blocks_that_count, exponents_are_safe, hide, powers_or_zero
from attnlib.blocks import block_shape, spans, tiles
from attnlib.threads import run_in_threads
from attnlib.workspace import add_product, shaped, workspaces


class OfQueries(NamedTuple):
    """What the way back needs of some queries of a tile; what is not finite has weight zero, or there is an error."""

    query: np.ndarray  # (..., rows, d_k)
    finite: np.ndarray  # the same, with 0 in place of NaN and ±inf
    grad_output: np.ndarray  # (..., rows, d_v + 1), over the sum of the powers; last −(grad_output · output)
    shift: np.ndarray  # (..., rows, 1), what the forward pass took away
    grad_query: np.ndarray  # (..., rows, d_k), added up in place


class OfKeys(NamedTuple):
    """What the way back needs of some keys of a tile."""

    key: np.ndarray  # (..., columns, d_k)
    scaled: np.ndarray  # (..., columns, d_k), times the scale, with 0 in place of NaN and ±inf
    value: np.ndarray  # (..., columns, d_v + 1), with 0 in place of NaN and ±inf, and last a 1
    grad_key: np.ndarray  # (..., columns, d_k), added up in place
    grad_value: np.ndarray  # (..., columns, d_v), added up in place


def backward(call, output, shift, total, grad_output, threads):
    """The gradients of query, key and value, with the leading axes of the output.

    A task adds up the gradients of some keys of one tile, over all queries. The queries' own gradients come from
    several tasks if there are fewer tiles than threads; each has a sum of its own.
    """
    *lead, seq_q, _ = call.query.shape
    seq_k = call.key.shape[-2]
    size, columns = block_shape(seq_q, seq_k, call.causal, blocks_held=2)
    all_tiles, all_spans = tiles(tuple(lead), size, columns, blocks_held=2), spans(0, seq_k, columns)
    shares = min(-(-threads // max(1, len(all_tiles))), max(1, len(all_spans)))
    grad_queries = [np.zeros(call.query.shape, output.dtype) for _ in range(shares)]
    grad_key, grad_value = (np.zeros(x.shape, output.dtype) for x in (call.key, call.value))
    free = workspaces(call, size, columns, threads, blocks_held=2)

    @np.errstate(over="ignore", invalid="ignore")  # what is hidden may overflow
    def add_up(tile_and_share):
        tile, share = tile_and_share
        query, key, workspace = call.query[tile], call.key[tile], free.pop()
        safe = exponents_are_safe(query, key, call.factor)
        finite = unchanged if safe else zero_unless_finite
        # Here, and not once a weight: over the sum of the powers, and away with softmax's mean, [g, −mean] · [v, 1].
        grads = np.empty((*query.shape[:-1], grad_output.shape[-1] + 1), query.dtype)
        np.divide(grad_output[tile], total[tile], out=grads[..., :-1])
        np.negative(np.vecdot(grads[..., :-1], output[tile]), out=grads[..., -1])
        of_queries = OfQueries(query, finite(query), grads, shift[tile], grad_queries[share][tile])
        for span in all_spans[share::shares]:
            some_keys, some_values, *sums = (
                x[tile][..., span, :] for x in (call.key, call.value, grad_key, grad_value)
            )
            scaled = finite(some_keys) * call.scale
            of_keys = OfKeys(some_keys, scaled, with_one(zero_unless_finite(some_values)), *sums)
            blocks = ((rows, span) for rows in spans(span.start if call.causal else 0, seq_q, size))
            for rows, _, allowed in blocks_that_count(call, tile, blocks):
                some_queries = OfQueries(*(x[..., rows, :] for x in of_queries))
                add_block(call, some_queries, of_keys, allowed, safe, workspace)
            sums[0] *= call.scale
        free.append(workspace)

    run_in_threads(add_up, product(all_tiles, range(shares)), threads)
    grad_query = grad_queries[0]
    for more in grad_queries[1:]:
        grad_query += more
    return grad_query, grad_key, grad_value


def add_block(call, of_queries, of_keys, allowed, safe, workspace):
    """Add what one block of scores gives to the three gradients."""
    shape = *of_queries.query.shape[:-1], of_keys.scaled.shape[-2]
    query = np.multiply(of_queries.query, call.factor, out=shaped(workspace.vectors, of_queries.query.shape))
    exponents = np.matmul(query, of_keys.key.mT, out=shaped(workspace.scores, shape))
    if safe:
        powers = call.power.of(exponents, out=exponents)
        if allowed is not None:
            powers *= allowed
    else:
        hide(exponents, allowed)
        exponents -= of_queries.shift
        powers = powers_or_zero(call.power, exponents)
    add_product(of_keys.grad_value, powers.mT, of_queries.grad_output[..., :-1], workspace)
    grad_scores = np.matmul(of_queries.grad_output, of_keys.value.mT, out=shaped(workspace.more_scores, shape))
    grad_scores *= powers
    add_product(of_keys.grad_key, grad_scores.mT, of_queries.finite, workspace)
    add_product(of_queries.grad_query, grad_scores, of_keys.scaled, workspace)


def with_one(value):
    """The values and, as one component more, a 1: (..., seq, d_v + 1)."""
    wide = np.ones((*value.shape[:-1], value.shape[-1] + 1), value.dtype)
    wide[..., :-1] = value
    return wide


def unchanged(x):
    """What is known to be finite."""
    return x
