"""LayerNorm: each token's vector gets mean 0 and variance 1 over its own features."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_float_type, as_floats, as_gradient
from attnlib.normalise import check_features, root_mean_square, where_read
from attnlib.rows import over_tokens


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
        (..., d_model). The variance is the biased one: a mean of d_model squared distances from the mean.
        A vector with NaN or infinity in it, or whose sum is too large for the dtype, becomes NaN, and no other does.

    Raises:
        TypeError: if the arrays are not all float32 or all float64.
        ValueError: if the shapes do not fit, or ``eps`` is not a finite number of 0 or more.

    Source: Ba et al. (2016), eq. 3 and section 3.
    """
    return layer_norm_vjp(x, gain, bias, eps)[0]


def layer_norm_vjp(x, gain, bias, eps=1e-5):
    """``layer_norm``, and its pullback: grad_output (..., d_model) → ``(grad_x, grad_gain, grad_bias)``.

    A vector of NaN whose gradient is zero adds nothing to any of them.
    """
    x, gain, bias = as_floats(x=x, gain=gain, bias=bias)
    check_features(x, gain=gain, bias=bias)
    centred = without_mean(x)
    root = root_mean_square(centred, eps)  # √(variance + eps)
    normed = centred / root
    output = normed * gain + bias

    def pullback(grad_output):
        grad_output = as_gradient(grad_output, output)
        x_hat, sigma = where_read(grad_output, normed, root)
        grad_normed = grad_output * gain
        # Mean and length are fixed: what would move them is taken out.
        along = np.vecdot(grad_normed, x_hat)[..., None] / x.shape[-1]
        grad_x = (grad_normed - grad_normed.mean(axis=-1, keepdims=True) - x_hat * along) / sigma
        return grad_x, over_tokens(grad_output * x_hat), over_tokens(grad_output)

    return output, pullback


@np.errstate(over="ignore", invalid="ignore")  # a sum may be ∞, and ∞ − ∞ is NaN, as it should be
def without_mean(x):
    """Each vector minus its mean, twice: the first mean is rounded, and the second takes away by how much."""
    ones = np.ones(x.shape[-1], x.dtype)  # a dot product with them is the quickest sum of few numbers
    for _ in range(2):
        x = x - np.vecdot(x, ones)[..., None] / x.shape[-1]
    return x
