"""The bend between two linear maps: ReLU or GELU."""

import numpy as np

from attnlib.arguments import as_floats, as_gradient

ROOT = (2 / np.pi) ** 0.5  # Python floats, so that float32 stays float32
CUBIC = 0.044715


def relu(x):
    """The positive part: max(x, 0).

    Args:
        x: (...) float32 or float64.

    Returns:
        Same shape and dtype as ``x``.

    Raises:
        TypeError: if ``x`` is not float32 or float64.

    Source: Vaswani et al. (2017), eq. 2.
    """
    [x] = as_floats(x=x)
    return np.maximum(x, 0)


def relu_vjp(x):
    """``relu``, and its pullback: grad_output (...) → grad_x (...), which is 0 at 0 itself."""
    output = relu(x)
    return output, lambda grad_output: as_gradient(grad_output, output) * (output > 0)


def gelu(x):
    """A smooth bend: x times (nearly) the probability that a standard normal number is below x.

    The tanh form, which differs from x·Φ(x) by less than 0.0005 and needs no error function, which NumPy lacks.

    Args:
        x: (...) float32 or float64.

    Returns:
        Same shape and dtype as ``x``.

    Raises:
        TypeError: if ``x`` is not float32 or float64.

    Source: Hendrycks and Gimpel (2016), section 2.
    """
    [x] = as_floats(x=x)
    return gated(x, gate(x))


def gelu_vjp(x):
    """``gelu``, and its pullback: grad_output (...) → grad_x (...). Where the gradient is zero, so it stays."""
    [x] = as_floats(x=x)
    gates = gate(x)
    output = gated(x, gates)

    def pullback(grad_output):
        near = np.clip(x, -10, 10)
        slope = gates + 2 * near * gates * (1 - gates) * ROOT * (1 + 3 * CUBIC * near * near)
        grad_output = as_gradient(grad_output, output)
        return np.where(grad_output == 0, 0, grad_output * slope)  # 0 · NaN is NaN

    return output, pullback


def gated(x, gates):
    """x · gate(x). From −10 down the gate is 0 to the last digit, and −∞ · 0 would be NaN."""
    return np.maximum(x, -10) * gates


def gate(x):
    """Nearly the probability that a standard normal number is below x."""
    near = np.clip(x, -10, 10)  # beyond, tanh is ±1 to the last digit, and the cube could overflow
    return 0.5 * (1 + np.tanh(ROOT * near * (1 + CUBIC * near * near)))


ACTIVATIONS = {"relu": (relu, relu_vjp), "gelu": (gelu, gelu_vjp)}
