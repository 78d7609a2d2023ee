"""Memory that a thread computes in again and again: a new array costs as much time as to fill it."""

import math
from typing import NamedTuple

import numpy as np

from attnlib.blocks import scores_held


class Workspace(NamedTuple):
    """Flat arrays, each as large as the largest of its kind that is needed."""

    scores: np.ndarray
    more_scores: np.ndarray  # on the way back, two blocks of scores are held at a time
    vectors: np.ndarray


def workspaces(call, rows, columns, threads, blocks_held=1):
    """One workspace a thread, for blocks of so many queries and keys of one call of attention."""
    dtype, scores = call.query.dtype, scores_held(blocks_held)
    width = max(call.query.shape[-1], call.value.shape[-1])
    vectors = max(1, scores // (rows * columns)) * max(rows, columns) * width
    sizes = scores, scores * (blocks_held - 1), vectors
    return [Workspace(*(np.empty(size, dtype) for size in sizes)) for _ in range(threads)]


def shaped(memory, shape):
    """The first numbers of a flat array as an array of this shape."""
    return memory[: math.prod(shape)].reshape(shape)


def add_product(total, a, b, workspace):
    """total += a @ b"""
    total += np.matmul(a, b, out=shaped(workspace.vectors, total.shape))
