"""The same numbers as ``attention``, which is the reference, in less memory."""

import tracemalloc

import numpy as np
import pytest

from attnlib import attention, attention_vjp, causal_mask, fast_attention, fast_attention_vjp
from attnlib.attention import attention_weights
from attnlib.block_scores import exponents_are_safe, largest_norm

LENGTHS = [
    (1, 1),
    (5, 7),
    (7, 5),
    (256, 512),
    (513, 513),
    (600, 1100),
    (1100, 600),
]  # blocks are 512 × 512, causal ones narrower
EPS = float(np.finfo(np.float32).eps)


def draw(rng, *shapes, sigma=1.0, dtype=np.float64):
    return [(sigma * rng.normal(size=shape)).astype(dtype) for shape in shapes]


def whole_mask(mask, causal, seq_q, seq_k):
    allowed = np.True_ if mask is None else mask
    return allowed & causal_mask(seq_q, seq_k) if causal else mask


def both(inputs, grad, mask=None, causal=False, **options):
    """Outputs and gradients, as lists: those of ``fast_attention`` and those of ``attention``."""
    output, pullback = fast_attention_vjp(*inputs, mask, causal, **options)
    options.pop("threads", None)
    whole = whole_mask(mask, causal, inputs[0].shape[-2], inputs[1].shape[-2])
    expected, expected_pullback = attention_vjp(*inputs, whole, **options)
    return [output, *pullback(grad)], [expected, *expected_pullback(grad)]


def assert_same(found, expected, tolerance=1e-12):
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * max(1, np.abs(b).max(initial=0)))


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_output_and_gradients_are_those_of_attention(rng, lengths, causal, threads):
    seq_q, seq_k = lengths
    query, key, value, grad = draw(rng, (2, seq_q, 6), (2, seq_k, 6), (2, seq_k, 3), (2, seq_q, 3))
    assert_same(*both((query, key, value), grad, causal=causal, threads=threads))


@pytest.mark.parametrize("sigma", [1, 10, 100, 1000])
@pytest.mark.parametrize("shape", [(), (9,), (1, 9), (8, 1), (8, 9), (2, 1, 8, 9), (2, 1, 1, 9), (1, 3, 8, 1)], ids=str)
@pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
def test_any_mask_and_any_size_of_the_scores_give_what_attention_gives(rng, shape, causal, sigma):
    query, key, value, grad = draw(rng, (2, 3, 8, 4), (2, 3, 9, 4), (2, 3, 9, 5), (2, 3, 8, 5))
    mask = rng.random(shape) < 0.6
    assert_same(*both((sigma * query, key, value), grad, np.asarray(mask), causal), tolerance=1e-12 * sigma)


@pytest.mark.parametrize("sigma", [1, 100])
@pytest.mark.parametrize("shape", [(700, 1100), (1, 1100), (700, 1), (1100,)], ids=str)
@pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
def test_each_block_has_its_part_of_the_mask(rng, shape, causal, sigma):
    query, key, value, grad = draw(rng, (700, 4), (1100, 4), (1100, 3), (700, 3))
    mask = rng.random(shape) < 0.6
    mask[..., :600] |= shape[-1] > 1  # where nothing is hidden in a whole block, the causal mask still counts
    assert_same(*both((sigma * query, key, value), grad, mask, causal), tolerance=1e-12 * sigma)


def test_the_longest_vectors_decide_whether_exponents_are_safe():
    query, key = np.array([[0.3, 0.4], [3.0, 4.0]]), np.array([[5.0, -12.0], [0.0, 1.0]])
    assert largest_norm(query) == 5
    assert largest_norm(query[:1]) == pytest.approx(0.5)
    assert exponents_are_safe(query, key, 29.9 / 65)
    assert not exponents_are_safe(query, key, -30.1 / 65)


@pytest.mark.parametrize("sigma", [1, 1000])
@pytest.mark.parametrize("scale", [None, 0.5, -2.0, 0.0])
def test_the_scale_counts_on_the_way_there_and_back(rng, scale, sigma):
    query, key, value, grad = draw(rng, (8, 4), (9, 4), (9, 5), (8, 5))
    assert_same(*both((sigma * query, key, value), grad, scale=scale), tolerance=1e-12 * sigma)


