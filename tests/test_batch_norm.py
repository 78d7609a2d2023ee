import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import (
    Statistics,
    batch_norm,
    batch_norm_vjp,
    batch_statistics,
    padding_mask,
    start_statistics,
    update_statistics,
)

BATCH, SEQ, D_MODEL = 4, 5, 3
LENGTHS = np.array([5, 2, 1, 3])
MASK = padding_mask(LENGTHS, SEQ)[:, 0]  # (batch, seq); at the last position one token alone counts

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_forms = pytest.mark.parametrize("call", [batch_norm, batch_norm_vjp], ids=lambda f: f.__name__)
both_ways = pytest.mark.parametrize("per_position", [False, True], ids=["all positions", "per position"])
every_mask = pytest.mark.parametrize("mask", [None, MASK], ids=["no mask", "padding"])


def draw(rng, lead=(BATCH,), dtype=np.float64):
    return [rng.normal(size=shape).astype(dtype) for shape in ((*lead, SEQ, D_MODEL), (D_MODEL,), (D_MODEL,))]


# Statistics of a batch


def test_statistics_by_hand():
    x = np.array([[[1.0, 0], [3, 0]], [[5, 0], [7, 6]]])
    assert_array_equal(batch_statistics(x).mean, [4, 1.5])
    assert_array_equal(batch_statistics(x).variance, [5, 6.75])
    assert_array_equal(batch_statistics(x, per_position=True).mean, [[3, 0], [5, 3]])
    assert_array_equal(batch_statistics(x, per_position=True).variance, [[4, 0], [4, 9]])


def test_masked_statistics_are_those_of_the_tokens_that_count(rng):
    x, _, _ = draw(rng)
    found = batch_statistics(x, MASK)
    assert_allclose(found.mean, x[MASK].mean(axis=0), rtol=1e-13)
    assert_allclose(found.variance, x[MASK].var(axis=0), rtol=1e-13)
    found = batch_statistics(x, MASK, per_position=True)
    for t in range(SEQ):
        assert_allclose(found.mean[t], x[MASK[:, t], t].mean(axis=0), rtol=1e-13)
        assert_allclose(found.variance[t], x[MASK[:, t], t].var(axis=0), rtol=1e-13, atol=1e-30)


@both_ways
def test_where_no_token_counts_the_statistics_are_zero(rng, per_position):
    x, _, _ = draw(rng)
    found = batch_statistics(x, np.array(False), per_position)
    assert_array_equal(found.mean, np.zeros((SEQ, D_MODEL) if per_position else D_MODEL))
    assert_array_equal(found.variance, np.zeros_like(found.mean))


def test_far_from_zero_the_two_passes_keep_the_variance():
    x = 1e6 + np.array([[[-1.0], [1]], [[1], [-1]]])
    assert_array_equal(batch_statistics(x).variance, [1])


NUMBERS = np.array([0.1, 1000.1, 1e6 + 0.1, -1e18 / 3])  # whose mean over three tokens is rounded
both_masks = pytest.mark.parametrize("mask", [None, padding_mask([3, 1, 2], 3)[:, 0]], ids=["no mask", "padding"])


@both_dtypes
@both_ways
@both_masks
def test_a_feature_that_never_varies_has_its_value_as_mean_and_the_variance_0(dtype, per_position, mask):
    x = np.tile(NUMBERS.astype(dtype), (3, 3, 1))
    found = batch_statistics(x, mask, per_position)
    assert_array_equal(found.mean, np.broadcast_to(x[0, 0], found.mean.shape))
    assert_array_equal(found.variance, np.zeros_like(found.mean))
    running = start_statistics(4, 3 if per_position else None, dtype)
    found = update_statistics(running, x, mask, momentum=1)
    rows = mask is None or not per_position or mask.sum(axis=0) > 1
    assert_array_equal(found.mean[rows], np.broadcast_to(x[0, 0], found.mean.shape)[rows])
    assert_array_equal(found.variance[rows], np.zeros_like(found.mean)[rows])


