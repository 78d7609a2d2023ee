"""The feed-forward part of a Transformer layer: the same small network for every token by itself."""

from typing import NamedTuple

import numpy as np

from attnlib.activations import ACTIVATIONS
from attnlib.arguments import as_count, as_float_type
from attnlib.linear import init_linear, linear, linear_vjp
from attnlib.params import check_params


class FeedForwardParams(NamedTuple):
    """Two linear maps, and the bend between them."""

    w_in: np.ndarray  # (d_model, d_ff)
    b_in: np.ndarray  # (d_ff,)
    w_out: np.ndarray  # (d_ff, d_model)
    b_out: np.ndarray  # (d_model,)
    activation: str = "relu"  # or "gelu"


def init_feed_forward(rng, d_model, d_ff, activation="relu", dtype=np.float64):
    """Random maps that keep the variance of their inputs, and biases of zero.

    Args:
        rng: a ``numpy.random.Generator``.
        d_model: width of a token's vector.
        d_ff: width of the hidden layer; four times d_model in the paper.
        activation: "relu" or "gelu".
        dtype: float32 or float64.

    Returns:
        ``FeedForwardParams``

    Raises:
        TypeError, ValueError: if ``rng`` is no generator, a width not a positive integer, the activation is unknown,
            or ``dtype`` is neither float32 nor float64.
    """
    known_activation(activation)
    d_model, d_ff, dtype = as_count("d_model", d_model), as_count("d_ff", d_ff), as_float_type(dtype)
    return FeedForwardParams(
        w_in=init_linear(rng, d_model, d_ff, dtype),
        b_in=np.zeros(d_ff, dtype),
        w_out=init_linear(rng, d_ff, d_model, dtype),
        b_out=np.zeros(d_model, dtype),
        activation=activation,
    )


def feed_forward(params, x):
    """Widen, bend, narrow: activation(x · w_in + b_in) · w_out + b_out.

    Args:
        params: ``FeedForwardParams``.
        x: (..., d_model)

    Returns:
        (..., d_model). Each token's output depends on that token alone.

    Raises:
        TypeError: if the arrays are not all float32 or all float64.
        ValueError: if the shapes do not fit, or the activation is unknown.

    Source: Vaswani et al. (2017), eq. 2.
    """
    check_params(params, FeedForwardParams)
    bend, _ = known_activation(params.activation)
    return linear(bend(linear(x, params.w_in, params.b_in)), params.w_out, params.b_out)


def feed_forward_vjp(params, x):
    """``feed_forward``, and its pullback: grad_output (..., d_model) → ``(grad_params, grad_x)``."""
    check_params(params, FeedForwardParams)
    _, bend_vjp = known_activation(params.activation)
    hidden, back_in = linear_vjp(x, params.w_in, params.b_in)
    bent, back_bend = bend_vjp(hidden)
    output, back_out = linear_vjp(bent, params.w_out, params.b_out)

    def pullback(grad_output):
        grad_bent, grad_w_out, grad_b_out = back_out(grad_output)
        grad_x, grad_w_in, grad_b_in = back_in(back_bend(grad_bent))
        return FeedForwardParams(grad_w_in, grad_b_in, grad_w_out, grad_b_out, params.activation), grad_x

    return output, pullback


def known_activation(name):
    """The function of this name, and its vjp.

    Raises:
        ValueError: if there is none.
    """
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}: got {name!r}")
    return ACTIVATIONS[name]
