"""RMSNorm: LayerNorm without the mean."""

import numpy as np

from attnlib.arguments import as_floats, as_gradient
from attnlib.normalise import check_features, root_mean_square, where_read
from attnlib.rows import over_tokens


def rms_norm(x, gain, eps=1e-5):
    """Each vector by itself, divided by the root of its mean square, then stretched.

    Args:
        x: (..., d_model)
        gain: (d_model,)
        eps: added to the mean square, inside the root; 0 or more.

    Returns:
        (..., d_model). For vectors of mean 0 the same as ``layer_norm`` with a bias of 0.
        A vector with NaN or infinity in it becomes NaN, and no other does.

    Raises:
        TypeError: if the arrays are not all float32 or all float64.
        ValueError: if the shapes do not fit, or ``eps`` is not a finite number of 0 or more.

    Source: Zhang and Sennrich (2019), eq. 4.
    """
    return rms_norm_vjp(x, gain, eps)[0]


def rms_norm_vjp(x, gain, eps=1e-5):
    """``rms_norm``, and its pullback: grad_output (..., d_model) → ``(grad_x, grad_gain)``.

    A vector of NaN whose gradient is zero adds nothing to either.
    """
    x, gain = as_floats(x=x, gain=gain)
    check_features(x, gain=gain)
    root = root_mean_square(x, eps)
    normed = x / root
    output = normed * gain

    def pullback(grad_output):
        grad_output = as_gradient(grad_output, output)
        x_hat, sigma = where_read(grad_output, normed, root)
        grad_normed = grad_output * gain
        along = np.vecdot(grad_normed, x_hat)[..., None] / x.shape[-1]
        return (grad_normed - x_hat * along) / sigma, over_tokens(grad_output * x_hat)

    return output, pullback
