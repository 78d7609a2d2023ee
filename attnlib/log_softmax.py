"""The logarithms of the weights that softmax makes: what a loss is counted in."""

import numpy as np

from attnlib.arguments import as_axis, as_floats, as_gradient
from attnlib.softmax import check_below_inf


@np.errstate(over="ignore")  # a gap too wide may become −inf
def log_softmax(x, axis=-1):
    """The logarithm of softmax, also where the weight itself is too small for a number: x − log Σ exp(x).

    Args:
        x: (...) float32 or float64 scores. −inf means weight zero.
        axis: the axis along which the weights sum to one.

    Returns:
        Same shape and dtype as ``x``; 0 or less, −inf where a weight is zero.

    Raises:
        TypeError, ValueError: as ``softmax``.
    """
    [x] = as_floats(x=x)
    axis = as_axis(axis, x=x)
    highest = x.max(axis=axis, keepdims=True, initial=-np.inf)
    check_below_inf(x, highest)
    shifted = x - np.where(highest == -np.inf, 0, highest)  # as in softmax
    total = np.exp(shifted).sum(axis=axis, keepdims=True)
    return shifted - np.log(np.where(total == 0, 1, total))


def log_softmax_vjp(x, axis=-1):
    """``log_softmax``, and its pullback: grad_output (...) → grad_x (...), zero where a weight is zero.

    The gradient that arrives where the output is −inf does not count.
    """
    output = log_softmax(x, axis)

    def pullback(grad_output):
        grad_output = np.where(output == -np.inf, 0, as_gradient(grad_output, output))
        return grad_output - np.exp(output) * grad_output.sum(axis=axis, keepdims=True)

    return output, pullback
