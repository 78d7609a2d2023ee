import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import (
    Decoded,
    LayerNormParams,
    decode,
    encode,
    greedy,
    init_transformer,
    padding_mask,
    softmax,
    transformer,
    tree_leaves,
    tree_map,
)
from attnlib.greedy import decode_next, start_cache

SOURCE_VOCAB, TARGET_VOCAB, D_MODEL, HEADS, D_FF = 11, 9, 6, 3, 7
BATCH, SEQ_SOURCE, STEPS = 4, 5, 8
BEGIN = 0
MASK = padding_mask(np.array([5, 2, 1, 3]), SEQ_SOURCE)

both_orders = pytest.mark.parametrize("norm_first", [True, False], ids=["pre-LN", "post-LN"])
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_ways = pytest.mark.parametrize("cached", [True, False], ids=["cached", "uncached"])


def draw(rng, norm_first=True, tied=True, dtype=np.float64, layers=(2, 2), activation="relu"):
    """A model that says something else at every step: its maps are larger than those of ``init_transformer``."""
    sizes = SOURCE_VOCAB, TARGET_VOCAB, D_MODEL, HEADS, D_FF, *layers
    params = init_transformer(rng, *sizes, tied, norm_first, activation, dtype)
    params = tree_map(lambda x: (2 * x + 0.5 * rng.normal(size=x.shape)).astype(dtype), params)
    return params, rng.integers(SOURCE_VOCAB, size=(BATCH, SEQ_SOURCE))


def says_three():
    """A model that says token 3 at every step, whatever the source: its last norm has no gain, and one bias."""
    params = init_transformer(np.random.default_rng(0), SOURCE_VOCAB, TARGET_VOCAB, D_MODEL, HEADS, D_FF, tied=False)
    w_out = np.zeros((D_MODEL, TARGET_VOCAB))
    w_out[0, 3] = 1
    norm = LayerNormParams(np.zeros(D_MODEL), np.eye(D_MODEL)[0])
    return params._replace(decoder=params.decoder._replace(norm=norm), w_out=w_out)


@both_orders
@both_ways
@pytest.mark.parametrize("mask", [None, MASK], ids=["no mask", "padding"])
def test_each_token_is_the_likeliest_after_those_before_it(norm_first, cached, mask):
    params, source = draw(np.random.default_rng(2), norm_first, tied=False, activation="gelu")
    found = greedy(params, source, BEGIN, STEPS, mask, cached=cached)
    assert isinstance(found, Decoded)
    assert found.tokens.shape == (BATCH, STEPS)
    assert found.probs.shape == (BATCH, STEPS, TARGET_VOCAB)
    assert_array_equal(found.tokens, found.probs.argmax(axis=-1))
    target = np.concatenate([np.full((BATCH, 1), BEGIN), found.tokens[:, :-1]], axis=1)
    logits, _ = transformer(params, source, target, mask)
    assert_allclose(found.probs, softmax(logits), rtol=1e-9, atol=1e-14)
    if norm_first and mask is None:  # these numbers do not say one token over and over
        assert len(np.unique(found.tokens)) > 3


@both_orders
@both_dtypes
@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["no mask", "padding"])
def test_the_cache_changes_nothing_but_roundings(rng, norm_first, dtype, tied, mask):
    params, source = draw(rng, norm_first, tied, dtype)
    cached, uncached = (greedy(params, source, BEGIN, STEPS, mask, cached=c) for c in (True, False))
    assert cached.probs.dtype == uncached.probs.dtype == dtype
    assert_array_equal(cached.tokens, uncached.tokens)
    assert_allclose(cached.probs, uncached.probs, rtol=0, atol=100 * np.finfo(dtype).eps)


def test_the_cache_keeps_keys_and_values_with_their_biases_and_norms_their_eps(rng):
    params, source = draw(rng)

    def biased(attention):
        return attention._replace(**{f"b_{end}": rng.normal(size=D_MODEL) for end in "qkvo"})

    layers = [
        layer._replace(
            self_attention=biased(layer.self_attention), cross_attention=biased(layer.cross_attention), eps=0.1
        )
        for layer in params.decoder.layers
    ]
    params = params._replace(decoder=params.decoder._replace(layers=tuple(layers)))
    cached, uncached = (greedy(params, source, BEGIN, STEPS, MASK, cached=c) for c in (True, False))
    assert_array_equal(cached.tokens, uncached.tokens)
    assert_allclose(cached.probs, uncached.probs, rtol=0, atol=1e-13)


