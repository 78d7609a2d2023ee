"""float32 is as exact as can be expected: at most twice the plain formula's error, and three times for gradients."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnlib import attention_weights, layer_norm_vjp, softmax
from conformity import errors, plain
from conformity.report import RESULTS

each_case = pytest.mark.parametrize("case", errors.CASES, ids=str)


@each_case
def test_the_error_of_float32_is_at_most_twice_that_of_the_plain_formula_and_thrice_for_gradients(case):
    output, *gradients = errors.errors(case)
    assert output.ratio <= errors.OUTPUT
    assert max(gradient.ratio for gradient in gradients) <= errors.GRADIENT


@each_case
def test_the_plain_formula_is_the_librarys_in_float64(rng, case):
    arguments = case.draw(rng)
    for found, expected in zip(
        errors.library(case.operation, *arguments), getattr(plain, case.operation)(*arguments), strict=True
    ):
        assert_allclose(found, expected, rtol=1e-7, atol=1e-10 * np.abs(expected).max())


def test_a_variance_in_one_pass_would_break_the_rule(monkeypatch):
    def one_pass(x, gain, bias, eps=1e-5):
        output, pullback = layer_norm_vjp(x, gain, bias, eps)
        mean, square = x.mean(axis=-1, keepdims=True), (x * x).mean(axis=-1, keepdims=True)
        rough = (x - mean) / np.sqrt(np.abs(square - mean * mean) + x.dtype.type(eps)) * gain + bias
        return rough if x.dtype == np.float32 else output, pullback

    monkeypatch.setattr(errors.attnlib, "layer_norm_vjp", one_pass)
    [case] = [case for case in errors.CASES if str(case) == "layer_norm, vectors with mean 1,000"]
    assert errors.errors(case)[0].ratio > 10 * errors.OUTPUT


def test_the_stored_table_has_every_case_and_keeps_the_rule():
    stored = json.loads((RESULTS / "errors.json").read_text("utf-8"))
    assert stored["allowed"] == {"output": errors.OUTPUT, "gradient": errors.GRADIENT}
    assert [row[:2] for row in stored["rows"]] == [[case.operation, case.numbers] for case in errors.CASES]
    assert all(row[4] <= errors.OUTPUT and row[7] <= errors.GRADIENT for row in stored["rows"])


def test_the_page_says_of_the_table_what_stands_in_it():
    stored = json.loads((RESULTS / "errors.json").read_text("utf-8"))
    rows = {(operation, numbers): found for operation, numbers, *found in stored["rows"]}
    *_, library, plainly, _ = rows["softmax", "scores with σ = 100"]
    assert min(library, plainly) > 0.9  # nothing but rounding
    means = "mean 1,000", "mean 10,000"
    assert min(rows["attention", f"values with {mean}"][-1] for mean in means) > 1.5
    assert max(rows["layer_norm", f"vectors with {mean}"][2] for mean in means) < 0.01


@pytest.mark.parametrize("operation", ["softmax", "attention"])
def test_with_a_deviation_of_100_one_weight_is_1_in_most_rows(operation):
    [case] = [case for case in errors.CASES if (case.operation, case.numbers) == (operation, "scores with σ = 100")]
    weigh = {"softmax": softmax, "attention": lambda query, key, _: attention_weights(query, key)}[operation]
    draws = [case.draw(np.random.default_rng(seed))[1:] for seed in errors.SEEDS]
    largest = np.array([weigh(*arguments).max(axis=-1) for arguments in draws])
    assert (largest > 1 - 1e-7).mean() > 0.5
