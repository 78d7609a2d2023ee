"""Chapter 1's checks accept the notebook's own solutions and name what is wrong with other answers."""

import itertools

import numpy as np

from attncourse import check
from attnlib import attention, softmax
from tests.exercises import exercise_tests, solutions_of
from tests.notebooks import ROOT

CHAPTER = ROOT / "chapters" / "01_compute_attention.ipynb"

SOLUTIONS = solutions_of(CHAPTER)


def plain_softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


def change_in_place(x):
    x -= x.max(axis=-1, keepdims=True)
    return plain_softmax(x)


def scores_of(query, key):
    return query @ key.mT / np.sqrt(key.shape[-1])


def masked_softmax(query, key, mask):
    return softmax(np.where(mask, scores_of(query, key), -np.inf))


def unit(x):
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.where(length > 0, length, 1)


def bells(query, key, width):
    return np.exp(-((query[:, None] - key) ** 2) / (2 * width**2))


def keep_the_stream(query, stream):
    key, value = zip(*[(key.copy(), value.copy()) for key, value in stream], strict=True)
    return attention(query[None], np.stack(key), np.stack(value))[0][0]


def keep_references(query, stream):
    key, value = zip(*stream, strict=True)
    return attention(query[None], np.stack(key), np.stack(value))[0][0]


def read_twice(query, stream):
    highest = max(query @ key for key, _ in stream) / np.sqrt(len(query))
    pairs = [(np.exp(query @ key / np.sqrt(len(query)) - highest), value) for key, value in stream]
    return sum(weight * value for weight, value in pairs) / sum(weight for weight, _ in pairs)


def one_pass(query, stream, start=-np.inf, follow=True, rescale_values=True, scale=0.5):
    highest, total, mixed = start, 0.0, 0.0
    for key, value in stream:
        score = query @ key * (scale if len(key) == 4 else len(key) ** -0.5)
        new = max(highest, score) if follow else highest
        factor = np.exp(highest - new)
        total = factor * total + np.exp(score - new)
        mixed = (factor if rescale_values else 1) * mixed + np.exp(score - new) * value
        highest = new
    return mixed / total


