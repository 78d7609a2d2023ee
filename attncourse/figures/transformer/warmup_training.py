"""Explorer: eight layers learn to sort, norms before or behind, with and without warm-up, at four learning rates."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider, Switch
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.dots import dots
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, PAPER, RULE
from attncourse.explorer import Explorer
from attncourse.figures.transformer.placements import BANDS, DASHES, PLACEMENTS
from attncourse.results import load_result

RATES = (0.0003, 0.001, 0.003, 0.01)
_LAST = 50  # steps that the final loss is a mean of
_HIGH = 3.2  # nats, of the axes


class Numbers(NamedTuple):
    """What the figure shows; the axes of arms are (placements, without and with warm-up, learning rates)."""

    rate: float
    warmup: bool
    rise: int  # steps of the warm-up
    steps: np.ndarray  # (blocks,) middle of each block of steps
    loss: np.ndarray  # (2, 3, blocks) at this rate: smallest, median and largest of the seeds
    final: np.ndarray  # (2, 2, rates, seeds) mean loss of the last fifty steps
    right: np.ndarray  # (2,) share of right tokens afterwards at this rate, median of the seeds


def measure(rate: float = 0.003, warmup: bool = False) -> Numbers:
    """Sum up the runs in the experiment's result file."""
    result = load_result("norm_placement")
    every = result["settings"]["record_every"]

    def runs(placement: str, with_warmup: bool, learning_rate: float) -> list[dict]:
        way = "warm-up" if with_warmup else "no warm-up"
        return list(result["arms"][f"{placement}, {way}, {learning_rate:g}"].values())

    def losses(*arm) -> np.ndarray:  # (seeds, blocks)
        return np.array([run["loss"] for run in runs(*arm)])

    chosen = np.array([losses(placement, warmup, rate) for placement in PLACEMENTS])
    accuracy = [[run["accuracy"] for run in runs(placement, warmup, rate)] for placement in PLACEMENTS]
    final = [
        [[losses(name, way, each)[:, -_LAST // every :].mean(axis=1) for each in RATES] for way in (False, True)]
        for name in PLACEMENTS
    ]
    return Numbers(
        rate=rate,
        warmup=warmup,
        rise=result["settings"]["warmup"],
        steps=(np.arange(chosen.shape[-1]) + 0.5) * every,
        loss=np.stack([chosen.min(axis=1), np.median(chosen, axis=1), chosen.max(axis=1)], axis=1),
        final=np.array(final),
        right=np.median(accuracy, axis=1),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    final = numbers.final[:, int(numbers.warmup), RATES.index(numbers.rate)]
    pre, post = np.median(final, axis=1)
    how = f"reached in {numbers.rise} steps" if numbers.warmup else "from the first step"
    return (
        f"Learning rate {numbers.rate:g} {how}: the loss ends at {pre:.1f} with pre-LN and {post:.1f} with "
        f"post-LN; {numbers.right[0]:.0%} and {numbers.right[1]:.0%} of the tokens are right."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The loss at the chosen rate; then how every run of every rate ended."""
    figure = sheet(height=300, narrow=narrow, narrow_height=580)
    curves = place(figure, *((40, 38, 236, 196) if narrow else (44, 38, 270, 206)))
    ends = place(figure, *((40, 322, 292, 200) if narrow else (424, 38, 286, 206)))
    words = "warm-up" if numbers.warmup else "no warm-up"
    dress(curves, f"loss at rate {numbers.rate:g}, {words}", x="step")
    _draw_curves(curves, numbers)
    dress(ends, "at the end:  ○ pre-LN  □ post-LN", x="learning rate")
    _draw_ends(ends, numbers)
    return figure


def _draw_curves(axes: Axes, numbers: Numbers) -> None:
    x, low = numbers.steps, -1.0
    if numbers.warmup:
        axes.axvline(numbers.rise, color=RULE, linewidth=1)
    for name, (smallest, _, largest) in zip(PLACEMENTS, numbers.loss, strict=True):
        axes.fill_between(x, smallest, largest, color=BANDS[name], linewidth=0)
    for name, (_, median, _) in zip(PLACEMENTS, numbers.loss, strict=True):
        axes.plot(x, median, color=INK, linewidth=2.2, linestyle=DASHES[name])
        low = max(median[-1], low + 0.3)  # the names stay apart: pre-LN ends below
        label(axes, x[-1] + 7, low, name, size=TEXT, va="center")
    axes.set(xlim=(0, 300), ylim=(0, _HIGH), yticks=(0, 1, 2, 3), xticks=(0, 100, 200, 300))


def _draw_ends(axes: Axes, numbers: Numbers) -> None:
    column = RATES.index(numbers.rate)
    axes.axvspan(column - 0.5, column + 0.5, facecolor="#EDEDED", linewidth=0, zorder=0)
    for (placement, way, rate), seeds in _each(numbers.final):
        x, face, marker = rate - 0.3 + 0.4 * placement + 0.2 * way, INK if way else PAPER, "os"[placement]
        dots(axes, x, seeds, reach=0.05, size=4.4, marker=marker, markerfacecolor=face, markeredgewidth=1)
    axes.set(xlim=(-0.5, len(RATES) - 0.5), ylim=(0, _HIGH), yticks=(0, 1, 2, 3))
    axes.set_xticks(range(len(RATES)), [f"{rate:g}" for rate in RATES])
    axes.tick_params(axis="x", length=0)
    axes.get_xticklabels()[column].set_fontweight("bold")
    words = "open: no warm-up\nfilled: warm-up"
    label(axes, -0.42, _HIGH - 0.05, words, FAINT, va="top")


def _each(final: np.ndarray):
    for index in np.ndindex(final.shape[:3]):
        yield index, final[index]


warmup_training = Explorer(
    __name__,
    caption=(
        "Eight encoder layers learn to sort eight tokens. Round: norms before (pre-LN); square and dashed: norms "
        "behind (post-LN). Open: the learning rate from the first step; filled: reached in a straight rise. "
        "The bands hold all five seeds."
    ),
    controls={
        "rate": Slider("learning rate", stops=RATES, log=True),
        "warmup": Switch("warm-up"),
    },
)
