"""Attention cut into blocks of scores: which queries and keys, of which sequences and heads, make one block."""

import math
from itertools import product

ROWS, COLUMNS = 512, 512  # queries and keys in a block, at most
SCORES = 2 * ROWS * COLUMNS  # in all blocks that a thread holds: 2 MB in float32, about a core's own cache


def block_shape(seq_q, seq_k, causal, blocks_held=1):
    """How many queries and keys a block has, if a thread holds so many blocks at a time.

    Half of a causal block on the diagonal is in vain: on the way there, it has at most half of the queries. With fewer
    than 128, NumPy's calls would take longer than what they compute.
    """
    rows = max(seq_q // 2, 128) if causal and blocks_held == 1 else max(seq_q, 1)
    return min(ROWS, rows), min(COLUMNS // blocks_held, max(seq_k, 1))


def scores_held(blocks_held):
    """Scores in each of the blocks that a thread holds."""
    return SCORES // blocks_held


def tiles(lead, rows, columns, blocks_held=1):
    """Index tuples that cut the leading axes into parts, one block of scores deep; one entry at least.

    Short sequences share a block: many small matrices in one call of NumPy.
    """
    fit = max(1, scores_held(blocks_held) // (rows * columns))
    axis = len(lead)
    while axis and math.prod(lead[axis - 1 :]) <= fit:
        axis -= 1  # this axis, and all behind it, fit as a whole
    if axis == 0:
        return [()]
    step = max(1, fit // math.prod(lead[axis:]))
    *outer, cut = lead[:axis]
    return list(product(*map(range, outer), spans(0, cut, step)))


def spans(start, stop, size):
    """Slices of this size, the last one shorter, from start to stop."""
    return [slice(first, min(first + size, stop)) for first in range(start, stop, size)]


def key_spans(rows, seq_k, columns, causal):
    """The keys that these queries may attend to, cut into blocks. If causal, the square on the diagonal is the last."""
    before = min(rows.start, seq_k) if causal else seq_k
    end = min(rows.stop, seq_k) if causal else seq_k
    return spans(0, before, columns) + spans(before, end, columns)
