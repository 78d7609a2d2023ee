"""The optimiser of the paper, and its learning rate that first rises, then falls."""

from typing import Any, NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_floats, as_number, as_size, describe
from attnlib.leaf_names import leaf_names
from attnlib.normalise import divisor
from attnlib.params import tree_leaves, tree_map


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
        ValueError: if ``grads`` or ``state`` is not built like ``params``, or a number is out of its range.
        FloatingPointError: if a gradient is not finite, or so large that its square is not; the message says which
            parameter's, and at which step.

    Source: Kingma and Ba (2015), algorithm 1; constants from Vaswani et al. (2017), section 5.3.
    """
    check_state(state)
    check_gradients(params, grads, state)
    learning_rate, beta1, beta2, eps = rates(learning_rate, beta1, beta2, eps)
    step = state.step + 1
    grads = tree_map(np.asarray, grads)  # between two of NumPy's matrices * would be their product
    mean = tree_map(lambda m, g: beta1 * np.asarray(m) + (1 - beta1) * g, state.mean, grads)
    square = tree_map(lambda s, g: beta2 * np.asarray(s) + (1 - beta2) * g * g, state.square, grads)
    # Both means started at zero and are too small at first; these factors undo that.
    rate, root = learning_rate / (1 - beta1**step), (1 - beta2**step) ** -0.5

    def moved(param, m, s):
        return np.asarray(param) - rate * m / divisor(root * np.sqrt(s) + eps)  # in float32 a small eps is 0

    return tree_map(moved, params, mean, square), AdamState(step, mean, square)


def check_state(state):
    """It is what an earlier step, or ``adam_start``, has left.

    Raises:
        TypeError, ValueError: if not.
    """
    if not isinstance(state, AdamState):
        raise TypeError(f"state must be an AdamState, as adam_start makes them: got {type(state).__name__}")
    as_size("state.step", state.step)


def check_gradients(params, grads, state):
    """Every gradient and both its means have the shape and the dtype of the parameter; it and its square are finite.

    Raises:
        TypeError, ValueError, FloatingPointError: if not.
    """

    def check(param, grad, mean, square):
        as_floats(param=param, grad=grad)
        as_floats(param=param, mean=mean, square=square)
        if np.shape(param) != np.shape(grad):
            raise ValueError(f"a gradient must have the shape of its parameter: got {describe(param=param, grad=grad)}")
        if not np.shape(param) == np.shape(mean) == np.shape(square):
            got = describe(param=param, mean=mean, square=square)
            raise ValueError(f"the state must have the shapes of the parameters: got {got}")

    tree_map(check, params, grads, state.mean, state.square)
    for i, grad in enumerate(tree_leaves(grads)):
        largest = np.abs(np.asarray(grad)).max(initial=0)
        if not largest < np.finfo(grad.dtype).max ** 0.5:
            fault = f"too large for its square ({largest:.3g})" if np.isfinite(largest) else f"not finite ({largest})"
            name = leaf_names(params)[i] or "the parameter"
            raise FloatingPointError(f"the gradient of {name} {np.shape(grad)} is {fault} at step {state.step + 1}")


def rates(learning_rate, beta1, beta2, eps):
    """The four numbers as Python floats.

    Raises:
        TypeError, ValueError: if one is out of its range.
    """
    return (
        as_number("learning_rate", learning_rate, "be a finite number of 0 or more", lambda rate: 0 <= rate < np.inf),
        as_number("beta1", beta1, "lie from 0 to below 1", lambda beta: 0 <= beta < 1),
        as_number("beta2", beta2, "lie from 0 to below 1", lambda beta: 0 <= beta < 1),
        as_number("eps", eps, "be a finite number above 0", lambda eps: 0 < eps < np.inf),
    )


def warmup_schedule(d_model, warmup_steps=4000, factor=1.0):
    """The paper's learning rate: it rises in a straight line for ``warmup_steps``, then falls as 1/√step.

    Args:
        d_model: width of the model, 1 or more.
        warmup_steps: length of the rise, 1 or more. The peak is factor / √(d_model · warmup_steps).
        factor: multiplies the whole curve; 1 in the paper.

    Returns:
        A function from the step, counted from 1, to the learning rate.

    Raises:
        TypeError, ValueError: if a size is not a positive integer, or ``factor`` not a finite number of 0 or more.

    Source: Vaswani et al. (2017), eq. 3.
    """
    factor = as_number("factor", factor, "be a finite number of 0 or more", lambda factor: 0 <= factor < np.inf)
    d_model, warmup_steps = as_count("d_model", d_model), as_count("warmup_steps", warmup_steps)

    def learning_rate(step):
        step = as_count("step", step)
        return factor * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)

    return learning_rate
