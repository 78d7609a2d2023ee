"""The checks of chapter 5: masks put together, a layer in post-LN, a cache, a search with a beam."""

import itertools
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from attncourse.check.base import checker
from attncourse.check.compare import apart, close
from attncourse.check.require import (
    require,
    require_close,
    require_flags,
    require_parts,
    require_shape,
)
from attncourse.check.withheld import withhold
from attnlib.attention import attention
from attnlib.decoder import decoder_layer, decoder_layer_vjp, init_decoder
from attnlib.masks import causal_mask, padding_mask
from attnlib.params import tree_map
from attnlib.softmax import softmax


@checker
def decoder_mask(answer):
    """``answer(lengths, seq)`` is causal and padding mask in one, (batch, 1, seq, seq), True = may attend."""
    for listed, seq in [([3, 1], 3), ([5, 2, 4], 5), ([1, 7, 6, 3], 7)]:
        lengths = np.array(listed)
        found = require_flags(answer(lengths, seq), (len(lengths), 1, seq, seq), f"the mask for lengths {lengths}")
        wanted = (causal_mask(seq, seq) & padding_mask(lengths, seq))[:, None]
        require(
            not np.array_equal(found, ~wanted),
            "True means may attend: yours is the other way round",
        )
        i = np.arange(seq)
        require(
            found[0, 0, i[: lengths[0]], i[: lengths[0]]].all(),
            "a token may attend to itself: yours hides the diagonal",
        )
        ahead = np.argwhere(found & ~causal_mask(seq, seq))
        require(
            not len(ahead),
            "no query may attend to a later key: yours lets query {2} of sentence {0} see key {3}".format(
                *(ahead[0] if len(ahead) else (0, 0, 0, 0))
            ),
        )
        padding = np.argwhere(found & ~wanted)
        require(
            not len(padding),
            "no query may attend to padding: yours lets query {2} of sentence {0} see key {3}, length {4}".format(
                *((*padding[0], lengths[padding[0][0]]) if len(padding) else (0, 0, 0, 0, 0))
            ),
        )
        hidden = np.argwhere(wanted & ~found)
        require(
            not len(hidden),
            "padding is hidden as a key, not as a query: yours hides key {3} from query {2} of sentence {0}".format(
                *(hidden[0] if len(hidden) else (0, 0, 0, 0))
            ),
        )


@checker
def post_norm_decoder(answer):
    """``answer(params, x, memory, memory_mask)`` is a decoder layer with the norms behind the sums."""
    answer = withhold(answer, decoder_layer, decoder_layer_vjp)
    rng = np.random.default_rng(52)
    for d_model, num_heads, seq, seq_memory in [(6, 2, 3, 5), (8, 4, 4, 7)]:
        params = tree_map(
            lambda leaf: leaf + 0.3 * rng.normal(size=leaf.shape),
            init_decoder(rng, 1, d_model, num_heads, 10).layers[0],
        )
        x, memory = rng.normal(size=(2, seq, d_model)), rng.normal(size=(2, seq_memory, d_model))
        mask = padding_mask([seq_memory, seq_memory - 2], seq_memory)
        wanted, _ = decoder_layer(params._replace(norm_first=False), x, memory, mask)

        def output(x, memory, params=params, mask=mask, shape=wanted.shape):
            return require_shape(answer(params, x, memory, mask), shape, "the output")

        found = output(x, memory)
        before, _ = decoder_layer(params, x, memory, mask)
        require(not close(found, before), "yours is pre-LN: normalise the sum, not what goes into the sublayer")
        # By a lot, so that a leak of a millionth shows.
        moved = output(x + 1000 * (np.arange(seq) == seq - 1)[:, None], memory)
        require_close(moved[:, :-1], found[:, :-1], "changing the last token must leave earlier outputs alone")
        moved = output(x, memory + 1000 * ~mask.mT)
        require_close(moved, found, "changing padding of the memory must change nothing")
        other = memory.copy()
        other[0] += rng.normal(size=other[0].shape)
        moved = output(x, other)
        require(not close(moved[0], found[0]), "changing the memory must change the output: yours does not look across")
        require_close(
            found,
            wanted,
            "x = norm(x + sublayer(x)) for self-attention, cross-attention, feed-forward, in this order, each with its "
            "own norm",
        )


