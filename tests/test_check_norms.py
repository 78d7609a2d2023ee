"""Chapter 6's checks accept the notebook's own solutions and name what is wrong with other answers."""

import numpy as np
import pytest

import attnlib
from attncourse import check
from tests.exercises import exercise_tests, solutions_of
from tests.notebooks import ROOT

CHAPTER = ROOT / "chapters" / "06_normalise_the_token.ipynb"

SOLUTIONS = solutions_of(CHAPTER)


def fold_norm(gain, bias, w, b):
    return gain[:, None] * w, bias @ w + b


def fold_norm_in_place(gain, bias, w, b):
    w *= gain[:, None]
    return w, bias @ w + b


def one_scale(gain, bias, w, b):
    return gain.mean() * w, bias @ w + b


def by_looking(gain, bias, w, b):
    """The map that answers for unit vectors, but with LayerNorm put before it."""
    width = len(gain)
    units = attnlib.layer_norm(np.eye(width), gain, bias) @ w + b
    return units - b, b


def merged(n, m, v, k, p, q, ddof=0):
    mean = (n * m + k * p) / (n + k)
    return mean, (n * (v + (m - mean) ** 2) + k * (q + (p - mean) ** 2)) / (n + k - ddof)


def only_mean(n, m, v, k, p, q):
    return merged(n, m, v, k, p, q)[0]


def squares_less_square(n, m, v, k, p, q):
    mean = merged(n, m, v, k, p, q)[0]
    return mean, (n * (v + m**2) + k * (q + p**2)) / (n + k) - mean**2


def merge_in_place(n, m, v, k, p, q):
    found = merged(n, m, v, k, p, q)
    m[:], v[:] = found
    return m, v


def with_mean(mean):
    """A merge with another mean, and the right variance."""
    return lambda *halves: (mean(*halves), merged(*halves)[1])


def with_variance(variance):
    """A merge with the right mean, and another variance."""
    return lambda *halves: (merged(*halves)[0], variance(*halves))


def changes(x, token, change):
    """An answer to exercise 4 with another change of the token."""
    other = x.copy()
    other[token] = change(other[token])
    return lambda norm: ~np.isclose(norm(other), norm(x)).all(axis=-1)


def replaced(x, token, new=None):
    """A copy with another token."""
    other = x.copy()
    other[token] = np.random.default_rng(5).normal(size=x.shape[-1]) if new is None else new
    return other


def only_the_token(norm, x, token):
    found = np.zeros(x.shape[:-1], dtype=bool)
    found[token] = True
    return found


def change_in_place(norm, x, token):
    before = norm(x)
    x[token] = x[token] ** 2 + 1
    return ~np.isclose(norm(x), before).all(axis=-1)


def back(x, gain, grad_output, eps):
    return attnlib.rms_norm_vjp(x, gain, eps)[1](grad_output)


def scale_as_a_constant(x, gain, grad_output, eps):
    scale = 1 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)
    return grad_output * gain * scale, back(x, gain, grad_output, eps)[1]


def forget_the_gain(x, gain, grad_output, eps):
    return back(x, np.ones_like(gain), grad_output, eps)[0], back(x, gain, grad_output, eps)[1]


