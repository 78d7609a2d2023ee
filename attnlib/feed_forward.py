"""The feed-forward part of a Transformer layer: the same small network for every token by itself."""

from typing import NamedTuple

import numpy as np

from attnlib.activations import ACTIVATIONS
from attnlib.arguments import as_count, as_float_type, as_generator
from attnlib.linear import linear, linear_vjp


class FeedForwardParams(NamedTuple):
    """Two linear maps with a bend between them."""

    w_in: np.ndarray  # (d_model, d_ff)
    b_in: np.ndarray  # (d_ff,)
    w_out: np.ndarray  # (d_ff, d_model)
    b_out: np.ndarray  # (d_model,)


def init_feed_forward(rng, d_model, d_ff, dtype=np.float64):
    """Random maps that keep the variance of their inputs, and biases of zero.

    Args:
        rng: a ``numpy.random.Generator``.
        d_model: width of a token's vector.
        d_ff: width of the hidden layer; four times d_model in the paper.
        dtype: float32 or float64.

    Returns:
        ``FeedForwardParams``

    Raises:
        TypeError, ValueError: if a width is not a positive integer, or ``dtype`` is neither float32 nor float64.
    """
    d_model, d_ff, dtype = as_count("d_model", d_model), as_count("d_ff", d_ff), as_float_type(dtype)
    w_in, w_out = (
        as_generator(rng).normal(size=(d_model, d_ff)) * d_model**-0.5,
        rng.normal(size=(d_ff, d_model)) * d_ff**-0.5,
    )
    return FeedForwardParams(*(x.astype(dtype) for x in (w_in, np.zeros(d_ff), w_out, np.zeros(d_model))))


def feed_forward(params, x, activation="relu"):
    """Widen, bend, narrow: activation(x · w_in + b_in) · w_out + b_out.

    Args:
        params: ``FeedForwardParams``.
        x: (..., d_model)
        activation: "relu" or "gelu".

    Returns:
        (..., d_model). Each token's output depends on that token alone.

    Raises:
        TypeError: if the arrays are not all float32 or all float64.
        ValueError: if the shapes do not fit, or the activation is unknown.

    Source: Vaswani et al. (2017), eq. 2.
    """
    bend, _ = known_activation(activation)
    return linear(bend(linear(x, params.w_in, params.b_in)), params.w_out, params.b_out)


def feed_forward_vjp(params, x, activation="relu"):
    """The small network, and the function that carries a gradient back through it.

    Args:
        params, x, activation: as for ``feed_forward``.

    Returns:
        ``(output, pullback)``. ``pullback(grad_output)``, with a gradient of shape (..., d_model), returns
        ``(grad_params, grad_x)``; grad_params is a ``FeedForwardParams``.

    Raises:
        TypeError, ValueError: as ``feed_forward``;
            ``pullback`` if the shape of ``grad_output`` is not that of the output.
    """
    _, bend_vjp = known_activation(activation)
    hidden, back_in = linear_vjp(x, params.w_in, params.b_in)
    bent, back_bend = bend_vjp(hidden)
    output, back_out = linear_vjp(bent, params.w_out, params.b_out)

    def pullback(grad_output):
        grad_bent, *grad_w_out = back_out(grad_output)
        grad_x, *grad_w_in = back_in(back_bend(grad_bent))
        return FeedForwardParams(*grad_w_in, *grad_w_out), grad_x

    return output, pullback


def known_activation(name):
    """The function of this name, and its vjp.

    Raises:
        ValueError: if there is none.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}: got {name!r}")
    return ACTIVATIONS[name]
