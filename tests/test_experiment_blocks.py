import numpy as np
import pytest

from attncourse.figures.transformer import attention_in_blocks
from attncourse.results import load_result
from attnlib import attention, blocks, causal_mask, fast_attention
from experiments.blocks import SETTINGS, one_round, sizes, square_blocks, table, work

SMALL = SETTINGS._replace(lengths=(32, 64), sides=(32, 64), at_least=1)


def test_result_is_complete():
    result = load_result("blocks")
    assert np.shape(result["rounds"]) == (SETTINGS.rounds, len(sizes()))
    assert (np.array(result["rounds"]) > 0).all()
    assert len(table(result).splitlines()) == 2 + 2 * len(SETTINGS.lengths)


# What chapter 5 and its figure say of the stored times


@pytest.fixture(scope="module")
def time():
    """The median of the rounds, by (length, side, causal)."""
    return dict(zip(sizes(), np.median(load_result("blocks")["rounds"], axis=0).tolist(), strict=True))


@pytest.mark.parametrize("n", [2048, 4096, 8192])
def test_with_a_causal_mask_blocks_of_2048_take_longer_than_blocks_of_512(time, n):
    assert time[n, 2048, True] > 1.1 * time[n, 512, True]


def test_at_4096_tokens_that_is_more_than_the_scores_on_the_diagonal_explain(time):
    small, large = (attention_in_blocks.measure(4096, side, causal=True) for side in (512, 2048))
    assert time[4096, 2048, True] / time[4096, 512, True] > 1.05 * large.scores / small.scores


@pytest.mark.parametrize("n", [2048, 4096, 8192])
def test_without_a_mask_they_take_about_as_long(time, n):
    assert time[n, 2048, False] == pytest.approx(time[n, 512, False], rel=0.2)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("n", [2048, 4096, 8192])
def test_blocks_of_32_take_more_than_twice_the_time_of_blocks_of_512(time, n, causal):
    assert time[n, 32, causal] > 2 * time[n, 512, causal]


def test_one_block_without_a_mask_is_much_faster_than_plain_attention(time):
    assert time[2048, 2048, False] < 2 / 3


# The experiment


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
