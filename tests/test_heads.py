import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import merge_heads, split_heads

SEQ, NUM_HEADS, HEAD_DIM = 5, 3, 4

every_lead = pytest.mark.parametrize("lead", [(), (2,), (2, 7), (0,)], ids=str)


def test_a_head_gets_its_piece_of_every_token():
    x = np.array([[0.0, 1, 2, 3, 4, 5], [10, 11, 12, 13, 14, 15]])
    assert_array_equal(split_heads(x, 3), [[[0, 1], [10, 11]], [[2, 3], [12, 13]], [[4, 5], [14, 15]]])


@every_lead
def test_each_head_is_a_slice_of_the_features(rng, lead):
    x = rng.normal(size=(*lead, SEQ, NUM_HEADS * HEAD_DIM))
    heads = split_heads(x, NUM_HEADS)
    assert heads.shape == (*lead, NUM_HEADS, SEQ, HEAD_DIM)
    for h in range(NUM_HEADS):
        assert_array_equal(heads[..., h, :, :], x[..., h * HEAD_DIM : (h + 1) * HEAD_DIM])


def test_a_reshape_alone_has_the_right_shape_and_the_wrong_numbers(rng):
    x = rng.normal(size=(SEQ, NUM_HEADS * HEAD_DIM))
    heads = split_heads(x, NUM_HEADS)
    assert x.reshape(heads.shape).shape == heads.shape
    assert not np.allclose(x.reshape(heads.shape), heads)
    assert not np.allclose(heads.reshape(x.shape), merge_heads(heads))


@every_lead
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_merging_undoes_splitting_and_splitting_undoes_merging(rng, lead, dtype):
    x = rng.normal(size=(*lead, SEQ, NUM_HEADS * HEAD_DIM)).astype(dtype)
    heads = rng.normal(size=(*lead, NUM_HEADS, SEQ, HEAD_DIM)).astype(dtype)
    assert_array_equal(merge_heads(split_heads(x, NUM_HEADS)), x, strict=True)
    assert_array_equal(split_heads(merge_heads(heads), NUM_HEADS), heads, strict=True)


def test_each_carries_gradients_back_through_the_other(rng):
    x, heads = rng.normal(size=(SEQ, NUM_HEADS * HEAD_DIM)), rng.normal(size=(NUM_HEADS, SEQ, HEAD_DIM))
    assert_allclose(np.sum(split_heads(x, NUM_HEADS) * heads), np.sum(x * merge_heads(heads)), rtol=1e-12)


def test_splitting_copies_nothing(rng):
    x = rng.normal(size=(2, SEQ, NUM_HEADS * HEAD_DIM))
    assert np.shares_memory(split_heads(x, NUM_HEADS), x)


def test_one_head_is_the_whole_vector(rng):
    x = rng.normal(size=(2, SEQ, 7))
    assert_array_equal(split_heads(x, 1), x[:, None])
    assert_array_equal(merge_heads(x[:, None]), x)


def test_as_many_heads_as_features_leave_one_number_each(rng):
    x = rng.normal(size=(SEQ, 7))
    assert_array_equal(split_heads(x, 7), x.T[..., None])


def test_an_input_may_lie_in_memory_in_any_order(rng):
    x = rng.normal(size=(NUM_HEADS * HEAD_DIM, 2 * SEQ)).T[::2]
    assert_array_equal(split_heads(x, NUM_HEADS), split_heads(x.copy(), NUM_HEADS))
    heads = rng.normal(size=(SEQ, HEAD_DIM, NUM_HEADS)).transpose(2, 0, 1)
    assert_array_equal(merge_heads(heads), merge_heads(heads.copy()))


def test_no_tokens_stay_no_tokens():
    assert split_heads(np.zeros((2, 0, 12)), 3).shape == (2, 3, 0, 4)
    assert merge_heads(np.zeros((2, 3, 0, 4))).shape == (2, 0, 12)


def test_a_width_that_does_not_divide_is_restated():
    with pytest.raises(ValueError, match=r"width must be a multiple of num_heads = 5: got x \(2, 12\)"):
        split_heads(np.zeros((2, 12)), 5)
    with pytest.raises(ValueError, match=r"x must hold vectors of length 1 or more: got x \(2, 0\)"):
        split_heads(np.zeros((2, 0)), 5)


@pytest.mark.parametrize(
    ("num_heads", "error"), [(0, ValueError), (-3, ValueError), (2.0, TypeError), ("2", TypeError)]
)
def test_a_number_of_heads_is_a_positive_integer(num_heads, error):
    with pytest.raises(error, match=r"num_heads must be (0 or more|1 or more|an integer): got"):
        split_heads(np.zeros((2, 12)), num_heads)


def test_too_few_axes_are_restated():
    with pytest.raises(ValueError, match=r"x must have shape \(\.\.\., seq, width\), two axes or more: got x \(12,\)"):
        split_heads(np.zeros(12), 3)
    with pytest.raises(ValueError, match=r"must have shape \(\.\.\., num_heads, seq, head_dim\): got x \(5, 4\)"):
        merge_heads(np.zeros((5, 4)))


@pytest.mark.parametrize("call", [lambda x: split_heads(x, 3), merge_heads], ids=["split_heads", "merge_heads"])
def test_other_dtypes_are_refused(call):
    with pytest.raises(TypeError, match=r"x must be float32 or float64: got int64 \(2, 5, 12\)"):
        call(np.zeros((2, 5, 12), np.int64))
