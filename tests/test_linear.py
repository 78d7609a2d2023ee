import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import linear, linear_vjp
from attnlib.linear import init_linear

D_IN, D_OUT = 3, 7

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_forms = pytest.mark.parametrize("call", [linear, linear_vjp], ids=lambda f: f.__name__)
every_lead = pytest.mark.parametrize("lead", [(), (5,), (2, 5), (4, 2, 5), (0,), (2, 0)], ids=str)
with_and_without_bias = pytest.mark.parametrize("biased", [False, True], ids=["no bias", "bias"])


def draw(rng, lead=(5,), biased=True, dtype=np.float64):
    shapes = [(*lead, D_IN), (D_IN, D_OUT)] + [(D_OUT,)] * biased
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def test_by_hand():
    x, weight, bias = np.array([[1.0, 2.0]]), np.array([[1.0, 10.0, 0.0], [100.0, 0.0, 1.0]]), np.array([0.5, 0, -2])
    assert_array_equal(linear(x, weight), [[201, 10, 2]])
    assert_array_equal(linear(x, weight, bias), [[201.5, 10, 0]])


@every_lead
@with_and_without_bias
@both_dtypes
def test_every_vector_is_mapped_by_itself(rng, lead, biased, dtype):
    x, weight, *bias = draw(rng, lead, biased, dtype)
    output = linear(x, weight, *bias)
    assert output.shape == (*lead, D_OUT)
    assert output.dtype == dtype
    expected = np.einsum("...i,ij->...j", x, weight) + (bias[0] if biased else 0)
    assert_allclose(output, expected, rtol=1e-5 if dtype == np.float32 else 1e-13, atol=1e-5)


def test_it_is_linear(rng):
    x, weight, _ = draw(rng)
    y = rng.normal(size=x.shape)
    assert_allclose(linear(2 * x - y, weight), 2 * linear(x, weight) - linear(y, weight), rtol=1e-11, atol=1e-14)


def test_two_maps_in_a_row_are_one_map(rng):
    x, weight, _ = draw(rng)
    other = rng.normal(size=(D_OUT, 2))
    assert_allclose(linear(linear(x, weight), other), linear(x, weight @ other), rtol=1e-11, atol=1e-14)


def test_the_identity_changes_nothing(rng):
    x = rng.normal(size=(2, 5, D_IN))
    assert_array_equal(linear(x, np.eye(D_IN)), x)


def test_the_gradient_of_the_bias_counts_the_vectors(rng):
    x, weight, bias = draw(rng, (4, 5))
    assert_array_equal(linear_vjp(x, weight, bias)[1](np.ones((4, 5, D_OUT)))[2], np.full(D_OUT, 20))


@with_and_without_bias
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_vector_that_the_loss_ignores_counts_like_zeros_even_if_it_holds_nan(rng, bad, biased):
    x, weight, *bias = draw(rng, (4, 5), biased)
    ignored = rng.random((4, 5)) < 0.4
    grad_output = np.where(ignored[..., None], 0, rng.normal(size=(4, 5, D_OUT)))
    x[ignored] = 0
    expected = linear_vjp(x, weight, *bias)[1](grad_output)
    x[ignored, 1] = bad
    with np.errstate(invalid="ignore"):
        _, pullback = linear_vjp(x, weight, *bias)
    for grad, wanted in zip(pullback(grad_output), expected, strict=True):
        assert_array_equal(grad, wanted)


def test_a_nan_that_counts_is_not_hidden(rng):
    x, weight, _ = draw(rng)
    x[2, 0] = np.nan
    grad_x, grad_weight = linear_vjp(x, weight)[1](np.ones((5, D_OUT)))
    assert np.isfinite(grad_x).all()
    assert_array_equal(np.isnan(grad_weight), np.arange(D_IN)[:, None] + np.zeros(D_OUT) == 0)


def test_vectors_of_length_zero_map_to_the_bias():
    assert_array_equal(linear(np.ones((5, 0)), np.ones((0, 2)), np.array([1.0, 2.0])), [[1, 2]] * 5)
    assert linear_vjp(np.ones((5, 3)), np.ones((3, 0)))[1](np.ones((5, 0)))[0].shape == (5, 3)


@both_forms
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.ones((5, 4)), np.ones((3, 7))), r"must share d_in: got x \(5, 4\), weight \(3, 7\)"),
        ((np.ones((5, 7)), np.ones((3, 7))), r"must share d_in: got x \(5, 7\), weight \(3, 7\)"),
        ((np.ones(()), np.ones((3, 7))), r"must share d_in: got x \(\), weight \(3, 7\)"),
        ((np.ones((5, 3)), np.ones(3)), r"must share d_in: got x \(5, 3\), weight \(3,\)"),
        ((np.ones((5, 3)), np.ones((2, 3, 7))), r"must share d_in: got x \(5, 3\), weight \(2, 3, 7\)"),
        ((np.ones((5, 3)), np.ones((3, 7)), np.ones(3)), r"bias must have shape \(d_out,\): got weight .* bias \(3,\)"),
        ((np.ones((5, 3)), np.ones((3, 7)), np.ones((5, 7))), r"bias must have shape \(d_out,\): .* bias \(5, 7\)"),
        ((np.ones((5, 3)), np.ones((3, 7)), np.ones(())), r"bias must have shape \(d_out,\): .* bias \(\)"),
    ],
)
def test_shapes_that_do_not_fit_are_restated(call, arguments, words):
    with pytest.raises(ValueError, match=words):
        call(*arguments)


@both_forms
@pytest.mark.parametrize("which", [0, 1, 2], ids=["x", "weight", "bias"])
def test_dtypes_do_not_mix_and_integers_are_refused(rng, call, which):
    arguments = draw(rng)
    arguments[which] = arguments[which].astype(np.float32)
    with pytest.raises(TypeError, match="x, weight and bias must share one dtype"):
        call(*arguments)
    arguments[which] = arguments[which].astype(np.int64)
    with pytest.raises(TypeError, match=rf"{['x', 'weight', 'bias'][which]} must be float32 or float64: got int64"):
        call(*arguments)


def test_a_random_map_keeps_the_variance_of_its_inputs(rng):
    assert_allclose(init_linear(rng, 400, 500).var(), 1 / 400, rtol=0.02)
