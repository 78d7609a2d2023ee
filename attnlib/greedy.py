"""Greedy decoding: say the likeliest token, read it, say the next; with or without remembering keys and values."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_array, as_count, as_tokens
from attnlib.feed_forward import feed_forward
from attnlib.linear import linear
from attnlib.multi_head import attend_heads, key_value_heads, query_heads
from attnlib.params import check_params
from attnlib.residual import last_norm, residual
from attnlib.softmax import softmax
from attnlib.transformer import TransformerParams, decode, encode, output_map, vectors


class Decoded(NamedTuple):
    """What was said, and how sure the model was."""

    tokens: np.ndarray  # (batch, steps) integers, without the sign for the beginning
    probs: np.ndarray  # (batch, steps, target_vocab): of every candidate at every step


class LayerCache(NamedTuple):
    """The heads' keys and values of one decoder layer: of its own past, and of the memory."""

    keys: np.ndarray  # (batch, num_heads, steps so far, d_k)
    values: np.ndarray
    memory_keys: np.ndarray  # (batch, num_heads, seq_source, d_k)
    memory_values: np.ndarray


def greedy(params, source, begin, steps, source_mask=None, end=None, cached=True):
    """The target, one token after the other, always the likeliest.

    Args:
        params: ``TransformerParams``.
        source: (batch, seq_source) integers.
        begin: the token that starts every target.
        steps: number of tokens to say at most, 1 or more.
        source_mask: boolean, True = may attend, as for ``encode``.
        end: stop once every target holds this token; None goes on for all steps. What a target says after its own
            ``end`` has no meaning.
        cached: keep the keys and values of the tokens already said, instead of computing them again at every step.
            The same result to rounding, for less work.

    Returns:
        ``Decoded(tokens, probs)``, shapes (batch, steps) and (batch, steps, target_vocab).

    Raises:
        TypeError, ValueError: as ``encode``; if ``begin`` or ``end`` is not one token of the target, ``steps`` is not
            a positive integer, or the source has not two axes.
    """
    check_params(params, TransformerParams)
    steps, vocab = as_count("steps", steps), len(params.target_tokens)
    check_token("begin", begin, vocab)
    if end is not None:
        check_token("end", end, vocab)
    if as_array("source", source).ndim != 2:
        raise ValueError(f"source must have shape (batch, seq_source): got {np.shape(source)}")
    memory, _ = encode(params, source, source_mask)
    said = np.full((len(memory), 1), begin)
    caches = start_cache(params, memory) if cached else None
    probs = []
    for _ in range(steps):
        if caches is None:
            logits, _ = decode(params, said, memory, source_mask)
        else:
            logits, caches = decode_next(params, said, caches, source_mask)
        probs.append(softmax(logits[:, -1]))
        said = np.concatenate([said, probs[-1].argmax(axis=-1)[:, None]], axis=1)
        if end is not None and (said[:, 1:] == end).any(axis=1).all():
            break
    return Decoded(said[:, 1:], np.stack(probs, axis=1))


def check_token(name, token, vocab):
    """It is one token, not several.

    Raises:
        TypeError, ValueError: if not.
    """
    if as_tokens(token, vocab, name).ndim:
        raise ValueError(f"{name} must be one token: got {token}")


def start_cache(params, memory):
    """The cache before the first token: nothing said yet, and each layer's keys and values of the memory."""

    def layer_cache(layer):
        keys, values = key_value_heads(layer.cross_attention, memory, memory)
        return LayerCache(keys[..., :0, :], values[..., :0, :], keys, values)

    return tuple(layer_cache(layer) for layer in params.decoder.layers)


def decode_next(params, said, caches, source_mask=None):
    """Logits for the token after the last one of ``said``, computed for that one alone.

    Args:
        params: ``TransformerParams``.
        said: (batch, steps so far) integers; the cache holds all but the last.
        caches: from ``start_cache`` or the step before.
        source_mask: as for ``decode``.

    Returns:
        ``(logits, caches)``, the logits of shape (batch, 1, target_vocab), the caches one token longer.
    """
    x = vectors(params.target_tokens, said[:, -1:], first=said.shape[1] - 1)
    longer = []
    for layer, cache in zip(params.decoder.layers, caches, strict=True):
        x, cache = layer_next(layer, x, cache, source_mask)
        longer.append(cache)
    return linear(last_norm(params.decoder.norm, x), output_map(params)), tuple(longer)


def layer_next(params, x, cache, source_mask):
    """``decoder_layer`` for one token; the past is in the cache, so no mask is needed to hide a future."""

    def look_back(x):
        new_keys, new_values = key_value_heads(params.self_attention, x, x)
        keys = np.concatenate([cache.keys, new_keys], axis=-2)
        values = np.concatenate([cache.values, new_values], axis=-2)
        added, _ = attend_heads(params.self_attention, query_heads(params.self_attention, x), keys, values)
        return added, cache._replace(keys=keys, values=values)

    def look_across(x):
        query = query_heads(params.cross_attention, x)
        return attend_heads(params.cross_attention, query, cache.memory_keys, cache.memory_values, source_mask)

    def think(x):
        return feed_forward(params.feed_forward, x), None

    x, cache = residual(params.self_attention_norm, x, look_back, params.norm_first, params.eps)
    x, _ = residual(params.cross_attention_norm, x, look_across, params.norm_first, params.eps)
    x, _ = residual(params.feed_forward_norm, x, think, params.norm_first, params.eps)
    return x, cache
