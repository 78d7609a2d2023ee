"""Explorer: a sequence longer than any seen in training, with statistics per position, per feature, or its own."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Choice, Slider, Switch
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE, SHARED, SHARED_INK, WASH
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import Statistics, batch_norm, layer_norm, padding_mask, start_statistics, update_statistics

PER_POSITION, PER_FEATURE, LAYER = "BatchNorm, per position", "BatchNorm, per feature", "LayerNorm"
LONGEST, _SHORTEST = 16, 4  # tokens of a training sentence
LENGTHS = (8, 12, 16, 17, 20, 24, 32)
_D_MODEL = 32
_BATCHES, _BATCH_SIZE = 100, 32
_MEAN, _SLOPE = 1.0, 0.1  # mean of every feature at position 1, and by how much it grows a position
_ONES, _ZEROS = np.ones(_D_MODEL), np.zeros(_D_MODEL)
_OF = slice(None, _D_MODEL), slice(_D_MODEL, None)  # the features that are steady, and those that grow


class Numbers(NamedTuple):
    """What the figure shows."""

    norm: str
    seq: int
    drifts: bool
    seen: np.ndarray  # (32,) training tokens at each position
    mean: np.ndarray  # (positions with an output,) of each token's normalised features
    deviation: np.ndarray  # the same, their standard deviation
    refused: bool  # whether the library raised ValueError for the whole sequence


def measure(norm: str = LAYER, seq: int = 24, drifts: bool = True) -> Numbers:
    """Train the running statistics, then normalise one sequence; if it is too long, as much of it as there are any."""
    seen, *trained = _trained()
    per_position, per_feature = (Statistics(*(part[..., _OF[drifts]] for part in running)) for running in trained)
    x = _tokens(np.random.default_rng(1), 1)[:, :seq, _OF[drifts]]
    refused = False
    if norm == LAYER:
        output = layer_norm(x, _ONES, _ZEROS)
    else:
        running = per_position if norm == PER_POSITION else per_feature
        try:
            output = batch_norm(x, _ONES, _ZEROS, running)
        except ValueError:
            refused = True
            output = batch_norm(x[:, :LONGEST], _ONES, _ZEROS, running)
    return Numbers(norm, seq, drifts, seen, output[0].mean(axis=-1), output[0].std(axis=-1), refused)


def _tokens(rng: np.random.Generator, batch_size: int) -> np.ndarray:
    """(batch_size, 32, 2 d_model): steady features and, around means that grow, the same."""
    means = _MEAN, _MEAN + _SLOPE * np.arange(LENGTHS[-1])[:, None]
    around = rng.normal(size=(batch_size, LENGTHS[-1], _D_MODEL))
    return np.concatenate([mean + around for mean in means], axis=-1)


@lru_cache
def _trained() -> tuple[np.ndarray, Statistics, Statistics]:
    """Training tokens at each position, and running statistics per position and per feature after all batches."""
    rng = np.random.default_rng(0)
    seen = np.zeros(LENGTHS[-1])
    per_position, per_feature = start_statistics(2 * _D_MODEL, LONGEST), start_statistics(2 * _D_MODEL)
    for _ in range(_BATCHES):
        lengths = rng.integers(_SHORTEST, LONGEST, size=_BATCH_SIZE, endpoint=True)
        x = _tokens(rng, _BATCH_SIZE)[:, :LONGEST]
        mask = padding_mask(lengths, LONGEST)[:, 0]
        seen[:LONGEST] += mask.sum(axis=0)
        per_position = update_statistics(per_position, x, mask)
        per_feature = update_statistics(per_feature, x, mask)
    return seen, per_position, per_feature


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    features, mean = "growing" if numbers.drifts else "steady", in_digits(numbers.mean[-1])
    start = f"{numbers.norm}, {numbers.seq} tokens of {features} features:"
    if numbers.refused:
        without = (
            f"positions {LONGEST + 1} to {numbers.seq}" if numbers.seq > LONGEST + 1 else f"position {numbers.seq}"
        )
        return f"{start} ValueError, for there are no statistics of {without}."
    return f"{start} all are normalised, the last one to mean {mean} and deviation {numbers.deviation[-1]:.2f}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """How many tokens training saw at each position; below, each token of the sequence after the norm."""
    figure = sheet(height=338, narrow=narrow, narrow_height=384)
    left, width = (46, 290) if narrow else (46, 660)
    above, below = place(figure, left, 34, width, 70), place(figure, left, 158, width, 172 if narrow else 130)
    dress(above, "tokens seen in training" if narrow else "tokens seen in training at each position")
    after, drift = f"after {numbers.norm}", "growing" if numbers.drifts else "steady"
    dress(below, f"{after}, {drift}" if narrow else f"{drift} features {after}: mean ± deviation a token", x="position")
    positions = np.arange(len(numbers.seen)) + 1
    bars = above.bar(positions, numbers.seen, color=SHARED)
    for position, bar in zip(positions, bars, strict=True):
        say(bar, words=f"position {position}: {numbers.seen[position - 1]:.0f} tokens seen in training")
    label(above, LONGEST + 0.9, 200, "none", va="bottom")
    above.set(ylim=(0, 3600), yticks=(0, 3200), yticklabels=("0", "3,200"))
    above.tick_params(labelbottom=False)
    _draw_tokens(below, numbers, narrow)
    for axes in (above, below):
        axes.set(xlim=(0.3, len(positions) + 0.7), xticks=(1, 4, 8, 12, LONGEST, 20, 24, 28, 32))
        axes.axvline(LONGEST + 0.5, color=INK, linewidth=1)
    return figure


def _draw_tokens(axes: Axes, numbers: Numbers, narrow: bool) -> None:
    axes.axhspan(-1, 1, color=WASH, linewidth=0)
    axes.axhline(0, color=FAINT, linewidth=0.8)
    label(axes, 0.6, -2.3, "band: 0 ± 1" if narrow else "band: mean 0 ± deviation 1", FAINT)
    positions, mean, deviation = np.arange(len(numbers.mean)) + 1, numbers.mean, numbers.deviation
    ends = np.stack([mean - deviation, mean + deviation, np.full(len(mean), np.nan)], axis=1)
    axes.plot(np.repeat(positions, 3), ends.ravel(), color=SHARED_INK, linewidth=1.6)
    (dots,) = axes.plot(positions, mean, "o", color=SHARED_INK, markersize=5)
    say(dots, words=[f"position {x}: mean {in_digits(y)}, deviation {in_digits(swing)}"
                     for x, y, swing in zip(positions, mean, deviation, strict=True)])  # fmt: skip
    if numbers.refused:
        without = (LONGEST + 0.5, -2.5), numbers.seq - LONGEST, 5.6
        unread = axes.add_patch(Rectangle(*without, fill=False, edgecolor=RULE, linewidth=0, hatch="////"))
        say(unread, words="no statistics: ValueError")
        words = "ValueError" if narrow else "no statistics: ValueError"
        label(axes, LONGEST + 0.9, 4.3, words, SHARED_INK, size=TEXT, va="top", weight="semibold")
    axes.set(ylim=(-2.5, 4.5), yticks=(-2, 0, 2, 4))


long_sequence = Explorer(
    __name__,
    caption=(
        "Each dot is a token of a new sequence after the norm. The band is mean 0 ± 1. Above, how many tokens of each "
        "position training has seen, in sentences of 4 to 16."
    ),
    controls={
        "norm": Choice("norm", stops=(PER_POSITION, PER_FEATURE, LAYER)),
        "seq": Slider("tokens in the sequence", stops=LENGTHS),
        "drifts": Switch("features grow with the position"),
    },
)
