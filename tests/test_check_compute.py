"""Chapter 1's checks accept the notebook's own solutions and name what is wrong with other answers."""

import itertools

import numpy as np

from attncourse import check
from attnlib import attention, cosine_scores, softmax
from tests.exercises import exercise_tests, solutions_of
from tests.notebooks import ROOT

CHAPTER = ROOT / "chapters" / "01_compute_attention.ipynb"

SOLUTIONS = solutions_of(CHAPTER)


def plain_softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


def unit(x):
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.where(length > 0, length, 1)


def maps(n, step=1, stretch=None, axis=1):
    return np.roll(np.eye(n), step, axis=axis) * (10 * np.sqrt(n) if stretch is None else stretch), np.eye(n)


def pair(query, key, of_query, of_key):
    """Two numbers for each: the key's square goes with a 1."""
    return np.stack([query, np.full_like(query, of_query)], -1), np.stack([key, of_key], -1)


def distances(query, key, h):
    return -((query[:, None] - key) ** 2) / (2 * h**2), np.eye(len(key))


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


def likeliest_alone(query, stream):
    return max(((query @ key, value.copy()) for key, value in stream), key=lambda pair: pair[0])[1]


def without_the_sum(query, stream):
    """Divides by the largest exponential alone."""
    highest, mixed = -np.inf, 0.0
    for key, value in stream:
        score = query @ key / np.sqrt(len(key))
        mixed = np.exp(highest - max(highest, score)) * mixed + np.exp(score - max(highest, score)) * value
        highest = max(highest, score)
    return mixed


def in_place(query, key, value, beta):
    query /= np.linalg.norm(query, axis=-1, keepdims=True)
    return softmax(beta * query @ unit(key).T) @ value


