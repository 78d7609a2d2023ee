import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import log_softmax, log_softmax_vjp, softmax

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_forms = pytest.mark.parametrize("function", [log_softmax, log_softmax_vjp], ids=lambda f: f.__name__)


def test_scores_that_are_logarithms_give_the_logarithms_of_their_shares():
    assert_allclose(log_softmax(np.log([1.0, 2.0, 5.0])), np.log([1 / 8, 2 / 8, 5 / 8]), rtol=1e-14)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
def test_it_is_the_logarithm_of_softmax_along_any_axis(rng, axis):
    x = 3 * rng.normal(size=(2, 5, 3))
    assert_allclose(log_softmax(x, axis), np.log(softmax(x, axis)), rtol=1e-12, atol=1e-15)


@both_dtypes
def test_rows_far_apart_keep_their_own_logarithms(dtype):
    x = np.array([[1000, 1000], [-1000, -1000]], dtype)
    assert_allclose(log_softmax(x), np.full((2, 2), -np.log(2)), rtol=4 * np.finfo(dtype).eps)


@both_dtypes
@pytest.mark.parametrize("shift", [-1e4, 1e4])
def test_a_shift_of_all_scores_changes_nothing(dtype, shift):
    x = np.array([[1, 2, 4]], dtype)
    assert_array_equal(log_softmax(x + dtype(shift)), log_softmax(x), strict=True)


@both_dtypes
def test_a_weight_too_small_for_a_number_still_has_a_logarithm(dtype):
    assert softmax(np.array([0, -5000], dtype))[1] == 0
    assert_array_equal(log_softmax(np.array([0, -5000], dtype)), np.array([0, -5000], dtype), strict=True)


@both_dtypes
def test_the_widest_gap_of_the_dtype_becomes_minus_infinity_and_no_warning(dtype):
    limits = np.finfo(dtype)
    assert_array_equal(log_softmax(np.array([limits.min, limits.max], dtype)), [-np.inf, 0])


@both_dtypes
def test_a_weight_of_zero_is_minus_infinity_and_a_row_of_them_stays_one(dtype):
    x = np.array([[-np.inf, -np.inf], [0, -np.inf], [0, 0]], dtype)
    assert_allclose(log_softmax(x), [[-np.inf, -np.inf], [0, -np.inf], [-np.log(2), -np.log(2)]], rtol=1e-6)
    assert_array_equal(np.exp(log_softmax(x[:2])), softmax(x[:2]), strict=True)


def test_the_gradient_is_what_arrives_minus_its_sum_by_the_weights(rng):
    x, grad_output = rng.normal(size=(2, 4, 5))
    _, pullback = log_softmax_vjp(x)
    assert_allclose(pullback(grad_output), grad_output - softmax(x) * grad_output.sum(axis=-1, keepdims=True))
    assert_allclose(pullback(grad_output).sum(axis=-1), 0, atol=1e-14)


def test_what_arrives_at_a_weight_of_zero_does_not_count(rng):
    x, grad_output = rng.normal(size=(2, 3))
    _, pullback = log_softmax_vjp(np.append(x, -np.inf))
    expected = [*log_softmax_vjp(x)[1](grad_output), 0]
    for idle in (7.0, np.inf, np.nan):
        assert_allclose(pullback(np.append(grad_output, idle)), expected, rtol=1e-14)


@both_forms
@pytest.mark.parametrize(
    ("x", "axis", "error", "words"),
    [
        (np.ones((2, 3), int), -1, TypeError, r"x must be float32 or float64: got int64 \(2, 3\)"),
        (np.ones((2, 3)), 2, ValueError, r"axis must be one of the axes of the array: got axis=2, x \(2, 3\)"),
        (np.array([1, np.nan]), -1, ValueError, r"below \+inf and no NaN: got NaN in x \(2,\)"),
        (np.array([1, np.inf]), -1, ValueError, r"below \+inf and no NaN: got \+inf in x \(2,\)"),
    ],
)
def test_what_does_not_fit_is_restated(function, x, axis, error, words):
    with pytest.raises(error, match=words):
        function(x, axis)
