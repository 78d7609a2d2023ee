import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import layer_norm, rms_norm, rms_norm_vjp
from attnlib.testing import check_vjp

BATCH, SEQ, D_MODEL = 2, 5, 7

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_forms = pytest.mark.parametrize("call", [rms_norm, rms_norm_vjp], ids=lambda f: f.__name__)


def draw(rng, lead=(BATCH, SEQ), dtype=np.float64):
    return [rng.normal(size=shape).astype(dtype) for shape in ((*lead, D_MODEL), (D_MODEL,))]


def test_by_hand():
    assert_allclose(rms_norm(np.array([3.0, 4, 0, 0]), np.ones(4), eps=0), [1.2, 1.6, 0, 0], rtol=1e-15)


def test_eps_is_added_to_the_mean_square_inside_the_root():
    assert_allclose(rms_norm(np.array([2.0, 2.0]), np.ones(2), eps=5.0), [2 / 3, 2 / 3], rtol=1e-15)  # √(4 + 5) = 3


def test_each_vector_gets_a_mean_square_of_one(rng):
    x, _ = draw(rng)
    normed = rms_norm(5 + 3 * x, np.ones(D_MODEL), eps=0)
    assert_allclose(np.mean(normed**2, axis=-1), 1, rtol=1e-14)


def test_the_gain_stretches_each_feature(rng):
    x, gain = draw(rng)
    assert_allclose(rms_norm(x, gain), rms_norm(x, np.ones(D_MODEL)) * gain, rtol=1e-15)


def test_without_a_mean_it_is_layer_norm_and_with_one_it_is_not(rng):
    x, gain = draw(rng)
    centred = x - x.mean(axis=-1, keepdims=True)
    zeros = np.zeros(D_MODEL)
    assert_allclose(rms_norm(centred, gain), layer_norm(x, gain, zeros), rtol=1e-12, atol=1e-14)
    assert np.abs(rms_norm(x, gain) - layer_norm(x, gain, zeros)).max() > 0.1


def test_the_scale_of_a_vector_does_not_count_but_its_mean_does(rng):
    x, gain = draw(rng)
    assert_allclose(rms_norm(3 * x, gain, 0), rms_norm(x, gain, 0), rtol=1e-13)
    assert np.abs(rms_norm(3 + x, gain, 0) - rms_norm(x, gain, 0)).max() > 0.1


def test_a_token_does_not_depend_on_any_other(rng):
    x, gain = draw(rng)
    output = rms_norm(x, gain)
    for at in np.ndindex(BATCH, SEQ):
        assert_allclose(output[at], rms_norm(x[at], gain), rtol=1e-13)


@pytest.mark.parametrize("eps", [0.0, 1e-5])
def test_a_vector_of_zeros_stays_zero(rng, eps):
    _, gain = draw(rng)
    output, pullback = rms_norm_vjp(np.zeros((2, D_MODEL)), gain, eps)
    assert_array_equal(output, 0)
    assert all(np.isfinite(grad).all() for grad in pullback(rng.normal(size=(2, D_MODEL))))


