import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import embedding, embedding_vjp, linear, linear_vjp

VOCAB, D_MODEL = 11, 3

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_forms = pytest.mark.parametrize("look_up", [embedding, embedding_vjp], ids=lambda f: f.__name__)
every_shape = pytest.mark.parametrize("shape", [(), (5,), (2, 5), (4, 2, 5), (0,), (2, 0)], ids=str)


def test_by_hand():
    table = np.array([[0.0, 1], [2, 3], [4, 5]])
    assert_array_equal(embedding(table, [[2, 0], [2, 2]]), [[[4, 5], [0, 1]], [[4, 5], [4, 5]]])


@every_shape
@both_dtypes
def test_it_is_a_linear_map_of_one_hot_vectors(rng, shape, dtype):
    table = rng.normal(size=(VOCAB, D_MODEL)).astype(dtype)
    tokens = rng.integers(VOCAB, size=shape)
    one_hot = np.eye(VOCAB, dtype=dtype)[tokens]
    output, pullback = embedding_vjp(table, tokens)
    assert_array_equal(embedding(table, tokens), linear(one_hot, table), strict=True)
    assert_array_equal(output, linear(one_hot, table), strict=True)
    grad_output = rng.normal(size=output.shape).astype(dtype)
    expected = linear_vjp(one_hot, table)[1](grad_output)[1]
    grad = pullback(grad_output)
    assert grad.dtype == dtype
    assert_allclose(grad, expected, atol=8 * np.finfo(dtype).eps)


def test_a_row_collects_the_gradients_of_all_places_of_its_token():
    _, pullback = embedding_vjp(np.ones((4, 2)), np.array([[3, 0, 3], [3, 1, 0]]))
    grad = pullback(np.arange(12.0).reshape(2, 3, 2))
    assert_array_equal(grad, [[2 + 10, 3 + 11], [8, 9], [0, 0], [0 + 4 + 6, 1 + 5 + 7]])


def test_many_gradients_of_one_token_are_added_exactly_enough_in_float32(rng):
    tokens = np.zeros(20_000, int)
    grad_output = rng.normal(size=(20_000, D_MODEL)).astype(np.float32)
    grad = embedding_vjp(np.ones((2, D_MODEL), np.float32), tokens)[1](grad_output)
    assert_allclose(grad[0], grad_output.sum(axis=0, dtype=np.float64), atol=2e-3)
    assert_array_equal(grad[1], 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.uint64])
def test_tokens_may_be_integers_of_any_kind_and_lie_in_memory_in_any_order(rng, dtype):
    table = rng.normal(size=(VOCAB, D_MODEL))
    tokens = rng.integers(VOCAB, size=(10, 4))[::-2].T
    output, pullback = embedding_vjp(table, tokens.astype(dtype, order="K"))
    expected_output, expected_pullback = embedding_vjp(table, tokens.copy())
    assert_array_equal(output, expected_output)
    assert_array_equal(pullback(output), expected_pullback(expected_output))


@both_forms
@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ([0, 11], r"tokens must lie between 0 and 10: got 0 to 11 in tokens \(2,\)"),
        ([[-1], [4]], r"tokens must lie between 0 and 10: got -1 to 4 in tokens \(2, 1\)"),
        (12, r"tokens must lie between 0 and 10: got 12 to 12 in tokens \(\)"),
    ],
)
def test_a_token_that_is_not_in_the_table_is_restated(look_up, tokens, words):
    with pytest.raises(ValueError, match=words):
        look_up(np.ones((VOCAB, D_MODEL)), tokens)


@both_forms
@pytest.mark.parametrize("dtype", [np.float64, np.bool_, object])
def test_tokens_are_integers(look_up, dtype):
    with pytest.raises(TypeError, match=rf"tokens must be integers: got {np.dtype(dtype)} \(2, 5\)"):
        look_up(np.ones((VOCAB, D_MODEL)), np.zeros((2, 5), dtype))


@both_forms
def test_tokens_whose_mask_would_be_lost_are_refused(look_up):
    with pytest.raises(TypeError, match=r"tokens must be a plain array: got a masked one \(3,\)"):
        look_up(np.ones((VOCAB, D_MODEL)), np.ma.masked_array([1, 2, 3], mask=[0, 0, 1]))


@both_forms
@pytest.mark.parametrize("shape", [(), (11,), (2, 11, 3)], ids=str)
def test_a_table_has_two_axes(look_up, shape):
    with pytest.raises(ValueError, match=r"table must have shape \(vocab, d_model\): got table \("):
        look_up(np.ones(shape), [0])
    with pytest.raises(TypeError, match=r"table must be float32 or float64: got int64 \(11, 3\)"):
        look_up(np.ones((VOCAB, D_MODEL), np.int64), [0])
