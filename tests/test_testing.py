"""The checks themselves must fail when something is wrong, and say what."""

from typing import NamedTuple

import numpy as np
import pytest

from attnlib import softmax, softmax_vjp
from attnlib.testing import assert_weights, check_vjp


def test_check_vjp_passes_a_right_gradient_and_returns_its_error(rng):
    assert 0 <= check_vjp(softmax, softmax_vjp, [rng.normal(size=(2, 5))], rng) < 1e-8


def test_check_vjp_prints_both_numbers(rng):
    def twice(x):
        return 2 * x, lambda grad_output: 3 * grad_output

    with pytest.raises(AssertionError, match=r"argument 0: the pullback says -?\d\S*, the central difference -?\d"):
        check_vjp(lambda x: 2 * x, twice, [rng.normal(size=3)], rng)


def test_check_vjp_notices_swapped_missing_and_misshapen_gradients(rng):
    x, y = rng.normal(size=(2, 3))
    product = lambda x, y: x * y  # noqa: E731
    check_vjp(product, lambda x, y: (x * y, lambda g: (g * y, g * x)), [x, y], rng)
    with pytest.raises(AssertionError, match="gradient by argument 0"):
        check_vjp(product, lambda x, y: (x * y, lambda g: (g * x, g * y)), [x, y], rng)
    with pytest.raises(AssertionError, match="one gradient an argument: got 1 gradients for 2 arguments"):
        check_vjp(product, lambda x, y: (x * y, lambda g: g * y), [x, y], rng)
    with pytest.raises(AssertionError, match=r"gradient 1 must have the shape of its argument \(1,\): got \(3,\)"):
        check_vjp(product, lambda x, y: (x * y, lambda g: (g * y, g * x)), [x, y[:1]], rng)
    with pytest.raises(AssertionError, match="must return the same output"):
        check_vjp(product, lambda x, y: (x + y, lambda g: (g, g)), [x, y], rng)


class Line(NamedTuple):
    slope: np.ndarray
    height: np.ndarray
    name: str = "line"


def line(params, x):
    return params.slope * x + params.height


def line_vjp(params, x):
    return line(params, x), lambda g: (Line(np.sum(g * x), np.sum(g), params.name), g * params.slope)


def test_check_vjp_reads_nested_parameters_array_by_array(rng):
    params, x = Line(np.array(2.0), np.array(-1.0)), rng.normal(size=(2, 5))
    assert check_vjp(line, line_vjp, [params, x], rng) < 1e-8
    assert (
        check_vjp(lambda p: line(p, x), lambda p: (line(p, x), lambda g: line_vjp(p, x)[1](g)[0]), [params], rng) < 1e-8
    )

    def without_height(params, x):
        output, pullback = line_vjp(params, x)
        return output, lambda g: (pullback(g)[0]._replace(height=np.array(0.0)), pullback(g)[1])

    with pytest.raises(AssertionError, match=r"gradient by argument 0\.height: the pullback says 0, the central"):
        check_vjp(line, without_height, [params, x], rng)


def test_check_vjp_takes_a_loss_that_is_one_number(rng):
    assert check_vjp(np.sum, lambda x: (np.sum(x), lambda g: g * np.ones_like(x)), [rng.normal(size=4)], rng) < 1e-8
    with pytest.raises(AssertionError, match="gradient by argument 0"):
        check_vjp(np.sum, lambda x: (np.sum(x), lambda g: np.ones_like(x)), [rng.normal(size=4)], rng)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([[0.5, 0.5], [0.5, 0.33]], r"rows must sum to 1: row \(1,\) sums to 0\.83"),
        ([[1.5, -0.5]], r"must not be negative: the smallest is -0\.5"),
        ([[np.nan, 1.0]], "must be finite"),
    ],
)
def test_assert_weights_names_the_property_and_the_row(weights, words):
    with pytest.raises(AssertionError, match=words):
        assert_weights(np.array(weights))


def test_assert_weights_knows_the_mask():
    mask = np.array([[True, False], [False, False]])
    assert_weights(np.array([[1.0, 0.0], [0.0, 0.0]]), mask)
    with pytest.raises(AssertionError, match=r"masked key must have weight 0: the largest is 0\.2"):
        assert_weights(np.array([[0.8, 0.2], [0.0, 0.0]]), mask)
    with pytest.raises(AssertionError, match=r"rows must sum to 1: row \(0,\) sums to 0"):
        assert_weights(np.zeros((2, 2)), mask)


