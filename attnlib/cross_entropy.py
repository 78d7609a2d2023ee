"""How wrong a prediction is: the loss of everything that is trained here, and the share that is right."""

import numpy as np

from attnlib.arguments import as_array, as_floats, as_integer, as_number, as_tokens, describe
from attnlib.log_softmax import log_softmax


def cross_entropy(logits, targets, label_smoothing=0.0, ignore=-1):
    """How surprising the targets are to softmax(logits), on average, in nats.

    Args:
        logits: (..., vocab) scores before the softmax.
        targets: (...) integers from 0 to vocab − 1, or ``ignore``.
        label_smoothing: from 0 to 1: this share of each target is spread evenly over the whole vocabulary.
        ignore: places whose target is this number do not count, such as padding.

    Returns:
        One number in the dtype of the logits, the mean over the places that count; log(vocab) if all logits are equal.

    Raises:
        TypeError: if the logits are not float32 or float64, or the targets are not integers.
        ValueError: if shapes or numbers do not fit, no place counts, or a logit of a place that counts is not finite.

    Source: Szegedy et al. (2016), section 7, for label smoothing.
    """
    return cross_entropy_vjp(logits, targets, label_smoothing, ignore)[0]


def cross_entropy_vjp(logits, targets, label_smoothing=0.0, ignore=-1):
    """``cross_entropy``, and its pullback: one number grad_loss (1 for the gradient itself) → grad_logits.

    It has the shape (..., vocab) of the logits: what was predicted minus what was wanted, and 0 where ignored.
    """
    logits, targets, counts = checked(logits, targets, ignore)
    even = as_number("label_smoothing", label_smoothing, "lie between 0 and 1", lambda share: 0 <= share <= 1)
    vocab = logits.shape[-1]
    rows, at_target = logits[counts], targets[counts][:, None]  # the places that count: (n, vocab) and (n, 1)
    with np.errstate(over="ignore"):  # a gap too wide for the dtype becomes −inf, and the loss may become inf
        log_probs = log_softmax(rows)
        losses = -np.take_along_axis(log_probs, at_target, axis=-1)
        if even:
            losses = (1 - even) * losses - even * log_probs.mean(axis=-1, keepdims=True)
        loss = losses.mean()

    def pullback(grad_loss):
        grad_loss = as_number("grad_loss", grad_loss, "be one number", lambda _: True)
        wanted = np.full_like(rows, even / vocab)
        np.put_along_axis(wanted, at_target, even / vocab + 1 - even, axis=-1)
        grad_logits = np.zeros_like(logits)
        grad_logits[counts] = (np.exp(log_probs) - wanted) * (grad_loss / len(rows))
        return grad_logits

    return loss, pullback


def accuracy(logits, targets, ignore=-1):
    """The share of targets that have the highest logit.

    Args:
        logits: (..., vocab)
        targets: (...) integers; those equal to ``ignore`` do not count.

    Returns:
        A float from 0 to 1. Of several equal logits the first is the prediction.

    Raises:
        TypeError, ValueError: as ``cross_entropy``.
    """
    logits, targets, counts = checked(logits, targets, ignore)
    return float((logits.argmax(axis=-1) == targets)[counts].mean())


def checked(logits, targets, ignore):
    """The arguments as arrays, and which places count.

    Raises:
        TypeError, ValueError: as ``cross_entropy`` says.
    """
    [logits], targets = as_floats(logits=logits), as_array("targets", targets)
    if logits.shape[:-1] != targets.shape or logits.ndim == 0:
        raise ValueError(
            f"logits (..., vocab) and targets (...) must fit: got {describe(logits=logits, targets=targets)}"
        )
    # A copy, as NumPy 2.0 crashes where a strided view of unsigned integers meets a negative number.
    counts = np.asarray(targets.copy() != as_integer("ignore", ignore))
    as_tokens(targets[counts], logits.shape[-1], "targets")
    if not counts.any():
        raise ValueError(f"at least one target must count: all are {ignore} in {describe(targets=targets)}")
    if not np.isfinite(logits[counts]).all():
        raise ValueError(f"logits must be finite where a target counts: got NaN or inf in {describe(logits=logits)}")
    return logits, targets, counts
