import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import attention, attention_vjp, attention_weights, causal_mask, padding_mask
from attnlib.testing import assert_weights

SEQ_Q, SEQ_K, D_K, D_V = 2, 5, 3, 7

# (query, key, value, output): leading axes that are missing, shared or stretched
LEADS = {
    "single": ((), (), (), ()),
    "batch": ((4,), (4,), (4,), (4,)),
    "batch and heads": ((4, 6), (4, 6), (4, 6), (4, 6)),
    "keys shared by the heads": ((4, 6), (4, 1), (4, 1), (4, 6)),
    "one query for all": ((), (4, 6), (4, 6), (4, 6)),
    "values alone have a batch": ((), (), (4,), (4,)),
}
every_lead = pytest.mark.parametrize("leads", LEADS.values(), ids=LEADS.keys())
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def draw(rng, leads=LEADS["single"], dtype=np.float64):
    shapes = [(*leads[0], SEQ_Q, D_K), (*leads[1], SEQ_K, D_K), (*leads[2], SEQ_K, D_V)]
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def random_mask(rng, *lead):
    """Random, with the second query of the first sequence left without a key."""
    mask = rng.random((*lead, SEQ_Q, SEQ_K)) < 0.6
    mask[(0,) * len(lead) + (1,)] = False
    mask[(0,) * len(lead) + (0, 0)] = True
    return mask


# Closed forms


def test_two_keys_give_weights_in_the_ratio_e_to_one():
    weights = attention_weights(np.array([[0, 2**0.5]]), np.eye(2))
    assert_allclose(weights, [[1 / (1 + np.e), np.e / (1 + np.e)]], rtol=1e-14)


def test_equal_keys_give_the_mean_of_the_values(rng):
    query, _, value = draw(rng)
    output, weights = attention(query, np.ones((SEQ_K, D_K)), value)
    assert_allclose(weights, np.full((SEQ_Q, SEQ_K), 1 / SEQ_K))
    assert_allclose(output, np.broadcast_to(value.mean(axis=0), output.shape))


def test_the_formula_written_out_gives_the_same(rng):
    query, key, value = draw(rng)
    exps = np.exp(query @ key.T / np.sqrt(D_K))
    expected = exps / exps.sum(axis=1, keepdims=True)
    output, weights = attention(query, key, value)
    assert_allclose(weights, expected, rtol=1e-13)
    assert_allclose(output, expected @ value, rtol=1e-12, atol=1e-14)


def test_attention_returns_the_weights_of_attention_weights(rng):
    query, key, value = draw(rng)
    mask, bias = random_mask(rng), rng.normal(size=(SEQ_Q, SEQ_K))
    _, weights = attention(query, key, value, mask, bias, 0.7)
    assert_array_equal(weights, attention_weights(query, key, mask, bias, 0.7))


# Properties


@every_lead
@both_dtypes
def test_rows_sum_to_one_in_any_layout_and_dtype(rng, leads, dtype):
    query, key, value = draw(rng, leads, dtype)
    output, weights = attention(query, key, value)
    assert output.shape == (*leads[3], SEQ_Q, D_V)
    assert output.dtype == weights.dtype == dtype
    assert_weights(weights)


@every_lead
def test_each_sequence_is_computed_on_its_own(rng, leads):
    query, key, value = draw(rng, leads)
    output, _ = attention(query, key, value)
    query, key, value = (np.broadcast_to(x, (*leads[3], *x.shape[-2:])) for x in (query, key, value))
    for at in np.ndindex(leads[3]):
        assert_allclose(output[at], attention(query[at], key[at], value[at])[0], rtol=1e-12)


def test_each_output_lies_between_the_smallest_and_the_largest_value(rng):
    query, key, value = draw(rng)
    output, _ = attention(3 * query, key, value)
    assert (output >= value.min(axis=0) - 1e-14).all()
    assert (output <= value.max(axis=0) + 1e-14).all()


def test_permuting_the_keys_with_their_values_changes_nothing(rng):
    query, key, value = draw(rng)
    order = rng.permutation(SEQ_K)
    assert_allclose(attention(query, key[order], value[order])[0], attention(query, key, value)[0], rtol=1e-12)


def test_permuting_the_queries_permutes_the_outputs(rng):
    query, key, value = draw(rng)
    assert_allclose(attention(query[::-1], key, value)[0], attention(query, key, value)[0][::-1], rtol=1e-12)


def test_a_constant_bias_changes_nothing(rng):
    query, key, value = draw(rng)
    plain, _ = attention(query, key, value)
    assert_allclose(attention(query, key, value, bias=np.array([[3.0], [-40.0]]))[0], plain, rtol=1e-12)


