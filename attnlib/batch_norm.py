"""BatchNorm: each feature gets mean 0 and variance 1 over the examples of a batch."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_float_type, as_floats, as_gradient, as_mask, check_sequences, describe
from attnlib.layer_norm import check_features, inverse_root, over_tokens


class Statistics(NamedTuple):
    """Mean and variance of each feature, at all positions together or at each by itself."""

    mean: np.ndarray  # (d_model,) or (seq, d_model)
    variance: np.ndarray  # the same shape


def batch_statistics(x, mask=None, per_position=False):
    """Mean and biased variance of every feature over the tokens of a batch.

    Args:
        x: (..., seq, d_model)
        mask: boolean, broadcastable to (..., seq). True = this token counts; False = padding, which does not:
            ``padding_mask(lengths, seq)[..., 0, :]``.
        per_position: whether each position has statistics of its own, taken over the leading axes alone.

    Returns:
        ``Statistics`` of shape (d_model,), or (seq, d_model) per position.
        Where no token counts the mean and the variance are 0.

    Raises:
        TypeError: if ``x`` is not float32 or float64, or the mask is not boolean.
        ValueError: if the shapes do not fit.

    Source: Ioffe and Szegedy (2015), algorithm 1.
    """
    [x] = as_floats(x=x)
    check_sequences(x=x)
    counts, size = counting(x, mask, per_position)
    axes = token_axes(x, per_position)
    kept = x if mask is None else np.where(counts, x, 0)  # not x · counts: padding may be NaN
    mean = kept.sum(axis=axes) / size
    distances = x - mean if mask is None else np.where(counts, x - mean, 0)
    return Statistics(mean, (distances * distances).sum(axis=axes) / size)


def start_statistics(d_model, seq=None, dtype=np.float64):
    """Running statistics before the first batch: mean 0 and variance 1.

    Args:
        d_model: number of features.
        seq: number of positions if each has statistics of its own, else None.
        dtype: float32 or float64.

    Returns:
        ``Statistics``

    Raises:
        TypeError, ValueError: if a size is not a positive integer, or ``dtype`` is neither float32 nor float64.
    """
    shape = (as_count("d_model", d_model),) if seq is None else (as_count("seq", seq), as_count("d_model", d_model))
    return Statistics(np.zeros(shape, as_float_type(dtype)), np.ones(shape, as_float_type(dtype)))


def update_statistics(running, x, mask=None, momentum=0.1):
    """Running statistics after one more batch: a little of the batch's, the rest as before.

    Args:
        running: ``Statistics``, from ``start_statistics`` or the batch before; their shape says whether per position.
        x, mask: as for ``batch_statistics``; at most as many positions as ``running`` has, if it counts them.
        momentum: the share of the new batch, from 0 to 1.

    Returns:
        ``Statistics`` like ``running``. The batch's variance counts unbiased, times n / (n − 1), as in the paper.
        What has fewer than two tokens that count stays as it was.

    Raises:
        TypeError, ValueError: as ``batch_statistics``; if the shapes do not fit, or ``momentum`` is out of its range.

    Source: Ioffe and Szegedy (2015), algorithm 2.
    """
    mean, variance, x = as_floats(mean=running.mean, variance=running.variance, x=x)
    if not 0 <= momentum <= 1:
        raise ValueError(f"momentum must lie between 0 and 1: got {momentum}")
    seen = running_for(running, x)
    per_position = seen.mean.ndim == 2
    batch = batch_statistics(x, mask, per_position)
    _, size = counting(x, mask, per_position)
    share = np.where(size > 1, float(momentum), 0.0).astype(x.dtype)
    unbiased = batch.variance * (size / np.maximum(size - 1, 1))
    news = [seen.mean + share * (batch.mean - seen.mean), seen.variance + share * (unbiased - seen.variance)]
    if not per_position:
        return Statistics(*news)
    return Statistics(
        *(np.concatenate([new, old[len(new) :]]) for new, old in zip(news, (mean, variance), strict=True))
    )


def batch_norm(x, gain, bias, running=None, mask=None, per_position=False, eps=1e-5):
    """Each feature over the batch: subtract its mean, divide by its standard deviation, then stretch and shift.

    Args:
        x: (..., seq, d_model)
        gain, bias: (d_model,)
        running: None in training: the statistics of this very batch count. At inference the ``Statistics``
            that training has gathered with ``update_statistics``.
        mask: boolean, broadcastable to (..., seq). True = this token counts. None counts padding too.
        per_position: in training, whether each position has statistics of its own.
            At inference the shape of ``running`` says so.
        eps: added to the variance, inside the root; 0 or more.

    Returns:
        (..., seq, d_model); a token that is masked gets zeros.

    Raises:
        TypeError: if the arrays are not all float32 or all float64, or the mask is not boolean.
        ValueError: if the shapes do not fit, ``eps`` is not a finite number of 0 or more,
            or the sequence is longer than the positions that ``running`` knows.

    Source: Ioffe and Szegedy (2015), algorithms 1 and 2.
    """
    return batch_norm_vjp(x, gain, bias, running, mask, per_position, eps)[0]


def batch_norm_vjp(x, gain, bias, running=None, mask=None, per_position=False, eps=1e-5):
    """The normalised features, and the function that carries a gradient back.

    Args:
        x, gain, bias, running, mask, per_position, eps: as for ``batch_norm``.

    Returns:
        ``(output, pullback)``. ``pullback(grad_output)``, with a gradient of shape (..., seq, d_model), returns
        ``(grad_x, grad_gain, grad_bias)``. In training a token's gradient reaches every token of the batch;
        running statistics are constants.

    Raises:
        TypeError, ValueError: as ``batch_norm``;
            ``pullback`` if the shape of ``grad_output`` is not that of the output.
    """
    x, gain, bias = as_floats(x=x, gain=gain, bias=bias)
    check_sequences(x=x)
    check_features(x, gain=gain, bias=bias)
    if running is not None:
        as_floats(x=x, mean=running.mean, variance=running.variance)
        statistics = running_for(running, x)
    else:
        statistics = batch_statistics(x, mask, per_position)
    counts, size = counting(x, mask, per_position)
    scale = inverse_root(statistics.variance, eps)
    normed = np.where(counts, (x - statistics.mean) * scale, 0)
    output = np.where(counts, normed * gain + bias, 0)

    def pullback(grad_output):
        grad_output = np.where(counts, as_gradient(grad_output, output), 0)
        grad_x = grad_output * gain
        if running is None:  # the mean and the variance depend on every token that counts
            axes = token_axes(x, per_position)
            along = (grad_x * normed).sum(axis=axes) / size
            grad_x = np.where(counts, grad_x - grad_x.sum(axis=axes) / size - normed * along, 0)
        return grad_x * scale, over_tokens(grad_output * normed), over_tokens(grad_output)

    return output, pullback


def counting(x, mask, per_position):
    """Which tokens count, (..., seq, 1), and how many share one mean: (1,), or (seq, 1) per position.

    Raises:
        TypeError: if the mask is not boolean.
        ValueError: if it does not fit.
    """
    mask = as_mask(True if mask is None else mask)
    try:
        counts = np.broadcast_to(mask, x.shape[:-1])[..., None]
    except ValueError:
        raise ValueError(f"mask must broadcast to (..., seq): got {describe(mask=mask, x=x)}") from None
    size = counts.sum(axis=token_axes(x, per_position))
    return counts, np.maximum(size, 1).astype(x.dtype)


def token_axes(x, per_position):
    """The axes over which one mean is taken: those of all tokens, or of the tokens at one position."""
    return tuple(range(x.ndim - 2 if per_position else x.ndim - 1))


def running_for(running, x):
    """The running statistics for the positions of ``x``: the first of them, if each position has its own.

    Raises:
        ValueError: if there are none for some position, or the features differ.
    """
    mean, variance = (np.asarray(part) for part in running)
    fits = mean.shape == variance.shape and mean.ndim in (1, 2) and mean.shape[-1] == x.shape[-1]
    if not fits or (mean.ndim == 2 and len(mean) < x.shape[-2]):
        raise ValueError(
            "running statistics (d_model,), or (seq, d_model) with a row for every position, must fit x: "
            f"got {describe(x=x, mean=mean, variance=variance)}"
        )
    return running if mean.ndim == 1 else Statistics(mean[: x.shape[-2]], variance[: x.shape[-2]])
