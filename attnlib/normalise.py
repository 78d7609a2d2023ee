"""What LayerNorm, RMSNorm and BatchNorm share: a divisor that is safe at any size of the numbers, and its way back."""

from functools import cache

import numpy as np

from attnlib.arguments import as_number, describe


@np.errstate(over="ignore", invalid="ignore")  # ∞ / ∞ is NaN, as it should be
def root_mean_square(x, eps=0.0, axis=-1, size=None):
    """√(mean of x² + eps), to divide by: infinity where it would be 0, so that what is 0 stays 0.

    Args:
        x: (...)
        eps: 0 or more.
        axis: the axis or axes of the mean, which stay with length 1.
        size: how many numbers the mean is taken over. None means all along the last axis.

    Returns:
        Shape of ``x`` with 1 in place of ``axis``. NaN if one of the numbers is NaN or infinite.

    Raises:
        TypeError, ValueError: if ``eps`` is not a finite number of 0 or more.
    """
    eps, size = as_eps(eps, x.dtype), x.shape[-1] if size is None else size
    mean = mean_square(x, axis, size) + eps
    safe = (mean > smallest_safe(x.dtype)) & (mean < np.inf)
    if safe.all():
        return np.sqrt(mean)
    # Divided by the largest number first, squares neither vanish nor overflow.
    largest = np.abs(x).max(axis=axis, keepdims=True, initial=eps**0.5)
    unit = np.where(largest == 0, 1, largest)
    root = unit * np.sqrt(mean_square(x / unit, axis, size) + (eps**0.5 / unit) ** 2)
    return np.where(safe, np.sqrt(mean), divisor(root))


@cache
def smallest_safe(dtype):
    """The mean square above which no square that counts has vanished."""
    return np.finfo(dtype).tiny / np.finfo(dtype).eps


def mean_square(x, axis, size):
    """The mean of ``size`` squares along ``axis``, which stays with length 1."""
    total = np.vecdot(x, x)[..., None] if axis == -1 else (x * x).sum(axis=axis, keepdims=True)
    return total / size


def divisor(root):
    """``root``, and infinity in place of 0: what never varies has nothing to be divided, and becomes 0."""
    return np.where(root == 0, np.inf, root)


def as_eps(eps, dtype):
    """``eps`` as a Python float, which leaves float32 what it is.

    Raises:
        TypeError, ValueError: if it is not a number of 0 or more, and finite in this dtype.
    """
    largest = np.finfo(dtype).max
    return as_number("eps", eps, "be a finite number of 0 or more", lambda eps: 0 <= eps <= largest)


def where_read(grad_output, normed, root):
    """``normed`` and ``root`` for the way back: a vector of NaN whose gradient is 0 counts as one of zeros."""
    if not np.isnan(root).any():
        return normed, root
    read = grad_output.any(axis=-1, keepdims=True)
    return np.where(read, normed, 0), np.where(read, root, np.inf)


def check_features(x, **vectors):
    """Each vector has one number a feature.

    Raises:
        ValueError: if not.
    """
    if x.ndim == 0 or x.shape[-1] == 0 or any(vector.shape != x.shape[-1:] for vector in vectors.values()):
        names = " and ".join(vectors)
        raise ValueError(f"x (..., d_model) and {names} (d_model,) must share d_model: got {describe(x=x, **vectors)}")
