"""Chapter 2's checks accept the notebook's own solutions and name what is wrong with other answers."""

import numpy as np

from attnlib import entropy, softmax
from tests.exercises import exercise_tests, solutions_of
from tests.notebooks import ROOT

CHAPTER = ROOT / "chapters" / "02_scale_the_scores.ipynb"

SOLUTIONS = solutions_of(CHAPTER)


def scores_in_place(query, key):
    query *= key.shape[-1] ** -0.5
    return query @ key.mT


def pullback_of_one_row(attn_weights, grad_weights):
    return attn_weights * (grad_weights - (attn_weights * grad_weights).sum())


def norm_squared(p):
    squares = (p**2).sum(axis=-1)
    return squares - 2 * (p**3).sum(axis=-1) + squares**2


def bisect(scores, wanted, cold=1e-6, hot=1e6, colder=True):
    for _ in range(60):
        tau = (cold * hot) ** 0.5
        raise_it = (entropy(softmax(scores / tau)) < wanted) == colder
        cold, hot = (tau, hot) if raise_it else (cold, tau)
    return tau


WRONG = {
    "score_variance": [
        (lambda d_k, std_q, std_k: d_k, r"std_q = 3.* yours says 48"),
        (lambda d_k, std_q, std_k: d_k * std_q * std_k, r"std_q = 3.* yours says 144"),
        (lambda d_k, std_q, std_k: d_k * std_q**2, r"std_k = 3 have variance .* yours says 48"),
        (lambda d_k, std_q, std_k: d_k**0.5 * std_q * std_k, r"d_k = 7.* yours says 2\.646"),
    ],
    "scaled_scores": [
        (
            lambda q, k: None if q.dtype == np.float32 else SOLUTIONS["scaled_scores"](q, k),
            "the scores must not be None: does the function return something",
        ),
        (lambda q, k: q @ k.mT / np.sqrt(k.shape[-1]), r"float32 in must give float32 out: .* float64"),
        (lambda q, k: (q @ k.mT * k.shape[-1] ** -0.5).astype(np.float32), r"float64 in must give float64 out"),
        (lambda q, k: q @ k.mT, r"divided by √d_k: with d_k = 3.* yours are 1\.732 times"),
        (lambda q, k: q @ k.mT / k.shape[-1], r"divided by √d_k: .* yours are 0\.5774 times"),
        (lambda q, k: q @ k.mT * k.shape[-2] ** -0.5, r"divided by √d_k: .* seq_k = 5 yours are 0\.7746"),
        (lambda q, k: q @ k[..., ::-1, :].mT * k.shape[-1] ** -0.5, r"must be query i · key j"),
        (lambda q, k: q @ k.T * k.shape[-1] ** -0.5, r"your code raised ValueError"),
        (scores_in_place, r"changed query in place, called with query \(2, 3\), key \(5, 3\)"),
    ],
    "softmax_pullback": [
        (lambda p, g: p * g, r"the weights sum to 1: the gradient must be 0: yours at \[0\] is 0\.3126"),
        (lambda p, g: p * (1 - p) * g, r"the weights sum to 1: the gradient must be 0"),
        (lambda p, g: p * (g - g.mean(axis=-1, keepdims=True)), r"must sum to 0: yours is -"),
        (
            lambda p, g: p * ((p * g).sum(axis=-1, keepdims=True) - g),
            r"with a random direction must be what the loss changes by",
        ),
        (pullback_of_one_row, r"the gradient must be 0: yours at \[0, 0\] is -"),
    ],
    "jacobian_norm": [
        (lambda p: np.sqrt(norm_squared(p)), r"slightly below 0: .* not close to 0, such as nan"),
        (lambda p: np.maximum(norm_squared(p), 0), r"2 equal weights have norm √1/2: yours is 0\.25 where 0\.5"),
        (lambda p: 1 - p.max(axis=-1), r"7 equal weights have norm √6/7: yours is 0\.8571 where 0\.3499"),
        (lambda p: np.sqrt((p**2 * (1 - p) ** 2).sum(axis=-1)), r"2 equal weights .* yours is 0\.3536"),
        (lambda p: np.sqrt(np.abs(norm_squared(p))).sum(), r"must have shape \(2,\): yours has \(\)"),
        (
            lambda p: (p.shape[-1] - 1) ** 0.5 / p.shape[-1] + 0 * p[..., 0],
            r"each row has the norm of its own Jacobian",
        ),
    ],
    "temperature_for": [
        (lambda scores, wanted: wanted, r"of 2 weights must become 0\.3466: at your temperature 0\.3466 it is 0\.5751"),
        (lambda scores, wanted: -bisect(scores, wanted), r"a temperature must be above 0"),
        (lambda scores, wanted: 1 / bisect(scores, wanted), r"must become"),
        (lambda scores, wanted: bisect(scores, wanted, colder=False), r"at your temperature .*e[+-]06"),
        (lambda scores, wanted: bisect(scores, wanted, 1e-2, 1e2), r"1000 times as high, here .*: yours is"),
    ],
}

(
    test_the_notebooks_solution_passes,
    test_an_empty_answer_is_named_as_such,
    test_a_wrong_answer_fails_for_the_right_reason,
) = exercise_tests(SOLUTIONS, WRONG)
