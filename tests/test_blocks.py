"""Blocks cover what they cut: everything, once."""

import numpy as np
import pytest

from attnlib.blocks import block_shape, key_spans, scores_held, spans, tiles

LEADS = [(), (1,), (7,), (64, 4), (2, 3, 5), (3, 0, 2)]
LENGTHS = [(1, 1), (25, 38), (100, 100), (4096, 4096), (0, 5), (5, 0)]
each_kind = pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
there_and_back = pytest.mark.parametrize("blocks_held", [1, 2])


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ((4096, 4096, False), (512, 512)),
        ((4096, 4096, True), (512, 512)),
        ((600, 700, False), (512, 512)),
        ((600, 700, True), (300, 512)),  # half the queries
        ((200, 100, True), (128, 100)),  # but not fewer than 128
        ((200, 100, True, 2), (200, 100)),  # on the way back, all of them
        ((600, 700, False, 2), (512, 256)),  # two blocks share the room
        ((200, 100, False), (200, 100)),
        ((0, 0, False), (1, 1)),
    ],
)
def test_the_shape_of_a_block_by_hand(arguments, shape):
    assert block_shape(*arguments) == shape


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (((2, 3), 512, 512), [(0, slice(0, 2)), (0, slice(2, 3)), (1, slice(0, 2)), (1, slice(2, 3))]),
        (((2, 3), 512, 512, 2), [(i, slice(j, j + 1)) for i in range(2) for j in range(3)]),
        (((2, 2), 512, 256), [()]),  # all of it fits, to the last number
        (((5, 2), 512, 256), [(slice(0, 2),), (slice(2, 4),), (slice(4, 5),)]),
        (((3,), 2048, 1024), [(slice(0, 1),), (slice(1, 2),), (slice(2, 3),)]),  # one at a time, though too large
    ],
)
def test_tiles_by_hand(arguments, found):
    assert tiles(*arguments) == found


@each_kind
@pytest.mark.parametrize("lead", LEADS, ids=str)
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_tiles_cover_the_leading_axes_once(lead, lengths, causal):
    times = np.zeros(lead, int)
    for tile in tiles(lead, *block_shape(*lengths, causal)):
        times[tile] += 1
    assert (times == 1).all()


@each_kind
@there_and_back
@pytest.mark.parametrize("lead", LEADS, ids=str)
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_a_tile_has_as_many_scores_at_a_time_as_there_is_room_for(lead, lengths, causal, blocks_held):
    rows, columns = block_shape(*lengths, causal, blocks_held)
    for tile in tiles(lead, rows, columns, blocks_held):
        assert np.empty(lead, bool)[tile].size * rows * columns <= scores_held(blocks_held)


@each_kind
@pytest.mark.parametrize("lengths", [(1, 1), (300, 600), (600, 300), (1024, 1024), (2100, 900), (5, 0)], ids=str)
def test_blocks_cover_each_pair_that_may_count_once_and_skip_those_above_the_diagonal(lengths, causal):
    seq_q, seq_k = lengths
    times, (size, columns) = np.zeros(lengths, int), block_shape(seq_q, seq_k, causal)
    for rows in spans(0, seq_q, size):
        for keys in key_spans(rows, seq_k, columns, causal):
            times[rows, keys] += 1
    row, column = np.indices(lengths)
    assert (times[(column <= row) | (not causal)] == 1).all()
    if causal:
        assert (times[column >= (row // size + 1) * size] == 0).all()
