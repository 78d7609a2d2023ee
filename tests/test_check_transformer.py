"""Chapter 5's checks accept the notebook's own solutions and name what is wrong with other answers."""

from types import SimpleNamespace

import numpy as np
import pytest

import attnlib
from attncourse import check
from attnlib import attention, causal_mask, decoder_layer, padding_mask
from tests.exercises import exercise_tests, solutions_of
from tests.notebooks import ROOT

CHAPTER = ROOT / "chapters" / "05_build_encoder_decoder.ipynb"

SOLUTIONS = solutions_of(CHAPTER)


def causal_and_padding(lengths, seq):
    return (causal_mask(seq, seq) & padding_mask(lengths, seq))[:, None]


def queries_too(lengths, seq):
    real = padding_mask(lengths, seq)
    return (causal_mask(seq, seq) & real & real.mT)[:, None]


def layer_with(order=("self", "cross"), shared_norm=False, past=True, mask_memory=True):
    """A post-LN decoder layer with a part of it changed."""

    def answer(params, x, memory, memory_mask):
        norms = {"self": params.self_attention_norm, "cross": params.cross_attention_norm}
        for part in order:
            norm = params.self_attention_norm if shared_norm else norms[part]
            if part == "self":
                mask = causal_mask(x.shape[-2], x.shape[-2]) if past else None
                added, _ = attnlib.multi_head_attention(params.self_attention, x, x, x, mask)
            else:
                mask = memory_mask if mask_memory else None
                added, _ = attnlib.multi_head_attention(params.cross_attention, x, memory, memory, mask)
            x = attnlib.layer_norm(x + added, *norm)
        added = attnlib.feed_forward(params.feed_forward, x)
        return attnlib.layer_norm(x + added, *(params.self_attention_norm if shared_norm else params.feed_forward_norm))

    return answer


def post_norm_with(first=lambda x: x, added=lambda x, more: x + more, last=True):
    """The layer with another input to its sublayers, another sum, or without the last norm."""

    def answer(params, x, memory, mask):
        past = causal_mask(x.shape[-2], x.shape[-2])
        y = first(x)
        x = added(x, attnlib.multi_head_attention(params.self_attention, y, y, y, past)[0])
        x = attnlib.layer_norm(x, *params.self_attention_norm)
        x = added(x, attnlib.multi_head_attention(params.cross_attention, first(x), memory, memory, mask)[0])
        x = attnlib.layer_norm(x, *params.cross_attention_norm)
        x = added(x, attnlib.feed_forward(params.feed_forward, first(x)))
        return attnlib.layer_norm(x, *params.feed_forward_norm) if last else x

    return answer


def pre_norm(params, x, memory, mask):
    past, normed = causal_mask(x.shape[-2], x.shape[-2]), attnlib.layer_norm(x, *params.self_attention_norm)
    x = x + attnlib.multi_head_attention(params.self_attention, normed, normed, normed, past)[0]
    normed = attnlib.layer_norm(x, *params.cross_attention_norm)
    x = x + attnlib.multi_head_attention(params.cross_attention, normed, memory, memory, mask)[0]
    return x + attnlib.feed_forward(params.feed_forward, attnlib.layer_norm(x, *params.feed_forward_norm))


def normalised(x):
    return attnlib.layer_norm(x, np.ones(x.shape[-1]), np.zeros(x.shape[-1]))


def cached(mask_of, remember=True):
    """Attention to everything in the cache, behind the mask ``mask_of(new, all)``."""

    def answer(cache, query, key, value):
        if cache is not None:
            key, value = np.concatenate([cache[0], key]), np.concatenate([cache[1], value])
        output, _ = attention(query, key, value, mask_of(len(query), len(key)))
        return output, (key, value) if remember else None

    return answer


def corner(new, seen):
    return causal_mask(seen, seen)[-new:]


