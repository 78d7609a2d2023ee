import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import (
    count_parameters,
    encoder,
    encoder_layer,
    encoder_vjp,
    gelu,
    init_encoder,
    layer_norm,
    linear,
    multi_head_attention,
    padding_mask,
    relu,
    tree_leaves,
    tree_map,
)
from attnlib.testing import assert_weights

BATCH, SEQ, D_MODEL, HEADS, D_FF, LAYERS = 4, 5, 6, 3, 7, 2
LENGTHS = np.array([5, 2, 1, 3])
MASK = padding_mask(LENGTHS, SEQ)

both_orders = pytest.mark.parametrize("norm_first", [True, False], ids=["pre-LN", "post-LN"])
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_activations = pytest.mark.parametrize("activation", ["relu", "gelu"])
both_forms = pytest.mark.parametrize("call", [encoder, encoder_vjp], ids=lambda f: f.__name__)


def draw(rng, norm_first=True, dtype=np.float64, lead=(BATCH,), activation="relu"):
    """Parameters of which none is zero or one, and vectors."""
    params = init_encoder(rng, LAYERS, D_MODEL, HEADS, D_FF, norm_first, activation, dtype)
    params = tree_map(lambda x: x + (0.2 * rng.normal(size=x.shape)).astype(dtype), params)
    return params, rng.normal(size=(*lead, SEQ, D_MODEL)).astype(dtype)


def by_hand(params, x, activation):
    bend = {"relu": relu, "gelu": gelu}[activation]
    return linear(bend(linear(x, params.w_in, params.b_in)), params.w_out, params.b_out)


def with_bend(params, activation):
    """The parameters with another bend in the first layer."""
    first, *others = params.layers
    bent = first._replace(feed_forward=first.feed_forward._replace(activation=activation))
    return params._replace(layers=(bent, *others))


# What it computes


@both_activations
def test_a_pre_ln_layer_put_together_by_hand(rng, activation):
    params, x = draw(rng, activation=activation)
    layer = params.layers[0]._replace(eps=0.1)
    normed = layer_norm(x, *layer.attention_norm, layer.eps)
    attended, expected_weights = multi_head_attention(layer.attention, normed, normed, normed, MASK)
    h = x + attended
    expected = h + by_hand(layer.feed_forward, layer_norm(h, *layer.feed_forward_norm, layer.eps), activation)
    output, weights = encoder_layer(layer, x, MASK)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-14)
    assert_allclose(weights, expected_weights, rtol=1e-12)


@both_activations
def test_a_post_ln_layer_put_together_by_hand(rng, activation):
    params, x = draw(rng, norm_first=False, activation=activation)
    layer = params.layers[0]._replace(eps=0.1)
    attended, expected_weights = multi_head_attention(layer.attention, x, x, x, MASK)
    h = layer_norm(x + attended, *layer.attention_norm, layer.eps)
    expected = layer_norm(h + by_hand(layer.feed_forward, h, activation), *layer.feed_forward_norm, layer.eps)
    output, weights = encoder_layer(layer, x, MASK)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-14)
    assert_allclose(weights, expected_weights, rtol=1e-12)


@both_orders
def test_the_encoder_is_its_layers_in_turn_and_the_last_norm_if_there_is_one(rng, norm_first):
    params, x = draw(rng, norm_first, activation="gelu")
    output, weights = encoder(params, x, MASK)
    for layer, found in zip(params.layers, weights, strict=True):
        x, expected = encoder_layer(layer, x, MASK)
        assert_array_equal(found, expected)
    assert_array_equal(output, layer_norm(x, *params.norm) if norm_first else x)


def test_pre_ln_and_relu_are_what_one_gets_without_saying(rng):
    layer = init_encoder(rng, LAYERS, D_MODEL, HEADS, D_FF).layers[1]
    assert layer.norm_first
    assert layer.feed_forward.activation == "relu"


# Properties


@both_orders
@both_dtypes
def test_maps_are_weights_and_hide_padding(rng, norm_first, dtype):
    params, x = draw(rng, norm_first, dtype)
    _, weights = encoder(params, x, MASK)
    assert len(weights) == LAYERS
    for layer in weights:
        assert layer.shape == (BATCH, HEADS, SEQ, SEQ)
        assert layer.dtype == dtype
        assert_weights(layer, MASK[:, None])


@both_orders
def test_what_stands_in_the_padding_changes_no_other_token(rng, norm_first):
    params, x = draw(rng, norm_first)
    before, _ = encoder(params, x, MASK)
    padding = ~MASK[:, 0]
    x[padding] = 100 * rng.normal(size=(padding.sum(), D_MODEL))
    after, _ = encoder(params, x, MASK)
    assert_array_equal(after[~padding], before[~padding])
    assert (after[padding] != before[padding]).any(axis=-1).all()


@both_orders
def test_a_padded_sequence_is_computed_as_alone(rng, norm_first):
    params, x = draw(rng, norm_first)
    together, _ = encoder(params, x, MASK)
    for i, n in enumerate(LENGTHS):
        assert_allclose(together[i, :n], encoder(params, x[i, :n])[0], rtol=1e-10, atol=1e-13)


@both_orders
def test_permuting_tokens_permutes_outputs(rng, norm_first):
    params, x = draw(rng, norm_first)
    order = rng.permutation(SEQ)
    output, shuffled = (encoder(params, y)[0] for y in (x, x[:, order]))
    assert_allclose(shuffled, output[:, order], rtol=1e-10, atol=1e-12)


