"""Chapter 2's checks accept the notebook's own solutions and name what is wrong with other answers."""

import numpy as np
import pytest

from attncourse import check
from attnlib import entropy, softmax
from tests.exercises import exercise_tests, solutions_of
from tests.notebooks import ROOT

CHAPTER = ROOT / "chapters" / "02_scale_the_scores.ipynb"

SOLUTIONS = solutions_of(CHAPTER)


def smaller(power_q, power_k, power_rate):
    """Maps and rate times d_k to these powers."""

    def answer(w_q, w_k, learning_rate):
        d_k = w_q.shape[-1]
        return d_k**power_q * w_q, d_k**power_k * w_k, d_k**power_rate * learning_rate

    return answer


def smaller_by_d_in(w_q, w_k, learning_rate):
    d_in = w_q.shape[0]
    return d_in**-0.25 * w_q, d_in**-0.25 * w_k, d_in**-0.5 * learning_rate


def smaller_in_place(w_q, w_k, learning_rate):
    w_q *= w_q.shape[-1] ** -0.25
    return w_q, w_q.shape[-1] ** -0.25 * w_k, w_q.shape[-1] ** -0.5 * learning_rate


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
        (lambda q, k: len(q), r"5 components that are all the same number it is 25, and yours says 5"),
        (lambda q, k: len(q) ** 0.5, r"7 independent components .* variance d_k = 7: yours is 2\.646"),
        (lambda q, k: len(q) ** 2, r"7 independent components .* yours is 49"),
        (lambda q, k: np.trace(q), r"5 components that are all the same number it is 25, and yours says 5"),
        (lambda q, k: (np.diag(q) * np.diag(k)).sum(), r"the variances of the terms do not simply add"),
        (lambda q, k: (q @ k).sum(), r"must give variance d_k² = 25: yours is 125"),
        (lambda q, k: q.sum() * k.sum(), r"variance d_k = 7: yours is 49"),
        (lambda q, k: q.sum() * k.sum() / len(q), r"must give variance d_k² = 25: yours is 125"),
        (lambda q, k: np.trace(q) * np.trace(k), r"variance d_k = 7: yours is 49"),
        (lambda q, k: (q * k).sum() ** 0.5, r"variance d_k = 7: yours is 2\.646 where 7 is due"),
        (lambda q, k: np.linalg.norm(q @ k), r"variance d_k = 7: yours is 2\.646"),
        (lambda q, k: np.linalg.det(q @ k), r"variance d_k = 7: yours is 1"),
        (lambda q, k: (q * k).sum(axis=0), r"must have shape \(\): yours has \(7,\)"),
        (lambda q, k: np.trace(q) * np.trace(k) / len(q), r"the variances of the terms do not simply add"),
        (lambda q, k: len(q) * (q.mean() * k.mean()) * len(q), r"variance d_k = 7: yours is 1"),
        (lambda q, k: (q * q).sum(), r"the variance of q · k for d_k = 2, as a double sum"),
        (lambda q, k: (np.linalg.eigvalsh(q) * np.linalg.eigvalsh(k)).sum(), r"for d_k = 2, as a double sum"),
    ],
    "undivided": [
        (smaller(0, 0, 0), r"both maps together make yours 1 times as large .* where 0\.25 is due"),
        (smaller(0, 0, -0.5), r"both maps together make yours 1 times as large"),
        (smaller(-0.5, -0.5, -1), r"make yours 0\.0625 times as large"),
        (smaller(0.25, 0.25, 0.5), r"make yours 4 times as large"),
        (smaller(-0.25, 0, -0.5), r"make yours 0\.5 times as large"),
        (smaller(-0.5, 0, -0.5), r"both must start smaller by the same factor: yours are 0\.25 and 1 times"),
        (smaller(0, -0.5, -1), r"by the same factor: yours are 1 and 0\.25 times"),
        (smaller(-0.25, -0.25, 0), r"learning rate is 1 times the one given: yours at \[1\] is"),
        (smaller(-0.25, -0.25, -0.25), r"learning rate is 0\.5 times the one given: yours at \[1\] is"),
        (smaller(-0.25, -0.25, 0.5), r"learning rate is 4 times the one given: yours at \[1\] is"),
        (smaller(-0.25, -0.25, 0.25), r"learning rate is 2 times the one given: yours at \[1\] is"),
        (smaller(-0.25, -0.25, -1), r"learning rate is 0\.0625 times the one given: yours at \[1\] is"),
        (smaller_by_d_in, r"make yours 0\.4472 times as large"),
        (smaller_in_place, r"changed w_q in place"),
        (lambda q, k, rate: (q, k), r"must be 3 things, \(w_q, w_k, learning_rate\): yours is a tuple of 2"),
        (lambda q, k, rate: q.shape[-1] ** -0.5 * rate, r"must be 3 things"),
        (lambda q, k, rate: (q.T, k.T, rate), r"w_q must have shape \(5, 16\): yours has \(16, 5\)"),
        (
            lambda q, k, rate: (-(0.5 * q), 0.5 * k, 0.25 * rate),
            r"the loss of every step .*: yours at \[0\] is",
        ),
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
        (
            lambda p: np.linalg.norm(p[..., None] * (np.eye(p.shape[-1]) - p[..., None, :]), axis=(-2, -1)),
            r"sums over the weights must do: for 1500 yours took \d+% of their matrix",
        ),
        (
            lambda p: np.sqrt((p**2).sum(axis=-1) - (p**3).sum(axis=-1)),
            r"each row has the norm of its own Jacobian",
        ),
        (lambda p: (p * (1 - p)).sum(axis=-1), r"7 equal weights have norm"),
        (lambda p: np.sqrt(norm_squared(p) + 1e-8), r"a one-hot row must have norm 0: yours is 0\.0001"),
    ],
    "temperature_for": [
        (lambda scores, wanted: wanted, r"of 2 weights must become 0\.3466: at your temperature 0\.3466 it is 0\.5751"),
        (lambda scores, wanted: -bisect(scores, wanted), r"a temperature must be above 0"),
        (lambda scores, wanted: 1 / bisect(scores, wanted), r"must become"),
        (lambda scores, wanted: bisect(scores, wanted, colder=False), r"at your temperature .*e[+-]06"),
        (lambda scores, wanted: bisect(scores, wanted, 1e-2, 1e2), r"1000 times as high, here .*: yours is"),
        (lambda scores, wanted: scores.std(), r"must become"),
        (lambda scores, wanted: len(scores) ** 0.5, r"must become"),
        (lambda scores, wanted: bisect(scores, wanted / np.log(2)), r"must become"),
        (lambda scores, wanted: bisect(scores, wanted) * scores, r"the temperature must have shape \(\)"),
        (lambda scores, wanted: (1e-3, 1e3), r"the temperature must have shape \(\)"),
    ],
}


@pytest.mark.parametrize(
    "answer",
    [
        lambda q, k: np.trace(q @ k),
        lambda q, k: float(np.einsum("ce,ec->", q, k)),
        lambda q, k: sum(a @ b for a, b in zip(q, k, strict=True)),
        lambda q, k: np.float32((q * k).sum()),
    ],
)
def test_a_variance_found_in_another_way_passes(answer):
    assert check.score_variance(answer), repr(check.score_variance(answer))


def test_maps_that_are_also_turned_or_negated_pass(rng):
    """The scores, and so the losses, do not see it."""

    def turned(w_q, w_k, learning_rate):
        turn, _ = np.linalg.qr(rng.normal(size=(w_q.shape[-1],) * 2))
        return [-(w_q.shape[-1] ** -0.25) * w @ turn for w in (w_q, w_k)] + [learning_rate / w_q.shape[-1] ** 0.5]

    assert check.undivided(turned), repr(check.undivided(turned))


(
    test_the_notebooks_solution_passes,
    test_an_empty_answer_is_named_as_such,
    test_a_wrong_answer_fails_for_the_right_reason,
) = exercise_tests(SOLUTIONS, WRONG)
