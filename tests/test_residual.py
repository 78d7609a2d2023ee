import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import LayerNormParams, layer_norm, linear, linear_vjp
from attnlib.residual import residual, residual_vjp

BATCH, SEQ, D_MODEL = 2, 5, 7

both_orders = pytest.mark.parametrize("norm_first", [True, False], ids=["pre-LN", "post-LN"])


def draw(rng, dtype=np.float64, lead=(BATCH, SEQ)):
    shapes = [(D_MODEL,), (D_MODEL,), (*lead, D_MODEL), (D_MODEL, D_MODEL)]
    gain, bias, x, weight = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    return LayerNormParams(gain, bias), x, weight


def mapped(norm, x, weight, norm_first):
    return residual(norm, x, lambda x: (linear(x, weight), "more"), norm_first)


def mapped_vjp(norm, x, weight, norm_first):
    """Gradients in the order of the arguments."""
    output, pullback = residual_vjp(norm, x, lambda x: linear_vjp(x, weight), norm_first)

    def back(grad_output):
        grad_x, grad_norm, grad_weight = pullback(grad_output)
        return grad_norm, grad_x, grad_weight

    return output, back


def test_pre_ln_normalises_what_the_sublayer_reads(rng):
    norm, x, weight = draw(rng)
    output, more = mapped(norm, x, weight, norm_first=True)
    assert_allclose(output, x + layer_norm(x, *norm) @ weight, rtol=1e-12, atol=1e-14)
    assert more == "more"


def test_post_ln_normalises_the_sum(rng):
    norm, x, weight = draw(rng)
    output, more = mapped(norm, x, weight, norm_first=False)
    assert_allclose(output, layer_norm(x + x @ weight, *norm), rtol=1e-12, atol=1e-14)
    assert more == "more"


def test_pre_ln_is_what_one_gets_without_saying(rng):
    norm, x, weight = draw(rng)
    said = residual(norm, x, lambda x: (x @ weight, None))[0]
    assert_allclose(said, mapped(norm, x, weight, True)[0], rtol=1e-12, atol=1e-14)


def test_the_vjp_says_without_being_told_what_residual_says(rng):
    norm, x, weight = draw(rng)
    output, _ = residual_vjp(norm, 1e-3 * x, lambda x: linear_vjp(x, weight))
    expected, _ = residual(norm, 1e-3 * x, lambda x: (linear(x, weight), None))
    assert_array_equal(output, expected)


def test_a_sublayer_that_adds_nothing_leaves_x_or_its_norm(rng):
    norm, x, weight = draw(rng)
    assert_array_equal(mapped(norm, x, 0 * weight, norm_first=True)[0], x)
    assert_array_equal(mapped(norm, x, 0 * weight, norm_first=False)[0], layer_norm(x, *norm))


def test_with_pre_ln_a_gradient_passes_a_dead_sublayer_unchanged_and_with_post_ln_not(rng):
    norm, x, weight = draw(rng)
    grad_output = rng.normal(size=x.shape)
    _, pullback = mapped_vjp(norm, x, 0 * weight, norm_first=True)
    assert_array_equal(pullback(grad_output)[1], grad_output)
    _, pullback = mapped_vjp(norm, x, 0 * weight, norm_first=False)
    assert np.abs(pullback(grad_output)[1] - grad_output).max() > 0.1


@both_orders
def test_whatever_else_the_sublayer_s_pullback_returns_comes_last(rng, norm_first):
    norm, x, weight = draw(rng)

    def sublayer_vjp(x):
        output, pullback = linear_vjp(x, weight)
        return output, lambda grad: (*pullback(grad), "memory")

    grads = residual_vjp(norm, x, sublayer_vjp, norm_first)[1](np.ones_like(x))
    assert len(grads) == 4
    assert grads[3] == "memory"


@both_orders
def test_a_sublayer_that_would_stretch_x_is_refused(rng, norm_first):
    norm, x, weight = draw(rng, lead=(SEQ,))
    words = r"a sublayer must add vectors of the shape it was given: got x \(5, 7\), added \("
    for stretch in (lambda y: y[:, :1], lambda y: np.stack([y, y])):
        with pytest.raises(ValueError, match=words):
            residual(norm, x, lambda x, f=stretch: (f(x @ weight), None), norm_first)
        with pytest.raises(ValueError, match=words):
            residual_vjp(norm, x, lambda x, f=stretch: (f(x @ weight), None), norm_first)


@both_orders
def test_the_norm_adds_the_eps_that_it_is_given(rng, norm_first):
    norm, x, weight = draw(rng)
    expected = x + layer_norm(x, *norm, 0.5) @ weight if norm_first else layer_norm(x + x @ weight, *norm, 0.5)
    output, _ = residual(norm, x, lambda x: (linear(x, weight), None), norm_first, eps=0.5)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-14)
