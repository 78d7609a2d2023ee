"""Explorer: how far the statistics of a batch lie from those of all sentences."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Slider, Switch
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.board import arrow
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, PAPER, RULE, SHARED, SHARED_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import batch_statistics, padding_mask

MEAN, VARIANCE = 2.0, 1.0  # of one feature, over all tokens of all sentences
_ALIKE = 0.3  # share of the variance that the tokens of one sentence have in common
_LENGTH = 12  # tokens of a sentence, on average
_DRAWS = 2000  # batches
_DOTS = 100  # of them, those that are drawn
_PIXEL = 0.02, 0.025  # of mean and variance: dots on whole CSS pixels take half the bytes
SIZES = (2, 4, 8, 16, 32)
SPREADS = (0, 2, 4, 8, 11)


class Numbers(NamedTuple):
    """What the figure shows."""

    batch_size: int
    spread: int
    counted: bool
    lengths: np.ndarray  # (batch_size,) tokens of each sentence in the first batch, the longest first
    means: np.ndarray  # (draws,) of each batch
    variances: np.ndarray  # (draws,)
    error: float  # root mean square distance of the means from the population's
    masked_curve: np.ndarray  # (sizes,) the means' distance by batch size, padding masked
    counted_curve: np.ndarray  # (sizes,) the same, padding counted


def measure(batch_size: int = 8, spread: int = 0, counted: bool = False) -> Numbers:
    """Draw batches, take their statistics, and compare them with those of the population."""
    lengths, statistics = _batches(batch_size, spread)
    means, variances = statistics[int(counted)]
    curves = np.array([[_error(kept[0]) for kept in _batches(size, spread)[1]] for size in SIZES])
    return Numbers(batch_size, spread, counted, lengths, means, variances, _error(means), curves[:, 0], curves[:, 1])


def _error(means: np.ndarray) -> float:
    return float(np.sqrt(((means - MEAN) ** 2).mean()))


@lru_cache
def _batches(batch_size: int, spread: int) -> tuple[np.ndarray, np.ndarray]:
    """Lengths in the first batch; and (2, 2, draws): masked and counted, mean and variance of each batch."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(_LENGTH - spread, _LENGTH + spread, endpoint=True, size=(_DRAWS, batch_size))
    sentences = rng.normal(size=(batch_size, 1, _DRAWS, 1))
    tokens = rng.normal(size=(batch_size, _LENGTH + spread, _DRAWS, 1))
    x = MEAN + np.sqrt(_ALIKE * VARIANCE) * sentences + np.sqrt((1 - _ALIKE) * VARIANCE) * tokens
    longest = np.broadcast_to(lengths.max(axis=1, keepdims=True), lengths.shape)  # a batch is as long as that
    masks = [padding_mask(seqs.T, _LENGTH + spread)[:, :, 0].swapaxes(1, 2) for seqs in (lengths, longest)]
    padded = np.where(masks[0][..., None], x, 0)
    # All batches in one call: the axis of the positions counts the batches, and each has statistics of its own.
    found = [batch_statistics(padded, mask, per_position=True) for mask in masks]
    return np.sort(lengths[0])[::-1], np.array(found)[..., 0]


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    padding = "counted" if numbers.counted else "masked"
    lengths = f"{_LENGTH - numbers.spread} to {_LENGTH + numbers.spread}" if numbers.spread else f"{_LENGTH}"
    mean, variance = (f"{found.mean():.2f} ± {found.std():.2f}" for found in (numbers.means, numbers.variances))
    return (
        f"Batches of {numbers.batch_size}, {lengths} tokens, padding {padding}: "
        f"means of {mean} instead of {MEAN:g}, variances of {variance} instead of {VARIANCE:g}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """One batch, the statistics of many, and the error of their means by batch size."""
    figure = sheet(height=272, narrow=narrow, narrow_height=502)
    places = (
        [(12, 32, 116, 170), (172, 32, 168, 170), (48, 284, 220, 170)]
        if narrow
        else [(12, 40, 176, 176), (248, 40, 200, 176), (512, 40, 130, 176)]
    )
    batch, cloud, curves = (place(figure, *spot) for spot in places)
    _draw_batch(dress(batch, f"one batch of {numbers.batch_size}", x="position"), numbers, room=10 if narrow else 8)
    _draw_cloud(dress(cloud, f"{_DOTS} batches", x="mean of a batch", y="variance of a batch"), numbers)
    _draw_curves(dress(curves, "error of the mean", x="sentences in a batch"), numbers)
    return figure


def _draw_batch(axes: Axes, numbers: Numbers, room: int) -> None:
    """The word “padding” takes the room of so many tokens."""
    longest = int(numbers.lengths.max())
    batch = (0.5, -0.5), longest, numbers.batch_size
    padding = {"facecolor": (SHARED, 0.4)} if numbers.counted else {"fill": False, "edgecolor": RULE, "hatch": "////"}
    area = axes.add_patch(Rectangle(*batch, linewidth=0, **padding))
    say(area, words=f"padding, {'counted as zeros' if numbers.counted else 'masked'}")
    if longest - numbers.lengths[-1] > room:
        label(axes, longest, numbers.batch_size - 0.7, "padding", ha="right")
    rows = np.arange(numbers.batch_size)
    sentences = axes.barh(rows, numbers.lengths, 1.0, 0.5, color=SHARED, edgecolor=PAPER, linewidth=1)
    for length, bar in zip(numbers.lengths, sentences, strict=True):
        say(bar, words=f"a sentence of {length} tokens, {longest - length} of padding")
    axes.set(xlim=(0.5, _LENGTH + max(SPREADS) + 0.5), ylim=(numbers.batch_size - 0.5, -0.5), yticks=[])
    axes.set_xticks([1, _LENGTH, _LENGTH + max(SPREADS)])
    axes.spines["left"].set_visible(False)


def _draw_cloud(axes: Axes, numbers: Numbers) -> None:
    axes.vlines(MEAN, 0, 3.9, color=FAINT, linewidth=0.9, linestyle="dashed")
    axes.hlines(VARIANCE, 0, 4, color=FAINT, linewidth=0.9, linestyle="dashed")
    drawn = numbers.means[:_DOTS], numbers.variances[:_DOTS]
    places = (step * np.round(found / step) for found, step in zip(drawn, _PIXEL, strict=True))
    (dots,) = axes.plot(*places, "o", color=SHARED_INK, markersize=3.4, markeredgewidth=0)
    say(dots, words=[f"a batch: mean {in_digits(mean, '{:.1f}')}, variance {in_digits(variance, '{:.1f}')}"
                     for mean, variance in zip(*drawn, strict=True)])  # fmt: skip
    middle = (float(numbers.means.mean()), float(numbers.variances.mean()))
    if np.hypot(middle[0] - MEAN, middle[1] - VARIANCE) > 0.3:  # wrong on average
        arrow(axes, (MEAN, VARIANCE), middle, linewidth=1.8, mutation_scale=14, zorder=3)
    (all_sentences,) = axes.plot(MEAN, VARIANCE, "P", color=INK, markersize=9, markeredgecolor=PAPER)
    say(all_sentences, words=f"all sentences: mean {MEAN:g}, variance {VARIANCE:g}")
    label(axes, MEAN, 3.95, "all sentences", ha="center", va="bottom")
    axes.set(xlim=(0, 4), ylim=(0, 4.4), xticks=(0, 1, 2, 3, 4), yticks=(0, 1, 2, 3, 4))


def _draw_curves(axes: Axes, numbers: Numbers) -> None:
    x = np.log2(SIZES)
    curves = {"masked": numbers.masked_curve, "counted": numbers.counted_curve}
    looks = {"masked": (FAINT, 1.4), "counted": (SHARED_INK, 2.4)} if numbers.counted else {"masked": (SHARED_INK, 2.4)}
    for name, (ink, width) in looks.items():
        (curve,) = axes.plot(
            x, curves[name], color=ink, linewidth=width, linestyle="-" if ink != FAINT else (0, (4, 2))
        )
        sizes, distances = [str(size) for size in SIZES], [in_digits(y) for y in curves[name]]
        say(curve, label=f"padding {name}", x=sizes, y=distances, names=["sentences in a batch", "distance"])
        if ink != FAINT or numbers.spread:
            words = name if numbers.spread or not numbers.counted else "both"
            label(axes, x[-1] + 0.3, curves[name][-1], words, ink, va="center_baseline")
    (here,) = axes.plot(np.log2(numbers.batch_size), numbers.error, "o", color=SHARED_INK, markersize=8, clip_on=False)
    say(here, words=f"batches of {numbers.batch_size}: distance {in_digits(numbers.error)}")
    axes.set(xlim=(0.8, 5.1), ylim=(0, 1.2))
    axes.set_xticks(x, [str(size) for size in SIZES])
    axes.set_yticks((0, 0.5, 1), ["0", "0.5", "1"])


drift = Explorer(
    __name__,
    caption=(
        "Each batch (a dot) has a mean and a variance of its own, scattered about those of all sentences (the cross). "
        "On the right, how far the means of 2,000 batches typically lie from 2 (root mean square)."
    ),
    controls={
        "batch_size": Slider("sentences in a batch", stops=SIZES, log=True),
        "spread": Slider("lengths: 12 ±", stops=SPREADS),
        "counted": Switch("padding counted"),
    },
)
