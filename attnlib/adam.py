"""The optimiser of the paper, and its learning rate that first rises, then falls."""

from typing import Any, NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_floats, describe
from attnlib.params import tree_map


class AdamState(NamedTuple):
    """What Adam carries from step to step, built like the parameters."""

    step: int
    mean: Any  # running mean of the gradients
    square: Any  # running mean of their squares


def adam_start(params):
    """The state before the first step: zeros."""
    return AdamState(0, tree_map(np.zeros_like, params), tree_map(np.zeros_like, params))


def adam_step(params, grads, state, learning_rate, beta1=0.9, beta2=0.98, eps=1e-9):
    """One step down the gradient, about ``learning_rate`` long in every coordinate, whatever the gradient's size.

    Args:
        params: nested tuples of arrays.
        grads: built like ``params``.
        state: ``AdamState``, from ``adam_start`` or the step before.
        learning_rate: 0 or more.
        beta1, beta2: how long the running means remember, from 0 to below 1. The defaults are those of the Transformer.
        eps: keeps the division from 0/0; above 0.

    Returns:
        ``(params, state)``, both new; nothing is changed in place.

    Raises:
        TypeError: if a gradient has another dtype than its parameter: the parameter would change its own.
        ValueError: if ``grads`` is not built like ``params``, or a number is out of its range.

    Source: Kingma and Ba (2015), algorithm 1; constants from Vaswani et al. (2017), section 5.3.
    """
    check_gradients(params, grads)
    learning_rate, beta1, beta2, eps = rates(learning_rate, beta1, beta2, eps)
    step = state.step + 1
    mean = tree_map(lambda m, g: beta1 * m + (1 - beta1) * g, state.mean, grads)
    square = tree_map(lambda s, g: beta2 * s + (1 - beta2) * g * g, state.square, grads)
    # Both means started at zero and are too small at first; these factors undo that.
    rate, root = learning_rate / (1 - beta1**step), (1 - beta2**step) ** -0.5

    def moved(param, m, s):
        return param - rate * m / (root * np.sqrt(s) + eps)

    return tree_map(moved, params, mean, square), AdamState(step, mean, square)


def check_gradients(params, grads):
    """Every gradient has the shape and the dtype of its parameter.

    Raises:
        TypeError, ValueError: if not.
    """

    def check(param, grad):
        as_floats(param=param, grad=grad)
        if np.shape(param) != np.shape(grad):
            raise ValueError(f"a gradient must have the shape of its parameter: got {describe(param=param, grad=grad)}")

    tree_map(check, params, grads)


def rates(learning_rate, beta1, beta2, eps):
    """The four numbers as Python floats: a float64 of NumPy would turn float32 parameters into float64.

    Raises:
        ValueError: if one is out of its range.
    """
    if not (0 <= learning_rate < np.inf and 0 <= beta1 < 1 and 0 <= beta2 < 1 and 0 < eps < np.inf):
        raise ValueError(
            "learning_rate must be 0 or more, beta1 and beta2 from 0 to below 1, eps above 0: "
            f"got learning_rate={learning_rate}, beta1={beta1}, beta2={beta2}, eps={eps}"
        )
    return float(learning_rate), float(beta1), float(beta2), float(eps)


def warmup_schedule(d_model, warmup_steps=4000, factor=1.0):
    """The paper's learning rate: it rises in a straight line for ``warmup_steps``, then falls as 1/√step.

    Args:
        d_model: width of the model, 1 or more.
        warmup_steps: length of the rise, 1 or more. The peak is factor / √(d_model · warmup_steps).
        factor: multiplies the whole curve; 1 in the paper.

    Returns:
        A function from the step, counted from 1, to the learning rate.

    Raises:
        TypeError, ValueError: if a size is not a positive integer.

    Source: Vaswani et al. (2017), eq. 3.
    """
    d_model, warmup_steps = as_count("d_model", d_model), as_count("warmup_steps", warmup_steps)

    def learning_rate(step):
        step = as_count("step", step)
        return float(factor) * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)

    return learning_rate
