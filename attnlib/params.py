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
        ValueError: if a tuple of one structure is longer than that of another.
    """
    first = trees[0]
    if isinstance(first, np.ndarray):
        return function(*trees)
    if isinstance(first, tuple):
        parts = [tree_map(function, *parts) for parts in zip(*trees, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
    return first


def tree_leaves(tree):
    """All arrays of a structure, in order, as a list."""
    leaves: list[np.ndarray] = []
    tree_map(leaves.append, tree)
    return leaves


def count_parameters(params):
    """How many numbers there are to learn."""
    return sum(leaf.size for leaf in tree_leaves(params))
