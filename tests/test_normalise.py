import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnlib.normalise import as_eps, root_mean_square


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_eps_may_be_any_finite_number_of_the_dtype(dtype):
    largest = np.finfo(dtype).max
    assert as_eps(largest, dtype) == largest
    assert as_eps(0, dtype) == 0


def test_without_eps_the_root_is_that_of_the_mean_square_alone():
    assert_allclose(root_mean_square(np.array([[3.0, 4.0]])), [[12.5**0.5]])
