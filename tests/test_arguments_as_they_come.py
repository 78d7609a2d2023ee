"""Lists in place of arrays, gradients of another precision, ragged rows: an answer, or an error that says which."""

import numpy as np
import pytest

from attnlib import (
    adam_start,
    adam_step,
    decoder_layer_vjp,
    decoder_vjp,
    encoder_layer_vjp,
    encoder_vjp,
    greedy,
    init_decoder,
    init_encoder,
    init_feed_forward,
    init_transformer,
    padding_mask,
    rotate,
    rotate_vjp,
    tree_leaves,
)
from attnlib.testing import assert_weights

RAGGED = [[1, 2], [1]]


def models(norm_first, dtype):
    """Each call with its input; what comes back is ``(output, pullback)``."""
    rng = np.random.default_rng(0)
    encoder = init_encoder(rng, 2, 6, 2, 4, norm_first, dtype=dtype)
    decoder = init_decoder(rng, 2, 6, 2, 4, norm_first, dtype=dtype)
    memory = rng.normal(size=(5, 6)).astype(dtype)
    return {
        "encoder": lambda x: encoder_vjp(encoder, x),
        "encoder_layer": lambda x: encoder_layer_vjp(encoder.layers[0], x),
        "decoder": lambda x: decoder_vjp(decoder, x, memory),
        "decoder_layer": lambda x: decoder_layer_vjp(decoder.layers[0], x, memory),
    }


@pytest.mark.parametrize("norm_first", [True, False], ids=["pre-LN", "post-LN"])
@pytest.mark.parametrize("name", models(True, np.float64))
def test_a_list_of_floats_does_as_well_as_an_array(rng, name, norm_first):
    run, x = models(norm_first, np.float64)[name], rng.normal(size=(4, 6))
    np.testing.assert_array_equal(run(x.tolist())[0], run(x)[0])


@pytest.mark.parametrize("norm_first", [True, False], ids=["pre-LN", "post-LN"])
@pytest.mark.parametrize("name", models(True, np.float64))
def test_a_gradient_in_float64_leaves_float32_what_it_is(rng, name, norm_first):
    output, pullback = models(norm_first, np.float32)[name](rng.normal(size=(4, 6)).astype(np.float32))
    assert {leaf.dtype for leaf in tree_leaves(pullback(np.ones(output.shape)))} == {np.dtype(np.float32)}
    with pytest.raises(ValueError, match="grad_output must have the shape of the output"):
        pullback(np.float64(1))


def test_rows_that_differ_in_length_are_named():
    params = init_transformer(np.random.default_rng(0), 5, 7, 6, 3, 4)
    for name, call in {
        "lengths": lambda: padding_mask(RAGGED, 3),
        "positions": lambda: rotate(np.ones((2, 4)), RAGGED),
        "source": lambda: greedy(params, RAGGED, 0, 2),
    }.items():
        with pytest.raises(ValueError, match=f"{name} must be an array: got a list of parts that differ in length"):
            call()
    with pytest.raises(ValueError, match="positions must be an array"):
        rotate_vjp(np.ones((2, 4)), RAGGED)


@pytest.mark.parametrize("activation", [["relu"], {"relu"}, np.array("relu"), None, "swish"], ids=str)
def test_an_activation_that_is_not_known_is_named_whatever_it_is(activation):
    with pytest.raises(ValueError, match=r"activation must be one of relu, gelu: got"):
        init_feed_forward(np.random.default_rng(0), 4, 8, activation)


def test_a_gradient_of_zero_moves_nothing_in_adam_even_where_eps_is_too_small_for_float32():
    params, zeros = np.ones(3, np.float32), np.zeros(3, np.float32)
    moved, _ = adam_step(params, zeros, adam_start(params), learning_rate=0.1, eps=1e-50)
    np.testing.assert_array_equal(moved, params)


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_a_sum_of_weights_is_printed_as_finely_as_it_is_compared(dtype):
    weights = np.array([[0.5, 0.5 + 32 * np.finfo(dtype).eps]], dtype)
    with pytest.raises(AssertionError, match=r"rows must sum to 1: row \(0,\) sums to 1\.0*[1-9]"):
        assert_weights(weights)
