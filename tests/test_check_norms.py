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


def back(x, gain, grad_output, eps, along=1.0, centre=False):
    """By the formula, with its second term changed, or with the mean taken away as LayerNorm has it."""
    scale = 1 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)
    x_hat, grad = x * scale, grad_output * gain
    grad_x = grad - along * x_hat * (grad * x_hat).mean(axis=-1, keepdims=True)
    if centre:
        grad_x = grad_x - grad.mean(axis=-1, keepdims=True)
    return scale * grad_x, over_tokens(grad_output * x_hat)


def over_tokens(x):
    return x.reshape(-1, x.shape[-1]).sum(axis=0)


def with_grad_gain(grad_gain):
    """The right grad_x, and another gradient of the gain."""
    return lambda *args: (back(*args)[0], grad_gain(*args))


def with_grad_x(grad_x):
    """The right gradient of the gain, and another grad_x."""
    return lambda *args: (grad_x(*args), back(*args)[1])


def eps_behind_the_root(x, gain, grad_output, eps):
    scale = 1 / (np.sqrt((x * x).mean(axis=-1, keepdims=True)) + eps)
    grad = grad_output * gain
    return scale * (grad - x * scale * (grad * x * scale).mean(axis=-1, keepdims=True))


def gain_at_the_end(x, gain, grad_output, eps):
    return gain * back(x, np.ones_like(gain), grad_output, eps)[0]


def central_difference(function, x, step):
    found = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        moved = np.zeros_like(x)
        moved[place] = step
        found[place] = (function(x + moved) - function(x - moved)) / (2 * step)
    return found


def by_differences(step):
    def grad_x(x, gain, grad_output, eps):
        return central_difference(lambda x: (attnlib.rms_norm(x, gain, eps) * grad_output).sum(), x, step)

    return with_grad_x(grad_x)


def back_in_place(x, gain, grad_output, eps):
    found = back(x, gain, grad_output, eps)
    grad_output *= gain
    return found


def the_librarys(x, gain, grad_output, eps):
    _, pullback = attnlib.rms_norm_vjp(x, gain, eps)
    return pullback(grad_output)


def fold(w, b, mean, variance, gain, bias, eps):
    scale = gain / np.sqrt(variance + eps)
    return w * scale, (b - mean) * scale + bias


def folded_with(**changes):
    """The right fold of changed arguments."""

    def answer(w, b, mean, variance, gain, bias, eps):
        given = {"mean": mean, "variance": variance, "gain": gain, "bias": bias, "eps": eps}
        return fold(w, b, **given | {name: change(given[name]) for name, change in changes.items()})

    return answer


def mean_after_the_scale(w, b, mean, variance, gain, bias, eps):
    return fold(w, b, mean, variance, gain, bias, eps)[0], gain / np.sqrt(variance + eps) * b - mean + bias


def bias_is_scaled(w, b, mean, variance, gain, bias, eps):
    return fold(w, b - mean + bias, 0 * mean, variance, gain, 0 * bias, eps)


def by_the_variance(w, b, mean, variance, gain, bias, eps):
    return fold(w, b, mean, (variance + eps) ** 2, gain, bias, 0)


def eps_after_the_root(w, b, mean, variance, gain, bias, eps):
    return fold(w, b, mean, (np.sqrt(variance) + eps) ** 2, gain, bias, 0)


def rows_where_it_fits(w, b, mean, variance, gain, bias, eps):
    new_w, new_b = fold(w, b, mean, variance, gain, bias, eps)
    return (fold(w.T, b, mean, variance, gain, bias, eps)[0].T if len(w) == len(b) else new_w), new_b


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
        (with_grad_x(lambda *args: back(*args, along=0)[0]), r"must be orthogonal to x"),
        (with_grad_x(lambda *args: back(*args, along=-1)[0]), r"must be orthogonal to x"),
        (with_grad_x(lambda x, *rest: back(x, *rest, along=x.shape[-1])[0]), r"must be orthogonal to x"),
        (with_grad_x(lambda *args: back(*args, centre=True)[0]), r"must be orthogonal to x"),
        (with_grad_x(gain_at_the_end), r"must be orthogonal to x"),
        (
            with_grad_x(lambda x, gain, *rest: back(x, np.ones_like(gain), *rest)[0]),
            r"grad_x with a random direction must be what the loss",
        ),
        (with_grad_x(lambda x, gain, grad, eps: back(x, gain, grad, 0.0)[0]), r"grad_x with a random direction"),
        (with_grad_x(eps_behind_the_root), r"grad_x with a random direction"),
        (with_grad_x(lambda *args: 2 * back(*args)[0]), r"grad_x with a random direction"),
        (with_grad_gain(lambda x, gain, grad, eps: back(x, gain, grad, eps)[1] / 3), r"yours is a mean"),
        (with_grad_gain(lambda x, gain, grad, eps: over_tokens(grad * x)), r"yours meets x as it came"),
        (
            with_grad_gain(lambda x, gain, grad, eps: gain * back(x, gain, grad, eps)[1]),
            r"yours is multiplied by the gain",
        ),
        (with_grad_gain(lambda x, gain, grad, eps: grad * x), r"grad_gain must have shape \(4,\): yours has \(3, 4\)"),
        (with_grad_gain(lambda x, gain, grad, eps: over_tokens(grad)), r"grad_gain is the sum over all tokens"),
        (
            with_grad_gain(lambda x, gain, grad, eps: back(x, gain, grad, 0.0)[1]),
            r"grad_gain is the sum over all tokens",
        ),
        (lambda *args: back(*args)[0], r"must be 2 things, \(grad_x, grad_gain\)"),
        (lambda *args: back(*args)[::-1], r"grad_x must have shape \(3, 4\)"),
        (by_differences(1e-5), r"no step of a finite difference fits every size"),
        (by_differences(1e-8), r"no step of a finite difference fits every size"),
        (back_in_place, r"changed grad_output in place"),
        (the_librarys, r"what rms_norm_vjp does is the exercise: yours calls it"),
        (lambda *args: attnlib.rms_norm_vjp(args[0], args[1], args[3])[1](args[2]), r"what rms_norm_vjp does"),
    ],
    "fold_batch_norm": [
        (folded_with(eps=lambda eps: 0), r"yours leaves it out"),
        (lambda *args: (args[0], fold(*args)[1]), r"the scale is still missing"),
        (lambda w, b, *rest: fold(w, 0 * b, *rest), r"the old b is missing"),
        (folded_with(mean=lambda mean: 0 * mean), r"the mean is still missing"),
        (folded_with(bias=lambda bias: 0 * bias), r"BatchNorm's bias is still missing"),
        (folded_with(gain=np.ones_like), r"the gain is still missing"),
        (lambda *args: (folded_with(gain=np.ones_like)(*args)[0], fold(*args)[1]), r"the gain is still missing in w"),
        (mean_after_the_scale, r"yours is taken away after it"),
        (bias_is_scaled, r"bias is added last: yours is scaled"),
        (by_the_variance, r"yours divides by the sum itself"),
        (eps_after_the_root, r"yours stands outside it"),
        (rows_where_it_fits, r"feature j is a column of w: yours stretches its rows"),
        (scale_rows, r"column j of the new w is .*: yours at"),
        (lambda *args: fold(*args)[0], r"must be 2 things, \(w, b\)"),
        (lambda *args: fold(*args)[::-1], r"the new w must have shape \(3, 5\): yours has \(5,\)"),
        (lambda *args: (fold(*args)[0].T, fold(*args)[1]), r"the new w must have shape \(3, 5\): yours has \(5, 3\)"),
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