@pytest.mark.parametrize("size", [1e-37, 1e-30, 1e-20, 1e20, 1e30, 1e37])
@pytest.mark.parametrize("eps", [0.0, 1e-5])
@both_dtypes
def test_no_square_overflows_or_vanishes_whatever_the_size_of_a_vector(rng, size, eps, dtype):
    x, gain = draw(rng, dtype=dtype)
    size = dtype(2) ** round(np.log2(size))
    output, pullback = rms_norm_vjp(size * x, gain, eps)
    exact, exact_pullback = rms_norm_vjp(np.float64(size * x), np.float64(gain), eps)
    assert_allclose(output, exact, rtol=1e-5)
    grad_output = rng.normal(size=output.shape)
    for grad, expected in zip(pullback(grad_output), exact_pullback(grad_output), strict=True):
        assert_allclose(grad, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_vector_with_nan_or_infinity_is_nan_and_matters_no_more_than_zeros_if_nobody_reads_it(rng, bad):
    x, gain = draw(rng)
    grad_output = rng.normal(size=x.shape)
    grad_output[1, 3] = 0
    x[1, 3] = 0
    zeros, expected = rms_norm_vjp(x, gain)
    x[1, 3, 2] = bad
    output, pullback = rms_norm_vjp(x, gain)
    zeros[1, 3] = np.nan
    assert_array_equal(output, zeros)
    for grad, wanted in zip(pullback(grad_output), expected(grad_output), strict=True):
        assert_array_equal(grad, wanted)
    assert np.isnan(pullback(np.ones_like(x))[0][1, 3]).all()


@pytest.mark.parametrize("lead", [(), (SEQ,), (BATCH, SEQ), (0,), (BATCH, 0)], ids=str)
@both_dtypes
def test_shapes_and_dtypes_stay_forwards_and_backwards(rng, lead, dtype):
    x, gain = draw(rng, lead, dtype)
    output, pullback = rms_norm_vjp(x, gain, np.float64(1e-5))
    assert_array_equal(output, rms_norm(x, gain, np.float64(1e-5)), strict=True)
    assert_array_equal(np.zeros_like(output), np.zeros_like(x), strict=True)
    for array, grad in zip((x, gain), pullback(np.ones(output.shape)), strict=True):
        assert_array_equal(np.zeros_like(array), 0 * grad, strict=True)


def test_the_inputs_are_not_modified(rng):
    arrays = draw(rng)
    before = [array.copy() for array in arrays]
    output, pullback = rms_norm_vjp(*arrays)
    pullback(np.ones_like(output))
    for array, copy in zip(arrays, before, strict=True):
        assert_array_equal(array, copy)


@pytest.mark.parametrize("eps", [0.0, 1e-5, 0.5])
@pytest.mark.parametrize("lead", [(), (SEQ,), (BATCH, SEQ)], ids=str)
def test_gradients_agree_with_central_differences(rng, lead, eps):
    assert check_vjp(lambda *a: rms_norm(*a, eps), lambda *a: rms_norm_vjp(*a, eps), draw(rng, lead), rng) < 1e-6


def test_a_gradient_cannot_move_the_length_of_a_vector_but_its_mean(rng):
    x, gain = draw(rng)
    output, pullback = rms_norm_vjp(x, gain, 0)
    grad_x, _ = pullback(rng.normal(size=output.shape))
    assert_allclose(np.vecdot(grad_x, x), 0, atol=1e-13)
    assert np.abs(grad_x.sum(axis=-1)).max() > 0.1


@both_forms
@pytest.mark.parametrize(
    ("shapes", "got"),
    [
        (((5, 7), (5,)), r"x \(5, 7\), gain \(5,\)"),
        (((5, 7), ()), r"x \(5, 7\), gain \(\)"),
        (((5, 7), (5, 7)), r"x \(5, 7\), gain \(5, 7\)"),
        (((), ()), r"x \(\), gain \(\)"),
        (((5, 0), (0,)), r"x \(5, 0\), gain \(0,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_restated(call, shapes, got):
    words = rf"x \(\.\.\., d_model\) and gain \(d_model,\) must share d_model: got {got}"
    with pytest.raises(ValueError, match=words):
        call(*(np.ones(shape) for shape in shapes))


@both_forms
def test_eps_and_dtypes_that_do_not_fit_are_restated(rng, call):
    x, gain = draw(rng)
    with pytest.raises(ValueError, match=r"eps must be a finite number of 0 or more: got -1"):
        call(x, gain, -1.0)
    with pytest.raises(TypeError, match="x and gain must share one dtype: got x float32"):
        call(x.astype(np.float32), gain)


def test_a_gradient_must_have_the_shape_of_the_output(rng):
    _, pullback = rms_norm_vjp(*draw(rng))
    with pytest.raises(ValueError, match=r"shape of the output: got grad_output \(7,\), output \(2, 5, 7\)"):
        pullback(np.ones(D_MODEL))
