"""What holds for norms, losses and whole models, whatever the shapes, dtypes and masks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import (
    Statistics,
    batch_norm,
    batch_statistics,
    causal_mask,
    cross_entropy,
    decoder,
    embedding,
    encoder,
    greedy,
    init_decoder,
    init_encoder,
    init_language_model,
    init_transformer,
    language_model,
    layer_norm,
    linear,
    next_probs,
    padding_mask,
    rms_norm,
    tree_map,
)
from tests.strategies import (
    dtypes,
    fewer,
    generators,
    leads,
    lengths,
    magnitudes,
    model_sizes,
    normal,
    rounding,
    widths,
)

eps = st.sampled_from([0.0, 1e-5, 0.5])
powers_of_two = st.integers(-12, 12).map(lambda power: 2.0**power)
few = fewer(3)  # whole models take longer


def near(found, wanted, *sizes, times=1):
    """Equal but for rounding, in the dtype that came in."""
    assert found.dtype == wanted.dtype
    assert_allclose(found, wanted, rtol=0, atol=times * rounding(found.dtype, *sizes))


# Norms


@given(generators, dtypes, leads, st.integers(2, 9), powers_of_two, st.integers(-8, 8), eps)
def test_layer_norm_sees_neither_shift_nor_scale(rng, dtype, lead, width, scale, shift, eps):
    """Whole numbers and powers of two, so that shifting and scaling round nothing; eps is a variance and scales too."""
    x = rng.integers(-20, 20, size=(*lead, width)).astype(dtype)
    gain, bias = normal(rng, dtype, width), normal(rng, dtype, width)
    moved = layer_norm(dtype(scale) * (x + dtype(shift)), gain, bias, eps * scale**2)
    near(moved, layer_norm(x, gain, bias, eps), 3 * gain, bias)


@given(generators, dtypes, leads, st.integers(1, 9), magnitudes, eps)
def test_normalised_vectors_have_mean_zero_and_the_variance_that_eps_leaves(rng, dtype, lead, width, size, eps):
    x = normal(rng, dtype, *lead, width, size=size)
    normed = layer_norm(x, np.ones(width, dtype), np.zeros(width, dtype), eps).astype(np.float64)
    variance = x.astype(np.float64).var(axis=-1)
    assert_allclose(normed.mean(axis=-1), 0, atol=rounding(dtype))
    wanted = np.divide(variance, variance + eps, out=np.zeros_like(variance), where=variance > 0)
    assert_allclose(normed.var(axis=-1), wanted, rtol=1e-4 if dtype == np.float32 else 1e-10, atol=rounding(dtype))


@given(generators, dtypes, leads, widths, powers_of_two, st.sampled_from([1.0, -1.0]), eps)
def test_rms_norm_sees_the_sign_but_not_the_scale(rng, dtype, lead, width, scale, sign, eps):
    x, gain = normal(rng, dtype, *lead, width), normal(rng, dtype, width)
    scaled = rms_norm(dtype(sign * scale) * x, gain, eps * scale**2)
    near(scaled, dtype(sign) * rms_norm(x, gain, eps), 3 * gain)


@given(generators, dtypes, leads, st.integers(1, 5), eps)
def test_of_vectors_with_mean_zero_both_norms_make_the_same(rng, dtype, lead, half, eps):
    x = rng.integers(-20, 20, size=(*lead, half)).astype(dtype)
    x, gain = np.concatenate([x, -x], axis=-1), normal(rng, dtype, 2 * half)
    near(rms_norm(x, gain, eps), layer_norm(x, gain, np.zeros_like(gain), eps), 3 * gain)


@given(generators, dtypes, st.integers(1, 4), lengths, widths, st.data())
def test_batch_norm_of_the_tokens_that_count_is_that_of_a_batch_without_the_others(rng, dtype, batch, seq, width, data):
    x, gain, bias = (normal(rng, dtype, *shape) for shape in ((batch, seq, width), (width,), (width,)))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=batch * seq, max_size=batch * seq))).reshape(batch, seq)
    padded = np.where(mask[..., None], x, np.nan).astype(dtype)
    normed = batch_norm(padded, gain, bias, mask=mask)
    assert_array_equal(normed[~mask], 0)
    near(normed[mask], batch_norm(x[mask][None], gain, bias)[0], 3 * gain, bias, times=4)


@given(generators, dtypes, st.integers(1, 4), lengths, widths, st.booleans(), st.sampled_from([1e-5, 0.5]))
def test_batch_norm_in_training_is_inference_with_the_batchs_own_statistics(
    rng, dtype, batch, seq, width, per_position, eps
):
    x, gain, bias = (normal(rng, dtype, *shape) for shape in ((batch, seq, width), (width,), (width,)))
    own = batch_statistics(x, per_position=per_position)
    assert isinstance(own, Statistics)
    inference = batch_norm(x, gain, bias, own, eps=eps)
    training = batch_norm(x, gain, bias, per_position=per_position, eps=eps)
    near(training, inference, 3 * gain, bias, times=1e3)  # a variance of almost nothing is divided by √eps


# Tokens and losses


@given(generators, dtypes, leads, st.integers(1, 7), widths)
def test_looking_a_row_up_is_a_product_with_a_vector_of_one_one(rng, dtype, lead, vocab, width):
    table, tokens = normal(rng, dtype, vocab, width), rng.integers(vocab, size=lead)
    assert_array_equal(embedding(table, tokens), linear(np.eye(vocab, dtype=dtype)[tokens], table), strict=True)


@given(generators, dtypes, leads, widths, widths, st.integers(1, 5))
def test_a_map_of_maps_is_the_map_of_their_product(rng, dtype, lead, d_in, d_mid, d_out):
    x, first, second = (normal(rng, dtype, *shape) for shape in ((*lead, d_in), (d_in, d_mid), (d_mid, d_out)))
    sizes = 6 * np.abs(x).max(initial=0) * np.abs(first).max() * np.abs(second)
    near(linear(linear(x, first), second), linear(x, first @ second), 6 * sizes)


@given(generators, dtypes, leads, st.integers(1, 7), st.floats(0, 1), st.integers(-100, 100))
def test_cross_entropy_lies_above_the_entropy_and_sees_no_shift(rng, dtype, lead, vocab, smoothing, shift):
    logits = rng.integers(-9, 9, size=(*lead, vocab)).astype(dtype)
    targets = rng.integers(vocab, size=lead)
    loss = cross_entropy(logits, targets, smoothing)
    assert loss >= -rounding(dtype)
    assert_array_equal(cross_entropy(logits + dtype(shift), targets, smoothing), loss)
    equal = cross_entropy(np.full_like(logits, shift), targets, smoothing)
    assert_allclose(equal, np.log(vocab), rtol=0, atol=rounding(dtype))


@given(generators, dtypes, lengths, st.integers(2, 7), st.floats(0, 1), st.data())
def test_ignored_places_are_as_good_as_removed(rng, dtype, n, vocab, smoothing, data):
    logits, targets = normal(rng, dtype, n, vocab), rng.integers(vocab, size=n)
    counts = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    counts[data.draw(st.integers(0, n - 1))] = True
    padded = np.where(counts[:, None], logits, np.nan).astype(dtype)
    loss = cross_entropy(padded, np.where(counts, targets, -1), smoothing)
    assert_array_equal(loss, cross_entropy(logits[counts], targets[counts], smoothing))


@given(generators, dtypes, leads, st.integers(1, 7), st.sampled_from([0.1, 1.0, 5.0]), st.integers(1, 8))
def test_of_the_likeliest_tokens_alone_one_may_be_drawn(rng, dtype, lead, vocab, temperature, top_k):
    logits = normal(rng, dtype, *lead, vocab)
    probs = next_probs(logits, temperature, top_k)
    assert_allclose(probs.sum(axis=-1), 1, atol=rounding(dtype))
    assert ((probs > 0).sum(axis=-1) <= top_k).all()
    assert_array_equal(probs.argmax(axis=-1), logits.argmax(axis=-1))
    everything = next_probs(logits, temperature)
    assert (probs >= everything * (probs > 0) - rounding(dtype)).all()


# Models


@few
@given(generators, dtypes, st.booleans(), model_sizes(), lengths, st.data())
def test_without_positions_an_encoder_does_not_see_the_order(rng, dtype, norm_first, sizes, seq, data):
    params = init_encoder(rng, 2, **sizes, norm_first=norm_first, dtype=dtype)
    x = normal(rng, dtype, 2, seq, sizes["d_model"])
    order = np.array(data.draw(st.permutations(range(seq))), int)
    near(encoder(params, x[:, order])[0], encoder(params, x)[0][:, order], x, times=16)


@few
@given(generators, dtypes, st.booleans(), model_sizes(), lengths, st.data())
def test_padding_of_the_source_is_as_good_as_removed(rng, dtype, norm_first, sizes, seq, data):
    params = init_transformer(rng, 7, 5, **sizes, norm_first=norm_first, dtype=dtype)
    n = data.draw(st.integers(1, seq))
    source = rng.integers(7, size=(1, seq))
    padded = greedy(params, source, 0, 2, padding_mask([n], seq)).probs
    near(padded, greedy(params, source[:, :n], 0, 2).probs, times=64)


@few
@given(generators, dtypes, st.booleans(), model_sizes(), lengths, lengths, lengths)
def test_the_end_of_a_target_changes_no_bit_before_it(rng, dtype, norm_first, sizes, seq, more, seq_memory):
    params = init_decoder(rng, 2, **sizes, norm_first=norm_first, dtype=dtype)
    memory = normal(rng, dtype, seq_memory, sizes["d_model"])
    x = normal(rng, dtype, seq + more, sizes["d_model"])
    changed = x.copy()
    changed[seq:] = normal(rng, dtype, more, sizes["d_model"], size=100)
    outputs = [decoder(params, x, memory)[0][:seq] for x in (x, changed)]
    assert_array_equal(outputs[1], outputs[0], strict=True)


@few
@given(generators, dtypes, model_sizes(), lengths, lengths)
def test_later_tokens_change_no_bit_of_what_a_language_model_said_before(rng, dtype, sizes, seq, more):
    params = init_language_model(rng, 7, **sizes, dtype=dtype)
    tokens = rng.integers(7, size=(2, seq + more))
    changed = tokens.copy()
    changed[:, seq:] = rng.integers(7, size=(2, more))
    outputs = [language_model(params, tokens)[0][:, :seq] for tokens in (tokens, changed)]
    assert_array_equal(outputs[1], outputs[0], strict=True)


@few
@given(generators, dtypes, st.booleans(), st.booleans(), st.sampled_from(["relu", "gelu"]), model_sizes(), st.data())
def test_decoding_with_remembered_keys_and_values_says_the_same(rng, dtype, norm_first, tied, bend, sizes, data):
    layers = {"encoder_layers": 1, "decoder_layers": data.draw(st.integers(1, 2))}
    params = init_transformer(
        rng, 7, 5, **sizes, **layers, tied=tied, norm_first=norm_first, activation=bend, dtype=dtype
    )
    params = tree_map(lambda x: x + normal(rng, dtype, *x.shape, size=0.1), params)
    batch, seq, steps = (data.draw(st.integers(1, 4)) for _ in range(3))
    source = rng.integers(7, size=(batch, seq))
    mask = data.draw(st.none() | st.just(padding_mask(rng.integers(0, seq + 1, size=batch), seq)))
    cached, again = (greedy(params, source, 1, steps, mask, cached=cached) for cached in (True, False))
    assert_array_equal(cached.tokens, again.tokens)
    near(cached.probs, again.probs, times=64)


@few
@given(generators, dtypes, model_sizes(), lengths)
def test_a_causal_mask_given_to_an_encoder_makes_it_a_decoder_without_a_memory(rng, dtype, sizes, seq):
    params = init_language_model(rng, 7, **sizes, dtype=dtype)
    x = normal(rng, dtype, seq, sizes["d_model"])
    whole, _ = encoder(params.decoder, x, causal_mask(seq, seq))
    for n in range(1, seq):
        near(encoder(params.decoder, x[:n], causal_mask(n, n))[0], whole[:n], x, times=16)
