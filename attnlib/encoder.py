"""The encoder: every token looks at every token of its own sequence, then thinks for itself; again and again."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count
from attnlib.feed_forward import FeedForwardParams, feed_forward, init_feed_forward
from attnlib.layer_norm import LayerNormParams, init_layer_norm
from attnlib.multi_head import MultiHeadParams, init_multi_head, multi_head_attention
from attnlib.params import check_params
from attnlib.residual import last_norm, last_norm_vjp, residual, residual_vjp
from attnlib.stack import stack, stack_vjp
from attnlib.sublayers import self_attention_vjp, thinking_vjp


class EncoderLayerParams(NamedTuple):
    """Self-attention and a feed-forward network, each with a norm."""

    attention: MultiHeadParams
    attention_norm: LayerNormParams
    feed_forward: FeedForwardParams
    feed_forward_norm: LayerNormParams
    norm_first: bool = True  # pre-LN; False is post-LN
    eps: float = 1e-5  # what its norms add to the variance; it is not learned


class EncoderParams(NamedTuple):
    """The layers, and the norm behind the last one that pre-LN needs."""

    layers: tuple[EncoderLayerParams, ...]
    norm: LayerNormParams | None  # adds 1e-5, as ``layer_norm`` does without being told


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
    check_params(params, EncoderLayerParams)

    def attend(x):
        return multi_head_attention(params.attention, x, x, x, mask)

    def think(x):
        return feed_forward(params.feed_forward, x), None

    x, attn_weights = residual(params.attention_norm, x, attend, params.norm_first, params.eps)
    x, _ = residual(params.feed_forward_norm, x, think, params.norm_first, params.eps)
    return x, attn_weights


def encoder_layer_vjp(params, x, mask=None):
    """``encoder_layer``, and its pullback: grad_output (..., seq, d_model) → ``(grad_params, grad_x)``."""
    check_params(params, EncoderLayerParams)

    def attend_vjp(x):
        return self_attention_vjp(params.attention, x, mask)

    def think_vjp(x):
        return thinking_vjp(params.feed_forward, x)

    x, back_attention = residual_vjp(params.attention_norm, x, attend_vjp, params.norm_first, params.eps)
    output, back_feed_forward = residual_vjp(params.feed_forward_norm, x, think_vjp, params.norm_first, params.eps)

    def pullback(grad_output):
        grad, grad_feed_forward_norm, grad_feed_forward = back_feed_forward(grad_output)
        grad, grad_attention_norm, grad_attention = back_attention(grad)
        grads = grad_attention, grad_attention_norm, grad_feed_forward, grad_feed_forward_norm
        return EncoderLayerParams(*grads, params.norm_first, params.eps), grad

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
    check_params(params, EncoderParams)
    x, attn_weights = stack(params.layers, x, lambda layer, x: encoder_layer(layer, x, mask))
    return last_norm(params.norm, x), attn_weights


def encoder_vjp(params, x, mask=None):
    """``encoder``, and its pullback: grad_output (..., seq, d_model) → ``(grad_params, grad_x)``."""
    check_params(params, EncoderParams)
    x, back_layers = stack_vjp(params.layers, x, lambda layer, x: encoder_layer_vjp(layer, x, mask))
    output, back_norm = last_norm_vjp(params.norm, x)

    def pullback(grad_output):
        grad_norm, grad = back_norm(grad_output)
        grad_layers, grad = back_layers(grad)
        return EncoderParams(grad_layers, grad_norm), grad

    return output, pullback
