"""The residual connection and the norm that goes with it, before the sublayer or after the sum."""

import numpy as np

from attnlib.arguments import as_floats, as_gradient, describe
from attnlib.layer_norm import LayerNormParams, layer_norm, layer_norm_vjp


def residual(norm, x, sublayer, norm_first=True, eps=1e-5):
    """What came in plus what the sublayer makes of it.

    Args:
        norm: ``LayerNormParams``.
        x: (..., seq, d_model)
        sublayer: takes vectors like ``x``; returns ``(added, more)``, with ``added`` of the shape of ``x``.
        norm_first: True is pre-LN, x + sublayer(norm(x)), as most code has it. False is post-LN,
            norm(x + sublayer(x)), as the paper has it.
        eps: what the norm adds to the variance, as for ``layer_norm``.

    Returns:
        ``(output, more)``, the output in the shape of ``x``.

    Raises:
        ValueError: if the sublayer returns another shape, such as that of a memory with a batch that ``x`` lacks.

    Source: Vaswani et al. (2017), section 3.1, for post-LN; Xiong et al. (2020), table 1, for both.
    """
    if norm_first:
        added, more = sublayer(layer_norm(x, norm.gain, norm.bias, eps))
        return total(x, added), more
    added, more = sublayer(x)
    return layer_norm(total(x, added), norm.gain, norm.bias, eps), more


def residual_vjp(norm, x, sublayer_vjp, norm_first=True, eps=1e-5):
    """``residual``, and its pullback both ways, past the sublayer and through it: → ``(grad_x, grad_norm, *rest)``.

    ``sublayer_vjp`` takes vectors like ``x`` and returns ``(added, pullback)``, and ``pullback(grad_added)`` a tuple:
    the gradient by those vectors first, then the rest.
    """
    if norm_first:
        normed, back_norm = layer_norm_vjp(x, norm.gain, norm.bias, eps)
        added, back_sublayer = sublayer_vjp(normed)
        output = total(x, added)

        def pullback(grad_output):
            grad_output = as_gradient(grad_output, output)
            grad_normed, *rest = back_sublayer(grad_output)
            grad_x, *grad_norm = back_norm(grad_normed)
            return grad_output + grad_x, LayerNormParams(*grad_norm), *rest

        return output, pullback
    added, back_sublayer = sublayer_vjp(x)
    output, back_norm = layer_norm_vjp(total(x, added), norm.gain, norm.bias, eps)

    def pullback_after(grad_output):
        grad_sum, *grad_norm = back_norm(grad_output)
        grad_x, *rest = back_sublayer(grad_sum)
        return grad_sum + grad_x, LayerNormParams(*grad_norm), *rest

    return output, pullback_after


def last_norm(norm, x):
    """The norm behind the last layer: pre-LN needs one for the sum, post-LN has none (None)."""
    return x if norm is None else layer_norm(x, *norm)


def last_norm_vjp(norm, x):
    """``last_norm``, and its pullback: grad_output → ``(grad_norm, grad_x)``."""
    if norm is None:
        return x, lambda grad_output: (None, as_gradient(grad_output, x))
    output, back = layer_norm_vjp(x, *norm)

    def pullback(grad_output):
        grad_x, *grad_norm = back(grad_output)
        return LayerNormParams(*grad_norm), grad_x

    return output, pullback


@np.errstate(over="ignore", invalid="ignore")  # padding may be ∞, and ∞ − ∞ is NaN, as it should be
def total(x, added):
    """``x + added``, which must have one shape: a sum that stretches ``x`` would be another model's.

    Raises:
        TypeError, ValueError: if the dtypes or the shapes differ.
    """
    x, added = as_floats(x=x, added=added)
    if x.shape != added.shape:
        raise ValueError(f"a sublayer must add vectors of the shape it was given: got {describe(x=x, added=added)}")
    return x + added
