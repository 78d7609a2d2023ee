"""Explorer: the loss in training mode and at inference while a model learns, from the experiment's stored runs."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from attncourse.controls import Choice, Slider
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE, SHARED, SHARED_INK
from attncourse.explorer import Explorer
from attncourse.figures.norms.runs import BATCHES, NORMS, result, runs_of

_LOSSES = (0.02, 2.0)  # ends of the axis
_RATIOS = (0.4, 4.0)
_STEPS = (5, 10, 20, 50, 100, 200)


class Numbers(NamedTuple):
    """What the figure shows."""

    norm: str
    batch: int
    steps: np.ndarray  # (points,)
    training: np.ndarray  # (points,) loss with the statistics of the batch, mean of the seeds
    inference: np.ndarray  # (points,) loss with the running statistics, mean of the seeds
    ratio: np.ndarray  # (seeds, points) the second divided by the first, on the same texts
    strays: np.ndarray | None  # (points,) how far a batch's mean lies from the running mean, in standard deviations
    layer_norm: np.ndarray  # (points,) loss with LayerNorm, to compare with


def measure(norm: str = "BatchNorm, padding masked", batch: float = 4) -> Numbers:
    """Sum up the runs of an arm in the experiment's result file."""
    runs = runs_of(norm, int(batch))
    training, inference = (np.array([run[mode] for run in runs]) for mode in ("training", "inference"))
    has_statistics = runs[0]["strays"][0] is not None
    return Numbers(
        norm=norm,
        batch=int(batch),
        steps=np.array(result()["settings"]["measured_at"]),
        training=training.mean(axis=0),
        inference=inference.mean(axis=0),
        ratio=inference / training,
        strays=np.mean([run["strays"] for run in runs], axis=0) if has_statistics else None,
        layer_norm=np.mean([run["inference"] for run in runs_of("LayerNorm", int(batch))], axis=0),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    arm, last = f"{name(numbers.norm)}, batches of {numbers.batch}", numbers.steps[-1]
    if numbers.strays is None:
        return (
            f"{arm}: training and inference are one computation, at every step; "
            f"loss {numbers.inference[0]:.2g} after {numbers.steps[0]} steps, {numbers.inference[-1]:.2g} after {last}."
        )
    return (
        f"{arm}: after {numbers.steps[0]} steps the loss is {numbers.training[0]:.2g} in training mode and "
        f"{numbers.inference[0]:.2g} at inference; after {last}, {numbers.training[-1]:.2g} and "
        f"{numbers.inference[-1]:.2g}."
    )


def name(norm: str) -> str:
    """The norm as a sentence begins with it."""
    return "No norm" if norm == "none" else norm


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Both losses with the gap between them shaded; beside it their ratio, every seed a dot."""
    figure = sheet(height=310, narrow=narrow, narrow_height=590)
    losses = place(figure, *((48, 34, 276, 224) if narrow else (52, 36, 340, 222)))
    ratio = place(figure, *((48, 338, 276, 200) if narrow else (456, 36, 242, 222)))
    dress(losses, f"loss: {'no norm' if numbers.norm == 'none' else numbers.norm}", x="step")
    dress(ratio, "inference ÷ training mode", x="step")
    for axes, (low, high) in ((losses, _LOSSES), (ratio, _RATIOS)):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(numbers.steps[0], numbers.steps[-1])
        axes.set_ylim(low, high)
        axes.set_xticks(_STEPS, [str(step) for step in _STEPS])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_minor_locator(NullLocator())
    losses.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2], ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"])
    ratio.set_yticks([0.5, 0.7, 1, 1.5, 2, 3], ["0.5", "0.7", "1", "1.5", "2", "3"])
    _draw_losses(losses, numbers)
    _draw_ratio(ratio, numbers)
    return figure


def _draw_losses(axes: Axes, numbers: Numbers) -> None:
    x = numbers.steps
    if numbers.norm != "LayerNorm":
        axes.plot(x, numbers.layer_norm, color=FAINT, linewidth=1.4, linestyle=(0, (1, 1.5)))
    if numbers.strays is not None:
        axes.fill_between(x, numbers.training, numbers.inference, color=SHARED, linewidth=0)
        axes.plot(x, numbers.training, color=SHARED_INK, linewidth=2.2)
    axes.plot(x, numbers.inference, color=INK, linewidth=2.2, linestyle=(0, (5, 1.5)))
    words = [("at inference", INK)] if numbers.strays is not None else [("in both modes", INK)]
    words += [("in training mode", SHARED_INK)] if numbers.strays is not None else []
    words += [("LayerNorm", FAINT)] if numbers.norm != "LayerNorm" else []
    for row, (word, ink) in enumerate(words):
        dashes = {INK: (0, (5, 1.5)), SHARED_INK: "-", FAINT: (0, (1, 1.5))}[ink]
        y = 0.22 - 0.085 * row
        axes.plot([0.03, 0.12], [y, y], color=ink, linewidth=2, linestyle=dashes, transform=axes.transAxes)
        label(axes, 0.14, y, word, ink, va="center_baseline", transform=axes.transAxes)


def _draw_ratio(axes: Axes, numbers: Numbers) -> None:
    axes.axhline(1, color=RULE, linewidth=1)
    label(axes, 0.98, 0.97, "inference is worse", FAINT, size=TEXT, ha="right", va="top", transform=axes.transAxes)
    label(axes, 0.98, 0.03, "inference is better", FAINT, size=TEXT, ha="right", transform=axes.transAxes)
    shown = np.clip(numbers.ratio, *_RATIOS)
    axes.plot(numbers.steps, shown.T, "o", color=INK, markersize=4, markeredgewidth=0, alpha=0.75, clip_on=False)
    axes.plot(numbers.steps, np.exp(np.log(shown).mean(axis=0)), color=INK, linewidth=1.4)


train_inference = Explorer(
    __name__,
    caption=(
        "The same texts, read with the statistics of their batch (training mode) and with the running statistics "
        "(inference), while a small encoder learns to mark day, month and year in dates. Means of five seeds; "
        "on the right every seed is a dot."
    ),
    controls={
        "norm": Choice("norm", stops=NORMS),
        "batch": Slider("texts in a batch", stops=BATCHES, log=True),
    },
)
