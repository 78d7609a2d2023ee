import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import (
    alibi_bias,
    causal_mask,
    count_parameters,
    cross_entropy,
    cross_entropy_vjp,
    feed_forward,
    multi_head_attention,
    sinusoidal_positions,
    tree_leaves,
    tree_map,
)
from attnlib.attention_model import attention_model, attention_model_vjp, init_attention_model
from attnlib.testing import assert_weights, check_vjp

VOCAB, D_MODEL, HEADS, D_FF, OUTPUTS, MAX_SEQ = 11, 12, 3, 7, 5, 9
BATCH, SEQ = 2, 6

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_forms = pytest.mark.parametrize("call", [attention_model, attention_model_vjp], ids=lambda f: f.__name__)
MODELS = {
    "attention alone": {},
    "two layers": {"num_layers": 2},
    "feed-forward": {"d_ff": D_FF},
    "learned positions": {"max_seq": MAX_SEQ},
    "everything": {"num_layers": 3, "d_ff": D_FF, "max_seq": MAX_SEQ, "outputs": OUTPUTS},
    "no layer": {"num_layers": 0, "max_seq": MAX_SEQ},
}
every_model = pytest.mark.parametrize("sizes", MODELS.values(), ids=MODELS.keys())


def draw(rng, shape=(BATCH, SEQ), dtype=np.float64, **sizes):
    params = init_attention_model(rng, VOCAB, D_MODEL, HEADS, dtype=dtype, **sizes)
    return tree_map(lambda x: x + (0.1 * rng.normal(size=x.shape)).astype(dtype), params), rng.integers(
        VOCAB, size=shape
    )


def options(rng, dtype=np.float64):
    mask = causal_mask(SEQ, SEQ)
    return {"mask": mask, "bias": alibi_bias(HEADS, SEQ, SEQ, dtype), "rotary": True}


# What it computes


@every_model
def test_the_parts_put_together_by_hand_give_the_same(rng, sizes):
    params, tokens = draw(rng, **sizes)
    x = params.tokens[tokens]
    if params.positions is not None:
        x = x + params.positions[:SEQ]
    expected_weights = []
    for layer in params.layers:
        attended, weights = multi_head_attention(layer.attention, x, x, x, **options(rng))
        x = x + attended
        expected_weights.append(weights)
        if layer.feed_forward is not None:
            x = x + feed_forward(layer.feed_forward, x)
    logits, attn_weights = attention_model(params, tokens, **options(rng))
    assert logits.shape == (BATCH, SEQ, sizes.get("outputs", VOCAB))
    assert_allclose(logits, x @ params.w_out, rtol=1e-11, atol=1e-13)
    assert len(attn_weights) == sizes.get("num_layers", 1)
    for weights, expected in zip(attn_weights, expected_weights, strict=True):
        assert weights.shape == (BATCH, HEADS, SEQ, SEQ)
        assert_weights(weights, causal_mask(SEQ, SEQ))
        assert_allclose(weights, expected, rtol=1e-11)


def test_given_positions_are_added_to_the_vectors_of_the_tokens(rng):
    params, tokens = draw(rng)
    learned = params._replace(positions=sinusoidal_positions(MAX_SEQ, D_MODEL))
    given, _ = attention_model(params, tokens, positions=sinusoidal_positions(SEQ, D_MODEL))
    assert_array_equal(given, attention_model(learned, tokens)[0])
    assert not np.allclose(given, attention_model(params, tokens)[0])


