from typing import NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnlib import count_parameters, tree_leaves, tree_map


class Map(NamedTuple):
    weight: np.ndarray
    heads: int
    bias: np.ndarray | None = None


TREE = (Map(np.array([[1.0, 2, 3]]), 4), (), (np.array([4.0, 5]), Map(np.array(6.0), 1, np.zeros((0, 2)))))


def test_every_array_is_replaced_and_all_else_is_kept():
    doubled = tree_map(lambda x: 2 * x, TREE)
    assert isinstance(doubled[0], Map)
    assert isinstance(doubled[2][1], Map)
    assert doubled[0][1:] == (4, None)
    assert doubled[1] == ()
    assert_array_equal(doubled[0].weight, [[2, 4, 6]])
    assert_array_equal(doubled[2][0], [8, 10])
    assert doubled[2][1].weight == 12


def test_arrays_in_the_same_place_meet():
    other = tree_map(lambda x: 10 * x, TREE)
    together = tree_map(lambda a, b, c: a + b - c, TREE, other, TREE)
    for leaf, expected in zip(tree_leaves(together), tree_leaves(other), strict=True):
        assert_array_equal(leaf, expected)


def test_leaves_come_in_order():
    assert [leaf.tolist() for leaf in tree_leaves(TREE)] == [[[1, 2, 3]], [4, 5], 6, []]
    assert tree_leaves(()) == []
    assert len(tree_leaves(np.ones(3))) == 1
    assert tree_leaves((None, 3, "relu")) == []


def test_leaves_are_the_arrays_themselves():
    assert tree_leaves(TREE)[1] is TREE[2][0]


def test_all_numbers_are_counted():
    assert count_parameters(TREE) == 3 + 2 + 1 + 0
    assert count_parameters(np.ones((4, 5))) == 20
    assert count_parameters((None, 3)) == 0


def test_a_number_that_was_an_array_without_axes_is_still_an_array():
    moved = tree_map(lambda x: x - 1, (np.array(3.0), np.array(2.0, np.float32)))
    assert tree_map(lambda x: x - 1, moved) == (1, 0)
    assert len(tree_leaves(moved)) == count_parameters(moved) == 2


def test_the_function_may_return_anything():
    assert tree_map(np.shape, (np.ones((2, 3)), (np.ones(4),))) == ((2, 3), ((4,),))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ((np.ones(2),), "got a tuple of 2 and a tuple of 1 in the same place"),
        ((np.ones(2), np.ones(3), np.ones(4)), "got a tuple of 2 and a tuple of 3 in the same place"),
        (np.ones((2, 5)), "got a tuple of 2 and an array in the same place"),
        ((np.ones(2), None), "got an array and no array in the same place"),
        ((np.ones(2), (np.ones(3),)), "got an array and a tuple of 1 in the same place"),
    ],
)
def test_structures_are_built_alike(other, words):
    with pytest.raises(ValueError, match=f"structures must be built alike: {words}"):
        tree_map(lambda a, b: a, (np.ones(2), np.ones(3)), other)


@pytest.mark.parametrize("tree", [[np.ones(2)], {"w": np.ones(2)}, (np.ones(2), [np.ones(3)])])
def test_a_list_or_a_dict_is_refused_not_passed_over(tree):
    for function in (tree_leaves, count_parameters):
        with pytest.raises(TypeError, match=r"parameters are nested tuples of arrays: got a (list|dict) of 1"):
            function(tree)