WRONG = {
    "next_letter": [
        (lambda n: np.eye(n), r"the answer must be 2 things, \(w_q, w_k\): yours is one array of shape \(5, 5\)"),
        (lambda n: maps(n)[0], "the answer must be 2 things"),
        (
            lambda n: (np.zeros((n, n)), np.eye(n)),
            "letter 1 must give .* to letter 2: yours gives the same weight to all",
        ),
        (lambda n: (10 * np.sqrt(n) * np.eye(n), np.eye(n)), r"yours gives most to letter 1, itself"),
        (lambda n: maps(n, step=-1), r"yours gives most to letter 5, the one before"),
        (lambda n: maps(n)[::-1], r"yours gives most to letter 5, the one before"),
        (lambda n: maps(n, axis=0), r"yours gives most to letter 5, the one before"),
        (lambda n: maps(n, step=2), r"of 5 letters, letter \d must .*: yours gives most to letter \d$"),
        (lambda n: (np.eye(n, k=1) * 10 * np.sqrt(n), np.eye(n)), "letter 5 must .* letter 1: yours gives the same"),
        (lambda n: maps(n, stretch=1), r"at least 0\.9: yours gives 0\.28 \(scores are divided by √5, and 4 other"),
        (
            lambda n: maps(n, stretch=10),
            r"of 26 letters, .*, at least 0\.9: yours gives 0\.22 \(.* by √26, and 25 other",
        ),
        (lambda n: maps(n, stretch=np.log(9 * n)), r"at least 0\.9: yours gives 0\.\d\d"),
        (lambda n: maps(26), r"w_q for n = 5 must have shape \(5, 26\): yours has \(26, 26\)"),
        (lambda n: (maps(n)[0], np.eye(n + 1)[:n]), r"one width d_k: w_q has shape \(5, 5\), w_k \(5, 6\)"),
        (lambda n: (maps(n)[0], np.arange(n)), r"w_k for n = 5 must have shape"),
        (lambda n: (np.full((n, n), np.inf), np.eye(n)), "w_q for n = 5 must be finite"),
        (lambda n: np.eye(n) @ np.eye(3), "your code raised ValueError"),
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
        (lambda q, k, v, b: softmax(b * unit(q) @ k.T / np.linalg.norm(k)) @ v, "one of the keys made 5 times longer"),
        (lambda q, k, v, b: softmax(b * unit(q.T).T @ unit(k.T)) @ v, "your code raised ValueError|made 5 times"),
        (lambda q, k, v, b: softmax(b * unit(q) @ unit(k).T), r"must have shape \(\d+, \d+\): yours has"),
        (lambda q, k, v, b: attention(unit(q), unit(k), v, scale=b), "must be one array .* tuple of 2"),
        (
            lambda q, k, v, b: attention(b * unit(q), unit(k), v)[0],
            r"with beta = 1 mix .*: yours is 5\.124 where 5\.848",
        ),
        (lambda q, k, v, b: softmax(unit(q) @ unit(k).T / b) @ v, r"with beta = 2 mix .*: yours is 4\.98 where 7\.046"),
        (
            lambda q, k, v, b: softmax(-b * unit(q) @ unit(k).T) @ v,
            r"with beta = 1 mix .*: yours is 2\.152 where 5\.848",
        ),
        (lambda q, k, v, b: unit(b * unit(q) @ unit(k).T) @ v, r"mix the values 8 and 0 .*: yours is 8 where"),
        (lambda q, k, v, b: softmax(b * cosine_scores(q, k)) @ v, "what cosine_scores does is the exercise"),
        (in_place, "changed (q|query) in place"),
    ],
    "nearest_by_dot": [
        (lambda q, k, h: pair(q, k, 1.0, -(k**2) / 2)[0], "the answer must be 2 things|lifted"),
        (lambda q, k, h: (q[:, None] / h, k[:, None] / h), "only distances count: .* moved by 10 changed the weights"),
        (lambda q, k, h: pair(q, k, 1.0, k**2 / 2), "only distances count"),
        (lambda q, k, h: pair(q / h**2, k, 1.0, -(k**2) / 2), r"only distances count|with bandwidth = 0\.5"),
        (
            lambda q, k, h: pair(q, k, 1.0, -(k**2) / 2),
            r"with bandwidth = 0\.5, keys at distance 0 and 0\.74 .* 3 : 1: yours",
        ),
        (
            lambda q, k, h: pair(q / h, k, 1 / h, -(k**2) / 2),
            r"with bandwidth = 0\.5, keys at .* must weigh 3 : 1: yours is 1\.732",
        ),
        (lambda q, k, h: pair(2 * q / h**2, k, 2 / h**2, -(k**2) / 2), r"with bandwidth = 1, .* 3 : 1: yours is 9"),
        (lambda q, k, h: pair(q / h**2, k, 1 / h**2, -(k**2)), "only distances count"),
        (distances, r"a query must be lifted to at most 3 numbers: yours is lifted to [57]"),
        (
            lambda q, k, h: (q[:, None] / h**2, np.stack([k, -(k**2) / 2], -1)),
            r"the array of lifted keys must have shape",
        ),
        (
            lambda q, k, h: ([[1.0], [1.0, 2.0]], [[1.0]]),
            "lifted queries must hold real numbers, in rows of one length",
        ),
        (lambda q, k, h: (q, k), r"the array of lifted queries must have shape \([57], m\): yours has"),
        (
            lambda q, k, h: tuple(part.T for part in SOLUTIONS["nearest_by_dot"](q, k, h)),
            "lifted queries must have shape",
        ),
        (lambda q, k, h: SOLUTIONS["nearest_by_dot"](k, q, h), "lifted queries must have shape"),
        (lambda q, k, h: softmax(distances(q, k, h)[0]), "the answer must be 2 things|lifted"),
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
        (lambda q, s: np.mean([value.copy() for _, value in s], axis=0), "to 4: yours is 3 where 4 is due"),
        (likeliest_alone, "to 4: yours is 5 where 4 is due"),
        (without_the_sum, "to 4: yours is 5.333 where 4 is due"),
        (
            lambda q, s: attention(q[None], *map(np.array, zip(*s, strict=True)))[0],
            "must have shape|copy what you keep",
        ),
    ],
}


def test_maps_of_any_width_and_any_way_to_write_a_rotation_pass():
    def through_angles(n):
        """Letters on a circle: the query looks one step further round."""
        turn = 2 * np.pi * np.arange(n) / n
        stretch = 20 * n**2
        return (
            stretch * np.stack([np.cos(turn + 2 * np.pi / n), np.sin(turn + 2 * np.pi / n)], -1),
            np.stack([np.cos(turn), np.sin(turn)], -1),
        )

    assert check.next_letter(through_angles)
    assert check.next_letter(lambda n: [part.tolist() for part in maps(n)])
    assert check.next_letter(lambda n: (maps(n)[0].astype(int), np.eye(n, dtype=int)))
    assert check.next_letter(lambda n: maps(n, stretch=1000))


def test_third_number_that_softmax_does_not_see_is_no_mistake():
    def all_three_terms(query, key, h):
        ones, half = np.ones_like, 2 * h**2
        return (
            np.stack([query / h**2, -ones(query) / half, -(query**2) / half], -1),
            np.stack([key, key**2, ones(key)], -1),
        )

    assert check.nearest_by_dot(all_three_terms)


def test_small_constant_in_a_denominator_is_no_mistake():
    def unit_or_zero(x):
        return x / (np.linalg.norm(x, axis=-1, keepdims=True) + 1e-8)

    assert check.cosine_attention(lambda q, k, v, b: softmax(b * unit_or_zero(q) @ unit_or_zero(k).T) @ v)


(
    test_the_notebooks_solution_passes,
    test_an_empty_answer_is_named_as_such,
    test_a_wrong_answer_fails_for_the_right_reason,
) = exercise_tests(SOLUTIONS, WRONG)
