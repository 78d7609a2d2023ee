"""The translator's architecture, on small random parameters under Marian's names; no weights of others are needed."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import encoder, layer_norm, multi_head_attention, relu, ssru
from attnlib.translator.model import as_params, decode, encode, memory_heads, recurrent_layer, scaled, with_positions
from attnlib.translator.translate import END, greedy_cells, num_heads

D_MODEL, D_FF, HEADS, VOCAB, ENCODER_LAYERS, DECODER_LAYERS = 12, 10, 3, 17, 3, 2
SOURCE, SAID = np.array([5, 3, 11, 16, 0]), np.array([4, 9, 2])
SETTINGS = (
    "dec-cell: ssru\ntransformer-heads: 3\ntransformer-decoder-autoreg: rnn\ntype: transformer\ndim-vocabs:\n  - 17\n"
)


def marian_arrays(rng, dtype=np.float64):
    """What a model file of this architecture holds, by Marian's names; a vector is a matrix of one row."""
    shapes = {"Wemb": (VOCAB, D_MODEL), "decoder_ff_logit_out_b": (1, VOCAB)}

    def attention(name):
        for end in "qkvo":
            shapes[f"{name}_W{end}"], shapes[f"{name}_b{end}"] = (D_MODEL, D_MODEL), (1, D_MODEL)
        norm(f"{name}_Wo")

    def norm(name):
        shapes[f"{name}_ln_scale"] = shapes[f"{name}_ln_bias"] = (1, D_MODEL)

    def network(name):
        shapes[f"{name}_W1"], shapes[f"{name}_b1"] = (D_MODEL, D_FF), (1, D_FF)
        shapes[f"{name}_W2"], shapes[f"{name}_b2"] = (D_FF, D_MODEL), (1, D_MODEL)
        norm(f"{name}_ffn")

    for i in range(1, ENCODER_LAYERS + 1):
        attention(f"encoder_l{i}_self")
        network(f"encoder_l{i}_ffn")
    for i in range(1, DECODER_LAYERS + 1):
        layer = f"decoder_l{i}"
        shapes[f"{layer}_rnn_W"] = shapes[f"{layer}_rnn_Wf"] = (D_MODEL, D_MODEL)
        shapes[f"{layer}_rnn_bf"] = (1, D_MODEL)
        norm(f"{layer}_rnn_ffn")
        attention(f"{layer}_context")
        network(f"{layer}_ffn")
    return {name: (rng.normal(size=shape) * 0.6).astype(dtype) for name, shape in shapes.items()}


