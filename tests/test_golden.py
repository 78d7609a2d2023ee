"""attnlib gives PyTorch's outputs and gradients, as stored in golden/attention.npz. PyTorch itself is not needed."""

import json

import numpy as np
import pytest

from tests.golden import make_attention
from tests.golden.compare import compare_attention, compare_scores, compare_softmax

GOLDEN = dict(np.load(make_attention.HERE / "attention.npz"))
both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


def stored(name, dtype):
    """The inputs of a case in a dtype, and PyTorch's results in that dtype."""
    parts = {tuple(path.split("/")): x for path, x in GOLDEN.items()}
    inputs = {path[1]: x for path, x in parts.items() if path[0] == name and len(path) == 2}
    expected = {path[2]: x for path, x in parts.items() if path[:2] == (name, dtype)}
    return make_attention.as_dtype(inputs, np.dtype(dtype)), expected


@both_dtypes
@pytest.mark.parametrize("name", make_attention.CASES)
def test_attention_and_its_gradients_are_those_of_pytorch(name, dtype):
    compare_attention(*stored(name, dtype), scale=make_attention.CASES[name].scale)


@both_dtypes
def test_softmax_its_derivatives_and_entropy_are_those_of_pytorch(dtype):
    compare_softmax(*stored("softmax", dtype))


@both_dtypes
def test_scores_are_those_of_pytorch(dtype):
    compare_scores(*stored("scores", dtype))


def test_the_file_was_made_by_the_script_beside_it_and_says_with_what():
    made_by = json.loads(str(GOLDEN["made_by"]))
    assert made_by["sha256"] == make_attention.checksum(), "the script has changed: run it again"
    assert {"torch", "numpy", "python", "seed", "script"} <= set(made_by)
