"""The translator in the library's own parts: an encoder as in chapter 5, a decoder with a cell in place of a look back.

Post-LN, ReLU, biases on all maps, one table of tokens for both languages and for the output.
"""

from typing import NamedTuple

import numpy as np

from attnlib.embedding import embedding
from attnlib.encoder import EncoderLayerParams, EncoderParams, encoder
from attnlib.feed_forward import FeedForwardParams, feed_forward
from attnlib.layer_norm import LayerNormParams
from attnlib.linear import linear
from attnlib.multi_head import MultiHeadParams, attend_heads, key_value_heads, query_heads
from attnlib.params import check_params
from attnlib.positions import sinusoidal_positions
from attnlib.residual import residual
from attnlib.ssru import SSRUParams, ssru

EPS = 1e-6  # Marian's, in its Transformer's norms


class RecurrentLayerParams(NamedTuple):
    """A recurrent cell, cross-attention and a feed-forward network, each with a norm after the sum (post-LN)."""

    cell: SSRUParams
    cell_norm: LayerNormParams
    cross_attention: MultiHeadParams
    cross_attention_norm: LayerNormParams
    feed_forward: FeedForwardParams
    feed_forward_norm: LayerNormParams


class TranslatorParams(NamedTuple):
    """All that the translator learnt."""

    tokens: np.ndarray  # (vocab, d_model): one vector a token, of both languages, to read it and to say it
    encoder: EncoderParams
    decoder: tuple[RecurrentLayerParams, ...]
    b_out: np.ndarray  # (vocab,), added to the logits


class State(NamedTuple):
    """What the decoder keeps from step to step."""

    read: int  # how many places of the target its cells have gone through
    cells: tuple[np.ndarray | None, ...]  # one state a layer, (d_model,); None before the first place


def as_params(arrays, num_heads):
    """Marian's arrays in the library's structures, by their names.

    Args:
        arrays: a dict of arrays, from ``read_marian``.
        num_heads: number of heads, a setting of the model.

    Returns:
        ``TranslatorParams``, with as many layers on each side as the names say.

    Raises:
        ValueError: if an array is missing: another kind of model.
    """

    def array(name):
        if name not in arrays:
            raise ValueError(f"the model must hold {name}: got {', '.join(sorted(arrays)[:5])} …")
        found = arrays[name]
        return found[0] if len(found) == 1 else found  # Marian keeps vectors as matrices of one row

    def attention(name):
        maps = {f"{kind.lower()}_{end}": array(f"{name}_{kind}{end}") for kind in "Wb" for end in "qkvo"}
        return MultiHeadParams(**maps, num_heads=num_heads)

    def norm(name):
        return LayerNormParams(array(f"{name}_ln_scale"), array(f"{name}_ln_bias"))

    def network(name):
        return FeedForwardParams(*(array(f"{name}_{part}") for part in ("W1", "b1", "W2", "b2")))

    def cell(name):
        return SSRUParams(array(f"{name}_W"), array(f"{name}_Wf"), array(f"{name}_bf"))

    def reading(layer):
        return EncoderLayerParams(
            *(attention(f"{layer}_self"), norm(f"{layer}_self_Wo")),
            *(network(f"{layer}_ffn"), norm(f"{layer}_ffn_ffn")),
            norm_first=False,
            eps=EPS,
        )

    def writing(layer):
        return RecurrentLayerParams(
            *(cell(f"{layer}_rnn"), norm(f"{layer}_rnn_ffn")),
            *(attention(f"{layer}_context"), norm(f"{layer}_context_Wo")),
            *(network(f"{layer}_ffn"), norm(f"{layer}_ffn_ffn")),
        )

    def layers(side, last, build):
        number = sum(name.startswith(f"{side}_l") and name.endswith(last) for name in arrays)
        return tuple(build(f"{side}_l{i}") for i in range(1, number + 1))

    return TranslatorParams(
        array("Wemb"),
        EncoderParams(layers("encoder", "_self_Wq", reading), None),
        layers("decoder", "_rnn_W", writing),
        array("decoder_ff_logit_out_b"),
    )


