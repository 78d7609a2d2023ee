"""A check says in words what is wrong with an answer, whatever the answer does."""

import numpy as np

from attncourse.check.base import checker, require, require_shape


@checker
def double(answer):
    doubled = require_shape(answer(np.array([1.0, 2.0])), (2,), "the result")
    require(np.allclose(doubled, [2, 4]), f"each number must double: 1 became {doubled[0]:g}")


def test_right_answer_passes():
    assert double(lambda x: 2 * x)
    assert repr(double(lambda x: 2 * x)) == "✓ double: every property holds"


def test_wrong_answer_hears_the_property_and_its_numbers():
    assert not double(lambda x: 3 * x)
    assert repr(double(lambda x: 3 * x)) == "✗ double: each number must double: 1 became 3"


def test_empty_answer_is_named_as_such():
    assert "None" in repr(double(lambda x: None))


def test_wrong_shape_names_both_shapes():
    assert "must have shape (2,): yours has (1,)" in repr(double(lambda x: x[:1]))


def test_nan_is_named_before_anything_else():
    assert "NaN" in repr(double(lambda x: x / 0.0 * 0.0))


def test_exception_in_the_readers_code_is_shown_not_raised():
    assert "your code raised TypeError" in repr(double(lambda: 1))