def test_assert_weights_takes_weights_and_masks_alone():
    with pytest.raises(TypeError, match=r"attn_weights must be float32 or float64: got int64 \(2, 2\)"):
        assert_weights(np.eye(2, dtype=np.int64))
    with pytest.raises(TypeError, match=r"mask must be boolean, True = may attend: got int64 \(2, 2\)"):
        assert_weights(np.eye(2), np.eye(2, dtype=np.int64))
    with pytest.raises(ValueError, match=r"mask must broadcast .* got mask \(3,\) for scores \(2, 2\)"):
        assert_weights(np.eye(2), np.ones(3, bool))
    with pytest.raises(AssertionError, match=r"weights must have shape \(\.\.\., seq_k\): got \(\)"):
        assert_weights(np.array(1.0))


def test_check_vjp_draws_from_a_generator():
    with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator, such as .* got 0"):
        check_vjp(softmax, softmax_vjp, [np.ones(3)], 0)


def test_check_vjp_says_that_outputs_differ(rng):
    with pytest.raises(AssertionError, match="\nfun and vjp must return the same output\n"):
        check_vjp(np.sin, lambda x: (np.cos(x), None), [np.ones(2)], rng)


@pytest.mark.parametrize("x", [[1, 2], np.ones(2, np.float32)], ids=["integers", "float32"])
def test_check_vjp_differentiates_in_float64_whatever_it_is_given(rng, x):
    assert check_vjp(np.sin, lambda x: (np.sin(x), lambda grad: grad * np.cos(x)), [x], rng) < 1e-8


def test_check_vjp_measures_the_error_beside_the_larger_number_and_beside_a_thousandth(rng):
    def off(by, plus=0):
        return lambda x: (2.0 * x, lambda grad: 2.0 * by * grad + plus)

    for by, error in ((3, 2 / 3), (0.5, 0.5)):
        assert abs(check_vjp(lambda x: 2.0 * x, off(by), [np.ones(1)], rng, rtol=1) - error) < 1e-6
    with pytest.raises(AssertionError):
        check_vjp(lambda x: 2.0 * x, off(1 + 2e-6), [np.ones(1)], rng)
    flat = np.zeros(1), lambda grad: np.full(1, 1e-7)  # where nothing changes, an error of 1e-7 is one of 1e-4
    assert 0 < check_vjp(lambda x: 0 * x, lambda x: flat, [np.ones(1)], rng, rtol=1) < 1e-3
    assert check_vjp(lambda x: 0 * x, lambda x: (0 * x, lambda grad: 0 * grad), [np.ones(1)], rng, rtol=0) == 0


def test_check_vjp_passes_a_gradient_of_zero_beside_outputs_that_rounding_moves(rng):
    scores, values = rng.normal(size=(30, 40)), 1e4 * rng.normal(size=(40, 5))

    def shifted(shift):
        return softmax(scores + shift) @ values

    def shifted_vjp(shift):
        return shifted(shift), lambda grad: np.zeros((30, 1))

    assert check_vjp(shifted, shifted_vjp, [rng.normal(size=(30, 1))], rng) < 1e-6


def test_check_vjp_wants_a_gradient_for_each_array_of_a_structure(rng):
    with pytest.raises(ValueError, match="shorter"):
        check_vjp(
            lambda pair: pair[0], lambda pair: (pair[0], lambda grad: ((grad,),)), [(np.ones(2), np.ones(2))], rng
        )


@pytest.mark.parametrize(("length", "times"), [(1, 8), (64, 64)])
def test_assert_weights_allows_rounding_that_grows_with_the_root_of_the_row(length, times):
    eps = np.finfo(np.float64).eps
    weights = np.zeros((3, length))
    weights[:, 0] = 1 + (times - 0.5) * eps
    assert_weights(weights)
    assert_weights(np.array([1.0]))
    weights[1, 0] = 1 + (times + 1) * eps
    with pytest.raises(AssertionError, match=r"row \(1,\)"):
        assert_weights(weights)
