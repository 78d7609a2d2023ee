"""Explorer: eight layers learn to sort, norms before or after, with and without warm-up, at four learning rates."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider, Switch
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, RULE
from attncourse.explorer import Explorer
from attncourse.figures.transformer.ends import name_ends
from attncourse.figures.transformer.placements import BANDS, LOOKS, PLACEMENTS
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
    """The loss at the chosen rate; then where it ends at every rate."""
    figure = sheet(height=300, narrow=narrow, narrow_height=536)
    curves = place(figure, *((34, 38, 250, 178) if narrow else (34, 38, 264, 206)))
    ends = place(figure, *((34, 302, 250, 178) if narrow else (398, 38, 264, 206)))
    words = "with warm-up" if numbers.warmup else "no warm-up"
    dress(curves, f"loss at rate {numbers.rate:g}, {words}", x="step")
    _draw_curves(curves, numbers)
    dress(ends, f"loss at the end, {words}", x="learning rate")
    _draw_ends(ends, numbers)
    return figure


def _draw_curves(axes: Axes, numbers: Numbers) -> None:
    """The median of the seeds, in a band from the smallest to the largest."""
    if numbers.warmup:
        axes.axvline(numbers.rise, color=RULE, linewidth=1)
        label(axes, numbers.rise + 4, _HIGH - 0.06, "full rate", FAINT, va="top")
    for name, (smallest, median, largest) in zip(PLACEMENTS, numbers.loss, strict=True):
        axes.fill_between(numbers.steps, smallest, largest, color=BANDS[name], linewidth=0)
        axes.plot(numbers.steps, median, label=name, **LOOKS[name])
    axes.set(xlim=(0, 300), ylim=(0, _HIGH), yticks=(0, 1, 2, 3), xticks=(0, 100, 200, 300))
    axes.fmt_ydata = _loss
    name_ends(axes, {name: (loss[-1], LOOKS[name]) for name, loss in zip(PLACEMENTS, numbers.loss[:, 1], strict=True)})


def _draw_ends(axes: Axes, numbers: Numbers) -> None:
    """Where each placement ends at every learning rate: medians of the seeds, and strokes that hold all of them."""
    rates, way = np.arange(len(RATES)), int(numbers.warmup)
    axes.axvline(RATES.index(numbers.rate), color=RULE, linewidth=1.4, zorder=0)
    ends = {}
    for name, losses in zip(PLACEMENTS, numbers.final[:, way], strict=True):
        medians = np.median(losses, axis=-1)
        axes.vlines(rates, losses.min(axis=-1), losses.max(axis=-1), color=FAINT, linewidth=1.4)
        axes.plot(rates, medians, label=name, marker="o", markersize=5, clip_on=False, zorder=3, **LOOKS[name])
        ends[name] = medians[-1], LOOKS[name]
    axes.set(xlim=(0, len(RATES) - 1), ylim=(0, _HIGH), yticks=(0, 1, 2, 3))
    axes.set_xticks(rates, [f"{rate:g}" for rate in RATES])
    axes.fmt_xdata, axes.fmt_ydata = lambda rate: f"{RATES[round(rate)]:g}", _loss
    name_ends(axes, ends)


def _loss(loss: float) -> str:
    return in_digits(float(loss))


warmup_training = Explorer(
    __name__,
    caption=(
        "Eight encoder layers learn to sort, with norms before each sublayer (pre-LN) or after each sum (post-LN); "
        "medians of five seeds, bands and strokes hold all of them."
    ),
    controls={
        "rate": Slider("learning rate", stops=RATES, stops_only=True),
        "warmup": Switch("warm-up"),
    },
)
