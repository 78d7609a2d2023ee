import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import (
    AttentionMaps,
    causal_mask,
    count_parameters,
    cross_entropy,
    cross_entropy_vjp,
    decode,
    decoder,
    encode,
    encoder,
    init_transformer,
    padding_mask,
    sinusoidal_positions,
    transformer,
    transformer_vjp,
    tree_leaves,
    tree_map,
)
from attnlib.testing import assert_weights, check_vjp
from attnlib.transformer import check_source_mask

SOURCE_VOCAB, TARGET_VOCAB, D_MODEL, HEADS, D_FF = 11, 9, 6, 3, 7
BATCH, SEQ_SOURCE, SEQ_TARGET = 4, 5, 3
LENGTHS = np.array([5, 2, 1, 3])
MASK = padding_mask(LENGTHS, SEQ_SOURCE)

both_orders = pytest.mark.parametrize("norm_first", [True, False], ids=["pre-LN", "post-LN"])
both_tables = pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_forms = pytest.mark.parametrize("call", [transformer, transformer_vjp], ids=lambda f: f.__name__)


def draw(rng, norm_first=True, tied=True, dtype=np.float64, lead=(BATCH,), layers=(1, 2), activation="relu"):
    """Parameters of which none is zero or one, and tokens."""
    sizes = SOURCE_VOCAB, TARGET_VOCAB, D_MODEL, HEADS, D_FF, *layers
    params = init_transformer(rng, *sizes, tied, norm_first, activation, dtype)
    params = tree_map(lambda x: x + (0.1 * rng.normal(size=x.shape)).astype(dtype), params)
    source = rng.integers(SOURCE_VOCAB, size=(*lead, SEQ_SOURCE))
    return params, source, rng.integers(TARGET_VOCAB, size=(*lead, SEQ_TARGET))


# What it computes


@both_orders
@both_tables
def test_the_parts_put_together_by_hand_give_the_same(rng, norm_first, tied):
    params, source, target = draw(rng, norm_first, tied, activation="gelu")
    x = params.source_tokens[source] * D_MODEL**0.5 + sinusoidal_positions(SEQ_SOURCE, D_MODEL)
    memory, encoder_weights = encoder(params.encoder, x, MASK)
    x = params.target_tokens[target] * D_MODEL**0.5 + sinusoidal_positions(SEQ_TARGET, D_MODEL)
    x, decoder_weights = decoder(params.decoder, x, memory, MASK)
    expected = x @ (params.target_tokens.T if tied else params.w_out)
    logits, maps = transformer(params, source, target, MASK)
    assert logits.shape == (BATCH, SEQ_TARGET, TARGET_VOCAB)
    assert_allclose(logits, expected, rtol=1e-11, atol=1e-13)
    assert isinstance(maps, AttentionMaps)
    expected_maps = (*encoder_weights, *(pair[0] for pair in decoder_weights), *(pair[1] for pair in decoder_weights))
    for found, wanted in zip((*maps.encoder, *maps.decoder, *maps.cross), expected_maps, strict=True):
        assert_allclose(found, wanted, rtol=1e-12)


@both_orders
def test_encoding_then_decoding_is_the_transformer(rng, norm_first):
    params, source, target = draw(rng, norm_first)
    memory, encoder_weights = encode(params, source, MASK)
    logits, decoder_weights = decode(params, target, memory, MASK)
    whole, maps = transformer(params, source, target, MASK)
    assert memory.shape == (BATCH, SEQ_SOURCE, D_MODEL)
    assert_array_equal(logits, whole)
    assert_array_equal(encoder_weights[0], maps.encoder[0])
    assert_array_equal(decoder_weights[1][0], maps.decoder[1])
    assert_array_equal(decoder_weights[1][1], maps.cross[1])


def test_pre_ln_and_relu_are_what_one_gets_without_saying(rng):
    params = init_transformer(rng, SOURCE_VOCAB, TARGET_VOCAB, D_MODEL, HEADS, D_FF)
    for layer in (*params.encoder.layers, *params.decoder.layers):
        assert layer.norm_first
        assert layer.feed_forward.activation == "relu"


