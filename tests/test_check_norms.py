"""Chapter 6's checks accept the notebook's own solutions and name what is wrong with other answers."""

import numpy as np

import attnlib
from tests.exercises import exercise_tests, solutions_of
from tests.notebooks import ROOT

CHAPTER = ROOT / "chapters" / "06_normalise_the_token.ipynb"

SOLUTIONS = solutions_of(CHAPTER)


def whatever_is_not_nan(x, mask):
    return np.nanmean(x, axis=(0, 1)), np.nanvar(x, axis=(0, 1))


def normed(x, eps, axis=-1, ddof=0):
    return (x - x.mean(axis=axis, keepdims=True)) / np.sqrt(x.var(axis=axis, keepdims=True, ddof=ddof) + eps)


def one_pass(x, gain, bias, eps):
    mean = x.mean(axis=-1, keepdims=True)
    variance = np.maximum((x * x).mean(axis=-1, keepdims=True) - mean**2, 0)
    return (x - mean) / np.sqrt(variance + eps) * gain + bias


def eps_outside(x, gain, bias, eps):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / (x.std(axis=-1, keepdims=True) + eps) * gain + bias


def normalise_in_place(x, gain, bias, eps):
    x -= x.mean(axis=-1, keepdims=True)
    return x / np.sqrt(x.var(axis=-1, keepdims=True) + eps) * gain + bias


def times_the_mask(x, mask):
    kept = x * mask[..., None]
    return kept.sum(axis=(0, 1)) / mask.sum(), (kept**2).sum(axis=(0, 1)) / mask.sum()


def padding_as_zeros(x, mask):
    kept = np.where(mask[..., None], x, 0)
    return kept.mean(axis=(0, 1)), kept.var(axis=(0, 1))


def squares_of_the_padding_too(x, mask):
    kept = np.where(mask[..., None], x, 0)
    mean = kept.sum(axis=(0, 1)) / mask.sum()
    return mean, ((kept - mean) ** 2).sum(axis=(0, 1)) / mask.sum()


def sentence_by_sentence(x, mask):
    means = [row[real].mean(axis=0) for row, real in zip(x, mask, strict=True)]
    return np.mean(means, axis=0), x[mask].var(axis=0)


def step(mean, variance, x, momentum, ddof=1):
    tokens = x.reshape(-1, x.shape[-1])
    news = tokens.mean(axis=0), tokens.var(axis=0, ddof=ddof)
    return tuple(old + momentum * (new - old) for old, new in zip((mean, variance), news, strict=True))


def step_in_place(mean, variance, x, momentum):
    new_mean, new_variance = step(mean, variance, x, momentum)
    mean[:], variance[:] = new_mean, new_variance
    return mean, variance


def changes(x, token, change):
    """An answer to exercise 4 with another change of the token."""
    other = x.copy()
    other[token] = change(other[token])
    return lambda norm: ~np.isclose(norm(other), norm(x)).all(axis=-1)


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
    "layer_norm": [
        (lambda x, gain, bias, eps: normed(x, eps, ddof=1) * gain + bias, r"\(biased\): with d_model = 6 .* by 5"),
        (lambda x, gain, bias, eps: normed(x, eps, axis=0) * gain + bias, r"every token's mean must become 0"),
        (lambda x, gain, bias, eps: attnlib.rms_norm(x, gain, eps) + bias, r"every token's mean must become 0"),
        (lambda x, gain, bias, eps: (x - x.mean(axis=-1, keepdims=True)) * gain + bias, r"variance must become 1"),
        (lambda x, gain, bias, eps: normed(x, eps) * gain, r"normed · gain \+ bias"),
        (eps_outside, r"inside the root, .* yours at"),
        (one_pass, r"the digits must survive"),
        (lambda x, gain, bias, eps: normed(x, 1e-5) * gain + bias, r"eps, here 0\.0001, .* yours at"),
        (
            lambda x, gain, bias, eps: normed(x, 0.1) * gain + bias,
            r"variance must become 1: yours at \[0\] is 0\.9\d+ ",
        ),
        (lambda x, gain, bias, eps: np.nan_to_num(normed(x, 0)) * gain + bias, r"inside the root, .* yours at"),
        (normalise_in_place, r"changed x in place"),
    ],
    "masked_statistics": [
        (times_the_mask, r"0 · NaN is NaN"),
        (padding_as_zeros, r"over the 9 tokens that count, not over all 15"),
        (sentence_by_sentence, r"a mean of the sentences' means"),
        (lambda x, mask: (x[mask].mean(axis=0), x[mask].var(axis=0, ddof=1)), r"the variance is biased: divide by \d"),
        (squares_of_the_padding_too, r"the mean squared distance of the tokens that count"),
        (lambda x, mask: x[mask].mean(axis=0), r"must be 2 things, \(mean, variance\)"),
        (whatever_is_not_nan, r"the mask says what is padding, not NaN"),
    ],
    "running_statistics": [
        (lambda m, v, x, momentum: step(m, v, x, 1 - momentum), r"momentum = 0.1 is the share of the new batch"),
        (lambda m, v, x, momentum: step(m, v, x, momentum, ddof=0), r"unbiased, .* with n = 6 tokens"),
        (lambda m, v, x, momentum: step(m, v, x, 1.0), r"the mean goes 10% of the way"),
        (lambda m, v, x, momentum: (step(m, v, x, momentum)[0], v), r"the variance goes 10% of the way"),
        (lambda m, v, x, momentum: step(m, v, x[:1], momentum), r"the mean goes 10% of the way"),
        (step_in_place, r"changed mean in place"),
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
