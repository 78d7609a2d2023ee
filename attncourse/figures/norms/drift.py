"""Explorer: how far the mean of a batch lies from that of all sentences."""

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
from attncourse.drawing.canvas import HEADING, place, sheet
from attncourse.drawing.label import CLEAR, label
from attncourse.drawing.palette import FAINT, PAPER, RULE, SHARED, SHARED_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import batch_statistics, padding_mask

MEAN, VARIANCE = 2.0, 1.0  # of one feature, over all tokens of all sentences
_ALIKE = 0.3  # share of the variance that the tokens of one sentence have in common
_LENGTH = 12  # tokens of a sentence, on average
_DRAWS = 2000  # batches
_DOTS = 100  # of them, those that are drawn
_BIN = 0.06  # of the mean: as wide as a dot
_HIGHEST = 26  # dots that find room one upon another
_WRONG = 0.3  # an average of the means that far from the truth gets an arrow
_WORD = 8  # tokens in whose room the word "padding" fits
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

    @property
    def masked_curve(self) -> np.ndarray:
        """(sizes,) the means' distance by batch size, padding masked."""
        return _curve(self.spread, counted=False)

    @property
    def counted_curve(self) -> np.ndarray:
        """(sizes,) the same, padding counted."""
        return _curve(self.spread, counted=True)


def measure(batch_size: int = 8, spread: int = 0, counted: bool = False) -> Numbers:
    """Draw batches, take their statistics, and compare them with those of the population."""
    lengths, statistics = _batches(batch_size, spread)
    means, variances = statistics[int(counted)]
    return Numbers(batch_size, spread, counted, lengths, means, variances, _error(means))


def _curve(spread: int, counted: bool) -> np.ndarray:
    return np.array([_error(_batches(size, spread)[1][int(counted)][0]) for size in SIZES])


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
    longest = _LENGTH + numbers.spread
    lengths = f"{_LENGTH - numbers.spread} to {longest}" if numbers.spread else f"{_LENGTH}"
    counted = "counted" if numbers.counted else "masked"
    padding = f"padding {counted}" if numbers.spread else f"no padding{' to count' * numbers.counted}"
    return (
        f"Batches of {numbers.batch_size}, {lengths} tokens, {padding}: the means of the batches, "
        f"{numbers.means.mean():.2f} ± {numbers.means.std():.2f}, lie typically {numbers.error:.2f} from {MEAN:g}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """One batch; and the means of many, a dot each."""
    figure = sheet(height=262, narrow=narrow, narrow_height=420)
    places = [(12, 32, 308, 112), (12, 220, 308, 152)] if narrow else [(12, 40, 190, 168), (262, 40, 410, 168)]
    batch, means = (place(figure, *spot) for spot in places)
    _draw_batch(dress(batch, f"one batch of {numbers.batch_size}", x="position"), numbers)
    _draw_means(dress(means, f"means of {_DOTS} batches", x="mean of a batch"), numbers)
    return figure


def _draw_batch(axes: Axes, numbers: Numbers) -> None:
    longest = int(numbers.lengths.max())
    batch = (0.5, -0.5), longest, numbers.batch_size
    padding = {"facecolor": (SHARED, 0.4)} if numbers.counted else {"fill": False, "edgecolor": RULE, "hatch": "////"}
    area = axes.add_patch(Rectangle(*batch, linewidth=0, **padding))
    say(area, words=f"padding, {'counted as zeros' if numbers.counted else 'masked'}")
    if longest - numbers.lengths[-1] > _WORD:
        clear, above = None if numbers.counted else CLEAR, axes.get_xaxis_transform()
        label(axes, longest - 0.3, 0.07, "padding", ha="right", bbox=clear, transform=above)
    rows = np.arange(numbers.batch_size)
    sentences = axes.barh(rows, numbers.lengths, 1.0, 0.5, color=SHARED, edgecolor=PAPER, linewidth=1)
    for length, bar in zip(numbers.lengths, sentences, strict=True):
        say(bar, words=f"a sentence of {length} tokens, {longest - length} of padding")
    axes.set(xlim=(0.5, _LENGTH + max(SPREADS) + 0.5), ylim=(numbers.batch_size - 0.5, -0.5), yticks=[])
    axes.set_xticks([1, _LENGTH, _LENGTH + max(SPREADS)])
    axes.spines["left"].set_visible(False)


def _draw_means(axes: Axes, numbers: Numbers) -> None:
    """Means that are about the same stand one upon another."""
    axes.vlines(MEAN, 0, _HIGHEST, color=FAINT, linewidth=1.2, linestyle="dashed")
    label(axes, MEAN + 0.06, _HIGHEST, f"all sentences: {MEAN:g}", va="top")
    drawn = np.sort(numbers.means[:_DOTS])
    bins = np.round(drawn / _BIN)
    above = np.arange(_DOTS) - np.searchsorted(bins, bins)  # how many of its bin lie below a dot
    (dots,) = axes.plot(bins * _BIN, above + 0.7, "o", color=SHARED_INK, markersize=3.8, markeredgewidth=0)
    say(dots, words=[f"a batch: mean {in_digits(mean, '{:.1f}')}" for mean in drawn])
    middle, height = float(numbers.means.mean()), above.max() + 2.5
    if abs(middle - MEAN) > _WRONG:
        arrow(axes, (MEAN, height), (middle, height), linewidth=1.8, mutation_scale=14, zorder=3)
    words = f"typically {numbers.error:.2f} from {MEAN:g}"
    label(axes, 4, 0.6 * _HIGHEST, words, SHARED_INK, size=HEADING, weight="semibold", ha="right")
    axes.set(xlim=(0, 4), ylim=(0, _HIGHEST + 1), xticks=(0, 1, 2, 3, 4), yticks=[])
    axes.spines["left"].set_visible(False)


drift = Explorer(
    __name__,
    caption="Each dot is one feature’s mean in one batch. The distance is the root mean square over 2,000 batches.",
    controls={
        "batch_size": Slider("sentences", stops=SIZES, log=True),
        "spread": Slider("lengths: 12 ±", stops=SPREADS),
        "counted": Switch("padding counted"),
    },
)