def test_without_positions_the_order_of_the_tokens_does_not_count(rng):
    params, tokens = draw(rng, num_layers=2, d_ff=D_FF)
    order = rng.permutation(SEQ)
    logits, shuffled = (attention_model(params, t)[0] for t in (tokens, tokens[:, order]))
    assert_allclose(shuffled, logits[:, order], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("how", ["learned", "sinusoidal", "rotary", "bias", "mask"])
def test_with_any_kind_of_position_it_does(rng, how):
    params, tokens = draw(rng, num_layers=2, max_seq=MAX_SEQ if how == "learned" else None)
    given = {
        "learned": {},
        "sinusoidal": {"positions": sinusoidal_positions(SEQ, D_MODEL)},
        "rotary": {"rotary": True},
        "bias": {"bias": alibi_bias(HEADS, SEQ, SEQ)},
        "mask": {"mask": causal_mask(SEQ, SEQ)},
    }[how]
    order = np.roll(np.arange(SEQ), 1)
    logits, shuffled = (attention_model(params, t, **given)[0] for t in (tokens, tokens[:, order]))
    assert np.abs(shuffled - logits[:, order]).max() > 0.01


def test_the_future_changes_nothing_under_a_causal_mask(rng):
    params, tokens = draw(rng, num_layers=2, d_ff=D_FF, max_seq=MAX_SEQ)
    before, _ = attention_model(params, tokens, mask=causal_mask(SEQ, SEQ))
    tokens[:, 4:] = (tokens[:, 4:] + 1) % VOCAB
    after, _ = attention_model(params, tokens, mask=causal_mask(SEQ, SEQ))
    assert_array_equal(after[:, :4], before[:, :4])
    assert (after[:, 4:] != before[:, 4:]).any()


@every_model
def test_each_sequence_is_computed_on_its_own(rng, sizes):
    params, tokens = draw(rng, (4, BATCH, SEQ), **sizes)
    logits, _ = attention_model(params, tokens)
    for at in np.ndindex(4, BATCH):
        assert_allclose(logits[at], attention_model(params, tokens[at])[0], rtol=1e-10, atol=1e-13)


def test_a_shorter_sequence_uses_the_first_learned_positions(rng):
    params, tokens = draw(rng, max_seq=MAX_SEQ)
    shorter = params._replace(positions=params.positions[:SEQ])
    assert_array_equal(attention_model(params, tokens)[0], attention_model(shorter, tokens)[0])


@pytest.mark.parametrize("shape", [(0, SEQ), (BATCH, 0), (0,)], ids=str)
@every_model
def test_no_sequences_and_no_tokens(rng, shape, sizes):
    params, tokens = draw(rng, shape, **sizes)
    logits, pullback = attention_model_vjp(params, tokens)
    assert logits.shape == (*shape, sizes.get("outputs", VOCAB))
    assert all((grad == 0).all() for grad in tree_leaves(pullback(np.ones(logits.shape))))


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_tokens_may_be_integers_of_any_kind_and_lie_in_memory_in_any_order(rng, dtype):
    params, tokens = draw(rng, (SEQ, 2 * BATCH), max_seq=MAX_SEQ)
    view = tokens.astype(dtype).T[::2]
    assert_array_equal(attention_model(params, view)[0], attention_model(params, view.copy())[0])


# Gradients


def test_the_gradient_of_the_loss_agrees_with_central_differences(rng):
    params, tokens = draw(rng, num_layers=2, d_ff=D_FF, max_seq=MAX_SEQ)
    targets = rng.integers(-1, VOCAB, size=tokens.shape)

    def loss_vjp(params):
        logits, model_pullback = attention_model_vjp(params, tokens)
        loss, loss_pullback = cross_entropy_vjp(logits, targets, 0.1)
        return loss, lambda grad_loss: model_pullback(loss_pullback(grad_loss))

    check_vjp(lambda params: cross_entropy(attention_model(params, tokens)[0], targets, 0.1), loss_vjp, [params], rng)


def test_positions_and_tokens_that_were_not_used_get_no_gradient(rng):
    params, _ = draw(rng, max_seq=MAX_SEQ)
    tokens = np.array([[0, 1, 2, 1], [2, 2, 0, 1]])
    logits, pullback = attention_model_vjp(params, tokens)
    grads = pullback(rng.normal(size=logits.shape))
    assert_array_equal((grads.tokens != 0).any(axis=1), np.arange(VOCAB) < 3)
    assert_array_equal((grads.positions != 0).any(axis=1), np.arange(MAX_SEQ) < 4)


# Random parameters


@both_dtypes
def test_random_parameters_have_the_promised_shapes_and_dtype(rng, dtype):
    params = init_attention_model(rng, VOCAB, D_MODEL, HEADS, 2, OUTPUTS, D_FF, MAX_SEQ, dtype)
    assert params.tokens.shape == (VOCAB, D_MODEL)
    assert params.positions.shape == (MAX_SEQ, D_MODEL)
    assert params.w_out.shape == (D_MODEL, OUTPUTS)
    assert len(params.layers) == 2
    assert {x.dtype for x in tree_leaves(params)} == {np.dtype(dtype)}
    layer = 4 * D_MODEL**2 + 2 * D_MODEL * D_FF + D_FF + D_MODEL
    assert count_parameters(params) == (VOCAB + MAX_SEQ + OUTPUTS) * D_MODEL + 2 * layer
    assert not np.array_equal(params.layers[0].attention.w_q, params.layers[1].attention.w_q)


def test_logits_start_with_a_variance_near_that_of_the_input(rng):
    params = init_attention_model(rng, 50, 128, 4)
    logits, _ = attention_model(params, rng.integers(50, size=(20, 30)))
    assert 0.5 < logits.var() < 2


@pytest.mark.parametrize(
    ("sizes", "error", "words"),
    [
        ({"vocab": 0}, ValueError, "vocab must be 1 or more: got 0"),
        ({"d_model": -4}, ValueError, "d_model must be 0 or more: got -4"),
        ({"num_heads": 5}, ValueError, "num_heads must divide d_model"),
        ({"num_layers": -1}, ValueError, "num_layers must be 0 or more: got -1"),
        ({"num_layers": 1.0}, TypeError, r"num_layers must be an integer: got 1\.0"),
        ({"outputs": 0}, ValueError, "outputs must be 1 or more: got 0"),
        ({"d_ff": 0}, ValueError, "d_ff must be 1 or more: got 0"),
        ({"max_seq": 0}, ValueError, "max_seq must be 1 or more: got 0"),
        ({"dtype": np.int32}, TypeError, "dtype must be float32 or float64: got int32"),
    ],
)
def test_bad_sizes_are_restated(rng, sizes, error, words):
    with pytest.raises(error, match=words):
        init_attention_model(rng, **({"vocab": VOCAB, "d_model": D_MODEL, "num_heads": HEADS} | sizes))


# Errors


@both_forms
def test_positions_that_do_not_fit_are_restated(rng, call):
    params, tokens = draw(rng)
    learned, _ = draw(rng, max_seq=SEQ - 1)
    got = r"positions must have shape \(seq, d_model\): got positions "
    with pytest.raises(ValueError, match=got + r"\(5, 12\), x \(2, 6, 12\)"):
        call(learned, tokens)
    with pytest.raises(ValueError, match=got + r"\(7, 12\), x \(2, 6, 12\)"):
        call(params, tokens, sinusoidal_positions(7, D_MODEL))
    with pytest.raises(ValueError, match=got + r"\(6, 10\), x \(2, 6, 12\)"):
        call(params, tokens, sinusoidal_positions(SEQ, 10))
    with pytest.raises(ValueError, match=got + r"\(2, 1, 12\), x \(2, 6, 12\)"):  # by batch, not by position
        call(params, tokens, sinusoidal_positions(BATCH, D_MODEL)[:, None])
    with pytest.raises(ValueError, match="positions are given, and learned ones are in the parameters"):
        call(learned, tokens[:, :5], sinusoidal_positions(5, D_MODEL))
    with pytest.raises(TypeError, match="positions and x must share one dtype"):
        call(params, tokens, sinusoidal_positions(SEQ, D_MODEL, dtype=np.float32))


@both_forms
@pytest.mark.parametrize("max_seq", [None, MAX_SEQ])
def test_tokens_that_are_no_sequence_or_not_known_are_restated(rng, call, max_seq):
    params, _ = draw(rng, max_seq=max_seq)
    with pytest.raises(ValueError, match=r"x must have shape \(\.\.\., seq, width\), two axes or more: got x \(12,\)"):
        call(params, 3)
    with pytest.raises(ValueError, match=r"tokens must lie between 0 and 10: got 0 to 11 in tokens \(2, 2\)"):
        call(params, [[0, 11], [3, 4]])
    with pytest.raises(TypeError, match=r"tokens must be integers: got float64 \(2,\)"):
        call(params, [0.0, 1.0])