def test_a_tied_table_is_the_same_as_an_untied_copy_of_it(rng):
    params, source, target = draw(rng)
    untied = params._replace(w_out=params.target_tokens.T.copy())
    assert_allclose(transformer(untied, source, target)[0], transformer(params, source, target)[0], rtol=1e-12)


# Properties


@both_orders
@both_dtypes
def test_maps_are_weights_with_the_right_things_hidden(rng, norm_first, dtype):
    params, source, target = draw(rng, norm_first, dtype=dtype, layers=(2, 3))
    logits, maps = transformer(params, source, target, MASK)
    assert logits.dtype == dtype
    assert [len(part) for part in maps] == [2, 3, 3]
    for part, mask, sizes in zip(
        maps,
        (MASK[:, None], causal_mask(SEQ_TARGET, SEQ_TARGET), MASK[:, None]),
        ((SEQ_SOURCE, SEQ_SOURCE), (SEQ_TARGET, SEQ_TARGET), (SEQ_TARGET, SEQ_SOURCE)),
        strict=True,
    ):
        for weights in part:
            assert weights.shape == (BATCH, HEADS, *sizes)
            assert weights.dtype == dtype
            assert_weights(weights, mask)


@both_orders
@pytest.mark.parametrize("t", range(SEQ_TARGET))
def test_a_future_token_of_the_target_changes_no_logits_before_it(rng, norm_first, t):
    params, source, target = draw(rng, norm_first)
    before, _ = transformer(params, source, target, MASK)
    target[:, t] = (target[:, t] + 1) % TARGET_VOCAB
    after, _ = transformer(params, source, target, MASK)
    assert_array_equal(after[:, :t], before[:, :t])
    assert (after[:, t:] != before[:, t:]).any(axis=-1).all()


@both_forms
def test_a_mask_of_one_s_own_for_the_target_reaches_every_layer(rng, call):
    params, source, target = draw(rng)
    itself = np.eye(SEQ_TARGET, dtype=bool)
    logits, _ = call(params, source, target, MASK, itself)
    for t in range(SEQ_TARGET):
        other = target.copy()
        other[:, t] = (other[:, t] + 1) % TARGET_VOCAB
        changed = (call(params, source, other, MASK, itself)[0] != logits).any(axis=-1)
        assert_array_equal(changed, np.broadcast_to(np.arange(SEQ_TARGET) == t, changed.shape))


@both_orders
def test_what_stands_in_the_source_s_padding_changes_no_logits(rng, norm_first):
    params, source, target = draw(rng, norm_first, layers=(2, 2))
    before, _ = transformer(params, source, target, MASK)
    other = np.where(MASK[:, 0], source, (source + 1) % SOURCE_VOCAB)
    assert (other != source).any()
    assert_array_equal(transformer(params, other, target, MASK)[0], before)
    unmasked, _ = transformer(params, other, target)
    assert np.abs(unmasked - before)[LENGTHS < SEQ_SOURCE].max() > 0.01


@both_orders
def test_a_padded_batch_is_each_pair_alone(rng, norm_first):
    params, source, target = draw(rng, norm_first, layers=(2, 2))
    logits, _ = transformer(params, source, target, MASK)
    for i, n in enumerate(LENGTHS):
        alone, _ = transformer(params, source[i, :n], target[i])
        assert_allclose(logits[i], alone, rtol=1e-9, atol=1e-12)


@both_orders
def test_the_order_of_the_source_counts(rng, norm_first):
    params, source, target = draw(rng, norm_first)
    logits, turned = (transformer(params, s, target)[0] for s in (source, source[:, ::-1]))
    assert np.abs(turned - logits).max() > 0.01


@pytest.mark.parametrize("source_shape", [(BATCH, 0), (0, SEQ_SOURCE)], ids=str)
def test_no_source_and_no_sequences(rng, source_shape):
    params, _, _ = draw(rng)
    source, target = np.zeros(source_shape, int), np.zeros((source_shape[0], SEQ_TARGET), int)
    logits, pullback = transformer_vjp(params, source, target)
    assert logits.shape == (*target.shape, TARGET_VOCAB)
    assert all(np.isfinite(grad).all() for grad in tree_leaves(pullback(np.ones(logits.shape))))


