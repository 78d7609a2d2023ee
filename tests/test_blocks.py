"""Blocks cover what they cut: everything, once."""

import numpy as np
import pytest

from attnlib.blocks import BLOCK, COLUMNS, ROWS, key_spans, query_spans, tiles

LEADS = [(), (1,), (7,), (64, 4), (2, 3, 5), (3, 0, 2)]


@pytest.mark.parametrize("lead", LEADS, ids=str)
@pytest.mark.parametrize("lengths", [(1, 1), (25, 38), (100, 100), (4096, 4096), (0, 5)], ids=str)
def test_tiles_cover_the_leading_axes_once(lead, lengths):
    times = np.zeros(lead, int)
    for tile in tiles(lead, *lengths):
        times[tile] += 1
    assert (times == 1).all()


@pytest.mark.parametrize("lead", LEADS, ids=str)
@pytest.mark.parametrize("lengths", [(25, 38), (100, 100), (4096, 4096)], ids=str)
def test_a_tile_has_the_scores_of_one_block_at_most(lead, lengths):
    seq_q, seq_k = lengths
    for tile in tiles(lead, seq_q, seq_k):
        matrices = np.empty(lead, bool)[tile].size
        assert matrices * min(seq_q, ROWS) * min(seq_k, COLUMNS) <= BLOCK


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("lengths", [(1, 1), (300, 600), (600, 300), (1024, 1024), (5, 0)], ids=str)
def test_blocks_cover_each_pair_that_may_count_once_and_skip_those_above_the_diagonal(lengths, causal):
    seq_q, seq_k = lengths
    times = np.zeros(lengths, int)
    for rows in query_spans(seq_q):
        for columns in key_spans(rows, seq_k, causal):
            times[rows, columns] += 1
    row, column = np.indices(lengths)
    assert (times[(column <= row) | (not causal)] == 1).all()
    if causal:
        assert (times[column >= (row // ROWS + 1) * ROWS] == 0).all()
