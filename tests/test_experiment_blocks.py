import numpy as np
import pytest

from attncourse.results import load_result
from attnlib import attention, blocks, causal_mask, fast_attention
from experiments.blocks import SETTINGS, one_round, sizes, square_blocks, table, work

SMALL = SETTINGS._replace(lengths=(32, 64), sides=(32, 64), at_least=1)


def test_result_is_complete():
    result = load_result("blocks")
    assert np.shape(result["rounds"]) == (SETTINGS.rounds, len(sizes()))
    assert (np.array(result["rounds"]) > 0).all()
    assert len(table(result).splitlines()) == 2 + 2 * len(SETTINGS.lengths)


def test_a_round_measures_every_size():
    ratios = one_round(SMALL)
    assert len(ratios) == len(sizes(SMALL)) == 6
    assert min(ratios) > 0


@pytest.mark.parametrize("side", [1, 7, 64, 200])
def test_the_size_of_a_block_changes_nothing_but_the_last_digits(rng, side):
    query, key, value = rng.normal(size=(3, 100, 4))
    expected, _ = attention(query, key, value, causal_mask(100, 100))
    with square_blocks(side):
        np.testing.assert_allclose(fast_attention(query, key, value, causal=True), expected, atol=1e-14)


def test_afterwards_blocks_are_as_large_as_before():
    before = blocks.SCORES
    with square_blocks(32):
        assert blocks.SCORES == 1024
    assert before == blocks.SCORES


@pytest.mark.parametrize("causal", [False, True])
def test_both_ways_compute_the_same_on_the_same_numbers(causal):
    quick, plain = (work(64, causal, plain)() for plain in (False, True))
    assert quick.dtype == np.float32
    np.testing.assert_allclose(quick, plain, atol=1e-5)