@pytest.mark.parametrize("dtype", [np.uint8, np.int32])
def test_tokens_may_be_integers_of_any_kind(rng, dtype):
    params, source, target = draw(rng)
    assert_array_equal(
        transformer(params, source.astype(dtype), target.astype(dtype))[0], transformer(params, source, target)[0]
    )


# Gradients


@both_orders
def test_the_gradient_of_the_loss_agrees_with_central_differences(rng, norm_first):
    params, source, target = draw(rng, norm_first)
    wanted = rng.integers(-1, TARGET_VOCAB, size=target.shape)
    wanted[0, 0] = 1

    def loss_vjp(params):
        logits, back_model = transformer_vjp(params, source, target, MASK)
        loss, back_loss = cross_entropy_vjp(logits, wanted)
        return loss, lambda grad_loss: back_model(back_loss(grad_loss))

    check_vjp(
        lambda params: cross_entropy(transformer(params, source, target, MASK)[0], wanted),
        loss_vjp,
        [params],
        rng,
    )


@both_orders
def test_a_tied_table_collects_both_of_its_gradients(rng, norm_first):
    params, source, target = draw(rng, norm_first)
    untied = params._replace(w_out=params.target_tokens.T.copy())
    logits, pullback = transformer_vjp(params, source, target, MASK)
    grad_logits = rng.normal(size=logits.shape)
    tied_grads = pullback(grad_logits)
    grads = transformer_vjp(untied, source, target, MASK)[1](grad_logits)
    assert tied_grads.w_out is None
    assert_allclose(tied_grads.target_tokens, grads.target_tokens + grads.w_out.T, rtol=1e-11, atol=1e-13)
    assert_allclose(tied_grads.source_tokens, grads.source_tokens, rtol=1e-11, atol=1e-13)


def test_tokens_that_stand_nowhere_or_in_the_padding_get_no_gradient(rng):
    params, _, _ = draw(rng, tied=False)
    source, target = np.array([[0, 1, 2, 3, 4]]), np.array([[0, 1, 0]])
    logits, pullback = transformer_vjp(params, source, target, padding_mask(np.array([3]), SEQ_SOURCE))
    grads = pullback(rng.normal(size=logits.shape))
    assert_array_equal(grads.source_tokens.any(axis=1), np.arange(SOURCE_VOCAB) < 3)
    assert_array_equal(grads.target_tokens.any(axis=1), np.arange(TARGET_VOCAB) < 2)


# Random parameters


@both_orders
@both_tables
@both_dtypes
def test_random_parameters_have_the_promised_number_and_dtype(rng, norm_first, tied, dtype):
    params = init_transformer(
        rng, SOURCE_VOCAB, TARGET_VOCAB, D_MODEL, HEADS, D_FF, 2, 3, tied, norm_first, dtype=dtype
    )
    attention, thinking = 4 * D_MODEL**2, 2 * D_MODEL * D_FF + D_FF + D_MODEL
    layers = 2 * (attention + thinking + 4 * D_MODEL) + 3 * (2 * attention + thinking + 6 * D_MODEL)
    tables = (SOURCE_VOCAB + (1 if tied else 2) * TARGET_VOCAB) * D_MODEL
    assert count_parameters(params) == tables + layers + (4 * D_MODEL if norm_first else 0)
    assert {x.dtype for x in tree_leaves(params)} == {np.dtype(dtype)}
    assert (params.w_out is None) == tied


def test_vectors_start_with_variance_one_and_logits_with_one_that_is_not_far(rng):
    params = init_transformer(rng, 50, 60, 128, 4, 256)
    assert params.source_tokens.var() * 128 == pytest.approx(1, rel=0.05)
    source, target = rng.integers(50, size=(10, 30)), rng.integers(60, size=(10, 20))
    logits, _ = transformer(params, source, target)
    assert 0.5 < logits.var() < 2