def test_a_bias_is_added_to_the_scaled_scores(rng):
    query, key, _ = draw(rng)
    bias = rng.normal(size=(SEQ_Q, SEQ_K))
    ratio = attention_weights(query, key, bias=bias) / attention_weights(query, key)
    assert_allclose(ratio / ratio[:, :1], np.exp(bias - bias[:, :1]), rtol=1e-12)


def test_the_default_scale_is_one_over_the_root_of_d_k(rng):
    query, key, _ = draw(rng)
    assert_array_equal(attention_weights(query, key), attention_weights(query, key, scale=3**-0.5))
    assert not np.allclose(attention_weights(query, key), attention_weights(query, key, scale=1))


# Masks


def test_true_means_may_attend(rng):
    query, key, value = draw(rng)
    only_third = np.arange(SEQ_K) == 2
    output, weights = attention(query, key, value, only_third)
    assert_array_equal(weights, np.broadcast_to(only_third, weights.shape))
    assert_allclose(output, np.stack([value[2], value[2]]), rtol=1e-15)


def test_masking_equals_leaving_the_keys_out(rng):
    query, key, value = draw(rng)
    keep = np.array([True, False, True, True, False])
    expected, _ = attention(query, key[keep], value[keep])
    assert_allclose(attention(query, key, value, keep)[0], expected, rtol=1e-12)


def test_a_mask_equals_a_bias_of_minus_infinity(rng):
    query, key, value = draw(rng)
    mask = random_mask(rng)
    masked = attention(query, key, value, mask)
    biased = attention(query, key, value, bias=np.where(mask, 0.0, -np.inf))
    assert_array_equal(masked[0], biased[0])
    assert_array_equal(masked[1], biased[1])


def test_masked_keys_and_values_cannot_leak(rng):
    query, key, value = draw(rng)
    mask = np.array([True, True, False, True, False])
    before, _ = attention(query, key, value, mask)
    key[~mask], value[~mask] = 1e6, -1e6
    assert_array_equal(attention(query, key, value, mask)[0], before)


def test_the_future_changes_nothing_under_a_causal_mask(rng):
    x = rng.normal(size=(6, 3))
    before, _ = attention(x, x, x, causal_mask(6, 6))
    x[4:] = rng.normal(size=(2, 3))
    after, _ = attention(x, x, x, causal_mask(6, 6))
    assert_array_equal(after[:4], before[:4])
    assert (after[4:] != before[4:]).all()


def test_padding_changes_nothing(rng):
    query, key, value = draw(rng, LEADS["batch and heads"])
    lengths = np.array([5, 1, 3, 2])
    output, weights = attention(query, key, value, padding_mask(lengths, SEQ_K)[:, None])
    assert_weights(weights, padding_mask(lengths, SEQ_K)[:, None])
    for i, n in enumerate(lengths):
        assert_allclose(output[i], attention(query[i], key[i, :, :n], value[i, :, :n])[0], rtol=1e-12)


@both_dtypes
@pytest.mark.parametrize("bias", [None, 0.0, -np.inf])
def test_a_fully_masked_row_is_zero_not_nan_and_so_is_its_gradient(rng, dtype, bias):
    query, key, value = draw(rng, dtype=dtype)
    mask = np.array([[True] * SEQ_K, [False] * SEQ_K])
    bias = None if bias is None else np.array([[0.0], [bias]], dtype)
    output, weights = attention(query, key, value, mask, bias)
    assert_array_equal(weights[1], 0)
    assert_array_equal(output[1], 0)
    assert_weights(weights, mask)
    _, pullback = attention_vjp(query, key, value, mask, bias)
    grads = pullback(rng.normal(size=(SEQ_Q, D_V)))
    assert all(np.isfinite(grad).all() for grad in grads)
    assert_array_equal(grads[0][1], 0)
    assert (grads[0][0] != 0).all()


def test_no_keys_at_all_is_a_query_that_may_attend_to_nothing(rng):
    query, key, value = draw(rng)
    output, pullback = attention_vjp(query, key[:0], value[:0])
    assert_array_equal(output, np.zeros((SEQ_Q, D_V)))
    assert attention_weights(query, key[:0]).shape == (SEQ_Q, 0)
    grad_query, grad_key, grad_value = pullback(np.ones_like(output))
    assert_array_equal(grad_query, np.zeros((SEQ_Q, D_K)))
    assert grad_key.shape == (0, D_K)
    assert grad_value.shape == (0, D_V)


def test_a_batch_without_keys_or_without_queries_keeps_its_shape(rng):
    query, key, value = draw(rng, LEADS["batch and heads"])
    output, _ = attention(query, key[..., :0, :], value[..., :0, :])
    assert_array_equal(output, np.zeros((4, 6, SEQ_Q, D_V)))
    assert attention(query[..., :0, :], key, value)[0].shape == (4, 6, 0, D_V)


