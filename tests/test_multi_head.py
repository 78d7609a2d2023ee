import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import (
    MultiHeadParams,
    alibi_bias,
    attention,
    causal_mask,
    count_parameters,
    init_multi_head,
    multi_head_attention,
    multi_head_attention_vjp,
    padding_mask,
    rotate,
    split_heads,
    tree_leaves,
    tree_map,
)
from attnlib.testing import assert_weights

SEQ_Q, SEQ_K = 2, 5
D_QUERY, D_KEY, D_VALUE = 8, 9, 11  # widths of the inputs
D_K, D_V, D_OUT = 4, 3, 7
HEADS = 6

# (query, key, value, output): leading axes that are missing, shared or stretched
LEADS = {
    "single": ((), (), (), ()),
    "batch": ((4,), (4,), (4,), (4,)),
    "batches of batches": ((3, 4), (3, 4), (3, 4), (3, 4)),
    "one query for all": ((), (4,), (4,), (4,)),
    "one key for all": ((3, 4), (1, 4), (4,), (3, 4)),
    "values alone have a batch": ((), (), (4,), (4,)),
    "no batch": ((0,), (0,), (0,), (0,)),
}
every_lead = pytest.mark.parametrize("leads", LEADS.values(), ids=LEADS.keys())
every_sharing = pytest.mark.parametrize("num_kv_heads", [None, 6, 3, 2, 1], ids=lambda n: f"{n} kv heads")
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_forms = pytest.mark.parametrize(
    "attend", [multi_head_attention, multi_head_attention_vjp], ids=lambda f: f.__name__
)


def maps(rng, num_kv_heads=None, dtype=np.float64, num_heads=HEADS):
    """Maps of which all widths differ."""
    kv_heads = num_kv_heads or num_heads
    shapes = [(D_QUERY, num_heads * D_K), (D_KEY, kv_heads * D_K), (D_VALUE, kv_heads * D_V), (num_heads * D_V, D_OUT)]
    weights = (rng.normal(size=shape, scale=shape[0] ** -0.5).astype(dtype) for shape in shapes)
    return MultiHeadParams(*weights, num_heads, num_kv_heads)


