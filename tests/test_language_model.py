import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import (
    LanguageModelParams,
    causal_mask,
    count_parameters,
    cross_entropy,
    encoder,
    init_language_model,
    init_transformer,
    language_model,
    language_model_vjp,
    sinusoidal_positions,
    tree_leaves,
)
from attnlib.testing import assert_weights

VOCAB, D_MODEL, HEADS, D_FF, LAYERS = 11, 6, 3, 7, 2
BATCH, SEQ = 4, 5


def draw(rng, dtype=np.float64):
    params = init_language_model(rng, VOCAB, D_MODEL, HEADS, D_FF, LAYERS, dtype=dtype)
    return params, rng.integers(VOCAB, size=(BATCH, SEQ))


def test_it_is_an_encoder_with_a_causal_mask_between_two_readings_of_one_table(rng):
    params, tokens = draw(rng)
    x = params.tokens[tokens] * D_MODEL**0.5 + sinusoidal_positions(SEQ, D_MODEL)
    x, expected_weights = encoder(params.decoder, x, causal_mask(SEQ, SEQ))
    logits, attn_weights = language_model(params, tokens)
    assert logits.shape == (BATCH, SEQ, VOCAB)
    assert_allclose(logits, x @ params.tokens.T, rtol=1e-12)
    for found, expected in zip(attn_weights, expected_weights, strict=True):
        assert_array_equal(found, expected)


def test_a_later_token_changes_nothing_before_it(rng):
    params, tokens = draw(rng)
    logits, attn_weights = language_model(params, tokens)
    for place in range(1, SEQ):
        other = tokens.copy()
        other[:, place] = (tokens[:, place] + 1) % VOCAB
        changed, _ = language_model(params, other)
        assert_array_equal(changed[:, :place], logits[:, :place])
        assert not np.isclose(changed[:, place], logits[:, place]).all(axis=-1).any()
    for one_layer in attn_weights:
        assert one_layer.shape == (BATCH, HEADS, SEQ, SEQ)
        assert_weights(one_layer, causal_mask(SEQ, SEQ))


def test_no_gradient_comes_from_what_stands_behind(rng):
    """Padding behind the end of a text, whatever it is, teaches nothing: only the shared table hears of it."""
    params, tokens = draw(rng)
    grad_logits = rng.normal(size=(BATCH, SEQ, VOCAB))
    grad_logits[:, 3:] = 0
    whole = language_model_vjp(params, tokens)[1](grad_logits)
    short = language_model_vjp(params, tokens[:, :3])[1](grad_logits[:, :3])
    for found, expected in zip(tree_leaves(whole), tree_leaves(short), strict=True):
        assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_it_has_no_cross_attention_and_no_second_table(rng):
    alone, _ = draw(rng)
    whole = init_transformer(rng, VOCAB, VOCAB, D_MODEL, HEADS, D_FF, 1, LAYERS)
    cross = [(layer.cross_attention, layer.cross_attention_norm) for layer in whole.decoder.layers]
    decoder = count_parameters(whole.decoder) - count_parameters(tuple(cross))
    assert count_parameters(alone) == decoder + whole.target_tokens.size


def test_without_a_number_of_layers_it_has_one(rng):
    assert len(init_language_model(rng, VOCAB, D_MODEL, HEADS, D_FF).decoder.layers) == 1


def test_before_training_it_knows_little_more_than_nothing():
    rng = np.random.default_rng(1)
    params = init_language_model(rng, 27, 32, 4, 64)
    tokens = rng.integers(27, size=(64, 12))
    assert cross_entropy(language_model(params, tokens[:, :-1])[0], tokens[:, 1:]) == pytest.approx(np.log(27), abs=1.2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parameters_have_the_dtype_that_is_asked_for(rng, dtype):
    params, tokens = draw(rng, dtype)
    assert {leaf.dtype for leaf in tree_leaves((params, language_model(params, tokens)))} == {np.dtype(dtype)}


def test_what_is_wrong_with_a_call_is_said(rng):
    params, tokens = draw(rng)
    for call in (language_model, language_model_vjp):
        with pytest.raises(TypeError, match="params must be LanguageModelParams: got tuple"):
            call(tuple(params), tokens)
        with pytest.raises(ValueError, match="tokens must lie between 0 and 10: got 0 to 11"):
            call(params, [[0, 11]])
        with pytest.raises(ValueError, match="x must have shape"):
            call(params, 3)
    with pytest.raises(ValueError, match="the width must be even: got 5"):
        init_language_model(rng, VOCAB, 5, 5, D_FF)
    with pytest.raises(ValueError, match="vocab must be 1 or more: got 0"):
        init_language_model(rng, 0, D_MODEL, HEADS, D_FF)
    assert isinstance(params, LanguageModelParams)


def test_token_vectors_are_drawn_with_the_variance_that_is_said_and_the_bend_that_is_asked_for():
    params = init_language_model(np.random.default_rng(0), 2000, 16, 2, 4, num_layers=2, activation="gelu")
    assert abs(params.tokens.var() * 16 - 1) < 0.05
    assert [layer.feed_forward.activation for layer in params.decoder.layers] == ["gelu"] * 2
