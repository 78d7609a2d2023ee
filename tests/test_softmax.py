import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import entropy, softmax, softmax_jacobian, softmax_vjp
from attnlib.softmax import smallest_exponent

DTYPES = [np.float32, np.float64]


def test_scores_that_are_logarithms_give_their_numbers_as_weights():
    assert_allclose(softmax(np.log([1.0, 2.0, 5.0])), [1 / 8, 2 / 8, 5 / 8], rtol=1e-15)


def test_equal_scores_share_equally():
    assert_array_equal(softmax(np.full((2, 4), 3.0)), np.full((2, 4), 0.25))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
def test_weights_are_positive_and_sum_to_one_along_the_axis(rng, axis):
    weights = softmax(rng.normal(size=(2, 5, 3)), axis=axis)
    assert (weights > 0).all()
    assert_allclose(weights.sum(axis=axis), 1)


def test_the_axis_is_the_last_unless_told(rng):
    x = rng.normal(size=(2, 5, 3))
    assert_array_equal(softmax(x), softmax(x, axis=2))
    assert_array_equal(softmax(x, axis=1), softmax(x.swapaxes(1, 2)).swapaxes(1, 2))


def test_adding_a_constant_changes_nothing_and_scaling_does(rng):
    x = rng.normal(size=(2, 5))
    assert_allclose(softmax(x + 100), softmax(x), rtol=1e-12)
    assert (softmax(2 * x).max(axis=-1) > softmax(x).max(axis=-1)).all()


def test_permuting_the_scores_permutes_the_weights(rng):
    x, order = rng.normal(size=7), rng.permutation(7)
    assert_allclose(softmax(x[order]), softmax(x)[order], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_far_apart_keep_their_own_weights(dtype):
    x = np.array([[1000, 1000], [-1000, -1000]], dtype)
    assert_array_equal(softmax(x), np.full((2, 2), 0.5, dtype), strict=True)


def test_a_larger_score_gets_a_larger_weight(rng):
    x = rng.normal(size=9)
    assert_array_equal(np.argsort(softmax(x)), np.argsort(x))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [89, 1000, 1e30])
def test_huge_scores_do_not_overflow(dtype, size):
    assert_allclose(softmax(np.array([size, -size, 0], dtype)), [1, 0, 0], atol=1e-38)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_widest_gap_of_the_dtype_does_not_overflow(dtype):
    limits = np.finfo(dtype)
    assert_array_equal(softmax(np.array([limits.min, limits.max], dtype)), [0, 1])


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_of_minus_infinity_gives_zeros_and_its_neighbours_do_not_notice(dtype):
    x = np.array([[-np.inf, -np.inf], [0, -np.inf], [0, 0]], dtype)
    assert_array_equal(softmax(x), [[0, 0], [1, 0], [0.5, 0.5]])


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_weight_is_subnormal(dtype):
    weights = softmax(np.linspace(-800, 0, 4001).astype(dtype))
    assert weights[weights > 0].min() >= np.finfo(dtype).tiny
    assert_array_equal(weights[0], 0)


