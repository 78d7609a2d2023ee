"""The decoder: every token looks back at its own sequence, then at another one, then thinks for itself."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_floats, check_sequences
from attnlib.encoder import final_norm_vjp, self_attention_vjp, thinking_vjp
from attnlib.feed_forward import FeedForwardParams, feed_forward, init_feed_forward
from attnlib.layer_norm import LayerNormParams, init_layer_norm, layer_norm
from attnlib.masks import causal_mask
from attnlib.multi_head import MultiHeadParams, init_multi_head, multi_head_attention, multi_head_attention_vjp
from attnlib.residual import residual, residual_vjp


class DecoderLayerParams(NamedTuple):
    """Masked self-attention, cross-attention and a feed-forward network, each with a norm."""

    self_attention: MultiHeadParams
    self_attention_norm: LayerNormParams
    cross_attention: MultiHeadParams
    cross_attention_norm: LayerNormParams
    feed_forward: FeedForwardParams
    feed_forward_norm: LayerNormParams
    norm_first: bool = True  # pre-LN; False is post-LN


class DecoderParams(NamedTuple):
    """The layers, and the norm behind the last one that pre-LN needs."""

    layers: tuple[DecoderLayerParams, ...]
    norm: LayerNormParams | None


def init_decoder(rng, num_layers, d_model, num_heads, d_ff, norm_first=True, activation="relu", dtype=np.float64):
    """A decoder with random maps; each layer has maps of its own for the one memory.

    Args:
        rng, num_layers, d_model, num_heads, d_ff, norm_first, activation, dtype: as for ``init_encoder``.

    Returns:
        ``DecoderParams``

    Raises:
        TypeError, ValueError: as ``init_multi_head`` and ``init_feed_forward``.
    """

    def layer():
        return DecoderLayerParams(
            self_attention=init_multi_head(rng, d_model, num_heads, dtype=dtype),
            self_attention_norm=init_layer_norm(d_model, dtype),
            cross_attention=init_multi_head(rng, d_model, num_heads, dtype=dtype),
            cross_attention_norm=init_layer_norm(d_model, dtype),
            feed_forward=init_feed_forward(rng, d_model, d_ff, activation, dtype),
            feed_forward_norm=init_layer_norm(d_model, dtype),
            norm_first=norm_first,
        )

    layers = tuple(layer() for _ in range(as_count("num_layers", num_layers)))
    return DecoderParams(layers, init_layer_norm(d_model, dtype) if norm_first else None)


def decoder_layer(params, x, memory, memory_mask=None):
    """Causal self-attention, cross-attention to the memory, then a feed-forward network for each token.

    Args:
        params: ``DecoderLayerParams``.
        x: (..., seq, d_model)
        memory: (..., seq_memory, d_model), the encoder's output.
        memory_mask: boolean, True = may attend, broadcastable to (..., seq, seq_memory): the padding mask
            of the *source*.

    Returns:
        ``(output, (self_weights, cross_weights))``, shapes (..., seq, d_model), (..., num_heads, seq, seq)
        and (..., num_heads, seq, seq_memory).

    Raises:
        TypeError, ValueError: as ``multi_head_attention``, ``feed_forward`` and ``layer_norm``.

    Source: Vaswani et al. (2017), section 3.1 and fig. 1, right.
    """
    past = past_mask(x)

    def look_back(x):
        return multi_head_attention(params.self_attention, x, x, x, past)

    def look_across(x):
        return multi_head_attention(params.cross_attention, x, memory, memory, memory_mask)

    def think(x):
        return feed_forward(params.feed_forward, x), None

    x, self_weights = residual(params.self_attention_norm, x, look_back, params.norm_first)
    x, cross_weights = residual(params.cross_attention_norm, x, look_across, params.norm_first)
    x, _ = residual(params.feed_forward_norm, x, think, params.norm_first)
    return x, (self_weights, cross_weights)


def decoder_layer_vjp(params, x, memory, memory_mask=None):
    """One layer, and the function that carries a gradient back to its parameters, its input and the memory.

    Args:
        params, x, memory, memory_mask: as for ``decoder_layer``.

    Returns:
        ``(output, pullback)``. ``pullback(grad_output)`` returns ``(grad_params, grad_x, grad_memory)``.

    Raises:
        TypeError, ValueError: as ``decoder_layer``; ``pullback`` if the shape of ``grad_output`` does not fit.
    """
    past = past_mask(x)
    x, back_self = residual_vjp(
        params.self_attention_norm, x, lambda x: self_attention_vjp(params.self_attention, x, past), params.norm_first
    )
    x, back_cross = residual_vjp(
        params.cross_attention_norm,
        x,
        lambda x: cross_attention_vjp(params.cross_attention, x, memory, memory_mask),
        params.norm_first,
    )
    output, back_feed_forward = residual_vjp(
        params.feed_forward_norm, x, lambda x: thinking_vjp(params.feed_forward, x), params.norm_first
    )

    def pullback(grad_output):
        grad, grad_feed_forward_norm, grad_feed_forward = back_feed_forward(grad_output)
        grad, grad_cross_norm, grad_cross, grad_memory = back_cross(grad)
        grad, grad_self_norm, grad_self = back_self(grad)
        grads = grad_self, grad_self_norm, grad_cross, grad_cross_norm, grad_feed_forward, grad_feed_forward_norm
        return DecoderLayerParams(*grads, params.norm_first), grad, grad_memory

    return output, pullback


def decoder(params, x, memory, memory_mask=None):
    """All layers in turn, each asking the same memory, then the last norm if there is one.

    Args:
        params: ``DecoderParams``.
        x, memory, memory_mask: as for ``decoder_layer``.

    Returns:
        ``(output, attn_weights)``: (..., seq, d_model), and a tuple with a pair
        ``(self_weights, cross_weights)`` for each layer.

    Raises:
        TypeError, ValueError: as ``decoder_layer``.
    """
    attn_weights = []
    for layer in params.layers:
        x, weights = decoder_layer(layer, x, memory, memory_mask)
        attn_weights.append(weights)
    return x if params.norm is None else layer_norm(x, *params.norm), tuple(attn_weights)


def decoder_vjp(params, x, memory, memory_mask=None):
    """All layers, and the function that carries a gradient back through them.

    Args:
        params, x, memory, memory_mask: as for ``decoder``.

    Returns:
        ``(output, pullback)``. ``pullback(grad_output)`` returns ``(grad_params, grad_x, grad_memory)``;
        the memory collects the gradients of all layers.

    Raises:
        TypeError, ValueError: as ``decoder``; ``pullback`` if the shape of ``grad_output`` does not fit.
    """
    backs = []
    for layer in params.layers:
        x, back = decoder_layer_vjp(layer, x, memory, memory_mask)
        backs.append(back)
    output, back_norm = final_norm_vjp(params.norm, x)

    def pullback(grad_output):
        grad_norm, grad = back_norm(grad_output)
        grad_layers, grad_memory = [], np.zeros_like(memory)
        for back in reversed(backs):
            grad_layer, grad, grad_asked = back(grad)
            grad_layers.append(grad_layer)
            grad_memory = grad_memory + grad_asked
        return DecoderParams(tuple(reversed(grad_layers)), grad_norm), grad, grad_memory

    return output, pullback


def past_mask(x):
    """The causal mask for ``x`` itself. Padding of the target lies in the future, so it is hidden too.

    Raises:
        TypeError, ValueError: if ``x`` is not (..., seq, d_model) of floats.
    """
    [x] = as_floats(x=x)
    check_sequences(x=x)
    return causal_mask(x.shape[-2], x.shape[-2])


def cross_attention_vjp(params, x, memory, memory_mask):
    """Attention of one sequence to another; its pullback returns ``(grad_x, grad_params, grad_memory)``."""
    output, back = multi_head_attention_vjp(params, x, memory, memory, memory_mask)

    def pullback(grad_output):
        grad_params, grad_query, grad_key, grad_value = back(grad_output)
        return grad_query, grad_params, grad_key + grad_value

    return output, pullback
