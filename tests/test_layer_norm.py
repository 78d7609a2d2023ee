import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import LayerNormParams, init_layer_norm, layer_norm, layer_norm_vjp
from attnlib.testing import check_vjp

BATCH, SEQ, D_MODEL = 2, 5, 7

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_forms = pytest.mark.parametrize("call", [layer_norm, layer_norm_vjp], ids=lambda f: f.__name__)
every_lead = pytest.mark.parametrize("lead", [(), (SEQ,), (BATCH, SEQ), (0,), (BATCH, 0)], ids=str)


def draw(rng, lead=(BATCH, SEQ), dtype=np.float64):
    return [rng.normal(size=shape).astype(dtype) for shape in ((*lead, D_MODEL), (D_MODEL,), (D_MODEL,))]


def plain(x, dtype=np.float64, eps=1e-5):
    return layer_norm(np.asarray(x, dtype), np.ones(len(x), dtype), np.zeros(len(x), dtype), eps)


# Closed forms


def test_by_hand():
    assert_allclose(plain([1.0, 3.0], eps=0), [-1, 1], rtol=1e-15)
    assert_allclose(plain([0.0, 0, 3, 3, 6, 6], eps=0), np.array([-1, -1, 0, 0, 1, 1]) * 1.5**0.5, rtol=1e-14)


def test_eps_is_added_to_the_variance_inside_the_root():
    assert_allclose(plain([-2.0, 2.0], eps=5.0), np.array([-2, 2]) / 3, rtol=1e-15)  # √(4 + 5) = 3


def test_eps_is_one_hundred_thousandth_unless_told(rng):
    x, gain, bias = draw(rng)
    assert_array_equal(layer_norm(x, gain, bias), layer_norm(x, gain, bias, 1e-5))
    assert not np.allclose(layer_norm(x, gain, bias), layer_norm(x, gain, bias, 1e-6), rtol=1e-7)


def test_the_variance_is_the_biased_one():
    normed = plain([1.0, 2.0, 3.0, 4.0], eps=0)
    assert np.mean(normed**2) == pytest.approx(1, rel=1e-14)  # with n − 1 it would be 3/4


def test_gain_stretches_and_bias_shifts_each_feature(rng):
    x, gain, bias = draw(rng)
    normed = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    assert_allclose(layer_norm(x, gain, bias), normed * gain + bias, rtol=1e-12, atol=1e-14)


# Properties


def test_each_vector_gets_mean_zero_and_variance_one(rng):
    x, _, _ = draw(rng)
    normed = layer_norm(5 + 3 * x, np.ones(D_MODEL), np.zeros(D_MODEL), eps=0)
    assert_allclose(normed.mean(axis=-1), 0, atol=1e-15)
    assert_allclose(normed.var(axis=-1), 1, rtol=1e-14)


def test_the_mean_and_the_scale_of_a_vector_do_not_count(rng):
    x, gain, bias = draw(rng)
    assert_allclose(layer_norm(5 + 3 * x, gain, bias, 0), layer_norm(x, gain, bias, 0), rtol=1e-11, atol=1e-13)


def test_a_token_does_not_depend_on_any_other(rng):
    x, gain, bias = draw(rng)
    output = layer_norm(x, gain, bias)
    for at in np.ndindex(BATCH, SEQ):
        assert_allclose(output[at], layer_norm(x[at], gain, bias), rtol=1e-13, atol=1e-15)
    changed = x.copy()
    changed[1, 3] = np.nan
    differs = ~np.isclose(layer_norm(changed, gain, bias), output, rtol=1e-13).all(axis=-1)
    assert np.argwhere(differs).tolist() == [[1, 3]]


def test_far_from_zero_the_two_passes_keep_the_variance():
    x = 1e6 + np.array([-1.0, 1, -1, 1])
    assert_allclose(plain(x, eps=0), [-1, 1, -1, 1], rtol=1e-15)
    x = np.array([1e6 - 2, 1e6 + 2] * 8, np.float32)
    assert_allclose(plain(x, np.float32), [-1, 1] * 8, rtol=1e-4)
    assert np.mean(x * x) - np.mean(x) ** 2 != pytest.approx(4, rel=0.5)  # what one pass would make of it


@pytest.mark.parametrize("mean", [0, 1e4, 1e5, 1e6])
@both_dtypes
def test_beside_a_large_mean_it_is_as_exact_as_the_numbers_are(rng, mean, dtype):
    x, gain, bias = draw(rng, dtype=dtype)
    x = x + dtype(mean)
    output, pullback = layer_norm_vjp(x, gain, bias)
    exact, exact_pullback = layer_norm_vjp(*(np.float64(a) for a in (x - dtype(mean), gain, bias)))
    assert_allclose(output, exact, rtol=64 * np.finfo(dtype).eps, atol=64 * np.finfo(dtype).eps)
    grad_output = rng.normal(size=output.shape)
    for grad, expected in zip(pullback(grad_output), exact_pullback(grad_output), strict=True):
        assert_allclose(grad, expected, rtol=1e3 * np.finfo(dtype).eps, atol=1e3 * np.finfo(dtype).eps)