def test_an_empty_row_has_empty_weights():
    assert softmax(np.zeros((3, 0))).shape == (3, 0)
    assert softmax(np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_dtype_stays(rng, dtype):
    x = rng.normal(size=(2, 5)).astype(dtype)
    weights, pullback = softmax_vjp(x)
    assert softmax(x).dtype == weights.dtype == dtype
    assert pullback(np.ones((2, 5))).dtype == dtype
    assert softmax_jacobian(weights).dtype == entropy(weights).dtype == dtype


def test_the_input_is_not_modified(rng):
    x = rng.normal(size=(2, 5))
    x[0, 1] = -np.inf
    before = x.copy()
    weights, pullback = softmax_vjp(x)
    grad_output = np.ones((2, 5))
    pullback(grad_output), softmax_jacobian(weights), entropy(weights)
    assert_array_equal(x, before)
    assert_array_equal(grad_output, 1)
    assert_array_equal(weights, softmax(before))


def test_softmax_vjp_is_the_product_with_the_jacobian(rng):
    weights, pullback = softmax_vjp(rng.normal(size=(2, 5)))
    grad_output = rng.normal(size=(2, 5))
    product = np.einsum("bi,bij->bj", grad_output, softmax_jacobian(weights))
    assert_allclose(pullback(grad_output), product, rtol=1e-13)


def test_the_gradient_sums_to_zero_because_a_constant_changes_nothing(rng):
    _, pullback = softmax_vjp(rng.normal(size=(2, 5)))
    assert_allclose(pullback(rng.normal(size=(2, 5))).sum(axis=-1), 0, atol=1e-15)


def test_the_gradient_of_a_row_of_minus_infinity_is_zero(rng):
    _, pullback = softmax_vjp(np.array([[-np.inf, -np.inf, -np.inf], [1, -np.inf, 2]]))
    grad = pullback(rng.normal(size=(2, 3)))
    assert_array_equal(grad[0], 0)
    assert_array_equal(grad[1] != 0, [True, False, True])


def test_the_jacobian_of_two_weights_is_written_out():
    assert_allclose(softmax_jacobian(np.array([0.2, 0.8])), [[0.16, -0.16], [-0.16, 0.16]], rtol=1e-14)


def test_the_jacobian_agrees_with_central_differences(rng):
    x, step = rng.normal(size=5), 1e-6
    columns = [(softmax(x + step * e) - softmax(x - step * e)) / (2 * step) for e in np.eye(5)]
    assert_allclose(softmax_jacobian(softmax(x)), np.stack(columns, axis=-1), rtol=1e-6, atol=1e-10)


def test_the_jacobian_is_symmetric_with_rows_that_sum_to_zero_and_no_negative_eigenvalue(rng):
    jacobian = softmax_jacobian(softmax(rng.normal(size=(2, 3, 5))))
    assert jacobian.shape == (2, 3, 5, 5)
    assert_allclose(jacobian, jacobian.mT, rtol=1e-15)
    assert_allclose(jacobian.sum(axis=-1), 0, atol=1e-15)
    assert np.linalg.eigvalsh(jacobian).min() > -1e-15


def test_the_jacobian_vanishes_when_one_key_takes_everything():
    assert_array_equal(softmax_jacobian(np.array([0.0, 1.0, 0.0])), np.zeros((3, 3)))


def test_the_entropy_of_equal_weights_is_the_logarithm_of_their_number():
    assert_allclose(entropy(np.full((2, 5), 1 / 5)), np.log(5), rtol=1e-14)


def test_the_entropy_of_a_certain_choice_is_zero_without_a_minus_sign():
    result = entropy(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]))
    assert_array_equal(result, 0)
    assert not np.signbit(result).any()


def test_entropy_is_in_nats_and_sums_away_the_axis(rng):
    weights = np.array([[0.5, 0.25], [0.5, 0.75]])
    columns = [np.log(2), -0.25 * np.log(0.25) - 0.75 * np.log(0.75)]
    assert_allclose(entropy(weights, axis=0), columns, rtol=1e-14)
    assert entropy(softmax(rng.normal(size=(2, 3, 5)))).shape == (2, 3)


def test_entropy_is_largest_for_equal_weights(rng):
    assert (entropy(softmax(rng.normal(size=(100, 5)))) < np.log(5)).all()


@pytest.mark.parametrize(("dtype", "last", "gone"), [(np.float32, -67, -67.5), (np.float64, -688, -688.5)])
def test_the_smallest_weight_is_twenty_above_the_exponent_of_the_smallest_normal_number(dtype, last, gone):
    edge = smallest_exponent(np.dtype(dtype))
    for score, above in ((last, True), (edge, True), (gone, False)):
        assert (softmax(np.array([0, score], dtype))[1] > 0) == above
