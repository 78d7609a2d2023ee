import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import alibi_bias, attention, causal_mask


def test_eight_heads_have_the_paper_s_slopes():
    bias = alibi_bias(8, 4, 4)
    assert_array_equal(-bias[:, 1, 0], [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256])


def test_sixteen_heads_fill_in_the_paper_s_slopes_halfway():
    assert_allclose(-alibi_bias(16, 2, 2)[:4, 1, 0], [0.5**0.5, 0.5, 0.5**1.5, 0.25], rtol=1e-15)


def test_one_head_by_hand():
    assert_array_equal(alibi_bias(1, 2, 4) * 256, [[[0, -1, -2, -3], [-1, 0, -1, -2]]])


@pytest.mark.parametrize("num_heads", [1, 3, 8, 12])
def test_the_penalty_is_the_slope_times_the_distance(num_heads):
    bias = alibi_bias(num_heads, 5, 7)
    assert bias.shape == (num_heads, 5, 7)
    for h in range(num_heads):
        for p in range(5):
            for r in range(7):
                assert_allclose(bias[h, p, r], -(2.0 ** (-8 * (h + 1) / num_heads)) * abs(p - r), rtol=1e-14)


def test_the_own_place_costs_nothing_and_zero_has_no_minus_sign():
    diagonal = np.diagonal(alibi_bias(3, 5, 5), axis1=1, axis2=2)
    assert_array_equal(diagonal, np.zeros((3, 5)))
    assert not np.signbit(diagonal).any()


def test_with_equal_keys_nearer_ones_get_more_weight(rng):
    query, key, value = rng.normal(size=(4, 6, 3)), np.ones((6, 3)), rng.normal(size=(6, 7))
    _, weights = attention(query, key, value, causal_mask(6, 6), alibi_bias(4, 6, 6))
    assert (np.diff(weights[:, -1], axis=-1) > 0).all()
    assert (weights[0, -1, 0] < weights[1:, -1, 0]).all()  # the first head is the most short-sighted


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_the_one_asked_for(dtype):
    bias = alibi_bias(3, 5, 7, dtype)
    assert bias.dtype == dtype
    assert_allclose(bias, alibi_bias(3, 5, 7), rtol=np.finfo(dtype).eps)


def test_queries_may_start_at_any_position():
    whole = alibi_bias(3, 7, 7)
    for first in range(7):
        assert_array_equal(alibi_bias(3, 7 - first, 7, first_query=first), whole[:, first:])


def test_no_queries_or_keys():
    assert alibi_bias(3, 0, 4).shape == (3, 0, 4)
    assert alibi_bias(3, 4, 0).shape == (3, 4, 0)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((0, 2, 3), ValueError, "num_heads must be 1 or more: got 0"),
        ((2.0, 2, 3), TypeError, r"num_heads must be an integer: got 2\.0"),
        ((2, -1, 3), ValueError, "seq_q must be 0 or more: got -1"),
        ((2, 2, 3.5), TypeError, r"seq_k must be an integer: got 3\.5"),
        ((2, 2, 3, float, -1), ValueError, "first_query must be 0 or more: got -1"),
        ((2, 2, 3, int), TypeError, "dtype must be float32 or float64: got int64"),
    ],
)
def test_bad_sizes_are_restated(arguments, error, words):
    with pytest.raises(error, match=words):
        alibi_bias(*arguments)
