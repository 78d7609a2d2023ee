import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import (
    causal_mask,
    count_parameters,
    decoder,
    decoder_layer,
    decoder_vjp,
    feed_forward,
    init_decoder,
    layer_norm,
    multi_head_attention,
    padding_mask,
    tree_leaves,
    tree_map,
)
from attnlib.testing import assert_weights

BATCH, SEQ, SEQ_MEMORY, D_MODEL, HEADS, D_FF, LAYERS = 4, 3, 5, 6, 2, 7, 2
LENGTHS = np.array([5, 2, 1, 3])
MASK = padding_mask(LENGTHS, SEQ_MEMORY)

both_orders = pytest.mark.parametrize("norm_first", [True, False], ids=["pre-LN", "post-LN"])
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_activations = pytest.mark.parametrize("activation", ["relu", "gelu"])
both_forms = pytest.mark.parametrize("call", [decoder, decoder_vjp], ids=lambda f: f.__name__)


def draw(rng, norm_first=True, dtype=np.float64, lead=(BATCH,), activation="relu"):
    """Parameters of which none is zero or one, vectors, and a memory."""
    params = init_decoder(rng, LAYERS, D_MODEL, HEADS, D_FF, norm_first, activation, dtype)
    params = tree_map(lambda x: x + (0.2 * rng.normal(size=x.shape)).astype(dtype), params)
    return params, *(rng.normal(size=(*lead, seq, D_MODEL)).astype(dtype) for seq in (SEQ, SEQ_MEMORY))


# What it computes


@both_activations
def test_a_pre_ln_layer_put_together_by_hand(rng, activation):
    params, x, memory = draw(rng, activation=activation)
    layer = params.layers[0]._replace(eps=0.1)
    normed = layer_norm(x, *layer.self_attention_norm, layer.eps)
    added, self_weights = multi_head_attention(layer.self_attention, normed, normed, normed, causal_mask(SEQ, SEQ))
    h = x + added
    normed = layer_norm(h, *layer.cross_attention_norm, layer.eps)
    added, cross_weights = multi_head_attention(layer.cross_attention, normed, memory, memory, MASK)
    h = h + added
    expected = h + feed_forward(layer.feed_forward, layer_norm(h, *layer.feed_forward_norm, layer.eps))
    output, weights = decoder_layer(layer, x, memory, MASK)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-14)
    assert_allclose(weights[0], self_weights, rtol=1e-12)
    assert_allclose(weights[1], cross_weights, rtol=1e-12)


@both_activations
def test_a_post_ln_layer_put_together_by_hand(rng, activation):
    params, x, memory = draw(rng, norm_first=False, activation=activation)
    layer = params.layers[0]._replace(eps=0.1)
    added, self_weights = multi_head_attention(layer.self_attention, x, x, x, causal_mask(SEQ, SEQ))
    h = layer_norm(x + added, *layer.self_attention_norm, layer.eps)
    added, cross_weights = multi_head_attention(layer.cross_attention, h, memory, memory, MASK)
    h = layer_norm(h + added, *layer.cross_attention_norm, layer.eps)
    expected = layer_norm(h + feed_forward(layer.feed_forward, h), *layer.feed_forward_norm, layer.eps)
    output, weights = decoder_layer(layer, x, memory, MASK)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-14)
    assert_allclose(weights[0], self_weights, rtol=1e-12)
    assert_allclose(weights[1], cross_weights, rtol=1e-12)


@both_orders
def test_the_decoder_is_its_layers_in_turn_over_one_memory_and_the_last_norm_if_there_is_one(rng, norm_first):
    params, x, memory = draw(rng, norm_first, activation="gelu")
    output, weights = decoder(params, x, memory, MASK)
    for layer, pair in zip(params.layers, weights, strict=True):
        x, expected_pair = decoder_layer(layer, x, memory, MASK)
        for found, expected in zip(pair, expected_pair, strict=True):
            assert_array_equal(found, expected)
    assert_array_equal(output, layer_norm(x, *params.norm) if norm_first else x)


