"""Explorer: which blocks of scores attention computes, how much room they take, and what their size costs in time."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from attncourse.controls import Slider, Switch
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, PAPER, RULE, SCORE_INK, WEIGHT, WEIGHT_INK, shade
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.results import load_result
from attnlib.blocks import spans

_NUMBER = 4  # bytes of a number in float32
_MOST_LINES = 32  # blocks in a row; the lines between more would be all that is seen


class Numbers(NamedTuple):
    """What the figure shows."""

    tokens: int
    side: int  # of a block
    causal: bool
    computed: np.ndarray  # (blocks,) for each block of queries, how many blocks of keys
    sides: np.ndarray  # (sides,) of blocks that were measured
    times: np.ndarray  # (3, sides) time / plain attention's: lower quartile, median and upper quartile of the rounds

    @property
    def scores(self) -> int:
        """How many are computed."""
        return int(self.computed.sum()) * self.side**2

    @property
    def time(self) -> float:
        """The median for blocks of this side."""
        return float(self.times[1, self.sides == self.side][0])


def measure(tokens: int = 4096, side: int = 512, causal: bool = True) -> Numbers:
    """Count the blocks, and look up the times in the experiment's result file."""
    rows = spans(0, tokens, side)
    computed = [len(spans(0, some.stop if causal else tokens, side)) for some in rows]
    result = load_result("blocks")
    settings = result["settings"]
    kinds = [(n, c) for n in settings["lengths"] for c in (False, True) for s in settings["sides"] if s <= n]
    chosen = [kind == (tokens, causal) for kind in kinds]
    quartiles = np.quantile(result["rounds"], (0.25, 0.5, 0.75), axis=0)[:, chosen]
    sides = [s for s in settings["sides"] if s <= tokens]
    return Numbers(tokens, side, causal, np.array(computed), np.array(sides), quartiles)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    blocks = len(numbers.computed)
    computed = (
        f"{numbers.computed.sum():,} of {blocks**2:,} blocks are computed, with {_room(numbers.side)} of weights at a "
        f"time in place of {_room(numbers.tokens)}"
        if blocks > 1
        else f"one block is the whole matrix, {_room(numbers.side)} of weights"
    )
    return (
        f"{numbers.tokens:,} tokens, blocks of {numbers.side:,} × {numbers.side:,}: {computed}, "
        f"in {in_digits(numbers.time)} times the time of plain attention{' with the same mask' * numbers.causal}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The scores cut into blocks; beside them what was measured for every size of a block."""
    figure = sheet(height=310, narrow=narrow, narrow_height=590)
    square = place(figure, 52, 48, 216, 216)
    times = place(figure, *((52, 352, 216, 180) if narrow else (392, 48, 236, 206)))
    _draw_blocks(square, numbers)
    _draw_times(times, numbers)
    return figure


def _draw_blocks(axes: Axes, numbers: Numbers) -> None:
    """What is computed, as one area with the lines of the blocks; the block in hand is dark."""
    n, side, blocks = numbers.tokens, numbers.side, len(numbers.computed)
    corners = [(0, 0)]
    for row, count in enumerate(numbers.computed):
        corners += [(count * side, row * side), (count * side, (row + 1) * side)]
    area = Polygon([*corners, (0, n)], facecolor=shade(0.35, WEIGHT), edgecolor="none")
    say(axes.add_patch(area), words=f"{numbers.computed.sum():,} blocks are computed")
    for edge in range(side, n, side) if blocks <= _MOST_LINES else ():
        below, across = (edge - side, numbers.computed[edge // side] * side) if numbers.causal else (0, n)
        axes.hlines(edge, 0, across, color=PAPER, linewidth=1)
        axes.vlines(edge, below, n, color=PAPER, linewidth=1)
    row = blocks * 2 // 3
    hand = Rectangle((row // 2 * side, row * side), side, side, facecolor=WEIGHT, edgecolor=INK, linewidth=1.2)
    say(axes.add_patch(hand), words=f"one block, {_room(side)}: the only weights in memory at a time")
    axes.add_patch(Rectangle((0, 0), n, n, facecolor="none", edgecolor=RULE))
    if numbers.causal and blocks > 1:
        label(axes, 0.97 * n, 0.1 * n, "never\ncomputed", FAINT, ha="right", va="center")
    dress(axes, f"{n:,} × {n:,} weights", x="keys", y="queries", colour=WEIGHT_INK)
    axes.set(xlim=(0, n), ylim=(n, 0), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_times(axes: Axes, numbers: Numbers) -> None:
    """Time against the side of a block, both in powers; plain attention is the line at 1."""
    dress(axes, "time relative to plain attention", x="side of a block")
    x, (low, middle, high) = np.log2(numbers.sides), np.log10(numbers.times)
    axes.vlines(x, low, high, color=INK, linewidth=1.4)
    curve = axes.plot(x, middle, color=INK, linewidth=1.6, marker="o", markersize=4.5, markeredgewidth=0, zorder=3)
    said = [in_digits(ratio) for ratio in numbers.times[1]]
    say(curve[0], x=[f"{side:,}" for side in numbers.sides], y=said, names=["side", "time"])
    axes.axhline(0, color=SCORE_INK, linewidth=1.2, linestyle=(0, (4, 2)))
    label(axes, 11, 0.07, f"attention{', same mask' * numbers.causal}", SCORE_INK, ha="right")
    chosen = numbers.sides == numbers.side
    axes.plot(x[chosen], middle[chosen], "o", color=WEIGHT, markersize=9, markeredgecolor=INK, zorder=4)
    axes.set(xlim=(4.7, 11.3), ylim=(-1.3, 0.5))
    axes.set_xticks(range(5, 12), ["32", "", "128", "", "512", "", "2,048"])
    axes.set_yticks([-1, np.log10(0.3), 0, np.log10(3)], ["0.1", "0.3", "1", "3"])
    axes.fmt_xdata, axes.fmt_ydata = lambda power: f"{2**power:,.0f}", lambda power: in_digits(10**power)


def _room(side: int) -> str:
    """The bytes of a square of weights."""
    size = side * side * _NUMBER
    return f"{in_digits(size / 1e6, '{:.3g}')} MB" if size >= 1e6 else f"{in_digits(size / 1e3, '{:.3g}')} kB"


attention_in_blocks = Explorer(
    __name__,
    caption=(
        "One block of weights is in memory at a time. Times on one core: dots are medians, and strokes hold the middle "
        "half of the rounds."
    ),
    controls={
        "tokens": Slider("tokens", stops=(2048, 4096, 8192), stops_only=True),
        "side": Slider("side of a block", stops=(32, 64, 128, 256, 512, 1024, 2048), stops_only=True),
        "causal": Switch("causal"),
    },
)
