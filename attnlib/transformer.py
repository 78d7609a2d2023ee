"""The whole Transformer: tokens of one sequence in, logits for the next token of another out."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_float_type, as_generator, as_mask, describe
from attnlib.decoder import DecoderParams, decoder, decoder_vjp, init_decoder
from attnlib.embedding import embedding_vjp
from attnlib.encoder import EncoderParams, encoder, encoder_vjp, init_encoder
from attnlib.linear import linear, linear_vjp
from attnlib.params import check_params
from attnlib.positions import sinusoidal_positions
from attnlib.shapes import check_sequences


class TransformerParams(NamedTuple):
    """All that the model learns."""

    source_tokens: np.ndarray  # (vocab of the source, d_model) one vector a token
    target_tokens: np.ndarray  # (vocab of the target, d_model)
    encoder: EncoderParams
    decoder: DecoderParams
    w_out: np.ndarray | None  # (d_model, vocab of the target) to the logits; None: tied to target_tokens


class AttentionMaps(NamedTuple):
    """Every weight that a forward pass computed: one array a layer, (..., num_heads, seq_q, seq_k)."""

    encoder: tuple[np.ndarray, ...]
    decoder: tuple[np.ndarray, ...]
    cross: tuple[np.ndarray, ...]


def init_transformer(
    rng,
    source_vocab,
    target_vocab,
    d_model,
    num_heads,
    d_ff,
    encoder_layers=1,
    decoder_layers=1,
    tied=True,
    norm_first=True,
    activation="relu",
    dtype=np.float64,
):
    """A Transformer with random parameters.

    Args:
        rng: a ``numpy.random.Generator``.
        source_vocab, target_vocab: numbers of different tokens.
        d_model, num_heads, d_ff, norm_first, activation: as for ``init_encoder``.
        encoder_layers, decoder_layers: numbers of layers, 1 or more.
        tied: whether the map to the logits is the table of the target's tokens, read the other way.
        dtype: float32 or float64.

    Returns:
        ``TransformerParams``. Token vectors have variance 1/d_model, and are scaled by √d_model when they are read.

    Raises:
        TypeError, ValueError: if a size is not a positive integer, the heads do not divide d_model, d_model is odd
            (the positions' waves come in pairs), or ``dtype`` is neither float32 nor float64.

    Source: Vaswani et al. (2017), section 3.4, for the tied tables and the scale.
    """
    d_model, dtype = as_count("d_model", d_model), as_float_type(dtype)
    sinusoidal_positions(1, d_model)  # raises if the width does not suit the waves
    layer = d_model, num_heads, d_ff, norm_first, activation, dtype

    def table(name, size):
        return (as_generator(rng).normal(size=(as_count(name, size), d_model)) * d_model**-0.5).astype(dtype)

    return TransformerParams(
        source_tokens=table("source_vocab", source_vocab),
        target_tokens=table("target_vocab", target_vocab),
        encoder=init_encoder(rng, encoder_layers, *layer),
        decoder=init_decoder(rng, decoder_layers, *layer),
        w_out=None if tied else table("target_vocab", target_vocab).T.copy(),
    )


def encode(params, source, source_mask=None):
    """Read the source: tokens and positions in, the memory out.

    Args:
        params: ``TransformerParams``.
        source: (..., seq_source) integers.
        source_mask: boolean, True = may attend, broadcastable to (..., 1, seq_source): ``padding_mask`` of the source.

    Returns:
        ``(memory, attn_weights)``: (..., seq_source, d_model), and the encoder's weights, one array a layer.

    Raises:
        TypeError, ValueError: as ``embedding`` and ``encoder``; if ``source_mask`` could be one row a sequence as well
            as one a query.
    """
    check_params(params, TransformerParams)
    check_source_mask(source_mask, source)
    return encoder(params.encoder, vectors(params.source_tokens, source), source_mask)


def decode(params, target, memory, source_mask=None, target_mask=None):
    """Logits for the token after each token of the target, given the memory.

    Args:
        params: ``TransformerParams``.
        target: (..., seq_target) integers; the first is a sign for the beginning.
        memory: (..., seq_source, d_model), from ``encode``.
        source_mask: as for ``encode``: the cross-attention must not look at the source's padding either.
        target_mask: boolean, True = may attend, broadcastable to (..., seq_target, seq_target), for the decoder's
            self-attention. None means causal.

    Returns:
        ``(logits, attn_weights)``: (..., seq_target, target_vocab), and a pair of the decoder's self-attention
        and cross-attention weights for each layer.

    Raises:
        TypeError, ValueError: as ``embedding`` and ``decoder``; if ``source_mask`` could be one row a sequence as well
            as one a query.
    """
    check_params(params, TransformerParams)
    check_source_mask(source_mask, target)
    x = vectors(params.target_tokens, target)
    x, attn_weights = decoder(params.decoder, x, memory, source_mask, target_mask)
    return linear(x, output_map(params)), attn_weights


def transformer(params, source, target, source_mask=None, target_mask=None):
    """Logits for the token after each token of the target, and every attention map.

    Args:
        params, source, target, source_mask, target_mask: as for ``encode`` and ``decode``.

    Returns:
        ``(logits, AttentionMaps)``, the logits of shape (..., seq_target, target_vocab).

    Raises:
        TypeError, ValueError: as ``encode`` and ``decode``.

    Source: Vaswani et al. (2017), fig. 1.
    """
    memory, encoder_weights = encode(params, source, source_mask)
    logits, decoder_weights = decode(params, target, memory, source_mask, target_mask)
    own, cross = zip(*decoder_weights, strict=True)
    return logits, AttentionMaps(encoder_weights, own, cross)


def transformer_vjp(params, source, target, source_mask=None, target_mask=None):
    """``transformer``'s logits, and their pullback: grad_logits → a ``TransformerParams`` of gradients.

    A tied table collects both of its gradients.
    """
    check_params(params, TransformerParams)
    check_source_mask(source_mask, target)
    read, back_source = vectors_vjp(params.source_tokens, source)
    memory, back_encoder = encoder_vjp(params.encoder, read, source_mask)
    written, back_target = vectors_vjp(params.target_tokens, target)
    x, back_decoder = decoder_vjp(params.decoder, written, memory, source_mask, target_mask)
    logits, back_out = linear_vjp(x, output_map(params))

    def pullback(grad_logits):
        grad, grad_out = back_out(grad_logits)
        grad_decoder, grad, grad_memory = back_decoder(grad)
        grad_encoder, grad_read = back_encoder(grad_memory)
        grad_target = back_target(grad)
        if params.w_out is None:
            grad_target, grad_out = grad_target + grad_out.T, None
        return TransformerParams(back_source(grad_read), grad_target, grad_encoder, grad_decoder, grad_out)

    return logits, pullback


def check_source_mask(source_mask, tokens):
    """A mask of two axes has a row for each query: with as many rows as sequences, one a sequence may be meant.

    Raises:
        TypeError: if it is no boolean mask.
        ValueError: if it could be either.
    """
    if source_mask is None:
        return
    rows, sequences = as_mask(source_mask).shape[:-1], np.shape(tokens)[:-1]
    if len(rows) == 1 and rows[0] > 1 and rows == sequences[-1:]:
        raise ValueError(
            "is source_mask one row a sequence or one a query? Write source_mask[..., None, :], as padding_mask makes "
            "it, for the first, source_mask[None] for the second: "
            f"got {describe(source_mask=source_mask, tokens=tokens)}"
        )


def output_map(params):
    """(d_model, target_vocab): a matrix of its own, or the target's token vectors as columns."""
    return params.target_tokens.T if params.w_out is None else params.w_out


def vectors(table, tokens, first=0):
    """Each token's vector times √d_model, plus the wave vector of its position, counted from ``first``."""
    return vectors_vjp(table, tokens, first)[0]


def vectors_vjp(table, tokens, first=0):
    """``vectors``, and their pullback to the table."""
    looked_up, back = embedding_vjp(table, tokens)
    check_sequences(x=looked_up)
    root = table.shape[-1] ** 0.5
    positions = sinusoidal_positions(first + looked_up.shape[-2], table.shape[-1], dtype=table.dtype)[first:]
    return looked_up * root + positions, lambda grad_output: back(grad_output) * root
