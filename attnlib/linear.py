"""A linear map of every token's vector, and its gradient."""

import numpy as np

from attnlib.arguments import as_floats, as_generator, as_gradient, describe
from attnlib.rows import as_rows, idle_as_zero, over_tokens


def init_linear(rng, d_in, d_out, dtype=np.float64):
    """A random map that keeps the variance of its inputs: (d_in, d_out) normal numbers of variance 1/d_in.

    Raises:
        TypeError: if ``rng`` is no ``numpy.random.Generator``.
    """
    return (as_generator(rng).normal(size=(d_in, d_out)) * d_in**-0.5).astype(dtype)


@np.errstate(over="ignore", invalid="ignore")  # attention or a loss looks at what comes of it, and says more
def linear(x, weight, bias=None):
    """The same map for every token: x · weight + bias.

    Args:
        x: (..., d_in)
        weight: (d_in, d_out)
        bias: (d_out,), or None to add nothing.

    Returns:
        (..., d_out)

    Raises:
        TypeError: if the arrays are not all float32 or all float64.
        ValueError: if the shapes do not fit.
    """
    x, weight, *biases = as_floats(x=x, weight=weight) if bias is None else as_floats(x=x, weight=weight, bias=bias)
    check_map(x, weight, *biases)
    output = as_rows(x) @ weight
    for bias in biases:
        output += bias
    return output.reshape(*x.shape[:-1], weight.shape[-1])


def linear_vjp(x, weight, bias=None):
    """``linear``, and its pullback: grad_output (..., d_out) → ``(grad_x, grad_weight)``, with a bias grad_bias too.

    A vector whose gradient is zero does not count, even if it holds NaN.
    """
    output = linear(x, weight, bias)
    x, weight = as_floats(x=x, weight=weight)

    @np.errstate(over="ignore", invalid="ignore")
    def pullback(grad_output):
        rows, grad_rows = as_rows(x), as_rows(as_gradient(grad_output, output))
        grad_weight = rows.T @ grad_rows
        if not np.isfinite(grad_weight).all():  # seen here, where there are fewer numbers
            grad_weight = idle_as_zero(rows, grad_rows).T @ grad_rows
        grads = (grad_rows @ weight.T).reshape(x.shape), grad_weight
        return grads if bias is None else (*grads, over_tokens(grad_rows))

    return output, pullback


def check_map(x, weight, bias=None):
    """The map takes vectors of this width, and the bias has the width of its results.

    Raises:
        ValueError: if not.
    """
    if x.ndim == 0 or weight.ndim != 2 or x.shape[-1] != weight.shape[0]:
        raise ValueError(f"x (..., d_in) and weight (d_in, d_out) must share d_in: got {describe(x=x, weight=weight)}")
    if bias is not None and bias.shape != weight.shape[1:]:
        raise ValueError(f"bias must have shape (d_out,): got {describe(weight=weight, bias=bias)}")