@pytest.mark.parametrize(
    ("sizes", "error", "words"),
    [
        ({"source_vocab": 0}, ValueError, "source_vocab must be 1 or more: got 0"),
        ({"target_vocab": 2.0}, TypeError, r"target_vocab must be an integer: got 2\.0"),
        ({"d_model": 9}, ValueError, "the width must be even: got 9"),
        ({"num_heads": 4}, ValueError, "num_heads must divide d_model"),
        ({"d_ff": 0}, ValueError, "d_ff must be 1 or more: got 0"),
        ({"encoder_layers": 0}, ValueError, "num_layers must be 1 or more: got 0"),
        ({"decoder_layers": 0}, ValueError, "num_layers must be 1 or more: got 0"),
        ({"activation": "swish"}, ValueError, "activation must be one of relu, gelu: got 'swish'"),
        ({"dtype": np.int32}, TypeError, "dtype must be float32 or float64: got int32"),
    ],
)
def test_bad_sizes_are_restated(rng, sizes, error, words):
    given = {"source_vocab": 5, "target_vocab": 4, "d_model": D_MODEL, "num_heads": HEADS, "d_ff": D_FF}
    with pytest.raises(error, match=words):
        init_transformer(rng, **(given | sizes))


# Errors


@both_forms
def test_tokens_that_are_no_sequence_or_not_known_are_restated(rng, call):
    params, source, target = draw(rng)
    with pytest.raises(ValueError, match=r"tokens must lie between 0 and 10: got"):
        call(params, source + SOURCE_VOCAB, target)
    with pytest.raises(ValueError, match=r"tokens must lie between 0 and 8: got -1 to"):
        call(params, source, np.where(target == target.max(), -1, target))
    with pytest.raises(TypeError, match=r"tokens must be integers: got float64 \(4, 3\)"):
        call(params, source, target.astype(float))
    for pair in ((3, target), (source, 3)):
        with pytest.raises(ValueError, match=r"must have shape \(\.\.\., seq, width\), two axes or more: got x \(6,\)"):
            call(params, *pair)


@both_forms
def test_a_mask_or_batch_that_does_not_fit_is_restated(rng, call):
    params, source, target = draw(rng)
    with pytest.raises(ValueError, match=r"mask must broadcast to \(\.\.\., seq_q, seq_k\)"):
        call(params, source, target, MASK[..., 1:])
    with pytest.raises(TypeError, match="mask must be boolean"):
        call(params, source, target, MASK.astype(int))
    with pytest.raises(ValueError, match="leading axes of query, key and value must broadcast"):
        call(params, source, target[:3])
    with pytest.raises(ValueError, match="must add vectors of the shape it was given"):
        call(params, source, target[0])


@both_forms
def test_parameters_that_do_not_fit_one_another_are_restated(rng, call):
    params, source, target = draw(rng)
    mixed = params._replace(target_tokens=params.target_tokens.astype(np.float32))
    with pytest.raises(TypeError, match="must share one dtype"):
        call(mixed, source, target)
    with pytest.raises(ValueError, match=r"must share d_in: got x .*, weight \(5, 4\)"):
        call(params._replace(w_out=np.ones((5, 4))), source, target)


def test_if_nothing_is_said_each_side_has_one_layer_and_the_table_is_tied(rng):
    params = init_transformer(rng, source_vocab=7, target_vocab=5, d_model=4, num_heads=2, d_ff=6)
    assert [len(params.encoder.layers), len(params.decoder.layers)] == [1, 1]
    assert params.w_out is None


@pytest.mark.parametrize(
    ("mask", "tokens"),
    [((1, 6), (1, 6)), ((6, 6), (4, 6)), ((4, 1, 6), (4, 6)), ((6,), (4, 6))],
    ids=["one sequence", "a row a query", "a row a sequence", "the same for all"],
)
def test_a_mask_that_can_mean_only_one_thing_is_taken(mask, tokens):
    check_source_mask(np.ones(mask, bool), np.zeros(tokens, int))


@pytest.mark.parametrize("tokens", [(4, 6), (2, 4, 6)], ids=str)
def test_a_mask_that_could_be_a_row_a_sequence_or_a_query_is_refused(tokens):
    with pytest.raises(ValueError, match=r"one row a sequence or one a query\? .* got source_mask \(4, 6\)"):
        check_source_mask(np.ones((4, 6), bool), np.zeros(tokens, int))
