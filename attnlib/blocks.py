"""Attention cut into blocks of scores: which queries and keys, of which sequences and heads, make one block."""

import math
from itertools import product

ROWS, COLUMNS = 512, 512  # queries and keys in a block, at most
BLOCK = 2 * ROWS * COLUMNS  # scores in the blocks of a tile: in float32 as much as fits into a processor's own cache


def block_shape(seq_q, seq_k, causal, at_once=1):
    """How many queries and keys a block has, if so many blocks are needed at a time.

    Half of a causal block on the diagonal is in vain: there it is a part of the text, and square on the way back.
    """
    rows = min(ROWS // at_once, max(seq_q // 4, 128) if causal else max(seq_q, 1))
    return rows, min(rows if causal and at_once > 1 else COLUMNS, max(seq_k, 1))


def tiles(lead, rows, columns):
    """Index tuples that cut the leading axes into parts, one block of scores deep; one entry at least.

    Short sequences share a block: many small matrices in one call of NumPy.
    """
    fit = max(1, BLOCK // (rows * columns))
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