def draw(rng, leads=LEADS["single"], dtype=np.float64):
    shapes = [(*leads[0], SEQ_Q, D_QUERY), (*leads[1], SEQ_K, D_KEY), (*leads[2], SEQ_K, D_VALUE)]
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def one_head_at_a_time(params, query, key, value, mask=None, bias=None, scale=None):
    """The paper's equations as they stand: each head by itself, with its own slices of the four maps."""
    group = params.num_heads // (params.num_kv_heads or params.num_heads)
    output, weights = 0, []
    for h in range(params.num_heads):
        w_q = params.w_q[:, h * D_K : (h + 1) * D_K]
        w_k = params.w_k[:, h // group * D_K : (h // group + 1) * D_K]
        w_v = params.w_v[:, h // group * D_V : (h // group + 1) * D_V]
        w_o = params.w_o[h * D_V : (h + 1) * D_V]
        head, attn_weights = attention(
            query @ w_q, key @ w_k, value @ w_v, mask, None if bias is None else bias[h], scale
        )
        output = output + head @ w_o
        weights.append(attn_weights)
    return output, np.stack(weights, axis=-3)


def with_biases(rng, params, ends="qkvo"):
    return params._replace(**{f"b_{end}": rng.normal(size=getattr(params, f"w_{end}").shape[1]) for end in ends})


# Two derivations agree


@every_lead
@every_sharing
def test_all_heads_at_once_give_what_one_head_at_a_time_gives(rng, leads, num_kv_heads):
    params, inputs = maps(rng, num_kv_heads), draw(rng, leads)
    mask, bias = rng.random((SEQ_Q, SEQ_K)) < 0.7, rng.normal(size=(HEADS, SEQ_Q, SEQ_K))
    output, weights = multi_head_attention(params, *inputs, mask, bias, 0.4)
    expected_output, expected_weights = one_head_at_a_time(params, *inputs, mask, bias, 0.4)
    assert output.shape == (*leads[3], SEQ_Q, D_OUT)
    assert_allclose(output, expected_output, rtol=1e-11, atol=1e-13)
    assert_allclose(weights, expected_weights, rtol=1e-11)


def test_the_concatenation_times_w_o_is_a_sum_over_the_heads(rng):
    params, inputs = maps(rng), draw(rng)
    alone = []
    for h in range(HEADS):
        only = np.zeros_like(params.w_o)
        only[h * D_V : (h + 1) * D_V] = params.w_o[h * D_V : (h + 1) * D_V]
        alone.append(multi_head_attention(params._replace(w_o=only), *inputs)[0])
    assert_allclose(sum(alone), multi_head_attention(params, *inputs)[0], rtol=1e-11)


def test_one_head_with_identity_maps_is_attention(rng):
    query, key, value = (rng.normal(size=(4, seq, 3)) for seq in (SEQ_Q, SEQ_K, SEQ_K))
    output, weights = multi_head_attention(MultiHeadParams(*[np.eye(3)] * 4, num_heads=1), query, key, value)
    expected_output, expected_weights = attention(query, key, value)
    assert_allclose(output, expected_output, rtol=1e-13)
    assert_allclose(weights[:, 0], expected_weights, rtol=1e-13)


@pytest.mark.parametrize("num_kv_heads", [3, 2, 1])
def test_shared_keys_and_values_are_those_of_a_full_set_of_heads_with_repeated_maps(rng, num_kv_heads):
    params, inputs = maps(rng, num_kv_heads), draw(rng, LEADS["batch"])

    def repeated(weight, width):
        by_head = np.repeat(weight.reshape(-1, num_kv_heads, width), HEADS // num_kv_heads, axis=1)
        return by_head.reshape(-1, HEADS * width)

    full = MultiHeadParams(params.w_q, repeated(params.w_k, D_K), repeated(params.w_v, D_V), params.w_o, HEADS)
    for shared, expected in zip(
        multi_head_attention(params, *inputs), multi_head_attention(full, *inputs), strict=True
    ):
        assert_allclose(shared, expected, rtol=1e-12)


def test_neighbouring_query_heads_share_a_key_head(rng):
    params, (query, key, value) = maps(rng, num_kv_heads=3), draw(rng)
    _, before = multi_head_attention(params, query, key, value)
    params.w_k[:, D_K : 2 * D_K] = 0  # the second of three, read by heads 2 and 3 of six
    _, after = multi_head_attention(params, query, key, value)
    changed = (before != after).any(axis=(-2, -1))
    assert_array_equal(changed, [False, False, True, True, False, False])
    assert_allclose(after[2:4], 1 / SEQ_K)


def test_the_scale_is_by_the_width_of_one_head(rng):
    params, inputs = maps(rng), draw(rng)
    assert_array_equal(multi_head_attention(params, *inputs)[1], multi_head_attention(params, *inputs, scale=0.5)[1])


def test_rotary_turns_queries_and_keys_after_they_are_projected(rng):
    params, (query, key, value) = maps(rng), draw(rng, LEADS["batch"])
    heads = [split_heads(x @ w, HEADS) for x, w in zip((query, key, value), params, strict=False)]
    _, expected = attention(rotate(heads[0]), rotate(heads[1]), heads[2])
    _, weights = multi_head_attention(params, query, key, value, rotary=True)
    assert_allclose(weights, expected, rtol=1e-12)
    assert not np.allclose(weights, multi_head_attention(params, query, key, value)[1])


# Properties


@every_lead
@every_sharing
@both_dtypes
def test_weights_are_weights_in_every_head_and_the_dtype_stays(rng, leads, num_kv_heads, dtype):
    output, weights = multi_head_attention(maps(rng, num_kv_heads, dtype), *draw(rng, leads, dtype), rotary=True)
    assert output.dtype == weights.dtype == dtype
    assert_weights(weights)


def test_permuting_tokens_permutes_outputs_of_self_attention(rng):
    params, x = init_multi_head(rng, 12, 3), rng.normal(size=(SEQ_K, 12))
    order = rng.permutation(SEQ_K)
    output, shuffled = (multi_head_attention(params, x, x, x)[0] for x in (x, x[order]))
    assert_allclose(shuffled, output[order], rtol=1e-11, atol=1e-13)


def test_permuting_the_heads_changes_nothing(rng):
    params, inputs = maps(rng), draw(rng)
    order = rng.permutation(HEADS)
    columns = [weight.reshape(len(weight), HEADS, -1)[:, order].reshape(weight.shape) for weight in params[:3]]
    rows = params.w_o.reshape(HEADS, D_V, D_OUT)[order].reshape(params.w_o.shape)
    output, _ = multi_head_attention(MultiHeadParams(*columns, rows, HEADS), *inputs)
    assert_allclose(output, multi_head_attention(params, *inputs)[0], rtol=1e-11, atol=1e-14)


def test_rotary_weights_depend_on_distances_only(rng):
    """The same tokens two places later, behind two others that nobody may see."""
    params, x = init_multi_head(rng, 12, 3), rng.normal(size=(SEQ_K, 12))
    later = np.concatenate([rng.normal(size=(2, 12)), x])
    _, weights = multi_head_attention(params, x, x, x, rotary=True)
    _, shifted = multi_head_attention(params, later, later, later, mask=np.arange(7) >= 2, rotary=True)
    assert_allclose(shifted[:, 2:, 2:], weights, rtol=1e-11)


@pytest.mark.parametrize("first", range(SEQ_K))
def test_queries_from_any_position_on_see_the_memory_as_they_do_in_the_whole_sequence(rng, first):
    params, x = init_multi_head(rng, 12, 3), rng.normal(size=(4, SEQ_K, 12))
    _, whole = multi_head_attention(params, x, x, x, bias=alibi_bias(3, SEQ_K, SEQ_K), rotary=True)
    later = x[:, first:]
    bias = alibi_bias(3, SEQ_K - first, SEQ_K, first_query=first)
    options = {"bias": bias, "rotary": True, "first_query": first}
    output, weights = multi_head_attention(params, later, x, x, **options)
    assert_allclose(weights, whole[:, :, first:], rtol=1e-11)
    assert_array_equal(multi_head_attention_vjp(params, later, x, x, **options)[0], output)
    if first:
        assert not np.allclose(multi_head_attention(params, later, x, x, bias=bias, rotary=True)[1], weights)


# Masks and biases: one for every head, or one a head


@pytest.mark.parametrize(
    ("leads", "shape"),
    [
        ("single", ()),
        ("single", (SEQ_K,)),
        ("single", (SEQ_Q, 1)),
        ("single", (SEQ_Q, SEQ_K)),
        ("batch", (1, SEQ_K)),
        ("batch", (4, 1, SEQ_K)),
        ("batch", (4, SEQ_Q, SEQ_K)),
        ("batches of batches", (4, SEQ_Q, SEQ_K)),
        ("batches of batches", (3, 1, 1, SEQ_K)),
        ("batches of batches", (3, 4, SEQ_Q, SEQ_K)),
        ("one query for all", (4, SEQ_Q, SEQ_K)),
        ("one key for all", (3, 1, SEQ_Q, SEQ_K)),
    ],
    ids=str,
)
def test_a_mask_without_an_axis_of_heads_is_the_same_for_every_head(rng, leads, shape):
    params, inputs = maps(rng, 2), draw(rng, LEADS[leads])
    mask = rng.random(shape) < 0.5
    _, weights = multi_head_attention(params, *inputs, mask)
    assert_weights(weights, np.expand_dims(np.broadcast_to(mask, (*LEADS[leads][3], SEQ_Q, SEQ_K)), -3))
    expected, _ = one_head_at_a_time(params, *inputs, mask)
    assert_allclose(multi_head_attention(params, *inputs, mask)[0], expected, rtol=1e-11, atol=1e-13)
    assert_array_equal(
        multi_head_attention_vjp(params, *inputs, mask)[0], multi_head_attention(params, *inputs, mask)[0]
    )


@pytest.mark.parametrize(
    ("leads", "shape"),
    [
        ("single", (HEADS, SEQ_Q, SEQ_K)),
        ("single", (HEADS, 1, 1)),
        ("batch", (1, HEADS, 1, SEQ_K)),
        ("batch", (4, HEADS, SEQ_Q, SEQ_K)),
        ("batches of batches", (1, 4, HEADS, SEQ_Q, 1)),
        ("one query for all", (4, HEADS, SEQ_Q, SEQ_K)),
    ],
    ids=str,
)
def test_a_mask_with_an_axis_more_than_the_inputs_is_one_a_head(rng, leads, shape):
    params, inputs = maps(rng), draw(rng, LEADS[leads])
    mask = rng.random(shape) < 0.5
    _, weights = multi_head_attention(params, *inputs, mask)
    assert_weights(weights, np.broadcast_to(mask, (*LEADS[leads][3], HEADS, SEQ_Q, SEQ_K)))


def test_a_padding_mask_fits_as_it_is(rng):
    params, (query, key, value) = maps(rng), draw(rng, LEADS["batch"])
    lengths = np.array([5, 1, 3, 0])
    output, weights = multi_head_attention(params, query, key, value, padding_mask(lengths, SEQ_K))
    assert_weights(weights, padding_mask(lengths, SEQ_K)[:, None])
    for i, n in enumerate(lengths):
        alone, _ = multi_head_attention(params, query[i], key[i, :n], value[i, :n])
        assert_allclose(output[i], alone, rtol=1e-11, atol=1e-14)


def test_the_future_changes_nothing_under_a_causal_mask(rng):
    params, x = init_multi_head(rng, 12, 3), rng.normal(size=(4, SEQ_K, 12))
    before, _ = multi_head_attention(params, x, x, x, causal_mask(SEQ_K, SEQ_K), rotary=True)
    x[:, 3:] = rng.normal(size=(4, 2, 12))
    after, _ = multi_head_attention(params, x, x, x, causal_mask(SEQ_K, SEQ_K), rotary=True)
    assert_array_equal(after[:, :3], before[:, :3])
    assert (after[:, 3:] != before[:, 3:]).any(axis=-1).all()


def test_each_head_gets_its_own_bias(rng):
    params, inputs = maps(rng), draw(rng, LEADS["batch"])
    bias = alibi_bias(HEADS, SEQ_Q, SEQ_K)
    _, weights = multi_head_attention(params, *inputs, bias=bias)
    _, plain = multi_head_attention(params, *inputs)
    ratio = weights / plain
    assert_allclose(ratio / ratio[..., :1], np.broadcast_to(np.exp(bias - bias[..., :1]), ratio.shape), rtol=1e-10)


@both_dtypes
def test_a_query_that_may_attend_to_nothing_gets_zero(rng, dtype):
    params, inputs = maps(rng, dtype=dtype), draw(rng, LEADS["batch"], dtype)
    mask = np.array([[True], [False]])
    output, pullback = multi_head_attention_vjp(params, *inputs, mask)
    assert_array_equal(output[:, 1], 0)
    grad_params, grad_query, *_ = pullback(np.ones_like(output))
    assert_array_equal(grad_query[:, 1], 0)
    assert all(np.isfinite(grad).all() for grad in tree_leaves(grad_params))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rotary", [False, True], ids=["still", "rotary"])
@every_sharing
def test_what_stands_in_the_padding_counts_like_zeros_forwards_and_backwards(rng, bad, rotary, num_kv_heads):
    params, (query, key, value) = maps(rng, num_kv_heads), draw(rng, LEADS["batch"])
    mask, padding = padding_mask([5, 1, 3, 0], SEQ_K), np.arange(SEQ_K) >= np.array([5, 1, 3, 0])[:, None]
    query[3, 1] = key[padding] = value[padding] = 0  # the last query may attend to nothing: it does not count either
    expected, pullback = multi_head_attention_vjp(params, query, key, value, mask, rotary=rotary)
    grad_output = rng.normal(size=expected.shape)
    expected_grads = pullback(grad_output)
    query[3, 1, 0] = key[padding, 2] = value[padding] = bad
    assert_array_equal(multi_head_attention(params, query, key, value, mask, rotary=rotary)[0], expected)
    output, pullback = multi_head_attention_vjp(params, query, key, value, mask, rotary=rotary)
    assert_array_equal(output, expected)
    tree_map(assert_array_equal, pullback(grad_output), expected_grads)


def test_no_keys_and_no_queries(rng):
    params, (query, key, value) = maps(rng, 3), draw(rng, LEADS["batch"])
    output, pullback = multi_head_attention_vjp(params, query, key[:, :0], value[:, :0], rotary=True)
    assert_array_equal(output, np.zeros((4, SEQ_Q, D_OUT)))
    grad_params, *grads = pullback(np.ones_like(output))
    assert [grad.shape for grad in grads] == [(4, SEQ_Q, D_QUERY), (4, 0, D_KEY), (4, 0, D_VALUE)]
    assert all((grad == 0).all() for grad in tree_leaves(grad_params))
    output, weights = multi_head_attention(params, query[:, :0], key, value, causal_mask(0, SEQ_K))
    assert output.shape == (4, 0, D_OUT)
    assert weights.shape == (4, HEADS, 0, SEQ_K)


# Random maps


@both_dtypes
@every_sharing
def test_random_maps_have_the_promised_shapes_and_dtype(rng, num_kv_heads, dtype):
    params = init_multi_head(rng, 12, HEADS, num_kv_heads, dtype)
    kv_width = 2 * (num_kv_heads or HEADS)
    assert [w.shape for w in tree_leaves(params)] == [(12, 12), (12, kv_width), (12, kv_width), (12, 12)]
    assert {w.dtype for w in tree_leaves(params)} == {np.dtype(dtype)}
    assert params[4:] == (HEADS, num_kv_heads, *[None] * 4)


def test_the_number_of_heads_does_not_change_the_number_of_parameters(rng):
    assert {count_parameters(init_multi_head(rng, 24, n)) for n in (1, 2, 3, 4, 6, 8, 12, 24)} == {4 * 24**2}


def test_random_maps_keep_the_variance_of_their_inputs(rng):
    params, x = init_multi_head(rng, 256, 4, 2), rng.normal(size=(100, 256))
    for weight in tree_leaves(params):
        assert (x @ weight).var() == pytest.approx(1, rel=0.05)


def test_the_same_rng_gives_the_same_maps():
    one, other = (init_multi_head(np.random.default_rng(7), 12, 3) for _ in range(2))
    tree_map(assert_array_equal, one, other)


# Errors


@pytest.mark.parametrize(
    ("sizes", "got"),
    [
        ((12, 5), "d_model=12, num_heads=5, num_kv_heads=None"),
        ((12, 4, 3), "d_model=12, num_heads=4, num_kv_heads=3"),
        ((12, 3, 6), "d_model=12, num_heads=3, num_kv_heads=6"),
    ],
)
def test_numbers_of_heads_that_do_not_divide_are_restated(rng, sizes, got):
    with pytest.raises(ValueError, match=rf"num_heads must divide d_model, and num_kv_heads num_heads: got {got}"):
        init_multi_head(rng, *sizes)


@pytest.mark.parametrize("sizes", [(0, 1), (12, 0), (12, 3, 0), (-12, 3)])
def test_sizes_are_positive(rng, sizes):
    with pytest.raises(ValueError, match=r"must be (0|1) or more: got"):
        init_multi_head(rng, *sizes)
    with pytest.raises(TypeError, match=r"num_heads must be an integer: got 3\.0"):
        init_multi_head(rng, 12, 3.0)
    with pytest.raises(TypeError, match="dtype must be float32 or float64: got int64"):
        init_multi_head(rng, 12, 3, dtype=np.int64)


@both_forms
@pytest.mark.parametrize(
    "change",
    [
        {"w_q": np.ones((D_QUERY + 1, 24))},
        {"w_q": np.ones((D_QUERY, 25))},
        {"w_q": np.ones((D_QUERY, 30))},
        {"w_q": np.ones(D_QUERY)},
        {"w_k": np.ones((D_QUERY, 24))},
        {"w_k": np.ones((D_KEY, 18))},
        {"w_k": np.ones((1, D_KEY, 24))},
        {"w_v": np.ones((D_KEY, 18))},
        {"w_v": np.ones((D_VALUE, 17))},
        {"w_o": np.ones((19, D_OUT))},
        {"w_o": np.ones((24, D_OUT))},
        {"w_o": np.ones(18)},
        {"num_heads": 5},
        {"num_heads": 12},
        {"num_kv_heads": 4},
        {"num_kv_heads": 3},
        {"num_kv_heads": 12},
    ],
    ids=lambda change: " ".join(f"{name} {np.shape(x) or x}" for name, x in change.items()),
)
def test_maps_that_do_not_fit_are_restated(rng, attend, change):
    params = maps(rng)._replace(**change)
    shapes = [*draw(rng), *params[:4]]
    names = ["query", "key", "value", "w_q", "w_k", "w_v", "w_o"]
    with pytest.raises(ValueError, match="must fit the inputs: got query") as error:
        attend(params, *draw(rng))
    assert all(f"{name} {x.shape}" in str(error.value) for name, x in zip(names, shapes, strict=True))
    assert f"num_heads={params.num_heads}, num_kv_heads={params.num_kv_heads or params.num_heads}" in str(error.value)


@both_forms
def test_inputs_that_do_not_fit_are_restated(rng, attend):
    params, (query, key, value) = maps(rng), draw(rng, LEADS["batch"])
    with pytest.raises(ValueError, match=r"one value a key: got key \(4, 5, 9\), value \(4, 3, 11\)"):
        attend(params, query, key, value[:, :3])
    with pytest.raises(ValueError, match=r"leading axes .* must broadcast: got query \(4, 2, 8\), key \(3, 5, 9\)"):
        attend(params, query, key[:3], value)
    with pytest.raises(ValueError, match=r"query must have shape .* two axes or more: got query \(8,\)"):
        attend(params, query[0, 0], key, value)
    with pytest.raises(ValueError, match=r"must fit the inputs: got query \(4, 2, 7\)"):
        attend(params, query[..., 1:], key, value)


@both_forms
def test_a_head_of_odd_width_cannot_turn(rng, attend):
    params = init_multi_head(rng, 9, 3)
    x = rng.normal(size=(SEQ_K, 9))
    attend(params, x, x, x)
    with pytest.raises(ValueError, match="width must be even: got 3"):
        attend(params, x, x, x, rotary=True)


@both_forms
@pytest.mark.parametrize("rotary", [False, True])
def test_the_first_query_stands_at_a_whole_number(rng, attend, rotary):
    with pytest.raises(TypeError, match=r"first_query must be an integer: got 1\.5"):
        attend(maps(rng), *draw(rng), rotary=rotary, first_query=1.5)
    with pytest.raises(ValueError, match="first_query must be 0 or more: got -1"):
        attend(maps(rng), *draw(rng), rotary=rotary, first_query=-1)


@both_forms
def test_a_bias_that_could_be_one_a_sequence_or_one_a_head_is_refused(rng, attend):
    params, inputs = maps(rng, num_heads=4), draw(rng, LEADS["batch"])  # four sequences, four heads
    bias = rng.normal(size=(4, SEQ_Q, SEQ_K))
    query, *memory = inputs
    for arguments, scores in [
        (inputs, r"\(4, 4, 2, 5\)"),
        ([query, *(x[0] for x in memory)], r"\(4, 4, 2, 5\)"),
        ([x[None] for x in inputs], r"\(1, 4, 4, 2, 5\)"),
    ]:
        words = rf"one a sequence or one a head\? .* got bias \(4, 2, 5\) for scores {scores}"
        with pytest.raises(ValueError, match=words):
            attend(params, *arguments, bias=bias)
    a_head, a_sequence = (attend(params, *inputs, bias=b)[0] for b in (bias[None], bias[:, None]))
    for i in range(4):
        one = [x[i] for x in inputs]
        assert_allclose(a_head[i], attend(params, *one, bias=bias)[0], rtol=1e-12)
        assert_allclose(a_sequence[i], attend(params, *one, bias=bias[i])[0], rtol=1e-12)
    attend(params, *inputs, bias=bias[:1])  # the same for all, whichever axis is meant
    attend(params, *draw(rng, LEADS["batches of batches"]), bias=bias[:1])


@both_forms
@pytest.mark.parametrize("which", ["query", "key", "value", "w_q", "w_k", "w_v", "w_o"])
def test_float32_and_float64_do_not_mix(rng, attend, which):
    params, inputs = maps(rng), dict(zip(("query", "key", "value"), draw(rng), strict=True))
    if which in inputs:
        inputs[which] = inputs[which].astype(np.float32)
    else:
        params = params._replace(**{which: getattr(params, which).astype(np.float32)})
    with pytest.raises(TypeError, match=rf"must share one dtype: got .*{which} float32"):
        attend(params, **inputs)


@both_forms
def test_a_mask_is_boolean_and_fits(rng, attend):
    params, inputs = maps(rng), draw(rng, LEADS["batch"])
    with pytest.raises(TypeError, match=r"mask must be boolean, True = may attend: got float64 \(2, 5\)"):
        attend(params, *inputs, np.ones((SEQ_Q, SEQ_K)))
    with pytest.raises(ValueError, match=r"got mask \(1, 2, 4\) for scores \(4, 6, 2, 5\)"):
        attend(params, *inputs, np.ones((SEQ_Q, 4), bool))
    with pytest.raises(ValueError, match=r"got mask \(6, 1, 2, 5\) for scores \(4, 6, 2, 5\)"):
        attend(params, *inputs, np.ones((HEADS, SEQ_Q, SEQ_K), bool))
    with pytest.raises(ValueError, match=r"bias must broadcast .* got bias \(4, 2, 5\) for scores \(4, 6, 2, 5\)"):
        attend(params, *inputs, bias=np.ones((4, SEQ_Q, SEQ_K)))


# Biases


@every_sharing
def test_a_bias_is_one_more_row_of_its_map_for_a_feature_that_is_always_one(rng, num_kv_heads):
    params = with_biases(rng, maps(rng, num_kv_heads))
    inputs = draw(rng)
    output, weights = multi_head_attention(params, *inputs)
    rows = {f"w_{end}": np.vstack([getattr(params, f"w_{end}"), getattr(params, f"b_{end}")]) for end in "qkv"}
    without = params._replace(**rows, b_q=None, b_k=None, b_v=None, b_o=None)
    ones = [np.append(x, np.ones((len(x), 1)), axis=-1) for x in inputs]
    expected, same_weights = multi_head_attention(without, *ones)
    assert_allclose(weights, same_weights, rtol=1e-12)
    assert_allclose(output, expected + params.b_o, rtol=1e-12, atol=1e-13)


def test_a_bias_of_the_keys_changes_no_weight(rng):
    """It adds the same number to all scores of a query, and softmax sees differences only."""
    params, inputs = maps(rng), draw(rng)
    _, weights = multi_head_attention(params, *inputs)
    for end in "qk":
        _, moved = multi_head_attention(with_biases(rng, params, end), *inputs)
        assert np.allclose(moved, weights, rtol=1e-12) == (end == "k")


def test_a_bias_of_the_values_reaches_the_output_whole(rng):
    """Rows of weights sum to one, so a mean of shifted values is the mean, shifted."""
    params, inputs = maps(rng), draw(rng)
    output, _ = multi_head_attention(params, *inputs)
    shifted = with_biases(rng, params, "v")
    assert_allclose(multi_head_attention(shifted, *inputs)[0], output + shifted.b_v @ params.w_o, rtol=1e-11)


def test_a_query_that_may_attend_to_nothing_gets_the_last_bias_alone(rng):
    params = with_biases(rng, maps(rng))
    output, weights = multi_head_attention(params, *draw(rng), np.array([[True], [False]]))
    assert_array_equal(output[1], params.b_o)
    assert_array_equal(weights[:, 1], 0)


@both_forms
@pytest.mark.parametrize("end", "qkvo")
def test_a_bias_of_another_width_is_restated(rng, attend, end):
    params = maps(rng)._replace(**{f"b_{end}": np.ones(2)})
    with pytest.raises(ValueError, match=r"bias must have shape \(d_out,\): got weight .*, bias \(2,\)"):
        attend(params, *draw(rng))