def encode(params, source):
    """Read the source: tokens and positions in, the memory out.

    Args:
        params: ``TranslatorParams``.
        source: (seq_source,) integers, the sign for the end last.

    Returns:
        ``(memory, attn_weights)``: (seq_source, d_model), and one array a layer, (num_heads, seq_source, seq_source).

    Raises:
        TypeError, ValueError: as ``embedding`` and ``encoder``.
    """
    check_params(params, TranslatorParams)
    return encoder(params.encoder, with_positions(scaled(params, source)))


def memory_heads(params, memory):
    """What each decoder layer's heads may look at: its keys and values of the memory, made once for all steps.

    Args:
        params: ``TranslatorParams``.
        memory: (seq_source, d_model)

    Returns:
        A tuple with a pair (num_heads, seq_source, d_k), (num_heads, seq_source, d_v) a layer.
    """
    return tuple(tuple(key_value_heads(layer.cross_attention, memory, memory)) for layer in params.decoder)


def decode(params, said, heads, state=None, memory_mask=None, candidates=None):
    """Logits for the token after what was said, and after each beginning of it that the state has not read yet.

    With no state all at once, as in training; with the state of the step before, one step. The first token is said
    after a vector of zeros, for this model has no sign for the beginning.

    Args:
        params: ``TranslatorParams``.
        said: (steps so far,) integers, maybe none.
        heads: from ``memory_heads``.
        state: ``State`` from the call before; None means nothing was read yet.
        memory_mask: boolean, True = may attend, broadcastable to (new, seq_source): which tokens of the source the
            cross-attention of every layer may look at.
        candidates: (...) tokens that may be said; None means all.

    Returns:
        ``(logits, cross_weights, state)``: (new, vocab or number of candidates), one array a layer of shape
        (num_heads, new, seq_source), and the state after all of it. The last row is about the token to say next.

    Raises:
        TypeError, ValueError: as ``embedding``, ``ssru`` and ``attention``.
    """
    check_params(params, TranslatorParams)
    read, cells = State(0, (None,) * len(params.decoder)) if state is None else state
    begin = np.zeros((1, params.tokens.shape[1]), params.tokens.dtype)
    x = with_positions(np.concatenate([begin, scaled(params, said)]))[read:]
    cross_weights, new_cells = [], []
    for layer, cell, (keys, values) in zip(params.decoder, cells, heads, strict=True):
        x, weights, cell = recurrent_layer(layer, x, cell, keys, values, memory_mask)
        cross_weights.append(weights)
        new_cells.append(cell)
    words = slice(None) if candidates is None else candidates
    logits = linear(x, params.tokens[words].T, params.b_out[words])
    return logits, tuple(cross_weights), State(read + len(x), tuple(new_cells))


def recurrent_layer(params, x, state, keys, values, memory_mask=None):
    """``decoder_layer`` with a cell for the past: (..., seq, d_model) → output, cross weights, the cell's state."""

    def look_back(x):
        return ssru(params.cell, x, state)

    def look_across(x):
        query = query_heads(params.cross_attention, x)
        return attend_heads(params.cross_attention, query, keys, values, memory_mask)

    def think(x):
        return feed_forward(params.feed_forward, x), None

    x, state = residual(params.cell_norm, x, look_back, norm_first=False, eps=EPS)
    x, weights = residual(params.cross_attention_norm, x, look_across, norm_first=False, eps=EPS)
    x, _ = residual(params.feed_forward_norm, x, think, norm_first=False, eps=EPS)
    return x, weights, state


def scaled(params, tokens):
    """The tokens' vectors times √d_model."""
    return embedding(params.tokens, tokens) * params.tokens.shape[1] ** 0.5


def with_positions(x):
    """Marian's waves: all sines before all cosines, and the longest wave 10,000 · 2π positions long."""
    seq, d_model = x.shape
    return x + sinusoidal_positions(seq, d_model, 10000 ** (d_model / (d_model - 2)), x.dtype, halves=True)
