import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnlib.rows import as_rows, idle_as_zero


@pytest.mark.parametrize("lead", [(), (5,), (2, 5), (0,), (2, 0)], ids=str)
def test_rows_are_the_vectors_in_order(rng, lead):
    x = rng.normal(size=(*lead, 3))
    assert_array_equal(as_rows(x), np.array([x[at] for at in np.ndindex(lead)]).reshape(-1, 3))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_without_gradient_becomes_zero_and_a_nan_with_one_stays(dtype):
    rows, grads = np.array([[np.nan, 1], [np.inf, 1], [2, 3]], dtype), np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    assert_array_equal(idle_as_zero(rows, grads), np.array([[0, 0], [np.inf, 1], [0, 0]], dtype), strict=True)


def test_finite_rows_are_returned_as_they_are():
    rows = np.ones((2, 3))
    assert idle_as_zero(rows, np.zeros((2, 3))) is rows