def test_pre_ln_and_relu_are_what_one_gets_without_saying(rng):
    layer = init_decoder(rng, LAYERS, D_MODEL, HEADS, D_FF).layers[1]
    assert layer.norm_first
    assert layer.feed_forward.activation == "relu"


# Properties


@both_orders
@both_dtypes
def test_maps_are_weights_causal_among_themselves_and_without_the_memory_s_padding(rng, norm_first, dtype):
    params, x, memory = draw(rng, norm_first, dtype)
    _, weights = decoder(params, x, memory, MASK)
    assert len(weights) == LAYERS
    for self_weights, cross_weights in weights:
        assert self_weights.shape == (BATCH, HEADS, SEQ, SEQ)
        assert cross_weights.shape == (BATCH, HEADS, SEQ, SEQ_MEMORY)
        assert self_weights.dtype == cross_weights.dtype == dtype
        assert_weights(self_weights, causal_mask(SEQ, SEQ))
        assert_weights(cross_weights, MASK[:, None])


@both_orders
@pytest.mark.parametrize("t", range(SEQ))
def test_a_future_token_changes_nothing_before_it_and_everything_from_it_on(rng, norm_first, t):
    params, x, memory = draw(rng, norm_first)
    before, _ = decoder(params, x, memory, MASK)
    x[:, t] = 10 * rng.normal(size=(BATCH, D_MODEL))
    after, _ = decoder(params, x, memory, MASK)
    assert_array_equal(after[:, :t], before[:, :t])
    assert (after[:, t:] != before[:, t:]).any(axis=-1).all()


@both_orders
@both_forms
def test_a_mask_of_one_s_own_takes_the_place_of_the_causal_one(rng, norm_first, call):
    arguments = draw(rng, norm_first)
    by_default, _ = call(*arguments, MASK)
    assert_array_equal(call(*arguments, MASK, causal_mask(SEQ, SEQ))[0], by_default)
    seeing = np.ones((SEQ, SEQ), bool)
    output, _ = call(*arguments, MASK, seeing)
    params, x, memory = arguments
    other = np.concatenate([x[:, :-1], x[:, -1:] + rng.normal(size=(BATCH, 1, D_MODEL))], axis=1)
    assert (call(params, other, memory, MASK, seeing)[0] != output).any(axis=-1).all()  # the last token reaches all
    with pytest.raises(TypeError, match="mask must be boolean, True = may attend"):
        call(*arguments, MASK, seeing.astype(int))


@both_orders
def test_the_first_tokens_alone_give_the_same(rng, norm_first):
    params, x, memory = draw(rng, norm_first)
    whole, _ = decoder(params, x, memory, MASK)
    for n in range(1, SEQ):
        assert_allclose(decoder(params, x[:, :n], memory, MASK)[0], whole[:, :n], rtol=1e-10, atol=1e-13)


@both_orders
def test_what_stands_in_the_memory_s_padding_changes_nothing(rng, norm_first):
    params, x, memory = draw(rng, norm_first)
    before, _ = decoder(params, x, memory, MASK)
    padding = ~MASK[:, 0]
    memory[padding] = 100 * rng.normal(size=(padding.sum(), D_MODEL))
    assert_array_equal(decoder(params, x, memory, MASK)[0], before)
    for i, n in enumerate(LENGTHS):
        alone, _ = decoder(params, x[i], memory[i, :n])
        assert_allclose(before[i], alone, rtol=1e-10, atol=1e-13)


@both_orders
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_memory_s_padding_that_is_not_finite_counts_like_zeros_on_the_way_back_too(rng, norm_first, bad):
    params, x, memory = draw(rng, norm_first)
    memory[~MASK[:, 0]] = 0
    expected, pullback = decoder_vjp(params, x, memory, MASK)
    expected_grads = pullback(np.ones_like(x))
    memory[~MASK[:, 0], 1] = bad
    output, pullback = decoder_vjp(params, x, memory, MASK)
    assert_array_equal(output, expected)
    tree_map(assert_array_equal, pullback(np.ones_like(x)), expected_grads)


