"""Parameters in a file: the arrays of a structure in order, as ``.npz``."""

import os
from pathlib import Path

import numpy as np

from attnlib.params import tree_leaves, tree_map


def save_arrays(path, tree):
    """Write all arrays of a structure. The old file stays whole until the new one is.

    Args:
        path: file name, ending in .npz.
        tree: nested tuples of arrays.
    """
    path = Path(path)
    unfinished = path.with_name(path.name + ".unfinished")
    with unfinished.open("wb") as file:
        np.savez(file, *tree_leaves(tree))
    os.replace(unfinished, path)


def load_arrays(path, like):
    """The stored arrays in a structure.

    Args:
        path: a file that ``save_arrays`` wrote.
        like: a structure of the build, shapes and dtypes that the file has; its numbers do not matter.

    Returns:
        A structure like ``like``.

    Raises:
        ValueError: if the file holds other arrays; the message names the first that differs.
    """
    wanted = tree_leaves(like)
    with np.load(path, allow_pickle=False) as file:
        leaves = [file[name] for name in file.files]
    if len(leaves) != len(wanted):
        raise ValueError(f"{Path(path).name} must hold {len(wanted)} arrays: got {len(leaves)}")
    for i, (leaf, want) in enumerate(zip(leaves, wanted, strict=True)):
        if leaf.shape != want.shape or leaf.dtype != want.dtype:
            raise ValueError(
                f"array {i} of {Path(path).name} must be {want.dtype} {want.shape}: got {leaf.dtype} {leaf.shape}"
            )
    rest = iter(leaves)
    return tree_map(lambda _: next(rest), like)
