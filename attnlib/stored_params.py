"""Parameters in a file: the arrays of a structure in order, as ``.npz``."""

import os
import zipfile
from importlib import resources
from pathlib import Path

import numpy as np

from attnlib.arguments import as_float_type
from attnlib.leaf_names import leaf_names
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
        FileNotFoundError: if there is no such file.
        ValueError: if it is no .npz file, or damaged, or holds other arrays, or numbers that are not finite;
            the message names the first such array.
    """
    path, wanted = Path(path), tree_leaves(like)
    leaves = stored_arrays(path)
    if len(leaves) != len(wanted):
        raise ValueError(f"{path.name} must hold {len(wanted)} arrays: got {len(leaves)}")
    for name, leaf, want in zip(leaf_names(like), leaves, wanted, strict=True):
        if leaf.shape != want.shape or leaf.dtype != want.dtype:
            raise ValueError(f"{name} in {path.name} must be {want.dtype} {want.shape}: got {leaf.dtype} {leaf.shape}")
        if not np.isfinite(leaf).all():
            raise ValueError(f"{name} in {path.name} must be finite: got NaN or inf")
    rest = iter(leaves)
    return tree_map(lambda _: next(rest), like)


def load_weights(package, path, like, dtype):
    """The trained parameters that come with a package of the library, or those of a file.

    Args:
        package: has them in ``weights.npz``.
        path: of other weights; None means the package's own.
        like: as for ``load_arrays``.
        dtype: float32 or float64, of what is returned.

    Raises:
        FileNotFoundError, ValueError: as ``load_arrays``.
        TypeError: if ``dtype`` is another.
    """
    with resources.as_file(resources.files(package) / "weights.npz") as own:
        params = load_arrays(own if path is None else path, like)
    return tree_map(lambda leaf: leaf.astype(as_float_type(dtype)), params)


def stored_arrays(path):
    """All arrays of a file, in order.

    Raises:
        FileNotFoundError, ValueError: as ``load_arrays``.
    """
    with path.open("rb") as file:  # a file that is not there says so itself
        if not zipfile.is_zipfile(path):
            raise ValueError(f"{path.name} is no .npz file, or was cut short")
        try:
            with np.load(file, allow_pickle=False) as arrays:
                return [np.asarray(arrays[name]) for name in arrays.files]
        except Exception as error:  # what others wrote can fail in any way: in the archive, its parts, their headers
            raise ValueError(f"{path.name} is damaged: {error}") from None
