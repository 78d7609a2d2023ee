"""attnlib gives PyTorch's outputs and gradients, as stored in golden/attention.npz. PyTorch itself is not needed."""

import numpy as np
import pytest

from tests.golden import make_attention
from tests.golden.compare import compare_attention, compare_scores, compare_softmax
from tests.golden.stored import case_of, check_made_by, file_of

GOLDEN = dict(np.load(file_of(make_attention.__file__)))
both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


@both_dtypes
@pytest.mark.parametrize("name", make_attention.CASES)
def test_attention_and_its_gradients_are_those_of_pytorch(name, dtype):
    compare_attention(*case_of(GOLDEN, name, dtype), scale=make_attention.CASES[name].scale)


@both_dtypes
def test_softmax_its_derivatives_and_entropy_are_those_of_pytorch(dtype):
    compare_softmax(*case_of(GOLDEN, "softmax", dtype))


@both_dtypes
def test_scores_are_those_of_pytorch(dtype):
    compare_scores(*case_of(GOLDEN, "scores", dtype))


def test_the_file_was_made_by_the_script_beside_it_and_says_with_what():
    check_made_by(make_attention.__file__)