@both_dtypes
@both_ways
@both_masks
@pytest.mark.parametrize("eps", [0.0, 1e-12, 1e-5])
def test_a_feature_that_never_varies_becomes_the_bias(rng, dtype, per_position, mask, eps):
    x, (gain, bias) = np.tile(NUMBERS.astype(dtype), (3, 3, 1)), rng.normal(size=(2, 4)).astype(dtype)
    counts = np.broadcast_to(True if mask is None else mask, (3, 3))
    for running in (None, batch_statistics(x, mask, per_position)):
        output, pullback = batch_norm_vjp(x, gain, bias, running, mask, per_position, eps)
        assert_array_equal(output[counts], np.broadcast_to(bias, (counts.sum(), 4)))
        grad_x, grad_gain, _ = pullback(rng.normal(size=x.shape))
        assert np.isfinite(grad_x).all()
        assert_array_equal(grad_gain, 0)
        assert_array_equal(grad_x[counts].any(), eps > 0 and not (running is None and counts.sum() < 2))


@both_dtypes
@both_ways
@every_mask
@pytest.mark.parametrize("mean", [0, 1e4, 1e5, 1e6])
def test_beside_a_large_mean_it_is_as_exact_as_the_numbers_are(rng, dtype, per_position, mask, mean):
    x, gain, bias = draw(rng, dtype=dtype)
    x = x + dtype(mean)
    options = {"mask": mask, "per_position": per_position}
    output, pullback = batch_norm_vjp(x, gain, bias, **options)
    exact, exact_pullback = batch_norm_vjp(*(np.float64(a) for a in (x - dtype(mean), gain, bias)), **options)
    assert_allclose(output, exact, rtol=64 * np.finfo(dtype).eps, atol=64 * np.finfo(dtype).eps)
    grad_output = rng.normal(size=output.shape)
    for grad, expected in zip(pullback(grad_output), exact_pullback(grad_output), strict=True):
        assert_allclose(grad, expected, rtol=1e4 * np.finfo(dtype).eps, atol=1e4 * np.finfo(dtype).eps)


# Numbers that are too large, too small, or none