def by_hand(arrays, source, said):
    """The model once more, from the names as they stand in the file: logits after each beginning of what was said."""

    def at(name):
        return arrays[name][0] if len(arrays[name]) == 1 else arrays[name]

    def norm(x, name):
        return layer_norm(x, at(f"{name}_ln_scale"), at(f"{name}_ln_bias"), eps=1e-6)

    def attend(name, x, memory):
        query, key, value = (
            y @ at(f"{name}_W{end}") + at(f"{name}_b{end}") for y, end in ((x, "q"), (memory, "k"), (memory, "v"))
        )
        heads = []
        for part in np.split(np.arange(D_MODEL), HEADS):
            scores = query[:, part] @ key[:, part].T / len(part) ** 0.5
            weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
            heads.append(weights @ value[:, part])
        return norm(x + np.hstack(heads) @ at(f"{name}_Wo") + at(f"{name}_bo"), f"{name}_Wo")

    def think(name, x):
        hidden = np.maximum(x @ at(f"{name}_W1") + at(f"{name}_b1"), 0)
        return norm(x + hidden @ at(f"{name}_W2") + at(f"{name}_b2"), f"{name}_ffn")

    def placed(x):
        waves = np.arange(len(x))[:, None] * 10000.0 ** (-np.arange(D_MODEL // 2) / (D_MODEL // 2 - 1))
        return x + np.hstack([np.sin(waves), np.cos(waves)])

    memory = placed(at("Wemb")[source] * D_MODEL**0.5)
    for i in range(1, ENCODER_LAYERS + 1):
        memory = think(f"encoder_l{i}_ffn", attend(f"encoder_l{i}_self", memory, memory))
    x = placed(np.vstack([np.zeros(D_MODEL), at("Wemb")[said] * D_MODEL**0.5]))
    for i in range(1, DECODER_LAYERS + 1):
        name, state, read = f"decoder_l{i}", np.zeros(D_MODEL), []
        for token in x:
            keep = 1 / (1 + np.exp(-(token @ at(f"{name}_rnn_Wf") + at(f"{name}_rnn_bf"))))
            state = keep * state + (1 - keep) * (token @ at(f"{name}_rnn_W"))
            read.append(np.maximum(state, 0))
        x = norm(x + np.array(read), f"{name}_rnn_ffn")
        x = think(f"{name}_ffn", attend(f"{name}_context", x, memory))
    return x @ at("Wemb").T + at("decoder_ff_logit_out_b")


@pytest.fixture
def params(rng):
    return as_params(marian_arrays(rng), HEADS)


def heads_of(params, source=SOURCE):
    return memory_heads(params, encode(params, source)[0])


def test_the_library_s_parts_give_what_marian_s_names_say_when_read_by_hand(rng):
    arrays = marian_arrays(rng)
    params = as_params(arrays, HEADS)
    logits, _, _ = decode(params, SAID, heads_of(params))
    assert_allclose(logits, by_hand(arrays, SOURCE, SAID), rtol=1e-9, atol=1e-11)


def test_the_encoder_is_the_library_s_own(params):
    memory, weights = encode(params, SOURCE)
    assert_array_equal(memory, encoder(params.encoder, with_positions(scaled(params, SOURCE)))[0])
    assert [layer.shape for layer in weights] == [(HEADS, 5, 5)] * ENCODER_LAYERS
    assert not any(layer.norm_first for layer in params.encoder.layers)
    assert {layer.eps for layer in params.encoder.layers} == {1e-6}


def test_a_decoder_layer_put_together_from_the_library_s_parts(params, rng):
    x, layer = rng.normal(size=(4, D_MODEL)), params.decoder[1]
    memory, _ = encode(params, SOURCE)
    (_, (keys, values)) = memory_heads(params, memory)
    output, weights, state = recurrent_layer(layer, x, None, keys, values)
    read, expected_state = ssru(layer.cell, x)
    h = layer_norm(x + read, *layer.cell_norm, 1e-6)
    added, expected_weights = multi_head_attention(layer.cross_attention, h, memory, memory)
    h = layer_norm(h + added, *layer.cross_attention_norm, 1e-6)
    f = layer.feed_forward
    h = layer_norm(h + relu(h @ f.w_in + f.b_in) @ f.w_out + f.b_out, *layer.feed_forward_norm, 1e-6)
    assert_allclose(output, h, rtol=1e-11)
    assert_allclose(weights, expected_weights, rtol=1e-11)
    assert_allclose(state, expected_state, rtol=1e-11)


def test_one_step_at_a_time_gives_what_all_at_once_give(params):
    heads = heads_of(params)
    whole, maps, last = decode(params, SAID, heads)
    state = None
    for t in range(len(SAID) + 1):
        logits, weights, state = decode(params, SAID[:t], heads, state)
        assert logits.shape == (1, VOCAB)
        assert_allclose(logits[0], whole[t], rtol=1e-10, atol=1e-12)
        for step, layer in zip(weights, maps, strict=True):
            assert_allclose(step[:, 0], layer[:, t], rtol=1e-10)
    assert state.read == last.read == 4
    assert_allclose(state.cells, last.cells, rtol=1e-10)


def test_what_is_said_later_changes_no_earlier_logits(params):
    heads = heads_of(params)
    whole, *_ = decode(params, SAID, heads)
    other, *_ = decode(params, np.array([4, 9, 7]), heads)
    assert_array_equal(other[:3], whole[:3])
    assert (other[3] != whole[3]).any()


def test_a_hidden_token_of_the_source_gets_no_weight_and_the_others_share_it(params):
    mask = np.arange(5) != 2
    _, maps, _ = decode(params, SAID, heads_of(params), memory_mask=mask)
    for weights in maps:
        assert_array_equal(weights[..., 2], 0)
        assert_allclose(weights.sum(axis=-1), 1, rtol=1e-12)


def test_candidates_are_weighed_as_among_all(params):
    heads, some = heads_of(params), np.array([0, 3, 9])
    whole, *_ = decode(params, SAID, heads)
    few, *_ = decode(params, SAID, heads, candidates=some)
    assert_allclose(few, whole[:, some], rtol=1e-12)


def test_greedy_says_the_likeliest_each_time_and_ends_with_the_sign_for_the_end(params):
    memory, _ = encode(params, SOURCE)
    said, probs, maps = greedy_cells(params, memory, END, 9)
    logits, cross, _ = decode(params, said[:-1], memory_heads(params, memory))
    assert_array_equal(logits.argmax(axis=1), said)
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert_allclose(probs, shifted.max(axis=1) / shifted.sum(axis=1), rtol=1e-9)
    assert_allclose(maps, np.stack(cross), rtol=1e-9)
    assert (said[:-1] != END).all()
    assert len(said) == 9 or said[-1] == END


def test_at_least_one_step_is_taken(params):
    with pytest.raises(ValueError, match="steps must be 1 or more: got 0"):
        greedy_cells(params, encode(params, SOURCE)[0], END, 0)


def test_only_what_is_allowed_is_said(params):
    memory, _ = encode(params, SOURCE)
    said, _, _ = greedy_cells(params, memory, END, 9, allowed=np.array([3, 8]))
    assert set(said) <= {3, 8}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_stay_as_they_are(rng, dtype):
    params = as_params(marian_arrays(rng, dtype), HEADS)
    memory, weights = encode(params, SOURCE)
    logits, maps, state = decode(params, SAID, memory_heads(params, memory))
    assert {array.dtype for array in (memory, *weights, logits, *maps, *state.cells)} == {np.dtype(dtype)}


def test_a_missing_array_is_named(rng):
    arrays = marian_arrays(rng)
    del arrays["decoder_l2_context_bk"]
    first_five = (
        "Wemb, decoder_ff_logit_out_b, decoder_l1_context_Wk, decoder_l1_context_Wo, decoder_l1_context_Wo_ln_bias"
    )
    with pytest.raises(ValueError, match=f"the model must hold decoder_l2_context_bk: got {first_five} …$"):
        as_params(arrays, HEADS)


def test_each_layer_of_the_decoder_needs_its_heads(params):
    with pytest.raises(ValueError, match="zip"):
        decode(params, SAID, heads_of(params)[:1])


def test_the_settings_say_how_many_heads_there_are():
    assert num_heads(SETTINGS) == 3


@pytest.mark.parametrize("wrong", [SETTINGS.replace("ssru", "gru"), SETTINGS.replace("transformer-heads: 3", ""), ""])
def test_a_model_that_is_built_otherwise_is_refused(wrong):
    with pytest.raises(ValueError, match="the model must be built like this"):
        num_heads(wrong)
