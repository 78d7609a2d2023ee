import json

import numpy as np
import pytest

from attncourse.results import load_result
from attncourse.results.models import from_stored, to_stored
from attnlib.attention_model import attention_model, init_attention_model
from attnlib.params import tree_leaves


@pytest.mark.parametrize(("dtype", "rtol"), [("<f8", 0), ("<f4", 1e-7), ("<f2", 1e-3)])
def test_a_stored_model_comes_back_as_it_was_to_the_digits_of_its_type(rng, dtype, rtol):
    params = init_attention_model(rng, 7, 8, 2, num_layers=2, outputs=5, max_seq=6)
    again = from_stored(json.loads(json.dumps(to_stored(params, dtype))))
    for leaf, stored in zip(tree_leaves(params), tree_leaves(again), strict=True):
        np.testing.assert_allclose(stored, leaf, rtol=rtol, atol=1e-7 if dtype == "<f2" else 0)
    tokens = rng.integers(7, size=(2, 6))
    logits = attention_model(params, tokens)[0]
    np.testing.assert_allclose(attention_model(again, tokens)[0], logits, rtol=0, atol=100 * rtol)


def test_a_result_that_is_not_there_is_said():
    with pytest.raises(FileNotFoundError, match="no_experiment"):
        load_result("no_experiment")
