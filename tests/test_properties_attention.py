"""What holds for any attention, whatever the shapes, dtypes and masks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import (
    MultiHeadParams,
    attention,
    attention_vjp,
    attention_weights,
    causal_mask,
    cosine_scores,
    dot_scores,
    entropy,
    init_multi_head,
    merge_heads,
    multi_head_attention,
    padding_mask,
    rotate,
    softmax,
    split_heads,
)
from attnlib.testing import assert_weights
from tests.strategies import (
    calls,
    dtypes,
    generators,
    leads,
    lengths,
    magnitudes,
    normal,
    rounding,
    strange_numbers,
    widths,
)


def near(found, wanted, *sizes, times=1):
    """Equal but for rounding, in the dtype that came in."""
    assert found.dtype == wanted.dtype
    assert_allclose(found, wanted, rtol=0, atol=times * rounding(found.dtype, *sizes))


# Weights and outputs


@given(calls())
def test_rows_sum_to_one_or_to_zero_where_nothing_may_be_attended_to(call):
    output, weights = attention(*call)
    assert_weights(weights, call.mask)
    assert weights.dtype == output.dtype == call.query.dtype
    assert weights.shape == call.scores_shape
    assert output.shape[-2:] == (call.query.shape[-2], call.value.shape[-1])


@given(calls())
def test_each_output_lies_in_the_hull_of_the_values_that_may_be_attended_to(call):
    output, weights = attention(*call)
    mask = np.broadcast_to(True if call.mask is None else call.mask, weights.shape)[..., None]
    values = np.broadcast_to(
        call.value[..., None, :, :], np.broadcast_shapes(mask.shape, call.value[..., None, :, :].shape)
    )
    lowest = np.where(mask, values, np.inf).min(axis=-2, initial=np.inf)
    highest = np.where(mask, values, -np.inf).max(axis=-2, initial=-np.inf)
    slack = rounding(output.dtype, call.value)
    fully_masked = np.isinf(lowest)
    assert_array_equal(np.broadcast_to(output, lowest.shape)[fully_masked], 0)
    assert ((output >= lowest - slack) & (output <= highest + slack) | fully_masked).all()


@given(calls(biased=False), st.integers(-50, 50))
def test_a_constant_added_to_every_score_changes_nothing(call, constant):
    shifted = call.changed(bias=np.full((1, 1), constant, call.query.dtype))
    scores = 1 + np.abs(constant) + np.abs(dot_scores(call.query, call.key))
    near(attention(*shifted)[0], attention(*call)[0], call.value, times=scores.max(initial=1))


@given(generators, dtypes, leads, lengths, st.integers(-1000, 1000))
def test_softmax_of_whole_numbers_does_not_see_a_whole_constant_in_any_bit(rng, dtype, lead, n, constant):
    x = rng.integers(-100, 100, size=(*lead, n)).astype(dtype)
    assert_array_equal(softmax(x + constant), softmax(x))


@given(generators, dtypes, st.integers(1, 4), lengths, magnitudes)
def test_softmax_along_any_axis_is_softmax_along_the_last(rng, dtype, m, n, size):
    x = normal(rng, dtype, m, n, 3, size=size)
    for axis in (-3, -2, -1, 0, 1, 2):
        moved = softmax(np.moveaxis(x, axis, -1).copy())
        near(softmax(x, axis), np.moveaxis(moved, -1, axis))


@given(generators, dtypes, leads, lengths, magnitudes)
def test_entropy_lies_between_zero_and_the_logarithm_of_the_number(rng, dtype, lead, n, size):
    spread = entropy(softmax(normal(rng, dtype, *lead, n, size=size)))
    assert (spread >= 0).all()
    assert (spread <= np.log(n) + rounding(dtype)).all()


# Equivariance


@given(calls(), st.data())
def test_permuted_queries_permute_outputs_and_weights(call, data):
    order = np.array(data.draw(st.permutations(range(call.query.shape[-2]))), int)

    def turned(x):
        return x if x is None or x.ndim < 2 or x.shape[-2] != len(order) else x[..., order, :]

    found = attention(turned(call.query), call.key, call.value, turned(call.mask), turned(call.bias))
    output, weights = attention(*call)
    scores = dot_scores(call.query, call.key)
    near(found[0], output[..., order, :], call.value, times=np.abs(scores).max(initial=1))
    near(found[1], weights[..., order, :], times=np.abs(scores).max(initial=1))


@given(calls(), st.data())
def test_permuted_keys_with_their_values_change_no_output_and_permute_the_weights(call, data):
    order = np.array(data.draw(st.permutations(range(call.key.shape[-2]))), int)

    def turned(x):
        return x if x is None or x.ndim < 1 or x.shape[-1] != len(order) else x[..., order]

    found = attention(
        call.query, call.key[..., order, :], call.value[..., order, :], turned(call.mask), turned(call.bias)
    )
    output, weights = attention(*call)
    scores = dot_scores(call.query, call.key)
    near(found[0], output, call.value, times=np.abs(scores).max(initial=1))
    near(found[1], weights[..., order], times=np.abs(scores).max(initial=1))


@given(calls(biased=False), st.floats(-3, 3, width=32))
def test_outputs_are_linear_in_the_values(call, factor):
    other = normal(np.random.default_rng(1), call.value.dtype, *call.value.shape)
    factor = call.value.dtype.type(factor)
    together, _ = attention(*call.changed(value=call.value + factor * other))
    apart = attention(*call)[0] + factor * attention(*call.changed(value=other))[0]
    near(together, apart, 4 * call.value, 4 * other)


# Nothing leaks


def same_bits(call, other, grad_output=None):
    """Outputs, weights and gradients are equal to the last bit; those by the arrays that differ are left out."""
    (output, pullback), (expected, other_pullback) = attention_vjp(*call), attention_vjp(*other)
    assert_array_equal(output, expected, strict=True)
    assert_array_equal(attention(*call)[1], attention(*other)[1], strict=True)
    grad_output = normal(np.random.default_rng(2), output.dtype, *output.shape)
    for grad, wanted in zip(pullback(grad_output), other_pullback(grad_output), strict=True):
        assert_array_equal(grad, wanted, strict=True)


@given(calls(shortest=1), st.data())
def test_what_stands_at_a_masked_key_changes_no_bit_of_output_weights_or_gradients(call, data):
    seq_k = call.key.shape[-2]
    hidden = data.draw(st.lists(st.booleans(), min_size=seq_k, max_size=seq_k).map(np.array))
    mask = np.broadcast_to(True if call.mask is None else call.mask, call.scores_shape) & ~hidden
    key, value = call.key.copy(), call.value.copy()
    for x in (key, value):
        x[..., hidden, :] = data.draw(strange_numbers(x.dtype, x[..., hidden, :].shape))
    same_bits(call.changed(mask=mask, key=key, value=value), call.changed(mask=mask))


@given(generators, dtypes, leads, lengths, lengths, widths, st.data())
def test_keys_and_values_of_the_future_change_no_bit(rng, dtype, lead, seq_q, more, width, data):
    """Queries before position seq_q never see the keys from there on, whatever these hold."""
    x = normal(rng, dtype, *lead, seq_q + more, width)
    changed = x.copy()
    changed[..., seq_q:, :] = data.draw(strange_numbers(dtype, (*lead, more, width)))
    query, mask = x[..., :seq_q, :], causal_mask(seq_q, seq_q + more)
    for key, value in ((changed, changed), (changed, x), (x, changed)):
        output, weights = attention(query, key, value, mask)
        assert_array_equal(output, attention(query, x, x, mask)[0], strict=True)
        assert_array_equal(weights, attention(query, x, x, mask)[1], strict=True)


@given(generators, dtypes, leads, lengths, lengths, st.integers(1, 3), st.booleans())
def test_a_changed_end_of_a_text_changes_no_bit_of_its_beginning(rng, dtype, lead, seq, more, heads, rotary):
    """Self-attention of many heads under a causal mask, projections and rotary positions included."""
    params = init_multi_head(rng, 4 * heads, heads, dtype=dtype)
    x = normal(rng, dtype, *lead, seq + more, 4 * heads)
    changed = x.copy()
    changed[..., seq:, :] = normal(rng, dtype, *lead, more, 4 * heads, size=100)
    mask = causal_mask(seq + more, seq + more)
    outputs = [multi_head_attention(params, x, x, x, mask, rotary=rotary)[0] for x in (x, changed)]
    assert_array_equal(outputs[1][..., :seq, :], outputs[0][..., :seq, :], strict=True)


@given(calls(shortest=1, one_key=True), st.data())
def test_a_masked_key_is_as_good_as_removed(call, data):
    seq_k = call.key.shape[-2]
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=seq_k, max_size=seq_k)))
    mask = np.broadcast_to(True if call.mask is None else call.mask, call.scores_shape)
    bias = None if call.bias is None else np.broadcast_to(call.bias, call.scores_shape)
    masked, _ = attention(*call.changed(mask=mask & kept, bias=bias))
    removed, _ = attention(
        call.query,
        call.key[..., kept, :],
        call.value[..., kept, :],
        mask[..., kept],
        None if bias is None else bias[..., kept],
    )
    near(masked, removed, call.value, times=np.abs(dot_scores(call.query, call.key)).max(initial=1))


@given(calls())
def test_a_mask_is_a_bias_of_minus_infinity(call):
    if call.mask is None:
        return
    bias = np.where(call.mask, call.query.dtype.type(0), -np.inf) + (0 if call.bias is None else call.bias)
    same_bits(call.changed(mask=None, bias=bias), call.changed(bias=np.where(call.mask, bias, 0)))


@given(st.lists(st.integers(0, 6), max_size=4), st.integers(6, 8), st.integers(0, 5))
def test_masks_are_what_they_say(lengths, seq_k, seq_q):
    assert padding_mask(np.array(lengths, int), seq_k).tolist() == [[[k < n for k in range(seq_k)]] for n in lengths]
    assert causal_mask(seq_q, seq_k).tolist() == [[k <= q for k in range(seq_k)] for q in range(seq_q)]


# Heads


@given(generators, dtypes, leads, lengths, st.integers(1, 4), widths)
def test_heads_merged_again_are_the_vectors_that_were_split(rng, dtype, lead, seq, heads, width):
    x = normal(rng, dtype, *lead, seq, heads * width)
    pieces = split_heads(x, heads)
    assert pieces.shape == (*lead, heads, seq, width)
    assert_array_equal(merge_heads(pieces), x, strict=True)


@given(generators, dtypes, leads, lengths, lengths, st.integers(1, 3), st.integers(1, 3), st.booleans())
def test_shared_key_heads_are_repeated_ones(rng, dtype, lead, seq_q, seq_k, shared, share, rotary):
    """Grouped-query attention is multi-head attention whose maps of keys and values stand there several times."""
    heads, d_k = shared * share, 2
    params = init_multi_head(rng, heads * d_k, heads, shared, dtype)
    repeated = params._replace(
        num_kv_heads=None, **{name: repeat(getattr(params, name), share) for name in ("w_k", "w_v")}
    )
    query, key = (normal(rng, dtype, *lead, seq, heads * d_k) for seq in (seq_q, seq_k))
    grouped, weights = multi_head_attention(params, query, key, key, rotary=rotary)
    plain, plain_weights = multi_head_attention(repeated, query, key, key, rotary=rotary)
    near(grouped, plain, key, times=4)
    near(weights, plain_weights, times=16)


def repeat(weight, share, d_k=2):
    """The columns of each head ``share`` times in a row."""
    return np.repeat(weight.reshape(len(weight), -1, d_k), share, axis=1).reshape(len(weight), -1)


@given(generators, dtypes, lengths, lengths, widths, widths)
def test_one_head_with_maps_that_change_nothing_is_attention(rng, dtype, seq_q, seq_k, d_k, d_v):
    query, key, value = (normal(rng, dtype, *shape) for shape in ((seq_q, d_k), (seq_k, d_k), (seq_k, d_v)))
    params = MultiHeadParams(*(np.eye(n, dtype=dtype) for n in (d_k, d_k, d_v, d_v)), num_heads=1)
    output, weights = multi_head_attention(params, query, key, value)
    expected, attn_weights = attention(query, key, value)
    near(output, expected, value)
    near(weights[0], attn_weights)


# Positions that turn


@given(generators, dtypes, leads, lengths, st.integers(1, 3), st.integers(-20, 20))
def test_rotary_scores_depend_on_the_distance_alone(rng, dtype, lead, seq, half, shift):
    query, key = (normal(rng, dtype, *lead, seq, 2 * half) for _ in range(2))
    positions = rng.integers(-30, 30, size=(2, seq))
    scores = [dot_scores(rotate(query, positions[0] + by), rotate(key, positions[1] + by)) for by in (0, shift)]
    near(scores[1], scores[0], 10 * np.abs(query).max() * np.abs(key))


@given(generators, dtypes, leads, lengths, st.integers(1, 3))
def test_turning_keeps_lengths_adds_up_and_can_be_undone(rng, dtype, lead, seq, half):
    x = normal(rng, dtype, *lead, seq, 2 * half)
    some, more = rng.integers(-30, 30, size=(2, seq))
    turned = rotate(x, some)
    near(np.vecdot(turned, turned), np.vecdot(x, x), 20 * x * x)
    near(rotate(turned, more), rotate(x, some + more), 4 * x)
    near(rotate(turned, -some), x, 4 * x)
    assert_array_equal(rotate(x, np.zeros(seq)), x, strict=True)


@given(generators, dtypes, lengths, lengths, widths, st.integers(-9, 9), st.integers(-9, 9))
def test_cosines_do_not_see_lengths_in_any_bit(rng, dtype, seq_q, seq_k, d_k, up, down):
    """Powers of two, so that scaling itself rounds nothing."""
    query, key = normal(rng, dtype, seq_q, d_k), normal(rng, dtype, seq_k, d_k)
    assert_array_equal(cosine_scores(dtype(2.0**up) * query, dtype(2.0**down) * key), cosine_scores(query, key))


@given(calls(shortest=1, biased=False))
def test_the_weights_are_those_of_attention_weights(call):
    assert_array_equal(attention(*call)[1], attention_weights(call.query, call.key, call.mask), strict=True)
