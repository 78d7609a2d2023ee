"""The smallest network that the tasks can train: tokens in, attention layers with residual connections, logits out.

No normalisation, so keep it shallow. Chapter 5 builds the whole Transformer from the same parts.
"""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_float_type, as_floats, as_generator, as_gradient, as_size, describe
from attnlib.broadcast import unbroadcast
from attnlib.embedding import embedding, embedding_vjp
from attnlib.feed_forward import FeedForwardParams, feed_forward, feed_forward_vjp, init_feed_forward
from attnlib.linear import init_linear, linear, linear_vjp
from attnlib.multi_head import MultiHeadParams, init_multi_head, multi_head_attention
from attnlib.params import check_params
from attnlib.positions import learned_positions_vjp
from attnlib.residual import total
from attnlib.shapes import check_sequences
from attnlib.stack import stack, stack_vjp
from attnlib.sublayers import self_attention_vjp


class LayerParams(NamedTuple):
    """Attention between the tokens, then (or not) a feed-forward network for each token."""

    attention: MultiHeadParams
    feed_forward: FeedForwardParams | None


class ModelParams(NamedTuple):
    """All that the network learns."""

    tokens: np.ndarray  # (vocab, d_model) one vector a token
    positions: np.ndarray | None  # (seq, d_model) one vector a position; None if positions are not learned
    layers: tuple[LayerParams, ...]
    w_out: np.ndarray  # (d_model, outputs) to the logits


def init_attention_model(
    rng, vocab, d_model, num_heads, num_layers=1, outputs=None, d_ff=None, max_seq=None, dtype=np.float64
):
    """A network with random parameters.

    Args:
        rng: a ``numpy.random.Generator``.
        vocab: number of different tokens.
        d_model, num_heads: as for ``init_multi_head``.
        num_layers: number of attention layers.
        outputs: number of logits a token. None means ``vocab``.
        d_ff: width of the feed-forward network after each attention. None means there is none.
        max_seq: number of positions to learn a vector for. None means that positions are not learned.
        dtype: float32 or float64.

    Returns:
        ``ModelParams``

    Raises:
        TypeError, ValueError: if a size is not a positive integer, the heads do not divide d_model,
            or ``dtype`` is neither float32 nor float64.
    """
    d_model, dtype = as_count("d_model", d_model), as_float_type(dtype)
    outputs = as_count("vocab", vocab) if outputs is None else as_count("outputs", outputs)

    def vectors(name, number):
        return as_generator(rng).normal(size=(as_count(name, number), d_model)).astype(dtype)

    def layer():
        attention = init_multi_head(rng, d_model, num_heads, dtype=dtype)
        return LayerParams(attention, None if d_ff is None else init_feed_forward(rng, d_model, d_ff, dtype=dtype))

    return ModelParams(
        tokens=vectors("vocab", vocab),
        positions=None if max_seq is None else vectors("max_seq", max_seq),
        layers=tuple(layer() for _ in range(as_size("num_layers", num_layers))),
        w_out=init_linear(rng, d_model, outputs, dtype),
    )


def attention_model(params, tokens, positions=None, mask=None, bias=None, rotary=False):
    """Logits for every token, and what every head looked at.

    Args:
        params: ``ModelParams``.
        tokens: (..., seq) integers.
        positions: (seq, d_model) vectors that are added to the tokens' vectors, such as ``sinusoidal_positions``.
            None adds nothing, or the learned vectors if the parameters hold some.
        mask, bias, rotary: as for ``multi_head_attention``, the same in every layer.

    Returns:
        ``(logits, attn_weights)``, shapes (..., seq, outputs) and, one a layer, (..., num_heads, seq, seq).

    Raises:
        TypeError, ValueError: as ``embedding`` and ``multi_head_attention``; if ``positions`` does not fit; or if there
            are two kinds of positions, or more tokens than learned positions.
    """
    check_params(params, ModelParams)

    def layer(params, x):
        attended, attn_weights = multi_head_attention(params.attention, x, x, x, mask, bias, rotary=rotary)
        x = total(x, attended)
        return x if params.feed_forward is None else total(x, feed_forward(params.feed_forward, x)), attn_weights

    x = placed(params, embedding(params.tokens, tokens), positions)
    x, attn_weights = stack(params.layers, x, layer)
    return linear(x, params.w_out), attn_weights


def attention_model_vjp(params, tokens, positions=None, mask=None, bias=None, rotary=False):
    """``attention_model``'s logits, and their pullback: grad_logits → a ``ModelParams`` of gradients."""
    check_params(params, ModelParams)
    x, back_embedding = embedding_vjp(params.tokens, tokens)
    x = placed(params, x, positions)
    x, back_layers = stack_vjp(params.layers, x, lambda layer, x: layer_vjp(layer, x, mask, bias, rotary))
    logits, back_out = linear_vjp(x, params.w_out)

    def pullback(grad_logits):
        grad, grad_w_out = back_out(grad_logits)
        grad_layers, grad = back_layers(grad)
        grad_positions = None
        if params.positions is not None:
            _, back_positions = learned_positions_vjp(params.positions, grad.shape[-2])
            grad_positions = back_positions(unbroadcast(grad, grad.shape[-2:]))
        return ModelParams(back_embedding(grad), grad_positions, grad_layers, grad_w_out)

    return logits, pullback


def layer_vjp(params, x, mask, bias, rotary):
    """One layer, and its pullback: → ``(grad_params, grad_x)``."""
    attended, back_attention = self_attention_vjp(params.attention, x, mask, bias, rotary)
    x = total(x, attended)
    if params.feed_forward is not None:
        added, back_feed_forward = feed_forward_vjp(params.feed_forward, x)
        x = total(x, added)

    def pullback(grad):
        grad, grad_feed_forward = as_gradient(grad, x), None
        if params.feed_forward is not None:
            grad_feed_forward, grad_x = back_feed_forward(grad)
            grad = grad + grad_x  # past the network and through it
        grad_x, grad_attention = back_attention(grad)
        return LayerParams(grad_attention, grad_feed_forward), grad + grad_x

    return x, pullback


def placed(params, x, positions):
    """The tokens' vectors with those of their positions added, if there are any."""
    positions = position_vectors(params, x, positions)
    return x if positions is None else x + positions


def position_vectors(params, x, positions):
    """What is added to the tokens' vectors: the given positions, the learned ones, or None.

    Raises:
        ValueError: if the tokens are no sequence, or there are two kinds, too few, or some of another width.
    """
    check_sequences(x=x)
    if positions is None and params.positions is None:
        return None
    if positions is not None and params.positions is not None:
        raise ValueError("positions are given, and learned ones are in the parameters: which should count?")
    table = params.positions[: x.shape[-2]] if positions is None else positions
    table, _ = as_floats(positions=table, x=x)
    if table.shape != x.shape[-2:]:
        raise ValueError(f"positions must have shape (seq, d_model): got {describe(positions=table, x=x)}")
    return table
