"""The encoder: every token looks at every token of its own sequence, then thinks for itself; again and again."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count
from attnlib.feed_forward import FeedForwardParams, feed_forward, feed_forward_vjp, init_feed_forward
from attnlib.layer_norm import LayerNormParams, init_layer_norm, layer_norm, layer_norm_vjp
from attnlib.multi_head import MultiHeadParams, init_multi_head, multi_head_attention, multi_head_attention_vjp
from attnlib.residual import residual, residual_vjp


class EncoderLayerParams(NamedTuple):
    """Self-attention and a feed-forward network, each with a norm."""

    attention: MultiHeadParams
    attention_norm: LayerNormParams
    feed_forward: FeedForwardParams
    feed_forward_norm: LayerNormParams
    norm_first: bool = True  # pre-LN; False is post-LN


class EncoderParams(NamedTuple):
    """The layers, and the norm behind the last one that pre-LN needs."""

    layers: tuple[EncoderLayerParams, ...]
    norm: LayerNormParams | None


def init_encoder(rng, num_layers, d_model, num_heads, d_ff, norm_first=True, activation="relu", dtype=np.float64):
    """An encoder with random maps.

    Args:
        rng: a ``numpy.random.Generator``.
        num_layers: number of layers, 1 or more.
        d_model, num_heads, d_ff: as for ``init_multi_head`` and ``init_feed_forward``.
        norm_first: pre-LN (True), which needs a norm behind the last layer, or post-LN (False), as for ``residual``.
        activation: "relu" or "gelu".
        dtype: float32 or float64.

    Returns:
        ``EncoderParams``

    Raises:
        TypeError, ValueError: as ``init_multi_head`` and ``init_feed_forward``.
    """

    def layer():
        return EncoderLayerParams(
            attention=init_multi_head(rng, d_model, num_heads, dtype=dtype),
            attention_norm=init_layer_norm(d_model, dtype),
            feed_forward=init_feed_forward(rng, d_model, d_ff, activation, dtype),
            feed_forward_norm=init_layer_norm(d_model, dtype),
            norm_first=norm_first,
        )

    layers = tuple(layer() for _ in range(as_count("num_layers", num_layers)))
    return EncoderParams(layers, init_layer_norm(d_model, dtype) if norm_first else None)


def encoder_layer(params, x, mask=None):
    """Self-attention between the tokens, then a feed-forward network for each.

    Args:
        params: ``EncoderLayerParams``.
        x: (..., seq, d_model)
        mask: boolean, True = may attend, broadcastable to (..., seq, seq): usually ``padding_mask(lengths, seq)``.

    Returns:
        ``(output, attn_weights)``, shapes (..., seq, d_model) and (..., num_heads, seq, seq).

    Raises:
        TypeError, ValueError: as ``multi_head_attention``, ``feed_forward`` and ``layer_norm``.

    Source: Vaswani et al. (2017), section 3.1 and fig. 1, left.
    """

    def attend(x):
        return multi_head_attention(params.attention, x, x, x, mask)

    def think(x):
        return feed_forward(params.feed_forward, x), None

    x, attn_weights = residual(params.attention_norm, x, attend, params.norm_first)
    x, _ = residual(params.feed_forward_norm, x, think, params.norm_first)
    return x, attn_weights


def encoder_layer_vjp(params, x, mask=None):
    """One layer, and the function that carries a gradient back through it.

    Args:
        params, x, mask: as for ``encoder_layer``.

    Returns:
        ``(output, pullback)``. ``pullback(grad_output)`` returns ``(grad_params, grad_x)``.

    Raises:
        TypeError, ValueError: as ``encoder_layer``; ``pullback`` if the shape of ``grad_output`` does not fit.
    """
    x, back_attention = residual_vjp(
        params.attention_norm, x, lambda x: self_attention_vjp(params.attention, x, mask), params.norm_first
    )
    output, back_feed_forward = residual_vjp(
        params.feed_forward_norm, x, lambda x: thinking_vjp(params.feed_forward, x), params.norm_first
    )

    def pullback(grad_output):
        grad, grad_feed_forward_norm, grad_feed_forward = back_feed_forward(grad_output)
        grad, grad_attention_norm, grad_attention = back_attention(grad)
        grads = grad_attention, grad_attention_norm, grad_feed_forward, grad_feed_forward_norm
        return EncoderLayerParams(*grads, params.norm_first), grad

    return output, pullback


def encoder(params, x, mask=None):
    """All layers in turn, then the last norm if there is one.

    Args:
        params: ``EncoderParams``.
        x, mask: as for ``encoder_layer``.

    Returns:
        ``(output, attn_weights)``: (..., seq, d_model), and a tuple with the weights of each layer.

    Raises:
        TypeError, ValueError: as ``encoder_layer``.
    """
    attn_weights = []
    for layer in params.layers:
        x, weights = encoder_layer(layer, x, mask)
        attn_weights.append(weights)
    return x if params.norm is None else layer_norm(x, *params.norm), tuple(attn_weights)


def encoder_vjp(params, x, mask=None):
    """All layers, and the function that carries a gradient back through them.

    Args:
        params, x, mask: as for ``encoder``.

    Returns:
        ``(output, pullback)``. ``pullback(grad_output)`` returns ``(grad_params, grad_x)``.

    Raises:
        TypeError, ValueError: as ``encoder``; ``pullback`` if the shape of ``grad_output`` does not fit.
    """
    backs = []
    for layer in params.layers:
        x, back = encoder_layer_vjp(layer, x, mask)
        backs.append(back)
    output, back_norm = final_norm_vjp(params.norm, x)

    def pullback(grad_output):
        grad_norm, grad = back_norm(grad_output)
        grad_layers = []
        for back in reversed(backs):
            grad_layer, grad = back(grad)
            grad_layers.append(grad_layer)
        return EncoderParams(tuple(reversed(grad_layers)), grad_norm), grad

    return output, pullback


def self_attention_vjp(params, x, mask):
    """Attention of one sequence to itself; its pullback returns ``(grad_x, grad_params)``."""
    output, back = multi_head_attention_vjp(params, x, x, x, mask)

    def pullback(grad_output):
        grad_params, grad_query, grad_key, grad_value = back(grad_output)
        return grad_query + grad_key + grad_value, grad_params

    return output, pullback


def thinking_vjp(params, x):
    """The feed-forward network; its pullback returns ``(grad_x, grad_params)``."""
    output, back = feed_forward_vjp(params, x)
    return output, lambda grad_output: back(grad_output)[::-1]


def final_norm_vjp(norm, x):
    """The norm behind the last layer, if there is one; its pullback returns ``(grad_norm, grad_x)``."""
    if norm is None:
        return x, lambda grad_output: (None, grad_output)
    output, back = layer_norm_vjp(x, *norm)

    def pullback(grad_output):
        grad_x, *grad_norm = back(grad_output)
        return LayerNormParams(*grad_norm), grad_x

    return output, pullback
