import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import FeedForwardParams, feed_forward, feed_forward_vjp, gelu, init_feed_forward, tree_leaves

D_MODEL, D_FF = 3, 7

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_activations = pytest.mark.parametrize("activation", ["relu", "gelu"])
both_forms = pytest.mark.parametrize("call", [feed_forward, feed_forward_vjp], ids=lambda f: f.__name__)


def draw(rng, lead=(5,), dtype=np.float64, activation="relu"):
    params = init_feed_forward(rng, D_MODEL, D_FF, activation, dtype)
    params = params._replace(b_in=rng.normal(size=D_FF).astype(dtype), b_out=rng.normal(size=D_MODEL).astype(dtype))
    return params, rng.normal(size=(*lead, D_MODEL)).astype(dtype)


def test_by_hand():
    params = FeedForwardParams(np.array([[1.0, -1.0]]), np.array([0.5, 0]), np.array([[2.0], [10.0]]), np.array([1.0]))
    assert_array_equal(feed_forward(params, np.array([[3.0], [-4.0]])), [[8], [41]])


def test_the_paper_s_formula():
    params, x = draw(np.random.default_rng(1), (2, 5))
    expected = np.maximum(0, x @ params.w_in + params.b_in) @ params.w_out + params.b_out
    assert_allclose(feed_forward(params, x), expected, rtol=1e-13)
    expected = gelu(x @ params.w_in + params.b_in) @ params.w_out + params.b_out
    assert_allclose(feed_forward(params._replace(activation="gelu"), x), expected, rtol=1e-13)


@both_activations
def test_each_token_is_computed_by_itself(rng, activation):
    params, x = draw(rng, (2, 5), activation=activation)
    output = feed_forward(params, x)
    for at in np.ndindex(2, 5):
        assert_allclose(output[at], feed_forward(params, x[at]), rtol=1e-12)


@both_dtypes
def test_random_maps_have_the_promised_shapes_keep_variance_and_start_without_bias(dtype):
    params = init_feed_forward(np.random.default_rng(2), 64, 256, dtype=dtype)
    assert [a.shape for a in tree_leaves(params)] == [(64, 256), (256,), (256, 64), (64,)]
    assert {a.dtype for a in tree_leaves(params)} == {np.dtype(dtype)}
    assert not params.b_in.any()
    assert not params.b_out.any()
    assert params.w_in.var() * 64 == pytest.approx(1, rel=0.05)
    assert params.w_out.var() * 256 == pytest.approx(1, rel=0.05)


@both_forms
def test_what_does_not_fit_is_restated(rng, call):
    params, x = draw(rng)
    with pytest.raises(ValueError, match=r"must share d_in: got x \(5, 2\), weight \(3, 7\)"):
        call(params, x[:, 1:])
    with pytest.raises(ValueError, match=r"bias must have shape \(d_out,\): got weight \(3, 7\), bias \(3,\)"):
        call(params._replace(b_in=params.b_out), x)
    with pytest.raises(ValueError, match=r"must share d_in: got x \(5, 7\), weight \(3, 7\)"):
        call(params._replace(w_out=params.w_in), x)
    with pytest.raises(ValueError, match="activation must be one of relu, gelu: got 'swish'"):
        call(params._replace(activation="swish"), x)
    with pytest.raises(TypeError, match="must share one dtype: got x float32"):
        call(params, x.astype(np.float32))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((0, 7), ValueError, "d_model must be 1 or more: got 0"),
        ((3, -7), ValueError, "d_ff must be 0 or more: got -7"),
        ((3, 7.0), TypeError, r"d_ff must be an integer: got 7\.0"),
        ((3, 7, "swish"), ValueError, "activation must be one of relu, gelu: got 'swish'"),
        ((3, 7, "gelu", np.float16), TypeError, "dtype must be float32 or float64: got float16"),
    ],
)
def test_bad_sizes_are_restated(rng, arguments, error, words):
    with pytest.raises(error, match=words):
        init_feed_forward(rng, *arguments)


def test_the_bend_that_is_asked_for_is_kept_in_the_parameters(rng):
    assert init_feed_forward(rng, 4, 3, "gelu").activation == "gelu"
