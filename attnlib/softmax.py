"""From scores to weights: softmax, its derivative, and how spread out the weights are."""

from functools import cache

import numpy as np

from attnlib.arguments import as_axis, as_floats, as_gradient, describe


def softmax(x, axis=-1):
    """Positive weights that sum to one: exp(x) divided by its sum.

    Args:
        x: (...) float32 or float64 scores. −inf means weight zero.
        axis: the axis along which the weights sum to one.

    Returns:
        Same shape and dtype as ``x``. A row of nothing but −inf gets zero weights.
        A weight too small for a normal number of the dtype (some 1e-29 in float32) is zero.

    Raises:
        TypeError: if ``x`` is not float32 or float64, or ``axis`` not an integer.
        ValueError: if ``x`` has no such axis, or holds NaN or +inf, of which no weights can be made.

    Source: Bridle (1990); inside attention, Vaswani et al. (2017), eq. 1.
    """
    [x] = as_floats(x=x)
    axis = as_axis(axis, x=x)
    highest = x.max(axis=axis, keepdims=True, initial=-np.inf)
    check_below_inf(x, highest)
    # Taking away the maximum changes no weight, and keeps exp from
    # overflowing. A row of −inf has none to take away.
    with np.errstate(over="ignore"):  # a gap too wide may become −inf
        shifted = x - np.where(highest == -np.inf, 0, highest)
    too_small = shifted < smallest_exponent(x.dtype)
    exps = np.exp(np.where(too_small, -np.inf, shifted))
    total = exps.sum(axis=axis, keepdims=True)
    return exps / np.where(total == 0, 1, total)


def softmax_vjp(x, axis=-1):
    """``softmax``, and its pullback: grad_output (...) → grad_x (...), zero where a weight is zero."""
    weights = softmax(x, axis)

    def pullback(grad_output):
        grad_output = as_gradient(grad_output, weights)
        mean = (weights * grad_output).sum(axis=axis, keepdims=True)
        return weights * (grad_output - mean)

    return weights, pullback


@np.errstate(over="ignore", invalid="ignore")  # weights above 1 are no output of softmax, and may have no square
def softmax_jacobian(weights):
    """All derivatives of softmax at once: diag(p) − p pᵀ for each row p of weights.

    Args:
        weights: (..., n) float32 or float64, the *output* of softmax along the last axis.

    Returns:
        (..., n, n). Entry (i, j) is the derivative of weight i by score j. Symmetric; rows sum to zero.

    Raises:
        TypeError: if ``weights`` is not float32 or float64.
        ValueError: if ``weights`` has no axis, or one of them is negative, NaN or infinite.
    """
    weights = as_weights(weights)
    if weights.ndim == 0:
        raise ValueError(f"weights must have shape (..., n), one axis or more: got {describe(weights=weights)}")
    row, column = weights[..., None, :], weights[..., :, None]
    diagonal = np.eye(weights.shape[-1], dtype=weights.dtype) * row
    return diagonal - column * row


def entropy(weights, axis=-1):
    """How spread out the weights are, in nats: −Σ p log p.

    Args:
        weights: (...) float32 or float64, zero or more, sum one along ``axis``.
        axis: the axis that is summed away.

    Returns:
        Shape of ``weights`` without ``axis``. 0 if one weight is 1 (or all are zero), log n if n weights are equal.

    Raises:
        TypeError: if ``weights`` is not float32 or float64.
        ValueError: if ``weights`` has no such axis, or one of them is negative, NaN or infinite.

    Source: Shannon (1948), section 6, with natural logarithms.
    """
    weights = as_weights(weights)
    axis = as_axis(axis, weights=weights)
    logs = np.log(weights, out=np.zeros_like(weights), where=weights > 0)  # 0 · log 0 counts as 0, its limit
    return 0 - (weights * logs).sum(axis=axis)  # 0 − 0 is 0, where a minus sign alone would give −0


def as_weights(weights):
    """``weights`` as an array of finite numbers of zero or more.

    Raises:
        TypeError, ValueError: if they are not.
    """
    [weights] = as_floats(weights=weights)
    if not ((weights >= 0) & (weights < np.inf)).all():
        raise ValueError(
            "weights must be finite and zero or more: "
            f"got {weights.min()} to {weights.max()} in {describe(weights=weights)}"
        )
    return weights


def check_below_inf(x, highest):
    """The largest scores are numbers below +inf, so that exp of them has a meaning.

    Raises:
        ValueError: if there is a NaN or +inf.
    """
    if not (highest < np.inf).all():
        found = "NaN" if np.isnan(highest).any() else "+inf"
        raise ValueError(f"softmax needs scores below +inf and no NaN: got {found} in {describe(x=x)}")


@cache
def smallest_exponent(dtype):
    """The exponent below which softmax returns zero.

    Processors handle subnormal numbers, those below ``tiny``, up to a hundred times slower than normal ones.
    The margin of 20 keeps the weights normal after the division by a sum of up to e²⁰ ≈ 5·10⁸ terms.
    """
    return np.log(np.finfo(dtype).tiny) + 20
