"""RMSNorm: LayerNorm without the mean."""

import numpy as np

from attnlib.arguments import as_floats, as_gradient
from attnlib.layer_norm import check_features, inverse_root, over_tokens


def rms_norm(x, gain, eps=1e-5):
    """Each vector by itself, divided by the root of its mean square, then stretched.

    Args:
        x: (..., d_model)
        gain: (d_model,)
        eps: added to the mean square, inside the root; 0 or more.

    Returns:
        (..., d_model). For vectors of mean 0 the same as ``layer_norm`` with a bias of 0.

    Raises:
        TypeError: if the arrays are not all float32 or all float64.
        ValueError: if the shapes do not fit, or ``eps`` is not a finite number of 0 or more.

    Source: Zhang and Sennrich (2019), eq. 4.
    """
    return rms_norm_vjp(x, gain, eps)[0]


def rms_norm_vjp(x, gain, eps=1e-5):
    """The normalised vectors, and the function that carries a gradient back.

    Args:
        x, gain, eps: as for ``rms_norm``.

    Returns:
        ``(output, pullback)``. ``pullback(grad_output)``, with a gradient of shape (..., d_model), returns
        ``(grad_x, grad_gain)``.

    Raises:
        TypeError, ValueError: as ``rms_norm``; ``pullback`` if the shape of ``grad_output`` is not that of the output.
    """
    x, gain = as_floats(x=x, gain=gain)
    check_features(x, gain=gain)
    scale = inverse_root(np.vecdot(x, x)[..., None] / x.shape[-1], eps)
    normed = x * scale
    output = normed * gain

    def pullback(grad_output):
        grad_output = as_gradient(grad_output, output)
        grad_normed = grad_output * gain
        along = np.vecdot(grad_normed, normed)[..., None] / x.shape[-1]
        return (grad_normed - normed * along) * scale, over_tokens(grad_output * normed)

    return output, pullback