WRONG = {
    "softmax": [
        (lambda x: x.sum(axis=-1), r"must have shape \(\d,\): yours has \(\)"),
        (lambda x: x / x.sum(axis=-1, keepdims=True), "zero or more: the smallest is -"),
        (lambda x: plain_softmax(x) / 2, r"rows must sum to 1: yours is 0\.5 where 1 is due"),
        (lambda x: np.exp(x) / np.exp(x).sum(), r"rows must sum to 1: yours at \[0\] is 0\.1649 where 1"),
        (lambda x: softmax(x, axis=0), r"rows must sum to 1: yours at \[0\] is 1\.359 where 1"),
        (change_in_place, "your function changed x in place"),
        (lambda x: softmax(x).astype(np.float16), r"weights are exp\(score\) .*\(dtype float16, not float64\)"),
        (lambda x: plain_softmax(np.log(2) * x), r"must weigh 3 times as much: yours is 2\.141"),
        (plain_softmax, "softmax of scores around 1000 must be finite"),
        (lambda x: plain_softmax(x - x.max()), "one around −1000 must be finite"),
        (lambda x: plain_softmax(np.clip(x, -9, 9)), "adding 1000 to every score must change no weight"),
    ],
    "attention_weights": [
        (lambda q, k, m: softmax(q @ k.mT), r"is 9 : 1 \(is the score divided by √d_k\?\)"),
        (
            lambda q, k, m: softmax(np.where(m, q @ k.mT / k.shape[-1], -np.inf)),
            r"must weigh 3 times as much: yours is 1\.732",
        ),
        (lambda q, k, m: plain_softmax(np.where(~m, scores_of(q, k), -np.inf)), "yours hides what it should show"),
        (lambda q, k, m: softmax(scores_of(q, k)), r"a masked key must weigh 0 .* weighs 0\.\d\d"),
        (lambda q, k, m: softmax(np.where(m == m.all(), scores_of(q, k), -np.inf)), "a masked key must weigh 0"),
        (lambda q, k, m: masked_softmax(q, k, m) - 1e-6 * ~m, r"a masked key must weigh 0 .* weighs 1e-06"),
        (lambda q, k, m: masked_softmax(q, k, m) - 1e-6 * ~m.any(axis=-1, keepdims=True), "must get weights of zero"),
        (lambda q, k, m: masked_softmax(q, k, m).astype(np.float16), r"not masked: .*\(dtype float16, not float64\)"),
        (lambda q, k, m: softmax(scores_of(q, k)) * m, r"rows must sum to 1: yours at \[0\] is 0\.6721"),
        (lambda q, k, m: softmax(np.where(m, scores_of(q, k), -1e9)), r"weights of zero: yours sum to 1$"),
        (lambda q, k, m: plain_softmax(np.where(m, scores_of(q, k), -np.inf)), "fully masked row must be finite"),
        (lambda q, k, m: softmax(np.where(m & m.all(0), scores_of(q, k), -np.inf)), "must not change another row"),
        (lambda q, k, m: m / m.sum(axis=-1, keepdims=True), r"must weigh 3 times as much: yours is 1 where"),
        (lambda q, k, m: softmax(np.where(m, q @ k.T / np.sqrt(k.shape[-1]), -np.inf)), "your code raised ValueError"),
    ],
    "cosine_attention": [
        (lambda q, k, v, b: softmax(b * q @ k.T) @ v, "the queries made 5 times longer moved"),
        (lambda q, k, v, b: softmax(b * unit(q) @ k.T) @ v, "one of the keys made 5 times longer moved"),
        (lambda q, k, v, b: softmax(unit(q) @ unit(k).T) @ v, r"with beta = 2 mix .*: yours is 5\.848 where 7\.046"),
        (lambda q, k, v, b: softmax(b * np.abs(unit(q) @ unit(k).T)) @ v, r"cosines of 1 and -1 .*: yours is 4 where"),
        (
            lambda q, k, v, b: softmax(b * unit(q) @ unit(k).T) @ unit(v),
            r"values 8 and 0 .*: yours is 0\.7311 where 5\.848",
        ),
        (
            lambda q, k, v, b: (
                softmax(b * np.nan_to_num(unit(q) @ (k / np.linalg.norm(k, axis=-1, keepdims=True)).T, nan=-1)) @ v
            ),
            "a key of zeros must count as cosine 0",
        ),
        (
            lambda q, k, v, b: plain_softmax(b * unit(q) @ (k / np.linalg.norm(k, axis=-1, keepdims=True)).T) @ v,
            "beside a key of zeros.* must be finite",
        ),
    ],
    "nadaraya_watson": [
        (
            lambda q, k, v, h: SOLUTIONS["nadaraya_watson"](q, k, v, h).astype(np.float16),
            r"mean of the values by weight: .*\(dtype float16, not float64\)",
        ),
        (lambda q, k, v, h: bells(q, k, h) @ v, "if every value is 4 the result must be 4: yours at"),
        (
            lambda q, k, v, h: softmax(q[:, None] * k / h**2) @ v,
            "queries and keys moved by 10 moved the result: yours at",
        ),
        (lambda q, k, v, h: softmax(-((q[:, None] - k) ** 2) / h**2) @ v, r"to 3: yours is 3\.6 where"),
        (
            lambda q, k, v, h: softmax(-((q[:, None] - k) ** 2) / (2 * h)) @ v,
            r"with width 0\.5, .* to 3: yours is 2\.\d\d",
        ),
        (lambda q, k, v, h: softmax(-np.abs(q[:, None] - k) / h) @ v, "must weigh 3 : 1"),
        (
            lambda q, k, v, h: bells(q, k, h) @ v / bells(q, k, h).sum(axis=-1),
            "far from all keys, the result must be finite",
        ),
        (
            lambda q, k, v, h: bells(q, k, h) @ v / np.maximum(bells(q, k, h).sum(axis=-1), 1e-300),
            r"the nearest one decides, here with 7: yours is 0 where",
        ),
    ],
    "additive_scores": [
        (
            lambda q, k, wq, wk, v: ((k @ wk)[..., :, None, :] + (q @ wq)[..., None, :, :]) @ v,
            r"must have shape \(\d+, \d+\): yours has",
        ),
        (
            lambda q, k, wq, wk, v: ((q @ wq)[..., :, None, :] + (k @ wk)[..., None, :, :]) @ v,
            r"no score exceeds Σ\|v\| = .*: yours reaches",
        ),
        (
            lambda q, k, wq, wk, v: np.tanh(q @ wq)[..., :, None, :] @ v + np.zeros(k.shape[-2]),
            r"the score of query \d+ and key \d+ must be v · tanh",
        ),
        (
            lambda q, k, wq, wk, v: np.tanh((q @ wq)[:, None] + (k @ wk)[None]) @ v if q.ndim == 2 else None,
            "the score matrix must not be None",
        ),
        (
            lambda q, k, wq, wk, v: np.tanh((q @ wq)[:, None] + k @ wk) @ v,
            r"your code raised ValueError|must have shape \(2,",
        ),
    ],
    "streaming_attention": [
        (keep_references, r"reuses its two arrays, so copy what you keep"),
        (keep_the_stream, r"memory must not grow with the stream: yours took \d+% of what the whole stream is"),
        (read_twice, "the output|your code raised"),
        (
            lambda q, s: SOLUTIONS["streaming_attention"](q, itertools.islice(s, 100)),
            "equal scores must give the mean of 300 values: yours at",
        ),
        (lambda q, s: one_pass(q, s, scale=1.0), r"to 4: yours is 4\.6 where"),
        (lambda q, s: 0 * one_pass(q, s), r"to 4: yours is 0 where 4 is due"),
        (lambda q, s: one_pass(q, s, rescale_values=False), "a stream of 7 must give what attention gives: yours at"),
        (lambda q, s: one_pass(q, s, start=0.0, follow=False), "scores from 0 to 2000 must be finite"),
        (lambda q, s: one_pass(q, s, start=0.0), "scores from -2000 to -1000 must be finite"),
    ],
}


def test_small_constant_in_a_denominator_is_no_mistake():
    def unit_or_zero(x):
        return x / (np.linalg.norm(x, axis=-1, keepdims=True) + 1e-8)

    assert check.cosine_attention(lambda q, k, v, b: softmax(b * unit_or_zero(q) @ unit_or_zero(k).T) @ v)


(
    test_the_notebooks_solution_passes,
    test_an_empty_answer_is_named_as_such,
    test_a_wrong_answer_fails_for_the_right_reason,
) = exercise_tests(SOLUTIONS, WRONG)