@pytest.mark.parametrize("size", [1e-37, 1e-30, 1e-20, 1e-3, 1.0, 1e3, 1e20, 1e30, 1e37])
@pytest.mark.parametrize("eps", [0.0, 1e-5])
@both_dtypes
def test_no_square_overflows_or_vanishes_whatever_the_size_of_a_vector(rng, size, eps, dtype):
    x, gain, bias = draw(rng, dtype=dtype)
    size = dtype(2) ** round(np.log2(size))  # a power of two: the numbers themselves are not rounded
    output, pullback = layer_norm_vjp(size * x, gain, bias, eps)
    exact, exact_pullback = layer_norm_vjp(*(np.float64(a) for a in (size * x, gain, bias)), eps)
    assert_allclose(output, exact, rtol=1e-5, atol=1e-6)
    grad_output = rng.normal(size=output.shape)
    for grad, expected in zip(pullback(grad_output), exact_pullback(grad_output), strict=True):
        assert_allclose(grad, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e160, 1e300])
def test_in_float64_too_no_square_overflows_or_vanishes(size):
    assert_allclose(plain([size, -size], eps=0), [1, -1], rtol=1e-15)
    assert_allclose(plain([3 * size, 0, -3 * size], eps=0), np.array([1, 0, -1]) * 1.5**0.5, rtol=1e-15)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_vector_with_nan_or_infinity_is_nan_and_matters_no_more_than_zeros_if_nobody_reads_it(rng, bad):
    x, gain, bias = draw(rng)
    grad_output = rng.normal(size=x.shape)
    grad_output[1, 3] = 0
    x[1, 3] = 0
    zeros, expected = layer_norm_vjp(x, gain, bias)
    x[1, 3, 2] = bad
    output, pullback = layer_norm_vjp(x, gain, bias)
    zeros[1, 3] = np.nan
    assert_array_equal(output, zeros)
    for grad, wanted in zip(pullback(grad_output), expected(grad_output), strict=True):
        assert_array_equal(grad, wanted)
    assert np.isnan(pullback(np.ones_like(x))[0][1, 3]).all()