@checker
def cached_attention(answer):
    """``answer(cache, query, key, value)`` attends piece by piece as causal attention does to the whole."""
    rng = np.random.default_rng(53)
    for pieces, d_k, d_v in [([1, 1, 1, 1], 3, 5), ([1, 2, 1], 4, 2), ([3, 1, 2], 2, 6)]:
        seq = sum(pieces)
        query, key, value = rng.normal(size=(seq, d_k)), rng.normal(size=(seq, d_k)), rng.normal(size=(seq, d_v))
        wanted, _ = attention(query, key, value, causal_mask(seq, seq))
        cache, start = None, 0
        for piece in pieces:
            new = slice(start, start + piece)
            # The cache is the reader's own: it may grow in place.
            result = answer(cache, query[new], key[new], value[new], may_change=[0])
            output, cache = require_parts(result, "output", "cache")
            seen = key[: new.stop], value[: new.stop]
            require_close(
                require_shape(output, (piece, d_v), f"the output for tokens {start}:{start + piece}"),
                wanted[new],
                f"in pieces of {pieces} tokens, from output {start} on, the result must be that of causal attention to "
                "the whole",
                mistakes={
                    f"after {start} tokens the new ones must see the old ones too: yours sees the new ones alone": (
                        attention(query[new], key[new], value[new], causal_mask(piece, piece))[0]
                    ),
                    f"{piece} tokens at once must not see each other's future: the first of yours does": (
                        attention(query[new], *seen)[0]
                    ),
                    "the mask must be aligned at the bottom right: with yours a new token sees too few old ones": (
                        attention(query[new], *seen, causal_mask(piece, new.stop))[0]
                    ),
                },
            )
            start += piece
            most, held = start * (d_k + d_v), _numbers_in(cache)
            require(
                held <= most,
                f"after {start} tokens the cache holds their keys and values, {most} numbers, and nothing else: yours "
                f"holds {held}",
            )
    _take_turns(answer, rng)
    far = value[:2] + np.array([[0], [1000]])  # by a lot, so that a leak of a millionth shows
    output, _ = require_parts(answer(None, query[:2], key[:2], far), "output", "cache")
    require_close(
        require_shape(output, (2, d_v), "the output for tokens 0:2")[0],
        value[0],
        "the first token sees itself alone: its output must be its own value, however large the next one's",
    )


def _take_turns(answer, rng):
    """Two sequences are fed token by token in turns, each with its own cache."""
    pairs = [tuple(rng.normal(size=(3, width)) for width in (2, 2, 5)) for _ in range(2)]
    caches: list[Any] = [None, None]
    for i in range(3):
        for turn, pair in enumerate(pairs):
            new = [array[i : i + 1] for array in pair]
            output, caches[turn] = require_parts(answer(caches[turn], *new, may_change=[0]), "output", "cache")
            wanted, _ = attention(new[0], pair[1][: i + 1], pair[2][: i + 1])
            require_close(
                require_shape(output, (1, 5), f"the output for token {i}"),
                wanted,
                "two sequences that take turns, each with its own cache, must not mix: what your function remembers "
                "belongs in the cache that it returns",
            )


def _numbers_in(cache):
    """How many numbers with a fraction a cache holds, whatever they are kept in; a count of tokens is free."""
    if isinstance(cache, np.ndarray):
        return cache.size
    if isinstance(cache, float | np.floating):
        return 1
    if isinstance(cache, Mapping):
        cache = cache.values()
    elif not isinstance(cache, Collection):  # an object with attributes, or nothing that holds numbers
        cache = getattr(cache, "__dict__", {}).values()
    return 0 if isinstance(cache, str) else sum(map(_numbers_in, cache))


@checker
def beam_search(answer):
    """``answer(next_probs, steps, width)`` is the likeliest text among those that the beam keeps."""
    rng = np.random.default_rng(58)  # so that a beam of two misses the best text once
    for vocab, steps in [(2, 3), (3, 4), (4, 3)]:
        # The probabilities after every beginning; for two tokens a trap, where the best first one leads nowhere.
        table = {tokens: softmax(2 * rng.normal(size=vocab)) for tokens in _beginnings(vocab, steps)}
        if vocab == 2:
            table = dict.fromkeys(table, np.array([0.52, 0.48])) | {(): np.array([0.6, 0.4])}
            table |= {(1,): np.array([0.1, 0.9]), (1, 1): np.array([0.2, 0.8])}

        def next_probs(tokens, table=table, vocab=vocab, steps=steps):
            require(np.ndim(tokens) == 1, f"next_probs takes a tuple of tokens: yours passed {tokens!r}")
            require(len(tokens) < steps, f"{steps} tokens are enough: yours asked for one more")
            require(tuple(tokens) in table, f"the tokens are 0 to {vocab - 1}: yours passed {tokens!r}")
            return table[tuple(tokens)].copy()

        for width in (vocab**steps, 1, 2):
            tokens = require_shape(answer(next_probs, steps, width), (steps,), "the text").tolist()
            require(set(tokens) <= set(range(vocab)), f"the tokens are 0 to {vocab - 1}: yours are {tokens}")
            found = tuple(int(token) for token in tokens)  # 1.0 is as good as 1
            wanted = _kept(table, vocab, steps, width)
            kind = {1: "which is greedy", 2: "which keeps two beginnings"}.get(width, "which keeps every beginning")
            due, yours = apart(_probability(table, wanted), _probability(table, found))
            require(
                found == wanted,
                f"width = {width}, {kind}: the text is {wanted} with probability {due}, yours is {found} with {yours}",
            )


def _beginnings(vocab, steps):
    """Every text of fewer tokens than ``steps``."""
    return [tokens for length in range(steps) for tokens in itertools.product(range(vocab), repeat=length)]


def _kept(table, vocab, steps, width):
    """The text that a beam of this width finds."""
    beams: list[tuple[int, ...]] = [()]
    for _ in range(steps):
        longer = [(*tokens, token) for tokens in beams for token in range(vocab)]
        beams = sorted(longer, key=lambda tokens: -_probability(table, tokens))[:width]
    return beams[0]


def _probability(table, tokens):
    """Of a whole beginning: the product over its tokens."""
    return float(np.prod([table[tokens[:i]][token] for i, token in enumerate(tokens)]))
