"""Which numbers of the small batch share their statistics under a norm, and what becomes of one of them."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from attncourse.digits import in_digits
from attncourse.figures.norms.batch import FEATURES, MASK, SENTENCES, X
from attnlib import batch_norm, batch_statistics, layer_norm, rms_norm

PER_FEATURE, PER_POSITION = "BatchNorm, per feature", "BatchNorm, per position"
TOKEN, SENTENCE, RMS = "LayerNorm", "LayerNorm over the sentence", "RMSNorm"
KINDS = (PER_FEATURE, PER_POSITION, TOKEN, SENTENCE, RMS)
_ONES, _ZEROS = np.ones(len(FEATURES)), np.zeros(len(FEATURES))


class Share(NamedTuple):
    """A set of numbers that share their statistics, and what becomes of the number that was asked."""

    members: np.ndarray  # (batch, seq, d_model) boolean
    mean: float  # 0 for RMSNorm, which takes none away
    variance: float  # for RMSNorm the mean square
    normed: float


def share_of(kind: str, asked: tuple[int, int, int], mask: np.ndarray) -> Share:
    """The set of one number.

    Args:
        kind: one of ``KINDS``.
        asked: sentence, position and feature of the number.
        mask: (batch, seq) boolean, True = this token counts.
    """
    i, j, k = asked
    where: Any = {
        PER_FEATURE: np.s_[:, :, k],
        PER_POSITION: np.s_[:, j, k],
        TOKEN: np.s_[i, j],
        SENTENCE: np.s_[i],
        RMS: np.s_[i, j],
    }[kind]
    members = np.zeros(X.shape, dtype=bool)
    members[where] = True
    members &= mask[..., None]
    mean, variance = (float(part[0]) for part in batch_statistics(X[members][:, None]))
    if kind == RMS:
        mean, variance = 0.0, variance + mean**2
    return Share(members, mean, variance, float(_normed(kind, mask)[asked]))


@lru_cache
def tell_share(kind: str, sentence: int, position: int, feature: int) -> dict[str, str]:
    """What a number says when it is pointed at: who shares its statistics, and these; all who do are lit."""
    if not MASK[sentence, position]:
        return {"words": "padding, masked"}
    at = sentence, position, feature
    share = share_of(kind, at, MASK)
    name = f"share{KINDS.index(kind)}-{share.members.argmax()}"  # by its first number
    word = f"“{SENTENCES[sentence][position]}” {FEATURES[feature]}: {X[at]:g}"
    return {"words": f"{word} · {said_share(kind, share)}", "of": name, "lights": name}


def said_share(kind: str, share: Share) -> str:
    """How many numbers share which statistics."""
    size = int(share.members.sum())
    count = "1 number has" if size == 1 else f"{size} numbers share"
    if kind == RMS:
        return f"{count} mean square {in_digits(share.variance)}"
    return f"{count} mean {in_digits(share.mean)}, variance {in_digits(share.variance)}"


def _normed(kind: str, mask: np.ndarray) -> np.ndarray:
    if kind in (PER_FEATURE, PER_POSITION):
        return batch_norm(X, _ONES, _ZEROS, mask=mask, per_position=kind == PER_POSITION)
    if kind == RMS:
        return rms_norm(X, _ONES)
    if kind == TOKEN:
        return layer_norm(X, _ONES, _ZEROS)
    output = np.zeros_like(X)
    for sentence, tokens in enumerate(mask):
        numbers = X[sentence, tokens].ravel()
        normed = layer_norm(numbers, np.ones_like(numbers), np.zeros_like(numbers))
        output[sentence, tokens] = normed.reshape(-1, len(FEATURES))
    return output
