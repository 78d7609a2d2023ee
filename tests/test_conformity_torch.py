"""PyTorch's own samples on attnlib. The comparison itself runs where PyTorch and expecttest are installed."""

import warnings
from collections import Counter

import pytest

from attnlib import attention_vjp
from conformity.report import DIFFERS, OUT_OF_REACH, PASSES, stored, totals

HEAD, STORED = stored("torch_samples")
LACKING = {  # in float32 and float64 together
    "dropout: what it drops is random": 24,
    "targets that are probabilities": 20,
    "GELU with the error function, which NumPy lacks: attnlib has the tanh form": 14,
    "an array without axes": 8,
    "a weight for each class": 6,
    "a negative eps": 4,
    "a sum or a list of losses: attnlib's is the mean": 4,
    "an array of one axis": 4,
}


def test_no_sample_differs_and_what_is_out_of_reach_is_so_for_the_listed_reasons():
    assert [row for row in STORED if row.outcome not in (PASSES, OUT_OF_REACH)] == []
    assert Counter(row.reason for row in STORED if row.outcome == OUT_OF_REACH) == LACKING


def test_every_sample_of_a_layer_passes_but_those_with_another_gelu():
    found = totals(STORED)
    assert found["MultiheadAttention"] == found["Transformer"] == {PASSES: 128}
    layers = {
        name: found[name] for name in ("TransformerEncoderLayer", "TransformerEncoder", "TransformerDecoderLayer")
    }
    assert all(outcomes[OUT_OF_REACH] == 2 for outcomes in layers.values())
    assert [outcomes[PASSES] for outcomes in layers.values()] == [76, 76, 132]


@pytest.fixture
def samples():
    pytest.importorskip("torch")
    pytest.importorskip("expecttest")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, about its own samples
        from conformity import torch_samples

        yield torch_samples


def test_each_sample_comes_out_as_the_appendix_says(samples):
    if samples.torch.__version__ != HEAD["versions"]["torch"]:
        pytest.skip("another version has other samples")
    assert [(*row[:3], row.reason) for row in samples.rows()] == [(*row[:3], row.reason) for row in STORED]


def test_a_wrong_gradient_would_be_seen(samples, monkeypatch):
    def off_by_a_thousandth(*arguments):
        output, pullback = attention_vjp(*arguments)
        return output, lambda grad_output: tuple(grad * grad.dtype.type(1.001) for grad in pullback(grad_output))

    monkeypatch.setattr("conformity.torch_operations.attention_vjp", off_by_a_thousandth)
    monkeypatch.setattr(samples, "LAYERS", {})
    only = {name: run for name, run in samples.OPERATIONS.items() if name.endswith("scaled_dot_product_attention")}
    monkeypatch.setattr(samples, "OPERATIONS", only)
    assert {row.outcome for row in samples.rows()} == {DIFFERS, OUT_OF_REACH}
