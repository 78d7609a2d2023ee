"""Explorer: choose a number of the batch, and see which numbers share its mean and variance."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnlib import batch_norm, batch_statistics, layer_norm, rms_norm
from attnlib.course.controls import Choice
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import HEADING, TEXT, sheet
from attnlib.figures.compute.matrix import board
from attnlib.figures.norms.batch import (
    FEATURES,
    MASK,
    PLACES,
    SHARED,
    SHARED_INK,
    X,
    cells,
    plain,
    rows_of,
)
from attnlib.figures.palette import FAINT, INK, PAPER

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


class Numbers(NamedTuple):
    """What the figure shows."""

    kind: str
    word: str
    feature: str
    asked: tuple[int, int, int]  # sentence, position, feature
    value: float
    masked: Share  # among the real tokens
    counted: Share  # as if padding were tokens too


def measure(kind: str = PER_FEATURE, word: str = "dogs", feature: str = "b") -> Numbers:
    """The set that the number belongs to, its statistics, and the norm's own output; without and with padding."""
    asked = (*PLACES[word], FEATURES.index(feature))
    shares = (_share(kind, asked, mask) for mask in (MASK, np.ones_like(MASK)))
    return Numbers(kind, word, feature, asked, float(X[asked]), *shares)


def _share(kind: str, asked: tuple[int, int, int], mask: np.ndarray) -> Share:
    i, j, k = asked
    where = {
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


def _number(value: float) -> str:
    return f"{value + 0.0:.2f}".replace("-", "−")


def _statistics(numbers: Numbers, share: Share) -> str:
    if numbers.kind == RMS:
        return f"mean square {_number(share.variance)}"
    return f"mean {_number(share.mean)}, variance {_number(share.variance)}"


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    masked, counted = numbers.masked, numbers.counted
    size, more = int(masked.members.sum()), int(counted.members.sum())
    numbers_share = "1 number has" if size == 1 else f"{size} numbers share"
    padding = f"; with padding, {more} share {_statistics(numbers, counted)}" if more > size else ""
    return f"{numbers.kind}, {numbers.word} {numbers.feature}: {numbers_share} {_statistics(numbers, masked)}{padding}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The batch with the set shaded; below it, the statistics and what becomes of the number."""
    figure = sheet(height=300, narrow=narrow, narrow_height=560)
    paper = board(figure)
    cell = (56, 24) if narrow else (40, 28)
    spots = [(70, 44 + 138 * i) for i in range(3)] if narrow else [(62 + 236 * i, 52) for i in range(3)]
    for sentence, (left, top) in enumerate(spots):
        _draw_sentence(paper, left, top, cell, numbers, sentence)
    left, top = (10, 452) if narrow else (62, 206)
    paper.text(left, top, readout(numbers), fontsize=TEXT, color=SHARED_INK, wrap=True, va="top")
    return figure


def _draw_sentence(paper: Axes, left: float, top: float, cell, numbers: Numbers, sentence: int) -> None:
    shared, counted = numbers.masked.members[sentence], numbers.counted.members[sentence]
    fills, inks = plain(shared.shape), plain(shared.shape, FAINT)
    fills[counted], inks[counted] = SHARED, INK
    if numbers.asked[0] == sentence:
        fills[numbers.asked[1:]], inks[numbers.asked[1:]] = SHARED_INK, PAPER
    words = np.array([[f"{value:g}" for value in row] for row in X[sentence]])
    hatched = np.broadcast_to(~MASK[sentence][:, None], shared.shape)
    cells(paper, left, top, cell, words, fills, inks, hatched, rows_of(sentence), FEATURES)
    paper.text(left, top - 24, f"sentence {sentence + 1}", fontsize=HEADING, color=INK, va="baseline")


shared_mean = Explorer(
    name="shared-mean",
    source="attnlib.figures.norms.shared_mean:shared_mean",
    caption=(
        "A batch of three sentences, four features a token, filled up with padding (hatched). "
        "Choose a number: the shaded ones share its mean and variance."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "kind": Choice("norm", stops=KINDS, default=PER_FEATURE),
        "word": Choice("token", stops=("dogs", "cats", "sing", "fish", "slowly"), default="dogs"),
        "feature": Choice("feature", stops=FEATURES, default="b"),
    },
)
