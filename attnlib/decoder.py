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


class DecoderParams(NamedTuple):
    """The layers, and the norm behind the last one that pre-LN needs."""

    layers: tuple[DecoderLayerParams, ...]
    norm: LayerNormParams | None


def init_decoder(rng, num_layers, d_model, num_heads, d_ff, norm_first=True, dtype=np.float64):
    """A decoder with random maps; each layer has maps of its own for the one memory.

    Args:
        rng, num_layers, d_model, num_heads, d_ff, norm_first, dtype: as for ``init_encoder``.

    Returns:
        ``DecoderParams``

    Raises:
        TypeError, ValueError: as ``init_multi_head`` and ``init_feed_forward``.
    """

    def layer():
        attentions = [init_multi_head(rng, d_model, num_heads, dtype=dtype) for _ in ("self", "cross")]
        widen = init_feed_forward(rng, d_model, d_ff, dtype)
        parts = (*attentions, widen)
        return DecoderLayerParams(*(part for own in parts for part in (own, init_layer_norm(d_model, dtype))))

    layers = tuple(layer() for _ in range(as_count("num_layers", num_layers)))
    return DecoderParams(layers, init_layer_norm(d_model, dtype) if norm_first else None)


def decoder_layer(params, x, memory, memory_mask=None, norm_first=True, activation="relu"):
    """Causal self-attention, cross-attention to the memory, then a feed-forward network for each token.

    Args:
        params: ``DecoderLayerParams``.
        x: (..., seq, d_model)
        memory: (..., seq_memory, d_model), the encoder's output.
        memory_mask: boolean, True = may attend, broadcastable to (..., seq, seq_memory): the padding mask
            of the *source*.
        norm_first: pre-LN (True) or post-LN (False), as for ``residual``.
        activation: "relu" or "gelu".

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
        return feed_forward(params.feed_forward, x, activation), None

    x, self_weights = residual(params.self_attention_norm, x, look_back, norm_first)
    x, cross_weights = residual(params.cross_attention_norm, x, look_across, norm_first)
    x, _ = residual(params.feed_forward_norm, x, think, norm_first)
    return x, (self_weights, cross_weights)


def decoder_layer_vjp(params, x, memory, memory_mask=None, norm_first=True, activation="relu"):
    """One layer, and the function that carries a gradient back to its parameters, its input and the memory.

    Args:
        params, x, memory, memory_mask, norm_first, activation: as for ``decoder_layer``.

    Returns:
        ``(output, pullback)``. ``pullback(grad_output)`` returns ``(grad_params, grad_x, grad_memory)``.

    Raises:
        TypeError, ValueError: as ``decoder_layer``; ``pullback`` if the shape of ``grad_output`` does not fit.
    """
    past = past_mask(x)
    x, back_self = residual_vjp(
        params.self_attention_norm, x, lambda x: self_attention_vjp(params.self_attention, x, past), norm_first
    )
    x, back_cross = residual_vjp(
        params.cross_attention_norm,
        x,
        lambda x: cross_attention_vjp(params.cross_attention, x, memory, memory_mask),
        norm_first,
    )
    output, back_feed_forward = residual_vjp(
        params.feed_forward_norm, x, lambda x: thinking_vjp(params.feed_forward, x, activation), norm_first
    )

    def pullback(grad_output):
        grad, *feed_forward_grads = back_feed_forward(grad_output)
        grad, grad_cross_norm, grad_cross, grad_memory = back_cross(grad)
        grad, *self_grads = back_self(grad)
        norms_last = (*self_grads[::-1], grad_cross, grad_cross_norm, *feed_forward_grads[::-1])
        return DecoderLayerParams(*norms_last), grad, grad_memory

    return output, pullback


def decoder(params, x, memory, memory_mask=None, norm_first=True, activation="relu"):
    """All layers in turn, each asking the same memory, then the last norm if there is one.

    Args:
        params: ``DecoderParams``.
        x, memory, memory_mask, norm_first, activation: as for ``decoder_layer``.

    Returns:
        ``(output, attn_weights)``: (..., seq, d_model), and a tuple with a pair
        ``(self_weights, cross_weights)`` for each layer.

    Raises:
        TypeError, ValueError: as ``decoder_layer``.
    """
    attn_weights = []
    for layer in params.layers:
        x, weights = decoder_layer(layer, x, memory, memory_mask, norm_first, activation)
        attn_weights.append(weights)
    return x if params.norm is None else layer_norm(x, *params.norm), tuple(attn_weights)


def decoder_vjp(params, x, memory, memory_mask=None, norm_first=True, activation="relu"):
    """All layers, and the function that carries a gradient back through them.

    Args:
        params, x, memory, memory_mask, norm_first, activation: as for ``decoder``.

    Returns:
        ``(output, pullback)``. ``pullback(grad_output)`` returns ``(grad_params, grad_x, grad_memory)``;
        the memory collects the gradients of all layers.

    Raises:
        TypeError, ValueError: as ``decoder``; ``pullback`` if the shape of ``grad_output`` does not fit.
    """
    backs = []
    for layer in params.layers:
        x, back = decoder_layer_vjp(layer, x, memory, memory_mask, norm_first, activation)
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