@pytest.mark.parametrize("widths", [(1, 64), (64, 1)], ids=str)
def test_values_may_be_much_wider_than_keys_or_narrower(rng, widths):
    d_k, d_v = widths
    query, key, value, grad = draw(rng, (1, 1, 600, d_k), (1, 1, 700, d_k), (1, 1, 700, d_v), (1, 1, 600, d_v))
    assert_same(*both((query, key, value), grad))


@pytest.mark.parametrize("leads", [((), (2,), (3, 1)), ((4, 1), (1, 5), ()), ((64, 3), (64, 3), (64, 3))], ids=str)
def test_leading_axes_are_stretched_and_their_gradients_collected(rng, leads):
    query, key, value = draw(
        rng, *((*lead, *shape) for lead, shape in zip(leads, [(40, 4), (50, 4), (50, 2)], strict=True))
    )
    [grad] = draw(rng, (*np.broadcast_shapes(*leads), 40, 2))
    assert_same(*both((query, key, value), grad))


@pytest.mark.parametrize(
    "shapes", [((0, 4), (5, 4), (5, 2)), ((5, 4), (0, 4), (0, 2)), ((0, 3, 4), (0, 3, 4), (0, 3, 2))]
)
def test_no_queries_no_keys_and_no_sequences_are_no_error(rng, shapes):
    query, key, value = draw(rng, *shapes)
    grad = np.ones((*query.shape[:-1], 2))
    assert_same(*both((query, key, value), grad))


