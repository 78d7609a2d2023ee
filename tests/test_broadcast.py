import numpy as np
from numpy.testing import assert_array_equal

from attnlib.broadcast import unbroadcast


def test_an_entry_that_was_used_several_times_collects_the_sum_of_its_gradients():
    grad = np.arange(24.0).reshape(2, 3, 4)
    assert_array_equal(unbroadcast(grad, (2, 3, 4)), grad)
    assert_array_equal(unbroadcast(grad, (3, 4)), grad[0] + grad[1])
    assert_array_equal(unbroadcast(grad, (3, 1)), grad.sum(axis=(0, 2))[:, None])
    assert unbroadcast(grad, (1, 3, 1)).shape == (1, 3, 1)
    assert unbroadcast(grad, ()) == grad.sum()
