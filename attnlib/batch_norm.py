"""BatchNorm: each feature gets mean 0 and variance 1 over the examples of a batch."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_float_type, as_floats, as_gradient, as_mask, as_number, describe
from attnlib.normalise import as_eps, check_features, divisor, root_mean_square
from attnlib.rows import over_tokens
from attnlib.shapes import check_sequences


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
        ValueError: if the shapes do not fit, a token that counts is not finite, or a sum or a square overflows.

    Source: Ioffe and Szegedy (2015), algorithm 1.
    """
    [x] = as_floats(x=x)
    check_sequences(x=x)
    counts, axes = counting(x, mask), token_axes(x, per_position)
    mean, distances, size = centred(x, counts, axes)
    with np.errstate(over="ignore"):  # the check says more
        variance = (distances * distances).sum(axis=axes) / size
    check_statistics("the statistics of x", mean, variance)
    return Statistics(mean, variance)


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


def update_statistics(running, x, mask=None, momentum=0.1, unbiased=True):
    """Running statistics after one more batch: a little of the batch's, the rest as before.

    Args:
        running: ``Statistics``, from ``start_statistics`` or the batch before; their shape says whether per position.
        x, mask: as for ``batch_statistics``; at most as many positions as ``running`` has, if it counts them.
        momentum: the share of the new batch, from 0 to 1.
        unbiased: whether the batch's variance counts times n / (n − 1), as in the paper and in PyTorch.
            ONNX and Keras take it as it is.

    Returns:
        ``Statistics`` like ``running``.
        What has fewer than two tokens that count stays as it was.

    Raises:
        TypeError, ValueError: as ``batch_statistics`` and ``batch_norm``, or if ``momentum`` is out of its range.

    Source: Ioffe and Szegedy (2015), algorithm 2.
    """
    [x] = as_floats(x=x)
    check_sequences(x=x)
    momentum = as_number("momentum", momentum, "lie between 0 and 1", lambda share: 0 <= share <= 1)
    seen = running_for(running, x)
    per_position = seen.mean.ndim == 2
    batch = batch_statistics(x, mask, per_position)
    size = number_of(counting(x, mask), token_axes(x, per_position), x.dtype)
    share = np.where(size > 1, momentum, 0.0).astype(x.dtype)
    variance = batch.variance * (size / np.maximum(size - 1, 1) if unbiased else 1)
    # Not old + share · (new − old): the difference of two numbers may overflow, what lies between them cannot.
    news = [(1 - share) * seen.mean + share * batch.mean, (1 - share) * seen.variance + share * variance]
    if not per_position:
        return Statistics(*news)
    return Statistics(*(np.concatenate([new, old[len(new) :]]) for new, old in zip(news, running, strict=True)))


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
        (..., seq, d_model); a token that is masked gets zeros, whatever it holds.

    Raises:
        TypeError: if the arrays are not all float32 or all float64, the mask is not boolean,
            or ``running`` is no ``Statistics``.
        ValueError: if the shapes do not fit, ``eps`` is not a finite number of 0 or more,
            the sequence is longer than the positions that ``running`` knows, or ``running`` is not finite or has a
            negative variance. In training also if a token that counts is not finite, or if ``per_position``
            comes with one sequence alone, without an axis of the batch: each position would be its own mean.

    Source: Ioffe and Szegedy (2015), algorithms 1 and 2.
    """
    return batch_norm_vjp(x, gain, bias, running, mask, per_position, eps)[0]


def batch_norm_vjp(x, gain, bias, running=None, mask=None, per_position=False, eps=1e-5):
    """``batch_norm``, and its pullback: grad_output (..., seq, d_model) → ``(grad_x, grad_gain, grad_bias)``.

    In training a token's gradient reaches every token of the batch; running statistics are constants.
    """
    x, gain, bias = as_floats(x=x, gain=gain, bias=bias)
    check_sequences(x=x)
    check_features(x, gain=gain, bias=bias)
    counts = counting(x, mask)
    if running is None:
        axes = token_axes(x, per_position)
        _, distances, size = centred(x, counts, axes)
        root = root_mean_square(distances, eps, axes, size)
    else:
        mean, variance = running_for(running, x)
        distances, root = np.where(counts, x - mean, 0), divisor(np.sqrt(variance + as_eps(eps, x.dtype)))
    normed = distances / root
    output = np.where(counts, normed * gain + bias, 0)

    def pullback(grad_output):
        grad_output = np.where(counts, as_gradient(grad_output, output), 0)
        grad_x = grad_output * gain
        if running is None:  # the mean and the variance depend on every token that counts
            along = (grad_x * normed).sum(axis=axes) / size
            grad_x = np.where(counts, grad_x - grad_x.sum(axis=axes) / size - normed * along, 0)
        return grad_x / root, over_tokens(grad_output * normed), over_tokens(grad_output)

    return output, pullback


@np.errstate(over="ignore", invalid="ignore")  # the check says more
def centred(x, counts, axes):
    """The mean of the tokens that count, their distances from it (0 for the others), and how many there are.

    Raises:
        ValueError: if the mean is not finite.
    """
    size = number_of(counts, axes, x.dtype)
    x = np.where(counts, x, 0)  # not x · counts: padding may be NaN
    mean = x.sum(axis=axes) / size
    distances = np.where(counts, x - mean, 0)
    rest = distances.sum(axis=axes) / size  # the mean is rounded, and this is by how much
    if not np.isfinite(rest).all():
        raise ValueError(
            f"x must be finite where a token counts, and so must its sum: got NaN or inf in {describe(x=x)}"
        )
    return mean + rest, np.where(counts, distances - rest, 0), size


def counting(x, mask):
    """Which tokens count, (..., seq, 1).

    Raises:
        TypeError: if the mask is not boolean.
        ValueError: if it does not fit.
    """
    mask = as_mask(True if mask is None else mask)
    try:
        return np.broadcast_to(mask, x.shape[:-1])[..., None]
    except ValueError:
        raise ValueError(f"mask must broadcast to (..., seq): got {describe(mask=mask, x=x)}") from None


def number_of(counts, axes, dtype):
    """How many tokens share one mean, at least 1, to divide by: (1,), or (seq, 1) per position."""
    return np.maximum(counts.sum(axis=axes), 1).astype(dtype)


def token_axes(x, per_position):
    """The axes over which one mean is taken: those of all tokens, or of the tokens at one position.

    Raises:
        ValueError: if per position there are none.
    """
    if per_position and x.ndim == 2:
        raise ValueError(
            "per position the mean is taken over a batch of sequences, x (..., seq, d_model) with three axes or more: "
            f"got one sequence alone, {describe(x=x)}"
        )
    return tuple(range(x.ndim - 2 if per_position else x.ndim - 1))


def check_statistics(name, mean, variance):
    """Both are numbers, and no variance is negative.

    Raises:
        ValueError: if not.
    """
    if not (np.isfinite(mean).all() and ((variance >= 0) & (variance < np.inf)).all()):
        raise ValueError(
            f"{name} must be finite in {mean.dtype}, and the variance 0 or more: "
            f"got mean from {mean.min()} to {mean.max()}, variance from {variance.min()} to {variance.max()}"
        )


def running_for(running, x):
    """The running statistics for the positions of ``x``: the first of them, if each position has its own.

    Raises:
        TypeError: if they are no ``Statistics``, or of another dtype.
        ValueError: if there are none for some position, the features differ, or they are no statistics of anything.
    """
    if not isinstance(running, Statistics):
        raise TypeError(
            f"running must be Statistics(mean, variance), as start_statistics makes them: got {type(running).__name__}"
        )
    _, mean, variance = as_floats(x=x, mean=running.mean, variance=running.variance)
    fits = mean.shape == variance.shape and mean.ndim in (1, 2) and mean.shape[-1] == x.shape[-1]
    if not fits or (mean.ndim == 2 and len(mean) < x.shape[-2]):
        raise ValueError(
            "running statistics (d_model,), or (seq, d_model) with a row for every position, must fit x: "
            f"got {describe(x=x, mean=mean, variance=variance)}"
        )
    check_statistics("running statistics", mean, variance)
    return Statistics(mean, variance) if mean.ndim == 1 else Statistics(mean[: x.shape[-2]], variance[: x.shape[-2]])