def values_forgotten(cache, query, key, value):
    """Keeps the keys, but shifts the values by one."""
    if cache is not None:
        key, value = np.concatenate([cache[0], key]), np.concatenate([value, cache[1]])
    return attention(query, key, value, corner(len(query), len(key)))[0], (key, value)


def computes_again(cache, query, key, value):
    """Keeps the queries, too, and computes every output anew."""
    if cache is not None:
        query, key, value = (np.concatenate(pair) for pair in zip(cache, (query, key, value), strict=True))
    new = len(query) if cache is None else len(query) - len(cache[0])
    output, _ = attention(query, key, value, causal_mask(len(key), len(key)))
    return output[-new:], (query, key, value)


def computes_again_from(form):
    """The same, in another holder."""

    def answer(cache, query, key, value):
        kept = getattr(cache, "kept", cache)
        output, kept = computes_again(kept, query, key, value)
        return output, form(kept)

    return answer


REMEMBERED = []


def in_a_global(cache, query, key, value):
    """Returns a cache that holds nothing, and forgets when it gets none."""
    if cache is None:
        REMEMBERED.clear()
    REMEMBERED.append((key, value))
    keys, values = (np.concatenate(parts) for parts in zip(*REMEMBERED, strict=True))
    return attention(query, keys, values, corner(len(query), len(keys)))[0], "somewhere else"


def newest_first(cache, query, key, value):
    if cache is not None:
        key, value = np.concatenate([key, cache[0]]), np.concatenate([value, cache[1]])
    return attention(query, key, value, corner(len(query), len(key)))[0], (key, value)


def last_piece_alone(cache, query, key, value):
    """Remembers the piece before, and none before that."""
    keys, values = (key, value) if cache is None else map(np.concatenate, ((cache[0], key), (cache[1], value)))
    return attention(query, keys, values, corner(len(query), len(keys)))[0], (key, value)


def unscaled(cache, query, key, value):
    return cached(corner)(cache, query * query.shape[-1] ** 0.5, key, value)


def a_piece_at_a_time(cache, query, key, value):
    """Attends to the old tokens in one softmax and to the new ones in another."""
    new = attention(query, key, value, causal_mask(len(key), len(key)))[0]
    if cache is None:
        return new, (key, value)
    old = attention(query, *cache)[0]
    return (old + new) / 2, tuple(np.concatenate(pair) for pair in zip(cache, (key, value), strict=True))


def best_of_each(next_probs, steps, width):
    """Keeps the likeliest continuation of every beginning, not the likeliest of all."""
    first = np.argsort(-next_probs(()))[:width]
    return max((likely(next_probs, (int(token),), steps) for token in first), key=lambda text: text[1])[0]


def likely(next_probs, tokens, steps):
    prob = next_probs(())[tokens[0]]
    while len(tokens) < steps:
        probs = next_probs(tokens)
        tokens, prob = (*tokens, int(probs.argmax())), prob * probs.max()
    return tokens, prob


def by_the_last_token(next_probs, steps, width):
    """Sorts by the probability of the newest token alone."""
    beams = [()]
    for _ in range(steps):
        longer = [(prob, (*tokens, token)) for tokens in beams for token, prob in enumerate(next_probs(tokens))]
        beams = [tokens for _, tokens in sorted(longer, reverse=True)[:width]]
    return beams[0]


def greedily(next_probs, steps, width):
    tokens = ()
    for _ in range(steps):
        tokens = (*tokens, int(np.argmax(next_probs(tokens))))
    return tokens


def beam(next_probs, steps, width, worst=False, add=False):
    beams = [(0.0 if add else 1.0, ())]
    for _ in range(steps):
        longer = [
            (score + prob if add else score * prob, (*tokens, token))
            for score, tokens in beams
            for token, prob in enumerate(next_probs(tokens))
        ]
        beams = sorted(longer, reverse=not worst)[:width]
    return beams[0][1]


def leaks_a_millionth(cache, query, key, value):
    output, cache = SOLUTIONS["cached_attention"](cache, query, key, value)
    return output + 1e-6 * value[-1], cache


