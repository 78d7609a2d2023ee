"""LayerNorm: each token's vector gets mean 0 and variance 1 over its own features."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_float_type, as_floats, as_gradient, describe


class LayerNormParams(NamedTuple):
    """What the model may do with a normalised vector: stretch and shift each feature."""

    gain: np.ndarray  # (d_model,)
    bias: np.ndarray  # (d_model,)


def init_layer_norm(d_model, dtype=np.float64):
    """Gains of one and biases of zero: at first the vectors stay as they were normalised.

    Args:
        d_model: width of a token's vector.
        dtype: float32 or float64.

    Returns:
        ``LayerNormParams``

    Raises:
        TypeError, ValueError: if d_model is not a positive integer, or ``dtype`` is neither float32 nor float64.
    """
    d_model, dtype = as_count("d_model", d_model), as_float_type(dtype)
    return LayerNormParams(np.ones(d_model, dtype), np.zeros(d_model, dtype))


def layer_norm(x, gain, bias, eps=1e-5):
    """Each vector by itself: subtract its mean, divide by its standard deviation, then stretch and shift.

    Args:
        x: (..., d_model)
        gain, bias: (d_model,)
        eps: added to the variance, inside the root; 0 or more. It decides what becomes of a vector of equal numbers.

    Returns:
        (..., d_model). The variance is the biased one (a mean of d_model squares), found in two passes.

    Raises:
        TypeError: if the arrays are not all float32 or all float64.
        ValueError: if the shapes do not fit, or ``eps`` is not a finite number of 0 or more.

    Source: Ba et al. (2016), eq. 3 and section 3.
    """
    return layer_norm_vjp(x, gain, bias, eps)[0]


def layer_norm_vjp(x, gain, bias, eps=1e-5):
    """The normalised vectors, and the function that carries a gradient back.

    Args:
        x, gain, bias, eps: as for ``layer_norm``.

    Returns:
        ``(output, pullback)``. ``pullback(grad_output)``, with a gradient of shape (..., d_model), returns
        ``(grad_x, grad_gain, grad_bias)``.

    Raises:
        TypeError, ValueError: as ``layer_norm``;
            ``pullback`` if the shape of ``grad_output`` is not that of the output.
    """
    x, gain, bias = as_floats(x=x, gain=gain, bias=bias)
    check_features(x, gain=gain, bias=bias)
    centred = x - x.mean(axis=-1, keepdims=True)
    # Two passes: the mean first, then the mean of the squared distances. E[x²] − E[x]² loses all digits far from 0.
    variance = np.vecdot(centred, centred)[..., None] / x.shape[-1]
    scale = inverse_root(variance, eps)
    normed = centred * scale
    output = normed * gain + bias

    def pullback(grad_output):
        grad_output = as_gradient(grad_output, output)
        grad_normed = grad_output * gain
        # A vector of norm √d_model and mean 0: what would move its mean or its length has no effect, and is taken out.
        along = np.vecdot(grad_normed, normed)[..., None] / x.shape[-1]
        grad_x = (grad_normed - grad_normed.mean(axis=-1, keepdims=True) - normed * along) * scale
        return grad_x, over_tokens(grad_output * normed), over_tokens(grad_output)

    return output, pullback


def inverse_root(variance, eps):
    """1 / √(variance + eps), and 0 where that would be 1/0: what never varies becomes 0.

    Raises:
        ValueError: if ``eps`` is not a finite number of 0 or more.
    """
    if np.ndim(eps) != 0 or not 0 <= eps < np.inf:
        raise ValueError(f"eps must be a finite number of 0 or more: got {eps}")
    root = np.sqrt(variance + float(eps))
    return np.divide(1, root, out=np.zeros_like(root), where=root > 0)


def over_tokens(grad):
    """The gradient of one vector that every token used: (..., d_model) → (d_model,)."""
    return grad.reshape(-1, grad.shape[-1]).sum(axis=0)


def check_features(x, **vectors):
    """Each vector has one number a feature.

    Raises:
        ValueError: if not.
    """
    if x.ndim == 0 or x.shape[-1] == 0 or any(vector.shape != x.shape[-1:] for vector in vectors.values()):
        names = " and ".join(vectors)
        raise ValueError(f"x (..., d_model) and {names} (d_model,) must share d_model: got {describe(x=x, **vectors)}")