def gain_of_one_token(x, gain, grad_output, eps):
    grad_x, grad_gain = back(x, gain, grad_output, eps)
    return grad_x, grad_gain / (x.size // x.shape[-1])


def fold(w, b, mean, variance, gain, bias, eps):
    scale = gain / np.sqrt(variance + eps)
    return w * scale, (b - mean) * scale + bias


def scale_rows(w, b, mean, variance, gain, bias, eps):
    factor = gain[0] / np.sqrt(variance[0] + eps)
    return w * factor, fold(w, b, mean, variance, gain, bias, eps)[1]


def fold_in_place(w, b, mean, variance, gain, bias, eps):
    new = fold(w, b, mean, variance, gain, bias, eps)
    w[:] = new[0]
    return new


WRONG = {
    "fold_layer_norm": [
        (lambda g, c, w, b: (w * (g if w.shape[0] == w.shape[1] else g[:, None]), c @ w + b), r"stretches its columns"),
        (lambda g, c, w, b: (w, c @ w + b), r"the gain is still missing"),
        (lambda g, c, w, b: (w / g[:, None], c @ w + b), r"the gain multiplies: yours divides"),
        (lambda g, c, w, b: ((g * c)[:, None] * w, c @ w + b), r"in yours the bias is mixed in"),
        (lambda g, c, w, b: (g[:, None] * w, b), r"the bias is still missing"),
        (lambda g, c, w, b: (g[:, None] * w, c @ w), r"the old b is missing"),
        (lambda g, c, w, b: (g[:, None] * w, c @ (g[:, None] * w) + b), r"the old w, not the stretched one"),
        (lambda g, c, w, b: (g[:, None] * w, b - c @ w), r"it is not subtracted"),
        (lambda g, c, w, b: (g[:, None] * w, c + b if len(c) == len(b) else c @ w + b), r"the new b is what a token"),
        (lambda g, c, w, b: (np.diag(g), c @ w + b), r"the new w must have shape \(3, 5\)"),
        (lambda g, c, w, b: g[:, None] * w, r"must be 2 things, \(w, b\)"),
        (lambda g, c, w, b: fold_norm(g, c, w, b)[::-1], r"the new w must have shape"),
        (lambda g, c, w, b: (w * g, c @ w + b), r"your code raised ValueError"),
        (one_scale, r"row i of the new w is gain\[i\] times row i"),
        (by_looking, r"row i of the new w is gain\[i\] times row i"),
        (fold_norm_in_place, r"changed w in place"),
    ],
    "merge_statistics": [
        (with_mean(lambda n, m, v, k, p, q: (m + p) / 2), r"with 3 and 5 tokens the halves do not weigh the same"),
        (with_mean(lambda n, m, v, k, p, q: (k * m + n * p) / (n + k)), r"the weight of the other"),
        (with_mean(lambda n, m, v, k, p, q: n * m + k * p), r"a mean divides by the number of tokens"),
        (with_variance(lambda n, m, v, k, p, q: (n * v + k * q) / (n + k)), r"distance between the means is missing"),
        (with_variance(lambda n, m, v, k, p, q: (v + q) / 2), r"and every token counts once"),
        (lambda *halves: merged(*halves, ddof=1), r"biased: divide by 8, not by 7"),
        (with_variance(lambda *halves: np.sqrt(merged(*halves)[1])), r"yours is its root"),
        (
            with_variance(lambda n, m, v, k, p, q: (n * v + k * q) / (n + k) + n * k / (n + k) ** 2 * (p - m)),
            r"must be squared",
        ),
        (with_variance(lambda n, m, v, k, p, q: (n * v + k * q) / (n + k) + (p - m) ** 2), r"share · \(1 − share\)"),
        (with_variance(lambda n, m, v, k, p, q: v + q), r"mean squared distance of all 8 tokens"),
        (with_variance(lambda *halves: sum(halves[::3]) * merged(*halves)[1]), r"yours is a sum of squares"),
        (squares_less_square, r"the digits must survive"),
        (only_mean, r"must be 2 things, \(mean, variance\)"),
        (lambda *halves: merged(*halves)[::-1], r"the mean is over all 8 tokens"),
        (merge_in_place, r"changed mean_1 in place|changed m in place"),
    ],
    "changed_tokens": [
        (
            lambda norm, x, token: changes(x, token, lambda t: t + 1)(norm),
            r"LayerNorm .*: 1 of 6 .* at \(1, 2\) does, and yours says otherwise",
        ),
        (
            lambda norm, x, token: changes(x, token, lambda t: 2 * t)(norm),
            r"nor a factor.* at \(1, 2\) does, and yours",
        ),
        (
            lambda norm, x, token: changes(x, (0, 0), lambda t: t**2 + 1)(norm),
            r"the one at \(0, 0\) does not, and yours",
        ),
        (
            lambda norm, x, token: np.ones(x.shape[:-1], dtype=bool),
            r"LayerNorm .*: 1 of 6 .* at \(0, 0\) does not, and yours",
        ),
        (
            lambda norm, x, token: (norm(replaced(x, token)) != norm(x)).any(axis=-1),
            r"last digits differ from call to call: 1 of 6 .* does not, and yours",
        ),
        (
            lambda norm, x, token: (norm(replaced(x, token, 1 + x[token])) != norm(x)).any(axis=-1),
            r"rounded to nine digits: 1 of 6 .* does, and yours",
        ),
        (
            lambda norm, x, token: ~np.isclose(norm(replaced(x, token)).sum(axis=-1), norm(x).sum(axis=-1)),
            r"LayerNorm .*: 1 of 6 .* does, and yours",
        ),
        (
            lambda norm, x, token: ~np.isclose(norm(replaced(x, token)), norm(x)).any(axis=-1)[::-1],
            r"at \(0, 2\) does not, and yours",
        ),
        (only_the_token, r"over the sentence and its features: 3 of 6 .* at \(1, 0\) does, and yours"),
        (lambda norm, x, token: np.zeros(x.shape[:-1]), r"must hold True and False: yours is of dtype float64"),
        (lambda norm, x, token: np.zeros(x.shape, dtype=bool), r"must have shape \(2, 3\)"),
        (change_in_place, r"changed x in place"),
    ],
    "rms_norm_pullback": [
        (scale_as_a_constant, r"must be orthogonal to x"),
        (forget_the_gain, r"grad_x with a random direction must be what the loss"),
        (gain_of_one_token, r"grad_gain is the sum over all tokens"),
        (
            lambda x, gain, grad, eps: (back(x, gain, grad, 0.0)[0], back(x, gain, grad, eps)[1]),
            r"grad_x with a random direction",
        ),
        (lambda x, gain, grad, eps: back(x, gain, grad, eps)[::-1], r"grad_x must have shape \(3, 4\)"),
    ],
    "fold_batch_norm": [
        (lambda w, b, mean, variance, gain, bias, eps: fold(w, b, mean, variance, gain, bias, 0), r"for x = 0"),
        (
            lambda w, b, mean, variance, gain, bias, eps: (w, fold(w, b, mean, variance, gain, bias, eps)[1]),
            r"for every x: yours at",
        ),
        (lambda w, b, mean, variance, gain, bias, eps: fold(w, 0 * b, mean, variance, gain, bias, eps), r"for x = 0"),
        (scale_rows, r"for every x: yours at"),
        (fold_in_place, r"changed w in place"),
    ],
}

(
    test_the_notebooks_solution_passes,
    test_an_empty_answer_is_named_as_such,
    test_a_wrong_answer_fails_for_the_right_reason,
) = exercise_tests(SOLUTIONS, WRONG)


def by_difference(n, m, v, k, p, q):
    """The two means once, as their difference (Chan et al.)."""
    share, apart = k / (n + k), p - m
    return [m + share * apart, v + share * (q - v) + share * (1 - share) * apart**2]


RIGHT = [
    ("fold_layer_norm", lambda gain, bias, w, b: [np.diag(gain) @ w, np.einsum("i,ij->j", bias, w) + b]),
    ("fold_layer_norm", lambda gain, bias, w, b: ((w.T * gain).T, b + (bias[:, None] * w).sum(axis=0))),
    ("merge_statistics", by_difference),
    ("merge_statistics", lambda *halves: np.stack(merged(*halves))),
    ("changed_tokens", lambda norm, x, token: np.abs(norm(replaced(x, token)) - norm(x)).max(axis=-1) > 1e-6),
]


@pytest.mark.parametrize(
    ("exercise", "answer"), RIGHT, ids=[f"{exercise}-{i}" for i, (exercise, _) in enumerate(RIGHT)]
)
def test_another_right_answer_passes(exercise, answer):
    assert getattr(check, exercise)(answer), repr(getattr(check, exercise)(answer))
