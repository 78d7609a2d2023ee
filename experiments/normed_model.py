"""A small encoder whose norm can be exchanged: LayerNorm, RMSNorm, three kinds of BatchNorm, or none.

It is the pre-LN encoder of chapter 5, x + sublayer(norm(x)) and a last norm, with rotary queries and keys. With a
causal mask it reads as a decoder does, and its norm may also be the mistaken one, along the sequence.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from attnlib import (
    FeedForwardParams,
    MultiHeadParams,
    Statistics,
    batch_norm_vjp,
    causal_mask,
    embedding_vjp,
    feed_forward_vjp,
    init_feed_forward,
    init_multi_head,
    layer_norm_vjp,
    learned_positions_vjp,
    linear_vjp,
    multi_head_attention_vjp,
    padding_mask,
    rms_norm_vjp,
    start_statistics,
    update_statistics,
)
from attnlib.rows import over_tokens

COUNTED, MASKED, PER_POSITION = "BatchNorm, padding counted", "BatchNorm, padding masked", "BatchNorm per position"
NORMS = ("LayerNorm", "RMSNorm", MASKED, COUNTED, PER_POSITION, "none")
OVER_SEQUENCE = "over the sequence"  # a mistake: each feature over the tokens of its own sequence

Running = tuple[Statistics, ...] | None  # one for each norm, in the order of the forward pass


class NormParams(NamedTuple):
    """What a norm learns; None what it does not have."""

    gain: np.ndarray | None  # (d_model,)
    bias: np.ndarray | None  # (d_model,)


class NormedLayer(NamedTuple):
    """Attention and a feed-forward network, each with the norm before it."""

    attention_norm: NormParams
    attention: MultiHeadParams
    feed_forward_norm: NormParams
    feed_forward: FeedForwardParams


class NormedModel(NamedTuple):
    """All that the network learns."""

    tokens: np.ndarray  # (vocab, d_model)
    layers: tuple[NormedLayer, ...]
    norm: NormParams  # behind the last layer
    w_out: np.ndarray  # (d_model, outputs)
    positions: np.ndarray | None = None  # (longest, d_model) added to the tokens, or none


class Forward(NamedTuple):
    """What a forward pass leaves behind."""

    logits: np.ndarray  # (batch, seq, outputs)
    pullback: Callable[[np.ndarray], NormedModel]  # from the gradient by the logits to that by the parameters
    normed: tuple[np.ndarray, ...]  # (batch, seq, d_model) each: what the norms were given
    counts: np.ndarray  # (batch, seq) boolean, False where there is padding


def has_statistics(kind: str) -> bool:
    """Whether the norm computes otherwise at inference than in training."""
    return kind.startswith("BatchNorm")


def init_norm(kind: str, d_model: int, dtype: Any = np.float64) -> NormParams:
    """Gains of one, biases of zero."""
    gain = None if kind == "none" else np.ones(d_model, dtype)
    return NormParams(gain, None if kind in ("none", "RMSNorm") else np.zeros(d_model, dtype))


def init_normed_model(
    rng: np.random.Generator,
    kind: str,
    vocab: int,
    outputs: int,
    d_model: int,
    num_heads: int,
    d_ff: int,
    num_layers: int,
    dtype: Any = np.float64,
    longest: int | None = None,
) -> NormedModel:
    """Random maps: the same for every kind of norm, if the generator is the same.

    ``longest`` gives every position up to it a vector that is learned and added to the token's.
    """

    def layer() -> NormedLayer:
        attention = init_multi_head(rng, d_model, num_heads, dtype=dtype)
        widen = init_feed_forward(rng, d_model, d_ff, dtype=dtype)
        return NormedLayer(init_norm(kind, d_model, dtype), attention, init_norm(kind, d_model, dtype), widen)

    return NormedModel(
        tokens=rng.normal(size=(vocab, d_model)).astype(dtype),
        layers=tuple(layer() for _ in range(num_layers)),
        norm=init_norm(kind, d_model, dtype),
        w_out=(rng.normal(size=(d_model, outputs)) * d_model**-0.5).astype(dtype),
        positions=None if longest is None else rng.normal(size=(longest, d_model)).astype(dtype),
    )


def start_running(kind: str, num_layers: int, d_model: int, longest: int, dtype: Any = np.float64) -> Running:
    """Running statistics for every norm, if the kind has any; per position for the ``longest`` sequence."""
    if not has_statistics(kind):
        return None
    seq = longest if kind == PER_POSITION else None
    return (start_statistics(d_model, seq, dtype),) * (2 * num_layers + 1)


def update_running(
    kind: str, running: Running, normed: tuple[np.ndarray, ...], counts: np.ndarray, momentum: float = 0.1
) -> Running:
    """Running statistics after one more batch of training."""
    if running is None:
        return None
    mask = None if kind == COUNTED else counts
    return tuple(update_statistics(old, x, mask, momentum) for old, x in zip(running, normed, strict=True))


def norm_vjp(
    kind: str, params: NormParams, x: np.ndarray, counts: np.ndarray, running: Statistics | None
) -> tuple[np.ndarray, Callable[[np.ndarray], tuple[np.ndarray, NormParams]]]:
    """The norm of this kind; its pullback returns ``(grad_x, grad_params)``.

    ``counts`` (batch, seq) is True where there is no padding; ``running`` None is training.
    """
    if kind == "none":
        return x, lambda grad_output: (grad_output, params)
    if kind == "RMSNorm":
        output, back = rms_norm_vjp(x, params.gain)
    elif kind == "LayerNorm":
        output, back = layer_norm_vjp(x, params.gain, params.bias)
    elif kind == OVER_SEQUENCE:
        output, back = over_sequence_vjp(x, params.gain, params.bias)
    else:
        mask = None if kind == COUNTED else counts
        output, back = batch_norm_vjp(x, params.gain, params.bias, running, mask, kind == PER_POSITION)

    def pullback(grad_output: np.ndarray) -> tuple[np.ndarray, NormParams]:
        grad_x, grad_gain, *grad_bias = back(grad_output)
        return grad_x, NormParams(grad_gain, *(grad_bias or [None]))

    return output, pullback


def over_sequence_vjp(
    x: np.ndarray, gain: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """LayerNorm along the wrong axis, x (batch, seq, d_model) without padding; its pullback as ``layer_norm_vjp``'s."""
    seq = x.shape[-2]
    turned, back = layer_norm_vjp(x.swapaxes(-1, -2), np.ones(seq), np.zeros(seq))
    normed = turned.swapaxes(-1, -2)

    def pullback(grad_output: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        grad_turned, *_ = back((grad_output * gain).swapaxes(-1, -2))
        return grad_turned.swapaxes(-1, -2), over_tokens(grad_output * normed), over_tokens(grad_output)

    return normed * gain + bias, pullback


def normed_model_vjp(
    params: NormedModel,
    kind: str,
    tokens: np.ndarray,
    lengths: np.ndarray,
    running: Running = None,
    causal: bool = False,
) -> Forward:
    """Logits of padded sequences, and the way back.

    Args:
        params: ``NormedModel``.
        kind: one of ``NORMS``, or ``OVER_SEQUENCE``, which wants sequences of one length.
        tokens: (batch, seq) integers; what stands behind a sequence's length is padding.
        lengths: (batch,)
        running: None is training. At inference the running statistics of every norm.
        causal: whether a token attends to none behind it.

    Raises:
        ValueError: if there are statistics per position, and the sequence is longer.
    """
    seq = tokens.shape[-1]
    mask = padding_mask(lengths, seq)
    counts = mask[..., 0, :]
    mask = mask & causal_mask(seq, seq) if causal else mask
    each = iter(running or (None,) * (2 * len(params.layers) + 1))
    normed, backs = [], []

    def norm(norm_params, x):
        normed.append(x)
        return norm_vjp(kind, norm_params, x, counts, next(each))

    x, back_embedding = embedding_vjp(params.tokens, tokens)
    if params.positions is not None:
        places, back_places = learned_positions_vjp(params.positions, seq)
        x = x + places
    for layer in params.layers:
        y, back_attention_norm = norm(layer.attention_norm, x)
        attended, back_attention = multi_head_attention_vjp(layer.attention, y, y, y, mask, rotary=True)
        x = x + attended
        y, back_widen_norm = norm(layer.feed_forward_norm, x)
        widened, back_widen = feed_forward_vjp(layer.feed_forward, y)
        x = x + widened
        backs.append((back_attention_norm, back_attention, back_widen_norm, back_widen))
    y, back_norm = norm(params.norm, x)
    logits, back_out = linear_vjp(y, params.w_out)

    def pullback(grad_logits: np.ndarray) -> NormedModel:
        grad_y, grad_w_out = back_out(grad_logits)
        grad, grad_norm = back_norm(grad_y)
        grad_layers = []
        for back_attention_norm, back_attention, back_widen_norm, back_widen in reversed(backs):
            grad_widen, grad_y = back_widen(grad)
            grad_x, grad_widen_norm = back_widen_norm(grad_y)
            grad = grad + grad_x
            grad_attention, *grads = back_attention(grad)
            grad_x, grad_attention_norm = back_attention_norm(sum(grads))
            grad = grad + grad_x
            grad_layers.append(NormedLayer(grad_attention_norm, grad_attention, grad_widen_norm, grad_widen))
        grad_positions = None if params.positions is None else back_places(grad.sum(axis=0))
        return NormedModel(back_embedding(grad), tuple(reversed(grad_layers)), grad_norm, grad_w_out, grad_positions)

    return Forward(logits, pullback, tuple(normed), counts)