@both_ways
@every_mask
@pytest.mark.parametrize("size", [1e-30, 1e-20, 1e20, 1e30])
def test_in_training_no_square_overflows_or_vanishes(rng, per_position, mask, size):
    x, gain, bias = draw(rng, dtype=np.float32)
    size = np.float32(2) ** round(np.log2(size))
    options = {"mask": mask, "per_position": per_position, "eps": 0}
    output, pullback = batch_norm_vjp(size * x, gain, bias, **options)
    exact, exact_pullback = batch_norm_vjp(*(np.float64(a) for a in (size * x, gain, bias)), **options)
    assert_allclose(output, exact, rtol=1e-5, atol=1e-5)
    grad_output = rng.normal(size=output.shape)
    for grad, expected in zip(pullback(grad_output), exact_pullback(grad_output), strict=True):
        assert_allclose(grad, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@both_ways
def test_statistics_that_overflow_are_never_silent(rng, per_position):
    x = np.float32(1e20) * draw(rng, dtype=np.float32)[0]
    running = start_statistics(D_MODEL, SEQ if per_position else None, np.float32)
    words = "statistics of x must be finite in float32, and the variance 0 or more: got .* variance from .* to inf"
    with pytest.raises(ValueError, match=words):
        batch_statistics(x, per_position=per_position)
    with pytest.raises(ValueError, match=words):
        update_statistics(running, x)
    with pytest.raises(ValueError, match="x must be finite where a token counts, and so must its sum"):
        update_statistics(running, np.full((BATCH, SEQ, D_MODEL), 3e38, np.float32))


@pytest.mark.parametrize(("tokens", "expected"), [(1, -1.5e308), (2, 0.9 * -1.5e308 + 0.1 * 0.6e308)])
def test_an_update_across_the_whole_dtype_does_not_overflow(tokens, expected):
    running = Statistics(np.array([-1.5e308]), np.array([1.5e308]))
    found = update_statistics(running, np.full((1, tokens, 1), 0.6e308))
    assert_allclose(found.mean, [expected], rtol=1e-15)
    assert_allclose(found.variance, [1.5e308 if tokens == 1 else 1.35e308], rtol=1e-15)


def test_statistics_of_no_feature_at_a_position_are_refused_by_name():
    with pytest.raises(ValueError, match="d_model must be 1 or more: got 0"):
        start_statistics(0, seq=3)


@both_ways
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_token_that_counts_must_be_finite_where_others_depend_on_it(rng, per_position, bad):
    x, gain, bias = draw(rng)
    x[0, 1, 2] = bad
    words = r"x must be finite where a token counts, and so must its sum: got NaN or inf in x \(4, 5, 3\)"
    for call in (
        lambda: batch_norm(x, gain, bias, per_position=per_position),
        lambda: batch_statistics(x, MASK, per_position),
        lambda: update_statistics(start_statistics(D_MODEL, SEQ if per_position else None), x, MASK),
    ):
        with pytest.raises(ValueError, match=words):
            call()


@both_ways
@pytest.mark.parametrize(
    ("mean", "variance"), [(np.nan, 1), (np.inf, 1), (0, np.nan), (0, np.inf), (0, -np.inf), (0, -1e-9)]
)
def test_running_statistics_must_be_statistics_of_something(rng, per_position, mean, variance):
    x, gain, bias = draw(rng)
    running = start_statistics(D_MODEL, SEQ if per_position else None)
    running.mean[..., 1], running.variance[..., 1] = mean, variance
    words = "running statistics must be finite in float64, and the variance 0 or more: got mean from .* variance from"
    with pytest.raises(ValueError, match=words):
        batch_norm(x, gain, bias, running)
    with pytest.raises(ValueError, match=words):
        update_statistics(running, x)


@both_forms
@pytest.mark.parametrize("running", [(np.zeros(3), np.ones(3)), np.zeros(3), 0, "mean"], ids=lambda r: type(r).__name__)
def test_running_statistics_of_another_type_are_restated(rng, call, running):
    x, gain, bias = draw(rng)
    words = rf"running must be Statistics\(mean, variance\), .* got {type(running).__name__}"
    with pytest.raises(TypeError, match=words):
        call(x, gain, bias, running)
    with pytest.raises(TypeError, match=words):
        update_statistics(running, x)


def test_one_sequence_alone_has_no_mean_per_position(rng):
    x, gain, bias = draw(rng, ())
    words = r"three axes or more: got one sequence alone, x \(5, 3\)"
    for call in (batch_norm, batch_norm_vjp):
        with pytest.raises(ValueError, match=words):
            call(x, gain, bias, per_position=True)
    with pytest.raises(ValueError, match=words):
        update_statistics(start_statistics(D_MODEL, SEQ), x)
    assert batch_norm(x, gain, bias, start_statistics(D_MODEL, SEQ), per_position=True).shape == x.shape


# Normalised in training


@every_mask
def test_each_feature_gets_mean_zero_and_variance_one_over_the_tokens_that_count(rng, mask):
    x, _, _ = draw(rng)
    normed = batch_norm(5 + 3 * x, np.ones(D_MODEL), np.zeros(D_MODEL), mask=mask, eps=0)
    counted = normed[MASK] if mask is not None else normed.reshape(-1, D_MODEL)
    assert_allclose(counted.mean(axis=0), 0, atol=1e-14)
    assert_allclose(counted.var(axis=0), 1, rtol=1e-13)


def test_per_position_each_position_has_mean_zero_and_variance_one(rng):
    x, _, _ = draw(rng)
    normed = batch_norm(x, np.ones(D_MODEL), np.zeros(D_MODEL), per_position=True, eps=0)
    assert_allclose(normed.mean(axis=0), 0, atol=1e-14)
    assert_allclose(normed.var(axis=0), 1, rtol=1e-13)


def test_masked_it_is_batch_norm_of_the_tokens_packed_together_without_padding(rng):
    x, gain, bias = draw(rng)
    masked, pullback = batch_norm_vjp(x, gain, bias, mask=MASK)
    packed, packed_pullback = batch_norm_vjp(x[MASK][None], gain, bias)
    assert_allclose(masked[MASK], packed[0], rtol=1e-12, atol=1e-14)
    grad_output = rng.normal(size=x.shape)
    grad_x, *grads = pullback(grad_output)
    packed_grad_x, *packed_grads = packed_pullback(grad_output[MASK][None])
    assert_allclose(grad_x[MASK], packed_grad_x[0], rtol=1e-11, atol=1e-13)
    assert_array_equal(grad_x[~MASK], 0)
    for grad, packed_grad in zip(grads, packed_grads, strict=True):
        assert_allclose(grad, packed_grad, rtol=1e-12)


@both_ways
@pytest.mark.parametrize("mode", ["training", "inference"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e9])
def test_what_stands_in_the_padding_changes_nothing(rng, per_position, mode, bad):
    x, gain, bias = draw(rng)
    running = None
    if mode == "inference":
        running = batch_statistics(x, MASK, per_position)
        assert_array_equal(running, batch_statistics(np.where(MASK[..., None], x, bad), MASK, per_position))
    output, pullback = batch_norm_vjp(x, gain, bias, running, MASK, per_position)
    grads = pullback(np.ones_like(output))
    x[~MASK] = bad
    padded, padded_pullback = batch_norm_vjp(x, gain, bias, running, MASK, per_position)
    assert_array_equal(padded, output)
    assert_array_equal(padded[~MASK], 0)
    for grad, padded_grad in zip(grads, padded_pullback(np.ones_like(output)), strict=True):
        assert_array_equal(grad, padded_grad)


def test_padding_that_counts_moves_every_token(rng):
    x, gain, bias = draw(rng)
    x[~MASK] = 0
    assert np.abs(batch_norm(x, gain, bias) - batch_norm(x, gain, bias, mask=MASK))[MASK].min() > 1e-3


def test_a_token_changes_the_outputs_of_every_other_sequence(rng):
    x, gain, bias = draw(rng)
    before = batch_norm(x, gain, bias)
    x[0, 0] += 1
    assert (batch_norm(x, gain, bias) != before).all()


def test_per_position_it_changes_those_at_its_own_position(rng):
    x, gain, bias = draw(rng)
    before = batch_norm(x, gain, bias, per_position=True)
    x[0, 1] += 1
    changed = (batch_norm(x, gain, bias, per_position=True) != before).any(axis=-1)
    assert_array_equal(changed, np.broadcast_to(np.arange(SEQ) == 1, (BATCH, SEQ)))


def test_eps_is_added_to_the_variance_inside_the_root():
    x = np.array([[[-2.0], [2.0]]])
    assert_allclose(batch_norm(x, np.ones(1), np.zeros(1), eps=5.0)[0, :, 0], [-2 / 3, 2 / 3], rtol=1e-15)


def test_one_token_alone_becomes_the_bias(rng):
    _, gain, bias = draw(rng)
    for eps in (0.0, 1e-5):
        output, pullback = batch_norm_vjp(np.full((1, 1, D_MODEL), 7.0), gain, bias, eps=eps)
        assert_array_equal(output[0, 0], bias)
        assert_array_equal(pullback(np.ones_like(output))[0], 0)


def test_leading_axes_are_all_of_one_batch(rng):
    x, gain, bias = draw(rng, (2, 3))
    for per_position in (False, True):
        together = batch_norm(x.reshape(6, SEQ, D_MODEL), gain, bias, per_position=per_position)
        found = batch_norm(x, gain, bias, per_position=per_position)
        assert_allclose(found.reshape(together.shape), together, rtol=1e-13)


def test_a_sequence_without_a_batch_is_a_batch_of_one(rng):
    x, gain, bias = draw(rng, ())
    assert_allclose(batch_norm(x, gain, bias), batch_norm(x[None], gain, bias)[0], rtol=1e-14)


# Running statistics


def test_running_statistics_start_at_mean_zero_and_variance_one():
    for seq, shape in ((None, (D_MODEL,)), (SEQ, (SEQ, D_MODEL))):
        found = start_statistics(D_MODEL, seq, np.float32)
        assert_array_equal(found.mean, np.zeros(shape, np.float32), strict=True)
        assert_array_equal(found.variance, np.ones(shape, np.float32), strict=True)


def test_an_update_by_hand():
    x = np.array([[[1.0], [3.0]], [[5.0], [7.0]]])  # mean 4, variance 5, unbiased 20/3
    found = update_statistics(start_statistics(1), x)
    assert_allclose(found.mean, [0.4], rtol=1e-15)
    assert_allclose(found.variance, [0.9 + 0.1 * 20 / 3], rtol=1e-15)
    assert_allclose(update_statistics(start_statistics(1), x, momentum=0.5).mean, [2.0], rtol=1e-15)
    biased = update_statistics(start_statistics(1), x, unbiased=False)
    assert_array_equal(biased.mean, found.mean)
    assert_allclose(biased.variance, [0.9 + 0.1 * 5], rtol=1e-15)


@every_mask
@both_ways
def test_a_momentum_of_one_forgets_all_and_of_zero_learns_nothing(rng, mask, per_position):
    x, _, _ = draw(rng)
    running = start_statistics(D_MODEL, SEQ if per_position else None)
    assert_array_equal(update_statistics(running, x, mask, 0), running)
    found = update_statistics(running, x, mask, 1)
    batch = batch_statistics(x, mask, per_position)
    several = np.ones(SEQ, bool) if mask is None else MASK.sum(axis=0) > 1
    rows = several if per_position else slice(None)
    assert_allclose(found.mean[rows], batch.mean[rows], rtol=1e-13)
    assert (found.variance[rows] > batch.variance[rows]).all()  # unbiased


def test_running_statistics_converge_to_those_of_the_population(rng):
    running = start_statistics(D_MODEL)
    means, deviations = np.array([-4.0, 0, 2]), np.array([0.5, 1, 3])
    for _ in range(300):
        lengths = rng.integers(1, SEQ + 1, size=8)
        x = means + deviations * rng.normal(size=(8, SEQ, D_MODEL))
        running = update_statistics(running, x, padding_mask(lengths, SEQ)[:, 0], momentum=0.02)
    assert_allclose(running.mean, means, atol=0.3)
    assert_allclose(running.variance, deviations**2, rtol=0.2)


def test_padding_that_counts_drags_the_mean_to_its_own_value(rng):
    x = 3 + rng.normal(size=(BATCH, SEQ, D_MODEL))
    x[~MASK] = 0
    counted, masked = start_statistics(D_MODEL), start_statistics(D_MODEL)
    for _ in range(200):
        counted, masked = update_statistics(counted, x), update_statistics(masked, x, MASK)
    assert_allclose(counted.mean, masked.mean * LENGTHS.sum() / (BATCH * SEQ), rtol=1e-6)


def test_what_fewer_than_two_tokens_say_is_not_remembered(rng):
    x, _, _ = draw(rng)
    running = Statistics(rng.normal(size=(SEQ + 2, D_MODEL)), rng.random((SEQ + 2, D_MODEL)))
    found = update_statistics(running, x, MASK)
    changed = (found.mean != running.mean).any(axis=-1) | (found.variance != running.variance).any(axis=-1)
    tokens = [*MASK.sum(axis=0), 0, 0]  # at each of the seven positions
    assert_array_equal(changed, np.array(tokens) > 1)
    all_positions = update_statistics(start_statistics(D_MODEL), x[:1, :1])
    assert_array_equal(all_positions, start_statistics(D_MODEL))


@both_ways
@both_dtypes
def test_an_update_keeps_shape_and_dtype_and_changes_nothing_in_place(rng, per_position, dtype):
    x, _, _ = draw(rng, dtype=dtype)
    running = start_statistics(D_MODEL, SEQ + 1 if per_position else None, dtype)
    found = update_statistics(running, x, MASK, np.float64(0.1))
    assert isinstance(found, Statistics)
    for old, new in zip(running, found, strict=True):
        assert_array_equal(np.zeros_like(old), 0 * new, strict=True)
    assert_array_equal(running, start_statistics(D_MODEL, SEQ + 1 if per_position else None, dtype))


# Inference


@both_ways
def test_at_inference_the_running_statistics_count_and_no_other_token(rng, per_position):
    x, gain, bias = draw(rng)
    shape = (SEQ, D_MODEL) if per_position else (D_MODEL,)
    running = Statistics(rng.normal(size=shape), rng.random(shape))
    output = batch_norm(x, gain, bias, running)
    expected = (x - running.mean) / np.sqrt(running.variance + 1e-5) * gain + bias
    assert_allclose(output, expected, rtol=1e-12, atol=1e-14)
    assert_allclose(output[2:3], batch_norm(x[2:3], gain, bias, running), rtol=1e-14)


@both_ways
@every_mask
def test_with_the_statistics_of_the_batch_itself_inference_is_training(rng, per_position, mask):
    x, gain, bias = draw(rng)
    running = batch_statistics(x, mask, per_position)
    training = batch_norm(x, gain, bias, mask=mask, per_position=per_position)
    assert_allclose(batch_norm(x, gain, bias, running, mask), training, rtol=1e-13, atol=1e-13)


def test_a_shorter_sequence_uses_the_first_positions(rng):
    x, gain, bias = draw(rng)
    running = Statistics(rng.normal(size=(SEQ + 2, D_MODEL)), rng.random((SEQ + 2, D_MODEL)))
    first = Statistics(*(part[:SEQ] for part in running))
    assert_array_equal(batch_norm(x, gain, bias, running), batch_norm(x, gain, bias, first))


def test_a_sequence_longer_than_any_seen_has_no_statistics_per_position(rng):
    x, gain, bias = draw(rng)
    running = start_statistics(D_MODEL, SEQ - 1)
    words = r"with a row for every position, must fit x: got x \(4, 5, 3\), mean \(4, 3\), variance \(4, 3\)"
    for call in (batch_norm, batch_norm_vjp):
        with pytest.raises(ValueError, match=words):
            call(x, gain, bias, running)
    with pytest.raises(ValueError, match=words):
        update_statistics(running, x)
    assert batch_norm(x, gain, bias, start_statistics(D_MODEL)).shape == x.shape  # one for all positions is no limit


# Gradients


def test_in_training_a_token_s_gradient_reaches_every_token_and_at_inference_itself_alone(rng):
    x, gain, bias = draw(rng)
    grad_output = np.zeros_like(x)
    grad_output[1, 0] = rng.normal(size=D_MODEL)
    _, training = batch_norm_vjp(x, gain, bias)
    _, inference = batch_norm_vjp(x, gain, bias, start_statistics(D_MODEL))
    assert training(grad_output)[0].all()
    assert np.argwhere(inference(grad_output)[0].any(axis=-1)).tolist() == [[1, 0]]


@both_ways
def test_no_tokens_at_all(rng, per_position):
    x, gain, bias = np.zeros((BATCH, 0, D_MODEL)), np.ones(D_MODEL), np.zeros(D_MODEL)
    output, pullback = batch_norm_vjp(x, gain, bias, per_position=per_position)
    assert output.shape == x.shape
    assert [grad.shape for grad in pullback(output)] == [x.shape, (D_MODEL,), (D_MODEL,)]


# Errors


@both_forms
def test_shapes_that_do_not_fit_are_restated(rng, call):
    x, gain, bias = draw(rng)
    with pytest.raises(ValueError, match=r"x must have shape \(\.\.\., seq, width\), two axes or more: got x \(3,\)"):
        call(x[0, 0], gain, bias)
    with pytest.raises(ValueError, match=r"must share d_model: got x \(4, 5, 3\), gain \(2,\), bias \(3,\)"):
        call(x, gain[:2], bias)
    words = r"running statistics \(d_model,\), or \(seq, d_model\).*must fit x: got x \(4, 5, 3\), "
    for shapes in [((2,), (2,)), ((3,), (5, 3)), ((4, 5, 3), (4, 5, 3)), ((), ())]:
        with pytest.raises(ValueError, match=words + "mean .*, variance"):
            call(x, gain, bias, Statistics(*(np.ones(shape) for shape in shapes)))


@both_forms
def test_a_mask_that_does_not_fit_is_restated(rng, call):
    x, gain, bias = draw(rng)
    for shape in [(4, 1, 5), (4, 3), (5, 4)]:
        words = rf"mask must broadcast to \(\.\.\., seq\): got mask \({str(shape)[1:-1]}\), x"
        with pytest.raises(ValueError, match=words):
            call(x, gain, bias, mask=np.ones(shape, bool))
    with pytest.raises(TypeError, match=r"mask must be boolean, True = may attend: got int64 \(4, 5\)"):
        call(x, gain, bias, mask=MASK.astype(int))


@both_forms
def test_dtypes_and_eps_that_do_not_fit_are_restated(rng, call):
    x, gain, bias = draw(rng)
    with pytest.raises(TypeError, match=r"must share one dtype: got x float64 .* mean float32"):
        call(x, gain, bias, start_statistics(D_MODEL, dtype=np.float32))
    with pytest.raises(TypeError, match="must share one dtype: got x float32"):
        call(x.astype(np.float32), gain, bias)
    with pytest.raises(ValueError, match="eps must be a finite number of 0 or more: got -1"):
        call(x, gain, bias, eps=-1)


@pytest.mark.parametrize("momentum", [-0.1, 1.1, np.nan])
def test_a_momentum_beyond_its_range_is_restated(rng, momentum):
    with pytest.raises(ValueError, match=f"momentum must lie between 0 and 1: got {momentum}"):
        update_statistics(start_statistics(D_MODEL), draw(rng)[0], momentum=momentum)


def test_bad_sizes_are_restated():
    with pytest.raises(ValueError, match="d_model must be 1 or more: got 0"):
        start_statistics(0)
    with pytest.raises(TypeError, match=r"seq must be an integer: got 2\.0"):
        start_statistics(3, 2.0)
    with pytest.raises(TypeError, match="dtype must be float32 or float64: got float16"):
        start_statistics(3, dtype=np.float16)


def test_where_the_gain_is_not_one_the_mean_of_the_gradient_is_taken_over_the_tokens_that_count(rng):
    """By hand, for three tokens of one feature of which two count: both lie one standard deviation from the mean."""
    x, mask = np.array([[1.0], [3.0], [9.0]]), np.array([True, True, False])
    _, pullback = batch_norm_vjp(x, np.array([2.0]), np.array([0.0]), mask=mask, eps=3.0)
    grad_x, grad_gain, grad_bias = pullback(np.array([[1.0], [0.0], [5.0]]))
    assert_allclose(grad_x[:, 0], [0.375, -0.375, 0])  # gain/√(1 + 3) · (±1/2 ∓ 1/2 · 1/4)
    assert_allclose([grad_gain[0], grad_bias[0]], [-0.5, 1])