def test_a_query_that_may_attend_to_nothing_gets_zeros_and_gives_none(rng):
    query, key, value, grad = draw(rng, (300, 4), (600, 4), (600, 2), (300, 2))
    mask = np.ones((300, 600), bool)
    mask[7] = False
    output, pullback = fast_attention_vjp(query, key, value, mask)
    assert (output[7] == 0).all()
    assert (pullback(grad)[0][7] == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("other", [np.nan, np.inf, 0.0, 1e4, -1e4])
@pytest.mark.parametrize("sigma", [1, 20])
def test_hidden_keys_and_values_never_change_a_bit(rng, other, sigma, dtype):
    """Large ones neither, although they make the course of the computation another one."""
    query, key, value, grad = draw(rng, (2, 300, 8), (2, 600, 8), (2, 600, 4), (2, 300, 4), dtype=dtype)
    mask = rng.random((300, 600)) < 0.7
    hidden = [3, 511, 512]
    mask[:, hidden] = False
    changed_key, changed_value = key.copy(), value.copy()
    changed_key[:, hidden] = changed_value[:, hidden] = other
    output, pullback = fast_attention_vjp(sigma * query, key, value, mask)
    changed, changed_pullback = fast_attention_vjp(sigma * query, changed_key, changed_value, mask)
    np.testing.assert_array_equal(changed, output)
    for a, b in zip(changed_pullback(grad), pullback(grad), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("other", [0.0, 1e4, -1e4])
def test_the_future_never_changes_a_bit_of_the_past(rng, other, dtype):
    query, key, value = draw(rng, (700, 8), (700, 8), (700, 4), dtype=dtype)
    later = [x.copy() for x in (query, key, value)]
    for x in later:
        x[400:] = other
    np.testing.assert_array_equal(
        fast_attention(*later, causal=True)[:400], fast_attention(query, key, value, causal=True)[:400]
    )


@pytest.mark.parametrize("sigma", [1, 10])
@pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
def test_in_float32_errors_are_at_most_twice_those_of_attention_and_thrice_in_gradients(causal, sigma):
    """The largest of several draws: that of one is chance."""
    worst = np.zeros((2, 4))
    for seed in range(6):
        query, *others = draw(np.random.default_rng(seed), *[(2, 700, 32)] * 4, dtype=np.float32)
        *inputs, grad = sigma * query, *others
        quick, plain = both(inputs, grad, causal=causal)
        _, expected = both([x.astype(np.float64) for x in inputs], grad.astype(np.float64), causal=causal)
        errors = [
            [np.abs(a - b).max() / np.abs(b).max() for a, b in zip(x, expected, strict=True)] for x in (quick, plain)
        ]
        worst = np.maximum(worst, errors)
    assert (worst[0] <= np.array([2, 3, 3, 3]) * worst[1] + EPS).all()


def test_scores_far_below_zero_weigh_as_if_they_were_not(rng):
    """A softmax does not change if all scores of a row do by the same amount: here by −5000."""
    query, key, value = draw(rng, (40, 4), (700, 4), (700, 3))
    far_query, far_key = (np.concatenate([x, np.full((len(x), 1), s)], axis=1) for x, s in ((query, 1), (key, -5000)))
    np.testing.assert_allclose(
        fast_attention(far_query, far_key, value, scale=1), fast_attention(query, key, value, scale=1), atol=1e-9
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_of_minus_infinity_weigh_nothing_and_a_query_that_has_no_others_gets_zeros(rng, dtype):
    query, key, value, grad = draw(rng, (6, 4), (9, 4), (9, 3), (6, 3), dtype=dtype)
    query[:, 0], query[3, 0], key[:, 0] = np.abs(query[:, 0]) + 1, np.inf, -1  # query 3 has −∞ for every key
    key[[2, 7]] = [-np.inf, 0, 0, 0]
    value[7] = np.nan
    grad[3] = 1
    found, expected = both((query[:3], key, value), grad[:3])
    assert_same(found, expected, tolerance=20 * float(np.finfo(dtype).eps))
    assert (found[2][[2, 7]] == 0).all()
    found, expected = both((query, key[[0, 1, 3]], value[[0, 1, 3]]), grad)
    assert (found[0][3] == 0).all()
    assert_same(found, expected, tolerance=20 * float(np.finfo(dtype).eps))


def test_a_value_counts_for_nothing_where_attention_gives_it_a_weight_of_zero(rng):
    query, key = np.ones((1, 1)), np.array([[0.0], [-900.0]])
    for far in (np.nan, 1e300):
        np.testing.assert_array_equal(fast_attention(query, key, np.array([[1.0], [far]])), [[1.0]])


def test_a_small_weight_counts_where_attention_has_it(rng):
    query, key, value = np.ones((1, 1)), np.array([[0.0], [-400.0]]), np.array([[1.0], [1e180]])
    expected = attention_weights(query, key) @ value  # the weight is e⁻⁴⁰⁰, about 1e-174
    assert expected > 1e6
    np.testing.assert_allclose(fast_attention(query, key, value), expected, rtol=1e-12)


def test_hidden_nan_does_not_hide_sums_that_overflow(rng):
    key, value = np.zeros((9, 4)), np.full((9, 5), 1e308)
    value[3] = np.nan
    with pytest.raises(ValueError, match=r"overflow float64: got values up to 1e\+308"):
        fast_attention(np.zeros((8, 4)), key, value, np.arange(9) != 3)


def test_nan_in_a_score_is_called_so_with_a_mask_too(rng):
    query, key, value = draw(rng, (8, 4), (9, 4), (9, 5))
    query[2] = np.nan
    with pytest.raises(ValueError, match="got NaN"):
        fast_attention(query, key, value, np.arange(9) != 3)


@pytest.mark.parametrize("rows", ["growing", "falling"])
def test_the_highest_score_may_come_in_any_block(rng, rows):
    key, value = np.linspace(-900, 900, 1500)[:, None], rng.normal(size=(1500, 3))
    key = key if rows == "growing" else key[::-1].copy()
    query = np.array([[1.0], [0.1], [-1.0], [0.0]])
    np.testing.assert_allclose(
        fast_attention(query, key, value), attention_weights(query, key) @ value, rtol=0, atol=1e-13
    )


def test_threads_share_the_work_and_change_no_bit(rng):
    query, key, value = draw(rng, (3, 600, 8), (3, 600, 8), (3, 600, 4), dtype=np.float32)
    one, *others = [fast_attention(query, key, value, causal=True, threads=threads) for threads in (1, 2, 5)]
    for other in others:
        np.testing.assert_array_equal(other, one)


def peak_of(back, *inputs, **options):
    """The most memory in use at once, in bytes."""
    tracemalloc.start()
    output, pullback = fast_attention_vjp(*inputs, **options)
    if back:
        pullback(output)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("threads", [1, 2])
def test_memory_grows_with_the_length_alone(rng, threads):
    """The weights alone would be 268 MB, for one head at a length of 8192."""

    def peak(seq):
        inputs = draw(rng, (seq, 16), (seq, 16), (seq, 16), dtype=np.float32)
        return peak_of(True, *inputs, causal=True, threads=threads)

    peak(8192)  # the first call keeps two triangles
    assert peak(8192) < 2 * peak(4096) < 48e6


BLOCK = 4 * 512 * 512  # bytes of a block of scores in float32, of which a thread has room for two


@pytest.mark.parametrize("back", [False, True], ids=["there", "and back"])
@pytest.mark.parametrize("sigma", [1, 50])
def test_no_block_is_allocated_twice(rng, sigma, back):
    query, key, value = draw(rng, *[(1536, 16)] * 3, dtype=np.float32)
    assert peak_of(back, sigma * query, key, value, threads=1) < 3 * BLOCK


@pytest.mark.parametrize("back", [False, True], ids=["there", "and back"])
def test_a_mask_that_all_heads_share_is_not_stretched(rng, back):
    query, key, value = draw(rng, *[(64, 256, 16)] * 3, dtype=np.float32)
    mask = rng.random((256, 256)) < 0.5
    vectors = 4 * query.nbytes if back else query.nbytes
    assert peak_of(back, query, key, value, mask, threads=1) - vectors < 3 * BLOCK


def test_inputs_that_are_transposed_or_read_only_are_left_as_they_are(rng):
    query, key, value = (np.swapaxes(x, 0, 1) for x in draw(rng, (9, 2, 4), (8, 2, 4), (8, 2, 4)))
    before = [x.copy() for x in (query, key, value)]
    for x in (query, key, value):
        x.flags.writeable = False
    output, pullback = fast_attention_vjp(query, key, value, causal=True)
    pullback(output)
    for x, y in zip((query, key, value), before, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"mask": np.ones((8, 9))}, TypeError, "mask must be boolean"),
        ({"mask": np.ones((7, 9), bool)}, ValueError, r"mask must broadcast to .* got mask \(7, 9\)"),
        ({"causal": None}, TypeError, "causal must be True or False: got None"),
        ({"causal": np.ones(3, bool)}, TypeError, "causal must be True or False"),
        ({"threads": 0}, ValueError, "threads must be 1 or more: got 0"),
        ({"threads": 1.5}, TypeError, "threads must be an integer: got 1.5"),
        ({"scale": np.nan}, ValueError, "scale"),
        ({"key": np.zeros((9, 5))}, ValueError, r"query and key must share d_k: got query \(8, 4\), key \(9, 5\)"),
        ({"value": np.zeros((8, 5))}, ValueError, "one value a key"),
        ({"value": np.zeros((9, 5), np.float32)}, TypeError, "share one dtype"),
        ({"query": np.full((8, 4), np.nan)}, ValueError, "got NaN"),
        ({"key": np.full((9, 4), np.inf)}, ValueError, r"softmax needs scores below .* in x \(8, 9\)"),
        ({"value": np.full((9, 5), np.nan)}, ValueError, "value must be finite where"),
        ({"value": np.full((9, 5), 1e308)}, ValueError, r"overflow float64: got values up to 1e\+308"),
        ({"query": np.full((8, 4), 1e200), "key": np.full((9, 4), 1e200)}, ValueError, r"got \+inf"),
    ],
)
def test_a_call_that_cannot_be_meant_says_so(rng, change, error, words):
    query, key, value = draw(rng, (8, 4), (9, 4), (9, 5))
    for way in fast_attention, fast_attention_vjp:
        with pytest.raises(error, match=words):
            way(**{"query": query, "key": key, "value": value, "threads": 2, **change})


def test_its_output_is_that_of_attention_in_every_head_of_a_cut_input(rng):
    from attnlib import split_heads

    query, key, value = (split_heads(x, 4) for x in draw(rng, (3, 70, 32), (3, 90, 32), (3, 90, 32)))
    expected, _ = attention(query, key, value)
    np.testing.assert_allclose(fast_attention(query, key, value), expected, atol=1e-14)
