"""Chapter 3's checks accept the notebook's own solutions and name what is wrong with other answers."""

import numpy as np
import pytest

from attncourse import check
from attnlib import attention
from tests.exercises import exercise_tests, solutions_of
from tests.notebooks import ROOT

CHAPTER = ROOT / "chapters" / "03_split_into_heads.ipynb"

SOLUTIONS = solutions_of(CHAPTER)


def tiled(query, key, value):
    times = len(query) // len(key)
    return attention(query, np.tile(key, (times, 1, 1)), np.tile(value, (times, 1, 1)))[0]


def mean_of_the_keys(query, key, value):
    return attention(query, *(np.repeat(x.mean(axis=0, keepdims=True), len(query), axis=0) for x in (key, value)))[0]


def group_of_scores_summed(query, key, value):
    group = query.reshape(len(key), -1, *query.shape[1:]).sum(axis=1)
    return np.repeat(attention(group, key, value)[0], len(query) // len(key), axis=0)


def sizes_on_both_sides(weight, d_k):
    left, sizes, right = np.linalg.svd(weight, full_matrices=False)
    return left[:, :d_k] * sizes[:d_k], (sizes[:, None] * right)[:d_k].T


def first_columns(weight, d_k):
    return weight[:, :d_k], np.eye(weight.shape[1])[:, :d_k]


def by_svd(weight, d_k, of_sizes=lambda sizes: sizes):
    left, sizes, right = np.linalg.svd(weight, full_matrices=False)
    return left[:, :d_k] * of_sizes(sizes)[:d_k], right[:d_k].T


def by_eigenvectors(weight, d_k):
    """Of weight · weightᵀ, the smallest first, as ``eigh`` has them."""
    vectors = np.linalg.eigh(weight @ weight.T)[1][:, :d_k]
    return vectors, weight.T @ vectors


def by_qr(weight, d_k):
    q, r = np.linalg.qr(weight)
    return q[:, :d_k], r[:d_k].T


def columns_and_least_squares(weight, d_k):
    """The best w_k for a w_q that is not the best."""
    w_q = weight[:, :d_k]
    return w_q, np.linalg.lstsq(w_q, weight, rcond=None)[0].T


def smallest_first(weight, d_k):
    left, sizes, right = np.linalg.svd(weight, full_matrices=False)
    return left[:, -d_k:] * sizes[-d_k:], right[-d_k:].T


def terms_of(heads, w_o):
    return heads @ w_o.reshape(len(heads), heads.shape[-1], -1)


def costs(outputs, target):
    return ((outputs - target) ** 2).mean(axis=(-2, -1))


def costs_without(heads, w_o, target):
    return SOLUTIONS["removal_costs"](heads, w_o, target)


def a_loop(heads, w_o, target):
    """Right, another way: a head's numbers set to zero in a copy, head by head."""
    found = []
    for head in range(len(heads)):
        silent = heads.copy()
        silent[head] = 0
        joined = np.concatenate(list(silent), axis=-1)
        found.append(float(np.square(joined @ w_o - target).mean()))
    return found


def keeps_one(heads, w_o, target):
    return costs(terms_of(heads, w_o), target)


def distance_to_the_full_output(heads, w_o, target):
    return costs(terms_of(heads, w_o), 0)


def summed(heads, w_o, target):
    return costs_without(heads, w_o, target) * target.size


def mean_over_tokens_alone(heads, w_o, target):
    return costs_without(heads, w_o, target) * target.shape[-1]


def rooted(heads, w_o, target):
    return np.sqrt(costs_without(heads, w_o, target))


def absolute(heads, w_o, target):
    terms = terms_of(heads, w_o)
    return np.abs(terms.sum(axis=0) - terms - target).mean(axis=(1, 2))


def rows_in_turn(heads, w_o, target):
    terms = heads @ w_o.reshape(heads.shape[-1], len(heads), -1).swapaxes(0, 1)
    return costs(terms.sum(axis=0) - terms, target)


def what_removal_adds(heads, w_o, target):
    return costs_without(heads, w_o, target) - costs(terms_of(heads, w_o).sum(axis=0), target)


def last_head_forgotten(heads, w_o, target):
    return costs_without(heads, w_o, target)[:-1]


def averaged_heads(heads, w_o, target):
    """Spreads each head evenly over the others' rows."""
    return costs_without(np.repeat(heads.mean(axis=0, keepdims=True), len(heads), axis=0), w_o, target)


def in_place(heads, w_o, target):
    found = []
    for head in range(len(heads)):
        heads[head] = 0
        found.append(costs(terms_of(heads, w_o).sum(axis=0), target))
    return np.array(found)


def circle(seq, steps):
    angle = 2 * np.pi * (np.arange(seq) + steps) / seq
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def on_a_circle(seq, back=-1, ahead=1, size=100.0):
    keys = circle(seq, 0)
    return size * np.stack([circle(seq, back), circle(seq, ahead)]), np.stack([keys, keys])


def on_a_parabola(seq):
    """Right, another way: keys (j, j²) and queries for which the nearest place to i ± 1 wins."""
    place = np.arange(seq, dtype=float)
    w_q = [100 * np.stack([2 * (place + step), -np.ones(seq)], axis=-1) for step in (-1, 1)]
    return w_q, [np.stack([place, place**2], axis=-1)] * 2


def on_a_line(seq):
    """Only the ends of a line can win."""
    place = np.arange(seq) - (seq - 1) / 2
    keys = np.stack([place, np.zeros(seq)], axis=-1)
    return 100 * np.stack([keys - np.array([1, 0]), keys + np.array([1, 0])]), np.stack([keys, keys])


def one_hot(seq):
    keys = np.eye(seq)
    return 100 * np.stack([np.roll(keys, -1, axis=1), np.roll(keys, 1, axis=1)]), np.stack([keys, keys])


RIGHT = {
    "removal_costs": [a_loop, lambda heads, w_o, target: a_loop(heads.astype(np.float32), w_o, target)],
    "narrow_heads": [on_a_parabola, lambda seq: list(on_a_circle(seq)), lambda seq: np.stack(on_a_circle(seq))],
}

WRONG = {
    "removal_costs": [
        (keeps_one, r"the head itself must go, not all others"),
        (distance_to_the_full_output, r"yours is to the output of all heads"),
        (summed, r"a mean over all 5 · 7 numbers is due: yours is their sum"),
        (mean_over_tokens_alone, r"yours divides by 5, the tokens, alone"),
        (rooted, r"no root of it"),
        (absolute, r"distances must be squared"),
        (rows_in_turn, r"own block of rows of w_o: yours deals the rows out in turn"),
        (what_removal_adds, r"not what the head's removal adds to it"),
        (last_head_forgotten, r"must have shape \(3,\): yours has \(2,\)"),
        (lambda *args: costs_without(*args)[:, None], r"must have shape \(3,\): yours has \(3, 1\)"),
        (lambda *args: costs_without(*args)[::-1], r"without each of 3 heads: yours at \[0\]"),
        (averaged_heads, r"without each of 3 heads: yours at \[0\]"),
        (in_place, r"your function changed heads in place"),
        (lambda heads, w_o, target: costs_without(heads, w_o.T, target), r"without each of 3 heads: yours at"),
        (lambda heads, w_o, target: costs_without(heads, w_o, target).mean(), r"must have shape \(3,\): yours has"),
    ],
    "narrow_heads": [
        (lambda seq: on_a_circle(seq, 1, -1), r"yours are the other way round"),
        (lambda seq: on_a_circle(seq, -1, -1), r"token 1 must give .* in head 2 to the token after it"),
        (lambda seq: on_a_circle(seq, 0, 0), r"token 2 must give at least 0.9 .* yours gives 0.00, token 2 gets most"),
        (lambda seq: on_a_circle(seq, size=1.0), r"the most of all, but too little: longer queries make a softmax"),
        (lambda seq: on_a_circle(seq, -2, 2), r"token 2 must give at least 0.9 .* token 12 gets most"),
        (lambda seq: on_a_circle(12), r"w_q for 3 tokens must have shape \(2, 3, 2\): yours has \(2, 12, 2\)"),
        (lambda seq: on_a_circle(seq)[::-1], r"other way round|must give at least 0.9"),
        (on_a_line, r"with 12 tokens, token 3 must give at least 0.9 .* token 1 gets most"),
        (one_hot, r"w_q for 12 tokens must have shape \(2, 12, 2\): yours has \(2, 12, 12\)"),
        (lambda seq: on_a_circle(seq)[0], r"w_q for 12 tokens must have shape \(2, 12, 2\): yours has \(12, 2\)"),
        (lambda seq: tuple(w[0] for w in on_a_circle(seq)), r"must have shape \(2, 12, 2\): yours has \(12, 2\)"),
        (lambda seq: on_a_circle(seq, size=np.inf), r"must be finite"),
        (lambda seq: tuple(np.zeros((2, 2, seq, 2))), r"yours gives 0.08, and so much to every token"),
        (lambda seq: (*on_a_circle(seq), None), r"must be 2 things, \(w_q, w_k\)"),
    ],
    "grouped_query": [
        (tiled, r"of 6 query heads the first 3 read key head 1.* head 2 reads key head 2 instead of 1"),
        (mean_of_the_keys, r"query head 1 must attend to key head 1 of 3, and yours to none"),
        (group_of_scores_summed, r"query head 1 must attend to key head 1 of 1, and yours to none"),
        (lambda query, key, value: attention(query, key, value)[0], r"your code raised ValueError"),
        (lambda *args: SOLUTIONS["grouped_query"](*args)[::-1], r"neighbours must share|query head 1 must attend"),
        (
            lambda *args: attention(args[0], *(x[:1].repeat(len(args[0]), axis=0) for x in args[1:])),
            r"\[0\] is the out",
        ),
        (
            lambda *args: attention(args[0], *(x[:1].repeat(len(args[0]), axis=0) for x in args[1:]))[0],
            r"head 2 reads key head 1",
        ),
        (
            lambda *args: SOLUTIONS["grouped_query"](*args).swapaxes(0, 1),
            r"must have shape \(3, 2, 7\): yours has \(2, 3",
        ),
        (lambda query, *kv: SOLUTIONS["grouped_query"](np.sqrt(query.shape[-1]) * query, *kv), r"key head 1 of 3, and"),
        (
            lambda *args: np.concatenate(SOLUTIONS["grouped_query"](*args), axis=-1),
            r"shape \(3, 2, 7\): yours has \(2, 21",
        ),
        (
            lambda query, key, value: attention(
                query, *(np.repeat(x, len(query) // len(x), axis=1) for x in (key, value))
            )[0],
            r"your code raised ValueError",
        ),
        (
            lambda query, key, value: attention(
                query, np.repeat(key, len(query) // len(key), 0), np.tile(value, (len(query) // len(key), 1, 1))
            )[0],
            r"query head 2 must attend to key head 1 of 2, and yours to none",
        ),
        (lambda query, key, value: attention(query[: len(key)], key, value)[0], r"\(4, 2, 7\): yours has \(1, 2, 7\)"),
        (lambda query, key, value: tiled(query, key[::-1], value[::-1]), r"head 1 reads key head 3 instead of 1"),
        (
            lambda query, key, value: SOLUTIONS["grouped_query"](np.multiply(query, 2, out=query) / 2, key, value),
            r"changed query in place",
        ),
    ],
    "factor_scores": [
        (first_columns, r"as rank 5 allows, 0 away .*: yours is 4\.239 away"),
        (sizes_on_both_sides, r"once, on either side: yours come in on both"),
        (lambda weight, d_k: by_svd(weight, d_k, np.ones_like), r"yours leaves the sizes out"),
        (lambda weight, d_k: by_svd(weight, d_k, np.sqrt), r"as rank 5 allows, 0 away"),
        (lambda weight, d_k: by_svd(weight, d_k, np.square), r"on either side: yours come in on both"),
        (lambda weight, d_k: by_svd(weight, d_k)[::-1], r"w_q must have shape \(5, 5\): yours has \(7, 5\)"),
        (lambda weight, d_k: tuple(w.T for w in by_svd(weight, d_k)), r"w_k must have shape|w_q must have shape"),
        (lambda weight, d_k: by_svd(weight, min(weight.shape)), r"w_q must have shape \(7, 2\): yours has \(7, 5\)"),
        (by_eigenvectors, r"as rank 5 allows|as rank 2 allows|raised"),
        (by_qr, r"as rank 2 allows, .* away .*: yours is"),
        (columns_and_least_squares, r"as rank 2 allows, .* away .*: yours is"),
        (lambda weight, d_k: by_svd(np.negative(weight, out=weight), d_k), r"changed weight in place"),
        (smallest_first, r"the largest singular values matter most: yours are the smallest"),
        (lambda weight, d_k: (weight, np.eye(weight.shape[1])), r"w_q must have shape \(5, 5\): yours has \(5, 7\)"),
        (lambda weight, d_k: weight[:, :d_k], r"must be 2 things, \(w_q, w_k\): yours is one array of shape \(5, 5\)"),
    ],
}

(
    test_the_notebooks_solution_passes,
    test_an_empty_answer_is_named_as_such,
    test_a_wrong_answer_fails_for_the_right_reason,
) = exercise_tests(SOLUTIONS, WRONG)


@pytest.mark.parametrize(
    ("exercise", "answer"), [(exercise, answer) for exercise, answers in RIGHT.items() for answer in answers]
)
def test_a_right_answer_in_another_form_is_accepted(exercise, answer):
    assert repr(getattr(check, exercise)(answer)) == f"✓ {exercise}: every property holds"


def test_results_in_float32_are_told_their_dtype_only_where_they_are_wrong():
    said = repr(check.removal_costs(lambda *args: 2 * costs_without(*args).astype(np.float32)))
    assert "(dtype float32, not float64)" in said