WRONG = {
    "decoder_mask": [
        (lambda lengths, seq: causal_and_padding(lengths, seq)[:, 0], r"must have shape \(2, 1, 3, 3\): yours has"),
        (lambda lengths, seq: ~causal_and_padding(lengths, seq), r"yours is the other way round"),
        (
            lambda lengths, seq: causal_and_padding(lengths, seq).astype(float),
            r"must hold True and False: yours is of dtype float64",
        ),
        (
            lambda lengths, seq: causal_and_padding(lengths, seq) & np.tri(seq, k=-1, dtype=bool),
            r"yours hides the diagonal",
        ),
        (
            lambda lengths, seq: np.broadcast_to(padding_mask(lengths, seq)[:, None], (len(lengths), 1, seq, seq)),
            r"lets query 0 of sentence 0 see key 1",
        ),
        (
            lambda lengths, seq: np.broadcast_to(causal_mask(seq, seq), (len(lengths), 1, seq, seq)),
            r"lets query 1 of sentence 1 see key 1, length 1",
        ),
        (
            lambda lengths, seq: (causal_mask(seq, seq) | padding_mask(lengths, seq))[:, None],
            r"no query may attend to a later key: yours lets query 0 of sentence 0 see key 1",
        ),
        (
            lambda lengths, seq: causal_and_padding(np.minimum(lengths + 1, seq), seq),
            r"no query may attend to padding: yours lets query 1 of sentence 1 see key 1, length 1",
        ),
        (
            lambda lengths, seq: causal_and_padding(np.maximum(lengths - 1, 1), seq),
            r"yours hides the diagonal",
        ),
        (lambda lengths, seq: causal_and_padding(np.full_like(lengths, lengths.max()), seq), r"to padding: yours lets"),
        (lambda lengths, seq: causal_and_padding(lengths, seq).mT, r"to a later key: yours lets query 0"),
        (queries_too, r"as a key, not as a query: yours hides key 0 from query 1 of sentence 1"),
    ],
    "post_norm_decoder": [
        (
            lambda params, x, memory, mask: layer_with()(params, x, memory, mask) + 1e-7 * x[..., -1:, :],
            r"must leave earlier outputs alone: yours at",
        ),
        (
            lambda params, x, memory, mask: layer_with()(params, x, memory, mask) + 1e-7 * memory[..., -1:, :],
            r"changing padding of the memory must change nothing: yours at",
        ),
        (pre_norm, r"yours is pre-LN"),
        (
            lambda params, *rest: decoder_layer(params._replace(norm_first=False), *rest)[0],
            r"what decoder_layer does is the exercise: yours calls it",
        ),
        (layer_with(past=False), r"must leave earlier outputs alone: yours at"),
        (layer_with(mask_memory=False), r"changing padding of the memory must change nothing: yours at"),
        (layer_with(order=("self",)), r"yours does not look across"),
        (layer_with(order=("cross", "self")), r"in this order, each with its own norm: yours at"),
        (layer_with(shared_norm=True), r"each with its own norm: yours at"),
        (post_norm_with(first=normalised), r"each with its own norm: yours at"),
        (post_norm_with(added=lambda x, more: more), r"each with its own norm: yours at"),
        (post_norm_with(last=False), r"each with its own norm: yours at"),
        (lambda params, x, memory, mask: layer_with()(params, x, memory, None), r"padding of the memory must change"),
        (lambda params, x, memory, mask: memory, r"the output must have shape \(2, 3, 6\): yours has \(2, 5, 6\)"),
    ],
    "cached_attention": [
        (leaks_a_millionth, "its output must be its own value, however large the next one's: yours at"),
        (cached(corner, remember=False), r"yours sees the new ones alone"),
        (cached(lambda new, seen: None), r"2 tokens at once must not see each other's future"),
        (cached(causal_mask), r"must be aligned at the bottom right"),
        (values_forgotten, r"that of causal attention to the whole: yours at"),
        (computes_again, r"after 1 tokens the cache holds their keys and values, 8 numbers, .* yours holds 11"),
        (computes_again_from(tuple), r"8 numbers, and nothing else: yours holds 11"),
        (computes_again_from(lambda kept: [part.tolist() for part in kept]), r"nothing else: yours holds 11"),
        (computes_again_from(lambda kept: SimpleNamespace(kept=kept)), r"nothing else: yours holds 11"),
        (in_a_global, r"two sequences that take turns, .* must not mix"),
        (newest_first, r"that of causal attention to the whole: yours at"),
        (last_piece_alone, r"from output 2 on, .* yours at"),
        (unscaled, r"from output 1 on, .* yours at"),
        (a_piece_at_a_time, r"from output 1 on, .* yours at"),
        (
            lambda cache, query, key, value: cached(corner)(cache, query, key, value)[0],
            r"must be 2 things, \(output, cache\): yours is one array of shape \(1, 5\)",
        ),
    ],
    "beam_search": [
        (greedily, r"width = 8, which keeps every beginning: the text is \(1, 1, 1\) with probability 0\.288"),
        (lambda next_probs, steps, width: beam(next_probs, steps, 10**6), r"width = 1, which is greedy: the text is"),
        (best_of_each, r"width = 81, which keeps every beginning: the text is .* yours is"),
        (by_the_last_token, r".* the text is .* yours is"),
        (lambda next_probs, steps, width: beam(next_probs, steps, 1 + (width > 1)), r"the text is .* yours is"),
        (lambda *args: beam(*args, worst=True), r"the text is \(1, 1, 1\)"),
        (lambda *args: beam(*args, add=True), r"the text is .* with probability .* yours is"),
        (lambda *args: beam(*args)[:-1], r"the text must have shape \(3,\): yours has \(2,\)"),
        (lambda next_probs, steps, width: next_probs((7,)) and None, r"the tokens are 0 to 1: yours passed \(7,\)"),
        (lambda next_probs, steps, width: [7.0] * steps, r"the tokens are 0 to 1: yours are \[7\.0, 7\.0, 7\.0\]"),
        (lambda next_probs, steps, width: [False] * steps, r"must hold real numbers"),
        (lambda next_probs, steps, width: [0.0] * steps, r"probability .*, yours is \(0, 0, 0\) with"),
        (lambda next_probs, steps, width: beam(next_probs, steps + 1, width), r"yours asked for one more"),
    ],
}


