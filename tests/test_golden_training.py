"""attnlib trains as PyTorch does, by the numbers stored in golden/training.npz. PyTorch itself is not needed."""

import json

import numpy as np
import pytest

from tests.golden import make_training
from tests.golden.compare_training import compare

PACKED = dict(np.load(make_training.HERE / "training.npz"))
GOLDEN = {tuple(path.split("/")): x for path, x in make_training.unpack(PACKED).items()}


def stored(name, dtype):
    """The inputs of a case in a dtype, and PyTorch's results in that dtype."""
    inputs = {path[1]: x for path, x in GOLDEN.items() if path[0] == name and len(path) == 2}
    expected = {path[2]: x for path, x in GOLDEN.items() if path[:2] == (name, dtype)}
    return make_training.as_dtype(inputs, np.dtype(dtype)), expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", make_training.CASES)
def test_outputs_and_gradients_are_those_of_pytorch(name, dtype):
    inputs, expected = stored(name, dtype)
    assert expected
    compare(make_training.CASES[name], inputs, expected)


def test_the_file_was_made_by_the_script_beside_it_and_says_with_what():
    made_by = json.loads(str(PACKED["made_by"]))
    assert made_by["sha256"] == make_training.checksum(), "the script has changed: run it again"
    assert {"torch", "numpy", "python", "seed", "script"} <= set(made_by)
