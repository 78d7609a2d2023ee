"""Parameters are NamedTuples of arrays, nested as the model is. Here is how to walk through them."""

import numpy as np


def tree_map(function, *trees):
    """Apply a function to the arrays that stand in the same place of several structures.

    Args:
        function: takes one array from each structure and returns anything.
        trees: nested tuples and NamedTuples of the same build. What is no array (the number of heads, None)
            is left as the first structure has it.

    Returns:
        A structure of the same build with the results.

    Raises:
        TypeError: if there is a list or a dict, which would be left as it is without a word.
        ValueError: if one structure is built otherwise than the first.
    """
    first = trees[0]
    if all(type(tree) is np.ndarray for tree in trees):  # the usual case, and quickly seen
        return function(*trees)
    if len({build(tree) for tree in trees}) > 1:
        found = " and ".join(build(tree) for tree in trees)
        raise ValueError(f"structures must be built alike: got {found} in the same place")
    if is_leaf(first):
        return function(*trees)
    if isinstance(first, tuple):
        parts = [tree_map(function, *parts) for parts in zip(*trees, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
    return first


def is_leaf(tree):
    """Whether it is an array. A calculation with an array of no axes gives a NumPy number, which counts as one."""
    return isinstance(tree, np.ndarray | np.floating)


def build(tree):
    """What stands at the top of a structure, in a word.

    Raises:
        TypeError: if it is a list or a dict.
    """
    if isinstance(tree, list | dict):
        raise TypeError(f"parameters are nested tuples of arrays: got a {type(tree).__name__} of {len(tree)}")
    if isinstance(tree, tuple):
        return f"a tuple of {len(tree)}"
    return "an array" if is_leaf(tree) else "no array"


def check_params(params, kind):
    """The parameters are of the kind that the function takes.

    Raises:
        TypeError: if not.
    """
    if not isinstance(params, kind):
        raise TypeError(f"params must be {kind.__name__}: got {type(params).__name__}")


def tree_leaves(tree):
    """All arrays of a structure, in order, as a list."""
    leaves: list[np.ndarray] = []
    tree_map(leaves.append, tree)
    return leaves


def count_parameters(params):
    """How many numbers there are to learn."""
    return sum(leaf.size for leaf in tree_leaves(params))
