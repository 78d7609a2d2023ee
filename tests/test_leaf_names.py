import numpy as np

from attnlib import init_transformer, tree_leaves
from attnlib.leaf_names import leaf_names


def test_a_name_is_what_one_would_write(rng):
    params = init_transformer(rng, 5, 7, 6, 2, 4, 1, 2)
    names = leaf_names(params)
    assert names[0] == "source_tokens"
    assert "encoder.layers[0].attention.w_q" in names
    assert "decoder.layers[1].cross_attention.w_o" in names
    for name, leaf in zip(names, tree_leaves(params), strict=True):
        assert eval(f"params.{name}", {"params": params}) is leaf


def test_what_is_no_array_has_no_name_and_plain_tuples_have_numbers():
    tree = (np.zeros(1), (3, None, (np.zeros(2), np.float64(1))))
    assert leaf_names(tree) == ["[0]", "[1][2][0]", "[1][2][1]"]
    assert leaf_names(tree, "grads") == ["grads[0]", "grads[1][2][0]", "grads[1][2][1]"]
    assert leaf_names(np.zeros(1)) == [""]
    assert leaf_names(()) == []
