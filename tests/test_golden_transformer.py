"""Norms, encoder, decoder and the whole Transformer are PyTorch's, by the numbers in golden/transformer.npz."""

import numpy as np
import pytest

from tests.golden import make_transformer
from tests.golden.compare_transformer import compare
from tests.golden.stored import case_of, check_made_by, file_of, unpack

GOLDEN = unpack(dict(np.load(file_of(make_transformer.__file__))))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", make_transformer.CASES)
def test_outputs_and_gradients_are_those_of_pytorch(name, dtype):
    inputs, expected = case_of(GOLDEN, name, dtype)
    assert expected
    compare(make_transformer.CASES[name], inputs, expected)


def test_the_file_was_made_by_the_script_beside_it_and_says_with_what():
    check_made_by(make_transformer.__file__)
