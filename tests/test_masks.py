import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnlib import causal_mask, padding_mask


def test_the_causal_mask_keeps_the_diagonal_and_the_past():
    assert_array_equal(causal_mask(3, 3), [[1, 0, 0], [1, 1, 0], [1, 1, 1]])


def test_the_causal_mask_is_aligned_to_the_top_left():
    assert_array_equal(causal_mask(2, 4), [[1, 0, 0, 0], [1, 1, 0, 0]])
    assert_array_equal(causal_mask(3, 2), [[1, 0], [1, 1], [1, 1]])


def test_a_causal_mask_has_no_row_without_a_key():
    assert causal_mask(5, 2).any(axis=-1).all()


def test_padding_hides_the_keys_after_the_length():
    mask = padding_mask([2, 0, 3], seq_k=3)
    assert mask.shape == (3, 1, 3)
    assert_array_equal(mask[:, 0], [[1, 1, 0], [0, 0, 0], [1, 1, 1]])


def test_padding_counts_as_many_keys_as_the_lengths_say(rng):
    lengths = rng.integers(0, 8, size=(2, 3))
    mask = padding_mask(lengths, 7)
    assert mask.shape == (2, 3, 1, 7)
    assert_array_equal(mask.sum(axis=(-1, -2)), lengths)


def test_padding_of_one_sequence_needs_no_batch():
    assert_array_equal(padding_mask(2, 4), [[True, True, False, False]])


def test_padding_takes_an_axis_of_heads():
    mask = padding_mask(np.array([2, 5, 4]), 5)[:, None]
    assert np.broadcast_shapes(mask.shape, (3, 4, 2, 5)) == (3, 4, 2, 5)


@pytest.mark.parametrize("mask", [causal_mask(2, 5), padding_mask([2, 3], 5), causal_mask(0, 3), padding_mask([0], 0)])
def test_masks_are_boolean(mask):
    assert mask.dtype == np.bool_


def test_masks_combine_with_and():
    both = causal_mask(3, 3) & padding_mask([3, 1], 3)
    assert_array_equal(both[0], causal_mask(3, 3))
    assert_array_equal(both[1], [[1, 0, 0]] * 3)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: causal_mask(-1, 3), ValueError, "seq_q must be 0 or more: got -1"),
        (lambda: causal_mask(2, 3.5), TypeError, r"seq_k must be an integer: got 3\.5"),
        (lambda: padding_mask([1, 4], 3), ValueError, r"between 0 and seq_k = 3: got 1 to 4 in lengths \(2,\)"),
        (lambda: padding_mask([-1, 2], 3), ValueError, "between 0 and seq_k = 3: got -1 to 2"),
        (lambda: padding_mask([1.0, 2.0], 3), TypeError, r"lengths must be integers: got float64 \(2,\)"),
        (lambda: padding_mask([True, False], 3), TypeError, "lengths must be integers: got bool"),
        (lambda: padding_mask([1], "3"), TypeError, "seq_k must be an integer"),
    ],
)
def test_sizes_that_count_nothing_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