def with_cache_as(form):
    def answer(cache, query, key, value):
        output, kept = SOLUTIONS["cached_attention"](cache, query, key, value)
        return output, form(kept)

    return answer


def in_a_dictionary(cache, query, key, value):
    cache = cache or {"key": key[:0], "value": value[:0]}
    cache = {"key": np.concatenate([cache["key"], key]), "value": np.concatenate([cache["value"], value])}
    return [attention(query, *cache.values(), corner(len(query), len(cache["key"])))[0].tolist(), cache]


def grows_in_place(cache, query, key, value):
    cache = [] if cache is None else cache
    cache.extend(zip(key, value, strict=True))
    keys, values = map(np.array, zip(*cache, strict=True))
    return attention(query, keys, values, corner(len(query), len(keys)))[0], cache


@pytest.mark.parametrize("answer", [with_cache_as(list), with_cache_as(tuple), in_a_dictionary, grows_in_place])
def test_a_cache_may_be_kept_in_anything(answer):
    assert check.cached_attention(answer)


@pytest.mark.parametrize("form", [list, np.array, lambda tokens: np.array(tokens, dtype=float)])
def test_texts_and_beginnings_may_be_lists_or_arrays(form):
    def answer(next_probs, steps, width):
        return form(beam(lambda tokens: next_probs(form(tokens)), steps, width))

    assert check.beam_search(answer)


(
    test_the_notebooks_solution_passes,
    test_an_empty_answer_is_named_as_such,
    test_a_wrong_answer_fails_for_the_right_reason,
) = exercise_tests(SOLUTIONS, WRONG)
