"""Broadcasting, forwards and backwards."""

import numpy as np

from attnlib.arguments import describe


def check_broadcasts(scores, **arrays):
    """Each array can be stretched to the shape (..., seq_q, seq_k) of the scores, and does not stretch them.

    Raises:
        ValueError: if one cannot.
    """
    for name, array in arrays.items():
        if not fits(array.shape, scores.shape):
            raise ValueError(
                f"{name} must broadcast to (..., seq_q, seq_k): got {name} {array.shape} for {describe(scores=scores)}"
            )


def fits(shape, target):
    """Whether an array of this shape can be stretched to the target shape, and does not stretch it."""
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False


def unbroadcast(grad, shape):
    """The gradient of an array of this shape that was stretched to ``grad.shape``.

    An entry that was used several times collects the sum of its gradients.
    """
    if grad.shape == shape:
        return grad  # a sum over no axis would copy it
    added = grad.ndim - len(shape)
    grad = grad.sum(axis=tuple(range(added)))
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return grad.sum(axis=stretched, keepdims=True)