@both_orders
def test_every_token_reaches_every_other_in_one_layer(rng, norm_first):
    params, x = draw(rng, norm_first, lead=())
    before, _ = encoder_layer(params.layers[0], x)
    x[2] += 1 + rng.normal(size=D_MODEL)
    assert (encoder_layer(params.layers[0], x)[0] != before).any(axis=-1).all()


@both_orders
def test_a_sequence_without_tokens(rng, norm_first):
    params, x = draw(rng, norm_first)
    output, weights = encoder(params, x[:, :0])
    assert output.shape == (BATCH, 0, D_MODEL)
    assert weights[0].shape == (BATCH, HEADS, 0, 0)


def test_pre_ln_keeps_a_path_that_no_norm_touches(rng):
    params, x = draw(rng)
    silent = tree_map(np.zeros_like, params)
    layer, _ = encoder_layer(silent.layers[0], x)
    assert_array_equal(layer, x)


def test_post_ln_leaves_every_token_of_mean_zero_and_variance_one(rng):
    params = init_encoder(rng, LAYERS, D_MODEL, HEADS, D_FF, norm_first=False)
    x = 5 + 3 * rng.normal(size=(BATCH, SEQ, D_MODEL))
    output, _ = encoder(params, x, MASK)
    assert_allclose(output.mean(axis=-1), 0, atol=1e-14)
    assert_allclose(output.var(axis=-1), 1, rtol=1e-3)


# Gradients


@both_orders
def test_padding_gets_no_gradient_from_the_tokens_that_count(rng, norm_first):
    params, x = draw(rng, norm_first)
    output, pullback = encoder_vjp(params, x, MASK)
    counts = MASK[:, 0]
    _, grad_x = pullback(np.where(counts[..., None], rng.normal(size=output.shape), 0))
    assert_array_equal(grad_x.any(axis=-1), counts)


@both_orders
@both_activations
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_padding_that_is_not_finite_counts_like_zeros_if_it_neither_asks_nor_is_asked(rng, norm_first, activation, bad):
    params, x = draw(rng, norm_first, activation=activation)
    counts = MASK[:, 0]
    x[~counts] = 0
    both = MASK & counts[..., None]
    grad_output = np.where(counts[..., None], rng.normal(size=x.shape), 0)
    expected, pullback = encoder_vjp(params, x, both)
    expected_grads = pullback(grad_output)
    x[~counts, 1] = bad
    output, pullback = encoder_vjp(params, x, both)
    assert_array_equal(output[counts], expected[counts])
    tree_map(assert_array_equal, pullback(grad_output), expected_grads)


# Random parameters


@both_orders
@both_dtypes
def test_random_parameters_have_the_promised_number_and_dtype(rng, norm_first, dtype):
    params = init_encoder(rng, LAYERS, D_MODEL, HEADS, D_FF, norm_first, dtype=dtype)
    layer = 4 * D_MODEL**2 + 2 * D_MODEL * D_FF + D_FF + D_MODEL + 4 * D_MODEL
    assert count_parameters(params) == LAYERS * layer + (2 * D_MODEL if norm_first else 0)
    assert (params.norm is not None) == norm_first
    assert {x.dtype for x in tree_leaves(params)} == {np.dtype(dtype)}
    assert not np.array_equal(params.layers[0].attention.w_q, params.layers[1].attention.w_q)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ((0, D_MODEL, HEADS, D_FF), "num_layers must be 1 or more: got 0"),
        ((2, 7, 3, D_FF), "num_heads must divide d_model"),
        ((2, D_MODEL, 0, D_FF), "num_heads must be 1 or more: got 0"),
        ((2, D_MODEL, HEADS, 0), "d_ff must be 1 or more: got 0"),
    ],
)
def test_bad_sizes_are_restated(rng, sizes, words):
    with pytest.raises(ValueError, match=words):
        init_encoder(rng, *sizes)
    with pytest.raises(TypeError, match=r"num_layers must be an integer: got 2\.0"):
        init_encoder(rng, 2.0, D_MODEL, HEADS, D_FF)
    with pytest.raises(TypeError, match="dtype must be float32 or float64: got int32"):
        init_encoder(rng, LAYERS, D_MODEL, HEADS, D_FF, dtype=np.int32)


# Errors


@both_orders
@both_forms
def test_what_does_not_fit_is_restated(rng, norm_first, call):
    params, x = draw(rng, norm_first)
    with pytest.raises(ValueError, match=r"x \(4, 5, 5\)|query \(4, 5, 5\)"):
        call(params, x[..., 1:])
    with pytest.raises(ValueError, match=r"query must have shape \(\.\.\., seq, width\)"):
        call(params, x[0, 0])
    with pytest.raises(ValueError, match=r"mask must broadcast to \(\.\.\., seq_q, seq_k\): got mask \(4, 1, 1, 4\)"):
        call(params, x, MASK[..., 1:])
    with pytest.raises(TypeError, match="mask must be boolean, True = may attend"):
        call(params, x, MASK.astype(int))
    with pytest.raises(ValueError, match="activation must be one of relu, gelu: got 'swish'"):
        call(with_bend(params, "swish"), x)
    with pytest.raises(TypeError, match="must share one dtype"):
        call(params, x.astype(np.float32))
