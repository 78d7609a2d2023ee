"""The comparison of test_golden.py with the installed PyTorch, on random shapes, masks, biases and scales."""

import numpy as np
import pytest

from tests.golden.compare import compare_attention, compare_scores, compare_softmax
from tests.golden.make_attention import (
    MASKS,
    Case,
    draw,
    draw_scores,
    draw_softmax,
    torch_attention,
    torch_scores,
    torch_softmax,
)
from tests.golden.stored import as_dtype

pytest.importorskip("torch")

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def random_case(rng):
    lead = tuple(rng.integers(1, 4, size=rng.integers(0, 3)).tolist())
    seq_q, seq_k, d_k, d_v = (int(n) for n in rng.integers([2, 1, 1, 1], [12, 20, 33, 17]))
    mask = rng.choice([None, *sorted(MASKS.keys() - {"padding"})])
    bias_shapes = [None, (seq_q, seq_k), (seq_k,), (1, seq_k), (*lead, seq_q, seq_k)]
    bias = bias_shapes[rng.integers(len(bias_shapes))]
    scale = rng.choice([None, 0.3, 1.0, -0.5])
    return Case((*lead, seq_q, d_k), (*lead, seq_k, d_k), (*lead, seq_k, d_v), mask, bias, scale)


@both_dtypes
@pytest.mark.parametrize("seed", range(40))
def test_attention_and_its_gradients_are_those_of_pytorch(seed, dtype):
    rng = np.random.default_rng(seed)
    case = random_case(rng)
    inputs = as_dtype(draw(rng, case), dtype)
    compare_attention(inputs, torch_attention(**inputs, scale=case.scale), case.scale)


@both_dtypes
@pytest.mark.parametrize("shape", [(7,), (1, 4), (3, 2, 9)])
def test_softmax_its_derivatives_and_entropy_are_those_of_pytorch(rng, shape, dtype):
    inputs = as_dtype(draw_softmax(rng, shape), dtype)
    compare_softmax(inputs, torch_softmax(**inputs))


@both_dtypes
@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_pytorch(seed, dtype):
    rng = np.random.default_rng(seed)
    inputs = as_dtype(draw_scores(rng, *rng.integers(1, 30, size=5)), dtype)
    compare_scores(inputs, torch_scores(**inputs))