@both_orders
def test_every_token_hears_the_memory_and_its_order_does_not_count(rng, norm_first):
    params, x, memory = draw(rng, norm_first)
    output, _ = decoder(params, x, memory)
    order = rng.permutation(SEQ_MEMORY)
    assert_allclose(decoder(params, x, memory[:, order])[0], output, rtol=1e-10, atol=1e-12)
    memory[:, 3] += rng.normal(size=D_MODEL)
    assert (decoder(params, x, memory)[0] != output).any(axis=-1).all()


@both_orders
def test_a_memory_that_is_all_padding_adds_nothing_and_no_nan(rng, norm_first):
    params, x, memory = draw(rng, norm_first)
    nothing = np.zeros((BATCH, 1, SEQ_MEMORY), bool)
    output, pullback = decoder_vjp(params, x, memory, nothing)
    empty, _ = decoder(params, x, memory[:, :0])
    assert_allclose(output, empty, rtol=1e-12)
    _, grad_x, grad_memory = pullback(rng.normal(size=output.shape))
    assert np.isfinite(grad_x).all()
    assert_array_equal(grad_memory, 0)


# Gradients


@both_orders
def test_no_gradient_comes_back_from_the_past_to_the_future(rng, norm_first):
    params, x, memory = draw(rng, norm_first)
    output, pullback = decoder_vjp(params, x, memory, MASK)
    early = np.arange(SEQ) < 2
    _, grad_x, grad_memory = pullback(np.where(early[:, None], rng.normal(size=output.shape), 0))
    assert_array_equal(grad_x.any(axis=-1), np.broadcast_to(early, (BATCH, SEQ)))
    assert_array_equal(grad_memory.any(axis=-1), MASK[:, 0])  # padding of the memory gets none either


# Random parameters


@both_orders
@both_dtypes
def test_random_parameters_have_the_promised_number_and_dtype(rng, norm_first, dtype):
    params = init_decoder(rng, LAYERS, D_MODEL, HEADS, D_FF, norm_first, dtype=dtype)
    layer = 8 * D_MODEL**2 + 2 * D_MODEL * D_FF + D_FF + D_MODEL + 6 * D_MODEL
    assert count_parameters(params) == LAYERS * layer + (2 * D_MODEL if norm_first else 0)
    assert (params.norm is not None) == norm_first
    assert {x.dtype for x in tree_leaves(params)} == {np.dtype(dtype)}
    first, second = params.layers
    assert not np.array_equal(first.self_attention.w_q, first.cross_attention.w_q)
    assert not np.array_equal(first.cross_attention.w_k, second.cross_attention.w_k)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ((0, D_MODEL, HEADS, D_FF), "num_layers must be 1 or more: got 0"),
        ((2, 7, 3, D_FF), "num_heads must divide d_model"),
        ((2, D_MODEL, HEADS, 0), "d_ff must be 1 or more: got 0"),
    ],
)
def test_bad_sizes_are_restated(rng, sizes, words):
    with pytest.raises(ValueError, match=words):
        init_decoder(rng, *sizes)


# Errors


@both_orders
@both_forms
def test_what_does_not_fit_is_restated(rng, norm_first, call):
    params, x, memory = draw(rng, norm_first)
    with pytest.raises(ValueError, match=r"x must have shape \(\.\.\., seq, width\), two axes or more: got x \(6,\)"):
        call(params, x[0, 0], memory)
    with pytest.raises(ValueError, match=r"must fit the inputs: got .*key \(4, 5, 5\)"):
        call(params, x, memory[..., 1:])
    with pytest.raises(ValueError, match=r"must add vectors of the shape it was given: got x \(3, 6\), added \(4, 3"):
        call(params, x[0], memory)
    with pytest.raises(ValueError, match=r"mask must broadcast to \(\.\.\., seq_q, seq_k\): got mask \(4, 1, 1, 3\)"):
        call(params, x, memory, MASK[..., 2:])
    with pytest.raises(TypeError, match="mask must be boolean, True = may attend"):
        call(params, x, memory, MASK.astype(float))
    with pytest.raises(TypeError, match="must share one dtype"):
        call(params, x, memory.astype(np.float32))
    with pytest.raises(TypeError, match=r"x must be float32 or float64: got int64 \(1, 2\)"):
        call(params, [[1, 2]], memory)
