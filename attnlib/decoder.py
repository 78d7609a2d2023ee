"""The decoder: every token looks back at its own sequence, then at another one, then thinks for itself."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_floats
from attnlib.feed_forward import FeedForwardParams, feed_forward, init_feed_forward
from attnlib.layer_norm import LayerNormParams, init_layer_norm
from attnlib.masks import causal_mask
from attnlib.multi_head import MultiHeadParams, init_multi_head, multi_head_attention
from attnlib.params import check_params
from attnlib.residual import last_norm, last_norm_vjp, residual, residual_vjp
from attnlib.shapes import check_sequences
from attnlib.stack import stack, stack_vjp
from attnlib.sublayers import cross_attention_vjp, self_attention_vjp, thinking_vjp


class DecoderLayerParams(NamedTuple):
    """Masked self-attention, cross-attention and a feed-forward network, each with a norm."""

    self_attention: MultiHeadParams
    self_attention_norm: LayerNormParams
    cross_attention: MultiHeadParams
    cross_attention_norm: LayerNormParams
    feed_forward: FeedForwardParams
    feed_forward_norm: LayerNormParams
    norm_first: bool = True  # pre-LN; False is post-LN
    eps: float = 1e-5  # what its norms add to the variance; it is not learned


class DecoderParams(NamedTuple):
    """The layers, and the norm behind the last one that pre-LN needs."""

    layers: tuple[DecoderLayerParams, ...]
    norm: LayerNormParams | None  # adds 1e-5, as ``layer_norm`` does without being told


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


def decoder_layer(params, x, memory, memory_mask=None, mask=None):
    """Self-attention to the past, cross-attention to the memory, then a feed-forward network for each token.

    Args:
        params: ``DecoderLayerParams``.
        x: (..., seq, d_model)
        memory: (..., seq_memory, d_model), the encoder's output.
        memory_mask: boolean, True = may attend, broadcastable to (..., seq, seq_memory): the padding mask
            of the *source*.
        mask: boolean, True = may attend, broadcastable to (..., seq, seq), for the self-attention. None means
            ``causal_mask(seq, seq)``; padding of the target lies in the future, so that hides it too.

    Returns:
        ``(output, (self_weights, cross_weights))``, shapes (..., seq, d_model), (..., num_heads, seq, seq)
        and (..., num_heads, seq, seq_memory).

    Raises:
        TypeError, ValueError: as ``multi_head_attention``, ``feed_forward`` and ``layer_norm``.

    Source: Vaswani et al. (2017), section 3.1 and fig. 1, right.
    """
    check_params(params, DecoderLayerParams)
    mask = past_mask(x) if mask is None else mask

    def look_back(x):
        return multi_head_attention(params.self_attention, x, x, x, mask)

    def look_across(x):
        return multi_head_attention(params.cross_attention, x, memory, memory, memory_mask)

    def think(x):
        return feed_forward(params.feed_forward, x), None

    x, self_weights = residual(params.self_attention_norm, x, look_back, params.norm_first, params.eps)
    x, cross_weights = residual(params.cross_attention_norm, x, look_across, params.norm_first, params.eps)
    x, _ = residual(params.feed_forward_norm, x, think, params.norm_first, params.eps)
    return x, (self_weights, cross_weights)


def decoder_layer_vjp(params, x, memory, memory_mask=None, mask=None):
    """``decoder_layer``, and its pullback: grad_output (..., seq, d_model) → ``(grad_params, grad_x, grad_memory)``."""
    check_params(params, DecoderLayerParams)
    mask = past_mask(x) if mask is None else mask

    def look_back_vjp(x):
        return self_attention_vjp(params.self_attention, x, mask)

    def look_across_vjp(x):
        return cross_attention_vjp(params.cross_attention, x, memory, memory_mask)

    def think_vjp(x):
        return thinking_vjp(params.feed_forward, x)

    x, back_self = residual_vjp(params.self_attention_norm, x, look_back_vjp, params.norm_first, params.eps)
    x, back_cross = residual_vjp(params.cross_attention_norm, x, look_across_vjp, params.norm_first, params.eps)
    output, back_feed_forward = residual_vjp(params.feed_forward_norm, x, think_vjp, params.norm_first, params.eps)

    def pullback(grad_output):
        grad, grad_feed_forward_norm, grad_feed_forward = back_feed_forward(grad_output)
        grad, grad_cross_norm, grad_cross, grad_memory = back_cross(grad)
        grad, grad_self_norm, grad_self = back_self(grad)
        grads = grad_self, grad_self_norm, grad_cross, grad_cross_norm, grad_feed_forward, grad_feed_forward_norm
        return DecoderLayerParams(*grads, params.norm_first, params.eps), grad, grad_memory

    return output, pullback


def decoder(params, x, memory, memory_mask=None, mask=None):
    """All layers in turn, each asking the same memory, then the last norm if there is one.

    Args:
        params: ``DecoderParams``.
        x, memory, memory_mask, mask: as for ``decoder_layer``.

    Returns:
        ``(output, attn_weights)``: (..., seq, d_model), and a tuple with a pair
        ``(self_weights, cross_weights)`` for each layer.

    Raises:
        TypeError, ValueError: as ``decoder_layer``.
    """
    check_params(params, DecoderParams)
    x, attn_weights = stack(params.layers, x, lambda layer, x: decoder_layer(layer, x, memory, memory_mask, mask))
    return last_norm(params.norm, x), attn_weights


def decoder_vjp(params, x, memory, memory_mask=None, mask=None):
    """``decoder``, and its pullback: grad_output (..., seq, d_model) → ``(grad_params, grad_x, grad_memory)``.

    The memory collects the gradients of all layers.
    """
    check_params(params, DecoderParams)

    def layer_vjp(layer, x):
        return decoder_layer_vjp(layer, x, memory, memory_mask, mask)

    x, back_layers = stack_vjp(params.layers, x, layer_vjp)
    output, back_norm = last_norm_vjp(params.norm, x)

    def pullback(grad_output):
        grad_norm, grad = back_norm(grad_output)
        grad_layers, grad, grad_memory = back_layers(grad)
        return DecoderParams(grad_layers, grad_norm), grad, grad_memory

    return output, pullback


def past_mask(x):
    """The causal mask for ``x`` itself.

    Raises:
        TypeError, ValueError: if ``x`` is not (..., seq, d_model) of floats.
    """
    [x] = as_floats(x=x)
    check_sequences(x=x)
    return causal_mask(x.shape[-2], x.shape[-2])