@both_orders
def test_one_step_with_the_cache_computes_the_last_logits(rng, norm_first):
    params, source = draw(rng, norm_first)
    memory, _ = encode(params, source, MASK)
    said, caches = np.full((BATCH, 1), BEGIN), start_cache(params, memory)
    for step in range(4):
        logits, caches = decode_next(params, said, caches, MASK)
        expected, _ = decode(params, said, memory, MASK)
        assert_allclose(logits, expected[:, -1:], rtol=1e-9, atol=1e-12)
        for cache in caches:
            assert cache.keys.shape == cache.values.shape == (BATCH, HEADS, step + 1, D_MODEL // HEADS)
            assert cache.memory_keys.shape == (BATCH, HEADS, SEQ_SOURCE, D_MODEL // HEADS)
        said = np.concatenate([said, rng.integers(TARGET_VOCAB, size=(BATCH, 1))], axis=1)


def test_the_cache_starts_empty_with_each_layer_s_own_keys_of_the_memory(rng):
    params, source = draw(rng)
    memory, _ = encode(params, source, MASK)
    caches = start_cache(params, memory)
    assert [cache.keys.shape[-2] for cache in caches] == [0, 0]
    for layer, cache in zip(params.decoder.layers, caches, strict=True):
        for found, weight in ((cache.memory_keys, "w_k"), (cache.memory_values, "w_v")):
            whole = memory @ getattr(layer.cross_attention, weight)
            assert_allclose(found.swapaxes(1, 2).reshape(whole.shape), whole, rtol=1e-12)


@both_ways
def test_each_sequence_is_decoded_as_if_alone(rng, cached):
    params, source = draw(rng)
    together = greedy(params, source, BEGIN, STEPS, MASK, cached=cached)
    for i, n in enumerate([5, 2, 1, 3]):
        alone = greedy(params, source[i : i + 1, :n], BEGIN, STEPS, cached=cached)
        assert_array_equal(alone.tokens[0], together.tokens[i])
        assert_allclose(alone.probs[0], together.probs[i], rtol=1e-9, atol=1e-13)


@both_ways
def test_what_stands_in_the_padding_changes_nothing(rng, cached):
    params, source = draw(rng)
    before = greedy(params, source, BEGIN, STEPS, MASK, cached=cached)
    other = np.where(MASK[:, 0], source, (source + 1) % SOURCE_VOCAB)
    assert_array_equal(greedy(params, other, BEGIN, STEPS, MASK, cached=cached).probs, before.probs)


@both_ways
def test_fewer_steps_are_the_first_ones(rng, cached):
    params, source = draw(rng)
    whole = greedy(params, source, BEGIN, STEPS, cached=cached)
    assert_array_equal(greedy(params, source, BEGIN, 3, cached=cached).probs, whole.probs[:, :3])


@both_ways
def test_the_first_token_counts(rng, cached):
    params, source = draw(rng)
    one, other = (greedy(params, source, begin, 1, cached=cached).probs for begin in (0, np.int64(5)))
    assert np.abs(one - other).max() > 0.01


@both_ways
def test_decoding_stops_once_every_target_has_held_the_end(cached):
    params, source = draw(np.random.default_rng(2), tied=False)
    whole = greedy(params, source, BEGIN, STEPS, cached=cached).tokens
    lengths = set()
    for end in range(TARGET_VOCAB):
        held = (whole == end).any(axis=1)
        found = greedy(params, source[held], BEGIN, STEPS, end=end, cached=cached)
        last = max((row.index(end) + 1 for row in whole[held].tolist()), default=1)
        assert_array_equal(found.tokens, whole[held, :last])
        assert found.probs.shape == (held.sum(), last, TARGET_VOCAB)
        if not held.all():  # one that never says it goes on to the last step
            assert greedy(params, source, BEGIN, STEPS, end=end, cached=cached).tokens.shape == (BATCH, STEPS)
        lengths.add(last)
    assert len(lengths) > 2


@both_ways
def test_the_sign_for_the_beginning_is_no_end(cached):
    always = says_three()
    assert_array_equal(greedy(always, [[1, 2]], 1, 5, end=1, cached=cached).tokens, [[3] * 5])
    assert_array_equal(greedy(always, [[1, 2]], 3, 5, end=3, cached=cached).tokens, [[3]])


@both_ways
def test_no_source_and_no_sequences(rng, cached):
    params, _ = draw(rng)
    assert greedy(params, np.zeros((0, SEQ_SOURCE), int), BEGIN, STEPS, cached=cached).tokens.shape == (0, STEPS)
    found = greedy(params, np.zeros((2, 0), int), BEGIN, STEPS, cached=cached)
    assert np.isfinite(found.probs).all()
    assert_array_equal(found.tokens[0], found.tokens[1])


def test_the_inputs_are_not_modified(rng):
    params, source = draw(rng)
    arrays = [*tree_leaves(params), source, MASK]
    before = [a.copy() for a in arrays]
    greedy(params, source, BEGIN, STEPS, MASK)
    for a, copy in zip(arrays, before, strict=True):
        assert_array_equal(a, copy)


@both_ways
def test_what_does_not_fit_is_restated(rng, cached):
    params, source = draw(rng)
    with pytest.raises(ValueError, match=r"source must have shape \(batch, seq_source\): got \(5,\)"):
        greedy(params, source[0], BEGIN, STEPS, cached=cached)
    with pytest.raises(ValueError, match="begin must lie between 0 and 8: got 9 to 9"):
        greedy(params, source, 9, STEPS, cached=cached)
    with pytest.raises(ValueError, match="end must lie between 0 and 8: got -1 to -1"):
        greedy(params, source, BEGIN, STEPS, end=-1, cached=cached)
    with pytest.raises(ValueError, match=r"end must be one token: got \[1, 2\]"):
        greedy(params, source, BEGIN, STEPS, end=[1, 2], cached=cached)
    with pytest.raises(ValueError, match=r"begin must be one token: got \[0\]"):
        greedy(params, source, [BEGIN], STEPS, cached=cached)
    with pytest.raises(TypeError, match="begin must be integers: got float64"):
        greedy(params, source, 0.0, STEPS, cached=cached)
    with pytest.raises(ValueError, match="steps must be 1 or more: got 0"):
        greedy(params, source, BEGIN, 0, cached=cached)
    with pytest.raises(TypeError, match=r"steps must be an integer: got 2\.0"):
        greedy(params, source, BEGIN, 2.0, cached=cached)
    with pytest.raises(ValueError, match="tokens must lie between 0 and 10"):
        greedy(params, source + 11, BEGIN, STEPS, cached=cached)
    with pytest.raises(TypeError, match="mask must be boolean"):
        greedy(params, source, BEGIN, STEPS, MASK.astype(int), cached=cached)
