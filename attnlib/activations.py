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
    """The positive part, and the function that carries a gradient back where x is above zero.

    Args:
        x: (...) float32 or float64.

    Returns:
        ``(output, pullback)``. ``pullback(grad_output)`` returns the gradient by ``x``. At 0 itself it is 0.

    Raises:
        TypeError, ValueError: as ``relu``; ``pullback`` if the shape of ``grad_output`` is not that of the output.
    """
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
    return x * gate(x)


def gelu_vjp(x):
    """The smooth bend, and the function that carries a gradient back.

    Args:
        x: (...) float32 or float64.

    Returns:
        ``(output, pullback)``. ``pullback(grad_output)`` returns the gradient by ``x``.

    Raises:
        TypeError, ValueError: as ``gelu``; ``pullback`` if the shape of ``grad_output`` is not that of the output.
    """
    [x] = as_floats(x=x)
    gates = gate(x)
    output = x * gates

    def pullback(grad_output):
        near = np.clip(x, -10, 10)
        slope = gates + 2 * near * gates * (1 - gates) * ROOT * (1 + 3 * CUBIC * near * near)
        return as_gradient(grad_output, output) * slope

    return output, pullback


def gate(x):
    """Nearly the probability that a standard normal number is below x."""
    near = np.clip(x, -10, 10)  # beyond, tanh is ±1 to the last digit, and the cube could overflow
    return 0.5 * (1 + np.tanh(ROOT * near * (1 + CUBIC * near * near)))


ACTIVATIONS = {"relu": (relu, relu_vjp), "gelu": (gelu, gelu_vjp)}