@pytest.mark.parametrize("eps", [0.0, 1e-12, 1e-5])
@pytest.mark.parametrize("number", [3.0, 0.1, 1000.1, 1e6 + 0.1, -1e20 / 3])
@pytest.mark.parametrize("d_model", [3, 7, 512])
@both_dtypes
def test_a_vector_of_equal_numbers_becomes_the_bias(rng, number, eps, d_model, dtype):
    """The mean of three times 0.1 is not 0.1: its rounding error is no variance."""
    gain, bias = rng.normal(size=(2, d_model)).astype(dtype)
    output, pullback = layer_norm_vjp(np.full((2, d_model), number, dtype), gain, bias, eps)
    assert_array_equal(output, np.broadcast_to(bias, (2, d_model)))
    grad_output = rng.normal(size=(2, d_model)).astype(dtype)
    grad_x, grad_gain, _ = pullback(grad_output)
    grad_normed = grad_output * gain
    expected = (grad_normed - grad_normed.mean(axis=-1, keepdims=True)) / eps**0.5 if eps else np.zeros_like(grad_x)
    assert_allclose(grad_x, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
    assert_array_equal(grad_gain, 0)


def test_one_feature_alone_carries_nothing():
    output, pullback = layer_norm_vjp(np.array([[3.0], [-4.0]]), np.array([2.0]), np.array([5.0]))
    assert_array_equal(output, [[5], [5]])
    assert_array_equal(pullback(np.ones((2, 1)))[0], 0)


@every_lead
@both_dtypes
def test_shapes_and_dtypes_stay_forwards_and_backwards(rng, lead, dtype):
    x, gain, bias = draw(rng, lead, dtype)
    output, pullback = layer_norm_vjp(x, gain, bias, np.float64(1e-5))
    assert_array_equal(output, layer_norm(x, gain, bias, np.float64(1e-5)), strict=True)
    assert_array_equal(np.zeros_like(output), np.zeros_like(x), strict=True)
    for array, grad in zip((x, gain, bias), pullback(np.ones(output.shape)), strict=True):
        assert_array_equal(np.zeros_like(array), 0 * grad, strict=True)


def test_the_inputs_are_not_modified(rng):
    arrays = draw(rng)
    before = [array.copy() for array in arrays]
    output, pullback = layer_norm_vjp(*arrays)
    pullback(np.ones_like(output))
    for array, copy in zip(arrays, before, strict=True):
        assert_array_equal(array, copy)


# Gradients


@pytest.mark.parametrize("eps", [0.0, 1e-5, 0.5])
@pytest.mark.parametrize("lead", [(), (SEQ,), (BATCH, SEQ)], ids=str)
def test_gradients_agree_with_central_differences(rng, lead, eps):
    error = check_vjp(lambda *a: layer_norm(*a, eps), lambda *a: layer_norm_vjp(*a, eps), draw(rng, lead), rng)
    assert error < 1e-6


def test_a_gradient_cannot_move_the_mean_or_the_length_of_a_vector(rng):
    x, gain, bias = draw(rng)
    output, pullback = layer_norm_vjp(x, gain, bias, 0)
    grad_x, _, _ = pullback(rng.normal(size=output.shape))
    assert_allclose(grad_x.sum(axis=-1), 0, atol=1e-13)
    assert_allclose(np.vecdot(grad_x, x), 0, atol=1e-13)


def test_a_token_s_gradient_stays_with_the_token(rng):
    x, gain, bias = draw(rng)
    output, pullback = layer_norm_vjp(x, gain, bias)
    grad_output = np.zeros_like(output)
    grad_output[1, 3] = rng.normal(size=D_MODEL)
    assert np.argwhere(pullback(grad_output)[0].any(axis=-1)).tolist() == [[1, 3]]


# Parameters


@both_dtypes
def test_the_first_gains_are_one_and_the_first_biases_zero(dtype):
    params = init_layer_norm(D_MODEL, dtype)
    assert isinstance(params, LayerNormParams)
    assert_array_equal(params.gain, np.ones(D_MODEL, dtype), strict=True)
    assert_array_equal(params.bias, np.zeros(D_MODEL, dtype), strict=True)


def test_bad_sizes_are_restated():
    with pytest.raises(ValueError, match="d_model must be 1 or more: got 0"):
        init_layer_norm(0)
    with pytest.raises(TypeError, match=r"d_model must be an integer: got 7\.0"):
        init_layer_norm(7.0)
    with pytest.raises(TypeError, match="dtype must be float32 or float64: got int64"):
        init_layer_norm(7, np.int64)


# Errors


@both_forms
@pytest.mark.parametrize(
    ("shapes", "got"),
    [
        (((5, 7), (5,), (7,)), r"x \(5, 7\), gain \(5,\), bias \(7,\)"),
        (((5, 7), (7,), (1,)), r"x \(5, 7\), gain \(7,\), bias \(1,\)"),
        (((5, 7), (5, 7), (7,)), r"x \(5, 7\), gain \(5, 7\), bias \(7,\)"),
        (((5, 7), (), ()), r"x \(5, 7\), gain \(\), bias \(\)"),
        (((), (), ()), r"x \(\), gain \(\), bias \(\)"),
        (((5, 0), (0,), (0,)), r"x \(5, 0\), gain \(0,\), bias \(0,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_restated(call, shapes, got):
    words = rf"x \(\.\.\., d_model\) and gain and bias \(d_model,\) must share d_model: got {got}"
    with pytest.raises(ValueError, match=words):
        call(*(np.ones(shape) for shape in shapes))


@both_forms
@pytest.mark.parametrize("eps", [-1e-9, np.nan, np.inf, np.array([1e-5, 1e-5])], ids=str)
def test_eps_must_be_one_number_of_zero_or_more(rng, call, eps):
    with pytest.raises(ValueError, match=r"eps must be a finite number of 0 or more: got"):
        call(*draw(rng), eps)


@both_forms
def test_eps_must_be_finite_in_float32_too(rng, call):
    with pytest.raises(ValueError, match=r"eps must be a finite number of 0 or more: got 1e\+100"):
        call(*draw(rng, dtype=np.float32), 1e100)


@both_forms
def test_dtypes_do_not_mix(rng, call):
    x, gain, bias = draw(rng)
    with pytest.raises(TypeError, match=r"must share one dtype: got x float32 \(2, 5, 7\), gain float64"):
        call(x.astype(np.float32), gain, bias)
    with pytest.raises(TypeError, match=r"x must be float32 or float64: got float16"):
        call(x.astype(np.float16), gain, bias)


def test_a_gradient_must_have_the_shape_of_the_output(rng):
    _, pullback = layer_norm_vjp(*draw(rng))
    with pytest.raises(ValueError, match=r"shape of the output: got grad_output \(7,\), output \(2, 5, 7\)"):
        pullback(np.ones(D_MODEL))
