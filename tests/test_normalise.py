import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib.normalise import as_eps, root_mean_square


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_eps_may_be_any_finite_number_of_the_dtype(dtype):
    largest = np.finfo(dtype).max
    assert as_eps(largest, dtype) == largest
    assert as_eps(0, dtype) == 0


def test_without_eps_the_root_is_that_of_the_mean_square_alone():
    assert_allclose(root_mean_square(np.array([[3.0, 4.0]])), [[12.5**0.5]])


@pytest.mark.parametrize(("dtype", "eps"), [(np.float32, 1e-44), (np.float64, 1e-320)])
@pytest.mark.parametrize("times", [0, 1, 3])
def test_eps_counts_however_small_it_is(dtype, eps, times):
    x = np.full(3, times * eps**0.5, dtype)
    assert_allclose(root_mean_square(x, eps), [(times**2 + 1) ** 0.5 * eps**0.5], rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("axis", [-1, -2, 0, 1, (0, 2)])
@pytest.mark.parametrize("size", [1, 1e-170])  # squares of the second vanish
def test_the_axis_of_the_mean_stays_with_length_1(rng, axis, size):
    x = size * rng.normal(size=(2, 3, 4))
    number = np.prod([x.shape[i] for i in np.atleast_1d(axis)])
    expected = size * np.sqrt(np.mean((x / size) ** 2, axis=axis, keepdims=True))
    assert_allclose(root_mean_square(x, axis=axis, size=number), expected, rtol=1e-14)
    assert root_mean_square(x, axis=axis, size=number).shape == expected.shape


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("power", [-0.9, -0.6, 0.6, 0.9])
def test_the_root_is_exact_where_squares_leave_the_dtype_and_moves_no_other_vectors(dtype, power):
    x = np.random.default_rng(0).normal(size=(5, 64)).astype(dtype)
    alone = root_mean_square(x)
    size = np.finfo(dtype).max ** dtype(power) if power > 0 else np.finfo(dtype).tiny ** dtype(-power)
    x[2] *= size
    roots = root_mean_square(x)
    assert_allclose(roots[2] / size, alone[2], rtol=8 * np.finfo(dtype).eps)
    assert_array_equal(np.delete(roots, 2, axis=0), np.delete(alone, 2, axis=0), strict=True)
