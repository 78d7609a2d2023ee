import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import gelu, gelu_vjp, relu, relu_vjp
from attnlib.testing import check_vjp

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both = pytest.mark.parametrize(("bend", "bend_vjp"), [(relu, relu_vjp), (gelu, gelu_vjp)], ids=["relu", "gelu"])
every_shape = pytest.mark.parametrize("shape", [(), (7,), (2, 5), (0, 3)], ids=str)


def test_relu_by_hand():
    x = np.array([-2.0, -0.0, 0.0, 0.5, 3.0])
    assert_array_equal(relu(x), [0, 0, 0, 0.5, 3])
    assert_array_equal(relu_vjp(x)[1](np.full(5, 7.0)), [0, 0, 0, 7, 7])


def test_gelu_by_hand():
    """0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))"""
    for x in [-3.0, -0.5, 0.0, 1.0, 2.5]:
        expected = 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        assert_allclose(gelu(np.array(x)), expected, rtol=1e-13)


def test_gelu_is_within_0_0005_of_x_times_the_normal_distribution():
    x = np.linspace(-8, 8, 16_001)
    exact = np.array([0.5 * t * (1 + math.erf(t / 2**0.5)) for t in x])
    difference = np.abs(gelu(x) - exact).max()
    assert 4e-4 < difference < 5e-4


def test_gelu_of_x_and_of_minus_x_differ_by_x(rng):
    x = rng.normal(size=50) * 3
    assert_allclose(gelu(x) - gelu(-x), x, rtol=1e-12)


def test_gelu_dips_below_zero_once_and_relu_never():
    x = np.linspace(-10, 10, 20_001)
    assert gelu(x).min() == pytest.approx(-0.17, abs=1e-3)
    assert x[gelu(x).argmin()] == pytest.approx(-0.7525, abs=2e-3)
    assert relu(x).min() == 0


@both_dtypes
@both
def test_far_from_zero_both_are_x_or_nothing(bend, bend_vjp, dtype):
    largest = float(np.finfo(dtype).max) ** 0.99
    x = np.array([-largest, -1e20, -20, 20, 1e20, largest], dtype)
    output, pullback = bend_vjp(x)
    assert_array_equal(bend(x), np.where(x > 0, x, 0))
    assert_array_equal(output, np.where(x > 0, x, 0))
    assert_array_equal(pullback(np.ones_like(x)), (x > 0).astype(dtype))


@both
def test_infinity_has_the_limits_of_large_numbers_and_nan_stays(bend, bend_vjp):
    x = np.array([-np.inf, np.inf, np.nan])
    output, pullback = bend_vjp(x)
    assert_array_equal(bend(x), [0, np.inf, np.nan])
    assert_array_equal(output, [0, np.inf, np.nan])
    assert_array_equal(pullback(np.ones(3))[:2], [0, 1])
    assert_array_equal(pullback(np.zeros(3)), 0)  # what nobody reads adds nothing


@both
@every_shape
@both_dtypes
def test_shape_and_dtype_stay_forwards_and_backwards(rng, bend, bend_vjp, shape, dtype):
    x = np.asarray(rng.normal(size=shape), dtype)
    output, pullback = bend_vjp(x)
    for result in (bend(x), output, pullback(np.ones(shape))):
        assert np.shape(result) == shape
        assert result.dtype == dtype
    assert_array_equal(output, bend(x))


@both
@pytest.mark.parametrize("size", [0.1, 1, 4, 12])
def test_gradients_agree_with_central_differences(rng, bend, bend_vjp, size):
    assert check_vjp(bend, bend_vjp, [size * rng.normal(size=(3, 5))], rng) < 1e-6


@both
def test_each_number_is_bent_by_itself(rng, bend, bend_vjp):
    x = rng.normal(size=(4, 3)).T[::-1]
    assert_array_equal(bend(x), [[bend(np.array(t)) for t in row] for row in x])


@both
def test_the_inputs_are_not_modified(rng, bend, bend_vjp):
    x, grad_output = rng.normal(size=(2, 4, 3))
    before = x.copy(), grad_output.copy()
    output, pullback = bend_vjp(x)
    pullback(grad_output)
    output += 1
    assert_array_equal(x, before[0])
    assert_array_equal(grad_output, before[1])


@both
def test_other_dtypes_and_other_shapes_of_gradients_are_restated(bend, bend_vjp):
    for call in (bend, bend_vjp):
        with pytest.raises(TypeError, match=r"x must be float32 or float64: got int64 \(3,\)"):
            call(np.array([1, 2, 3]))
    with pytest.raises(ValueError, match=r"shape of the output: got grad_output \(\), output \(3,\)"):
        bend_vjp(np.ones(3))[1](1.0)
