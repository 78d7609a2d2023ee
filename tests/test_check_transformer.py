"""Chapter 5's checks accept the notebook's own solutions and name what is wrong with other answers."""

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


def no_gap_at(layer, x, k, atol=1e-9):
    return bool(np.allclose(layer(x[:k]), layer(x)[:k], rtol=0, atol=atol))


def trimmed(layer, x, atol):
    return all(no_gap_at(layer, x, k, atol) for k in range(1, len(x)))


def bitwise(layer, x):
    whole = layer(x)
    return all(np.array_equal(layer(x[:k]), whole[:k]) for k in range(1, len(x)))


def neighbours(layer, x):
    """Changes each token, but looks only at the output just before it."""
    whole = layer(x)
    return all(np.allclose(layer(x + np.eye(len(x))[:, [t]])[t - 1], whole[t - 1]) for t in range(1, len(x)))


def earlier_changes_later(layer, x):
    """The wrong direction: whether changing the first token leaves the others alone."""
    changed = x.copy()
    changed[0] += 1
    return bool(np.allclose(layer(changed)[1:], layer(x)[1:]))


def in_place(layer, x):
    whole = layer(x).copy()
    x[-1] += 1
    return bool(np.allclose(layer(x)[:-1], whole[:-1]))


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
        (queries_too, r"as a key, not as a query: yours hides key 0 from query 1 of sentence 1"),
    ],
    "is_causal": [
        (lambda layer, x: True, r"attention without a mask \(seq = 6\): the answer is False, yours says True"),
        (lambda layer, x: False, r"behind a causal mask \(seq = 6\): the answer is True, yours says False"),
        (bitwise, r"the answer is True, yours says False"),
        (lambda layer, x: trimmed(layer, x, 1e-2), r"a leak of a ten-thousandth .* yours says True"),
        (lambda layer, x: no_gap_at(layer, x, 2), r"one hole, where query 0 sees key 1 .* yours says True"),
        (lambda layer, x: no_gap_at(layer, x, 4), r"one hole, where query 0 sees key 1 .* yours says True"),
        (lambda layer, x: no_gap_at(layer, x, len(x) - 1), r"one hole, where query 0 sees key 1 .* yours says True"),
        (
            lambda layer, x: all(no_gap_at(layer, x, k) for k in range(1, len(x), 2)),
            r"one hole, where query 1 sees key 2 .* yours says True",
        ),
        (neighbours, r"one hole, where query 1 sees key 5 .* yours says True"),
        (earlier_changes_later, r"behind a causal mask .* yours says False"),
        (in_place, r"changed x in place"),
        (lambda layer, x: 1.0, r"must be True or False: yours is of type float"),
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
        (lambda params, x, memory, mask: decoder_layer(params, x, memory, mask)[0], r"yours is pre-LN"),
        (layer_with(past=False), r"must leave earlier outputs alone: yours at"),
        (layer_with(mask_memory=False), r"changing padding of the memory must change nothing: yours at"),
        (layer_with(order=("self",)), r"yours does not look across"),
        (layer_with(order=("cross", "self")), r"in this order, each with its own norm: yours at"),
        (layer_with(shared_norm=True), r"each with its own norm: yours at"),
        (lambda params, x, memory, mask: memory, r"the output must have shape \(2, 3, 6\): yours has \(2, 5, 6\)"),
    ],
    "cached_attention": [
        (leaks_a_millionth, "its output must be its own value, however large the next one's: yours at"),
        (cached(corner, remember=False), r"yours sees the new ones alone"),
        (cached(lambda new, seen: None), r"2 tokens at once must not see each other's future"),
        (cached(causal_mask), r"must be aligned at the bottom right"),
        (values_forgotten, r"that of causal attention to the whole: yours at"),
        (
            lambda cache, query, key, value: cached(corner)(cache, query, key, value)[0],
            r"must be 2 things, \(output, cache\): yours is one array of shape \(1, 5\)",
        ),
    ],
    "beam_search": [
        (greedily, r"width = 8, which keeps every beginning: the text is \(1, 1, 1\) with probability 0\.288"),
        (lambda next_probs, steps, width: beam(next_probs, steps, 10**6), r"width = 1, which is greedy: the text is"),
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
