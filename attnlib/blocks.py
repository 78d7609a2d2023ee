"""Attention cut into blocks of scores: which queries and keys, of which sequences and heads, make one block."""

import math
from itertools import product

ROWS, COLUMNS = 256, 512  # queries and keys in a block, at most
BLOCK = ROWS * COLUMNS  # scores in a block: half a megabyte in float32, for which a processor's own cache has room


def tiles(lead, seq_q, seq_k):
    """Index tuples that cut the leading axes into parts, one block of scores deep; one entry at least.

    Short sequences share a block: many small matrices in one call of NumPy.
    """
    fit = max(1, BLOCK // max(1, min(seq_q, ROWS) * min(seq_k, COLUMNS)))
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


def query_spans(seq_q):
    """The queries, cut into blocks."""
    return spans(0, seq_q, ROWS)


def key_spans(rows, seq_k, causal):
    """The keys that these queries may attend to, cut into blocks. If causal, the square on the diagonal is the last."""
    before = min(rows.start, seq_k) if causal else seq_k
    end = min(rows.stop, seq_k) if causal else seq_k
    return spans(0, before, COLUMNS) + spans(before, end, COLUMNS)
