"""Explorer: a softmax over blocks of keys, with the highest score, the sum and the output so far."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, PAPER, RULE, SCORE, SCORE_INK, VALUE_INK, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import softmax

_BLOCKS, _SIZE = 4, 3  # blocks, and keys in each
_SCORES = np.array([0.6, -0.4, 1.1, 0.2, 0.9, -0.7, 0.4, 1.3, -0.2, 0.8, 0.1, -0.5])  # (seq_k,)
_VALUES = np.array([2.0, 1.2, 0.4, 1.7, 0.9, 2.4, 0.3, 1.5, 2.2, 0.7, 1.9, 1.1])  # (seq_k,)
_HIGH = 2.4  # the score of the second key in one of the blocks


class Numbers(NamedTuple):
    """What the figure shows after some blocks; −inf and 0 are what there was before the first."""

    read: int  # blocks
    scores: np.ndarray  # (seq_k,)
    highest: np.ndarray  # (read + 1,) highest score so far
    total: np.ndarray  # (read + 1,) sum of exp(score − highest so far)
    weighted: np.ndarray  # (read + 1,) the same sum of exp(score − highest) · value
    attn_weights: np.ndarray  # (seq_k,) among the keys that are read, 0 for the others
    final: np.ndarray  # (seq_k,) among all


def measure(read: int = 2, high: int = 3) -> Numbers:
    """Read blocks one after the other, keeping three numbers."""
    scores = _SCORES.copy()
    scores[(high - 1) * _SIZE + 1] = _HIGH
    highest, total, weighted = [-np.inf], [0.0], [0.0]
    for block in range(read):
        keys = slice(block * _SIZE, (block + 1) * _SIZE)
        highest.append(max(highest[-1], scores[keys].max()))
        shrink, exps = np.exp(highest[-2] - highest[-1]), np.exp(scores[keys] - highest[-1])
        total.append(total[-1] * shrink + exps.sum())
        weighted.append(weighted[-1] * shrink + exps @ _VALUES[keys])
    among_read = np.where(np.arange(len(scores)) < read * _SIZE, scores, -np.inf)
    sums = np.array(total), np.array(weighted)
    return Numbers(read, scores, np.array(highest), *sums, softmax(among_read), softmax(scores))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    output = in_digits(numbers.weighted[-1] / numbers.total[-1])
    before, highest = numbers.highest[-2:]
    words = f"After {numbers.read} of {_BLOCKS} blocks the output is {output}"
    if numbers.read == _BLOCKS:
        words += f", and that of the whole softmax is {in_digits(numbers.final @ _VALUES)}"
    last = numbers.scores.argmax() // _SIZE + 1
    if last > numbers.read:
        words += f" and the highest score, in block {last}, is yet to come"
    if numbers.read == 1:
        return f"{words}; there was nothing to rescale."
    if highest - before < 0.05:
        return f"{words}; block {numbers.read} did not raise the highest score, and what was added up stays as it was."
    low, high = (in_digits(score, "{:.1f}") for score in (before, highest))
    return (
        f"{words}; block {numbers.read} raised the highest score from {low} to {high}, "
        f"so the sums before it were multiplied by {in_digits(np.exp(before - highest))}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Scores above, weights so far below, and beside them the three numbers that are kept."""
    figure = sheet(height=430 if narrow else 330, narrow=narrow)
    left, wide = 40, 246 if narrow else 420
    above, below = place(figure, left, 34, wide, 104), place(figure, left, 196, wide, 92)
    _draw_scores(dress(above, "scores", colour=SCORE_INK), numbers)
    _draw_weights(dress(below, "weights so far; lines: in the end", colour=WEIGHT_INK, x="keys"), numbers)
    _write_kept(place(figure, left, 346, wide, 66) if narrow else place(figure, 500, 34, 150, 254), numbers, narrow)
    return figure


def _draw_scores(axes: Axes, numbers: Numbers) -> None:
    keys, read = np.arange(len(numbers.scores)), numbers.read * _SIZE
    _mark_blocks(axes, -1.2, 3.2)
    for block in range(_BLOCKS):
        colour = INK if block < numbers.read else FAINT
        label(axes, block * _SIZE + 1, 3.2, f"block {block + 1}", colour, ha="center", va="top")
    bars = axes.bar(keys, numbers.scores, width=0.62, color=[SCORE if key < read else PAPER for key in keys], zorder=2)
    for key, bar in enumerate(bars):
        bar.set(edgecolor=SCORE if key < read else RULE, linewidth=1.2)
        state = "" if key < read else ", not read yet"
        say(bar, words=f"key {key + 1}: score {in_digits(numbers.scores[key], '{:.1f}')}{state}")
    axes.axhline(0, color=RULE, linewidth=1)
    axes.hlines(numbers.highest[-1], -0.5, read - 0.5, color=SCORE_INK, linewidth=1.4, linestyle=(0, (4, 2)), zorder=3)
    axes.set(ylim=(-1.2, 3.2), yticks=(0, 2), xticks=[])


def _draw_weights(axes: Axes, numbers: Numbers) -> None:
    keys = np.arange(len(numbers.scores))
    _mark_blocks(axes, 0, 0.75)
    bars = axes.bar(keys, numbers.attn_weights, width=0.62, color=WEIGHT, zorder=2)
    for key, bar in enumerate(bars):
        said = f"key {key + 1}: weight {in_digits(numbers.attn_weights[key])} so far"
        say(bar, words=f"{said}, {in_digits(numbers.final[key])} in the end")
    axes.hlines(numbers.final, keys - 0.42, keys + 0.42, color=INK, linewidth=1.6, zorder=3)
    axes.set(ylim=(0, 0.75), yticks=(0, 0.5), xticks=[])


def _mark_blocks(axes: Axes, low: float, high: float) -> None:
    """A line between blocks."""
    axes.vlines(np.arange(1, _BLOCKS) * _SIZE - 0.5, low, high, color=RULE, linewidth=1)
    axes.set_xlim(-0.6, _BLOCKS * _SIZE - 0.4)


def _write_kept(axes: Axes, numbers: Numbers, narrow: bool) -> None:
    """The numbers that are kept from block to block."""
    axes.set_axis_off()
    lines = [
        ("kept so far", INK, "semibold"),
        (f"highest score {in_digits(numbers.highest[-1], '{:.1f}')}", SCORE_INK, "normal"),
        (f"sum of exponentials {in_digits(numbers.total[-1])}", WEIGHT_INK, "normal"),
        (f"their sum with values {in_digits(numbers.weighted[-1])}", VALUE_INK, "normal"),
        (f"output {in_digits(numbers.weighted[-1] / numbers.total[-1])}", VALUE_INK, "semibold"),
    ]
    for i, (words, colour, weight) in enumerate(lines):
        x, y = (0.55 * (i // 3), 0.9 - 0.38 * (i % 3)) if narrow else (0, 0.8 - 0.13 * i)
        label(axes, x, y, words, colour, weight=weight, va="center_baseline")
    axes.set(xlim=(0, 1), ylim=(0, 1))


running_softmax = Explorer(
    __name__,
    caption=(
        "A softmax needs all scores, but not all at once. Here, with values of one number, three numbers are enough to "
        "go on with."
    ),
    controls={
        "read": Slider("blocks read", stops=(1, 2, 3, 4), stops_only=True),
        "high": Slider("block with the highest score", stops=(1, 2, 3, 4), stops_only=True),
    },
)