def test_no_queries_give_no_outputs(rng):
    query, key, value = draw(rng)
    output, weights = attention(query[:0], key, value, causal_mask(0, SEQ_K))
    assert output.shape == (0, D_V)
    assert weights.shape == (0, SEQ_K)


# NaN, infinity and huge numbers


@both_dtypes
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["key", "value", "query"])
def test_what_is_masked_cannot_poison_the_result(rng, dtype, bad, where):
    query, key, value = draw(rng, LEADS["batch"], dtype)
    mask = np.ones((SEQ_Q, SEQ_K), bool)
    mask[:, 3] = False
    mask[1] = False
    grad_output = rng.normal(size=(4, SEQ_Q, D_V)).astype(dtype)
    clean_output, pullback = attention_vjp(query, key, value, mask)
    clean_grads = pullback(grad_output)
    {"key": key[:, 3], "value": value[:, 3], "query": query[:, 1]}[where][:] = bad
    output, pullback = attention_vjp(query, key, value, mask)
    assert_array_equal(output, clean_output)
    assert_array_equal(attention(query, key, value, mask)[0], clean_output)
    for grad, clean in zip(pullback(grad_output), clean_grads, strict=True):
        assert_array_equal(grad, clean)


def test_a_value_in_the_future_may_be_nan_only_for_those_who_do_not_see_it(rng):
    x = rng.normal(size=(4, 3))
    value = np.where(np.arange(4)[:, None] == 3, np.nan, x)
    output, _ = attention(x[:3], x, value, causal_mask(3, 4))
    assert np.isfinite(output).all()
    with pytest.raises(ValueError, match=r"value must be finite where a query may attend to it"):
        attention(x, x, value, causal_mask(4, 4))


@both_dtypes
@pytest.mark.parametrize("size", [1e15, 1e19])
def test_huge_scores_pick_the_best_key(rng, dtype, size):
    query, key, value = draw(rng, dtype=dtype)
    output, weights = attention(query * dtype(size), key * dtype(size**0.9), value)
    best = (query @ key.T).argmax(axis=-1)
    assert_array_equal(weights, np.eye(SEQ_K)[best])
    assert_array_equal(output, value[best])


@both_dtypes
def test_a_bias_of_minus_infinity_or_the_lowest_number_hides_a_key(rng, dtype):
    query, key, value = draw(rng, dtype=dtype)
    keep = np.array([True, False, True, True, False])
    expected, _ = attention(query, key, value, keep)
    for lowest in [-np.inf, np.finfo(dtype).min]:
        assert_array_equal(attention(query, key, value, bias=np.where(keep, dtype(0), dtype(lowest)))[0], expected)


# Accuracy in float32


def plain_formula(query, key, value, grad_output):
    """Output and gradients as a textbook writes them, in the dtype that comes in."""
    scale = query.dtype.type(query.shape[-1] ** -0.5)
    scores = query @ key.T * scale
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    grad_weights = grad_output @ value.T
    grad_scores = weights * (grad_weights - (weights * grad_weights).sum(axis=-1, keepdims=True)) * scale
    return weights @ value, grad_scores @ key, grad_scores.T @ query, weights.T @ grad_output


@pytest.mark.parametrize("size", [0.1, 1, 10], ids=lambda size: f"size {size}")
@pytest.mark.parametrize(("seq_q", "seq_k", "d_k", "d_v"), [(33, 65, 16, 24), (128, 200, 64, 48)])
def test_the_float32_error_is_at_most_twice_that_of_the_plain_formula_and_thrice_for_gradients(
    rng, size, seq_q, seq_k, d_k, d_v
):
    """The rule of the flash-attention tests: errors are measured against float64."""
    shapes = [(seq_q, d_k), (seq_k, d_k), (seq_k, d_v), (seq_q, d_v)]
    inputs = [(size * rng.normal(size=shape)).astype(np.float32) for shape in shapes]
    exact = plain_formula(*(x.astype(np.float64) for x in inputs))
    plain = plain_formula(*inputs)
    output, pullback = attention_vjp(*inputs[:3])
    for name, result, formula, reference, factor in zip(
        ["output", "grad_query", "grad_key", "grad_value"],
        [output, *pullback(inputs[3])],
        plain,
        exact,
        [2, 3, 3, 3],
        strict=True,
    ):
        error, allowed = np.abs(result - reference).max(), factor * np.abs(formula - reference).max()
        assert error <= allowed, f"{name}: error {error:.3g} in float32, allowed {allowed:.3g}"
