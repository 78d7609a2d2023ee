"""Explorer: the loss in training mode and at inference while a model learns, from the experiment's stored runs."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE, SHARED, SHARED_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.norms.runs import BATCHES, NORMS, runs_of, stored

_LOSSES = (0.02, 2.0)  # ends of the axis
_RATIOS = (0.4, 4.0)
_APART = 0.15  # of names at the ends of curves, in powers of ten
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


def measure(norm: str = "LayerNorm", batch: float = 4) -> Numbers:
    """Sum up the runs of an arm in the experiment's result file."""
    runs = runs_of(norm, int(batch))
    training, inference = (np.array([run[mode] for run in runs]) for mode in ("training", "inference"))
    has_statistics = runs[0]["strays"][0] is not None
    return Numbers(
        norm=norm,
        batch=int(batch),
        steps=np.array(stored("norms")["settings"]["measured_at"]),
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
            f"loss {numbers.inference[0]:#.2g} after {numbers.steps[0]} steps, "
            f"{numbers.inference[-1]:#.2g} after {last}."
        )
    return (
        f"{arm}: after {numbers.steps[0]} steps the loss is {numbers.training[0]:#.2g} in training mode and "
        f"{numbers.inference[0]:#.2g} at inference; after {last}, {numbers.training[-1]:#.2g} and "
        f"{numbers.inference[-1]:#.2g}."
    )


def name(norm: str) -> str:
    """The norm as a sentence begins with it."""
    return "No norm" if norm == "none" else norm


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Both losses with the gap between them filled; beside it their ratio, every seed a dot."""
    figure = sheet(height=310, narrow=narrow, narrow_height=536)
    losses = place(figure, *((48, 34, 180, 190) if narrow else (52, 36, 244, 222)))
    ratio = place(figure, *((48, 304, 276, 180) if narrow else (456, 36, 242, 222)))
    dress(losses, f"loss: {'no norm' if numbers.norm == 'none' else numbers.norm}", x="step")
    dress(ratio, "inference ÷ training mode", x="step")
    for axes, ends, ticks in (
        (losses, _LOSSES, (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)),
        (ratio, _RATIOS, (0.5, 0.7, 1, 1.5, 2, 3)),
    ):
        axes.set_xlim(*np.log10(numbers.steps[[0, -1]]))
        axes.set_xticks(np.log10(_STEPS), [str(step) for step in _STEPS])
        axes.set_ylim(*np.log10(ends))
        axes.set_yticks(np.log10(ticks), [f"{tick:g}" for tick in ticks])
    _draw_losses(losses, numbers)
    _draw_ratio(ratio, numbers)
    return figure


def _draw_losses(axes: Axes, numbers: Numbers) -> None:
    """The curves' names stand at their right ends, as far apart as words need."""
    x, solid, dashed, dotted = np.log10(numbers.steps), "solid", (0, (5, 1.5)), (0, (1, 1.5))
    modes = numbers.strays is not None
    curves: list[tuple[str, np.ndarray, str, Any]] = []
    curves.append(("at inference" if modes else "in both modes", numbers.inference, INK, dashed))
    if modes:
        gap = np.append(numbers.training, numbers.inference[::-1])
        axes.fill(np.append(x, x[::-1]), np.log10(gap), color=SHARED, linewidth=0)
        curves.append(("in training mode", numbers.training, SHARED_INK, solid))
    if numbers.norm != "LayerNorm":
        curves.append(("LayerNorm", numbers.layer_norm, FAINT, dotted))
    y = -np.inf
    for name, losses, ink, style in sorted(curves, key=lambda curve: curve[1][-1]):
        (line,) = axes.plot(x, np.log10(losses), color=ink, linewidth=1.4 if style == dotted else 2.2, linestyle=style)
        said = [f"{loss:#.2g}" for loss in losses]
        say(line, label=name, x=[str(step) for step in numbers.steps], y=said, names=["step", "loss"])
        y = max(np.log10(losses[-1]), y + _APART)
        label(axes, x[-1] + 0.05, y, name, ink, va="center_baseline")


def _draw_ratio(axes: Axes, numbers: Numbers) -> None:
    axes.axhline(0, color=RULE, linewidth=1)
    label(axes, 0.98, 0.97, "inference is worse", FAINT, size=TEXT, ha="right", va="top", transform=axes.transAxes)
    label(axes, 0.98, 0.03, "inference is better", FAINT, size=TEXT, ha="right", transform=axes.transAxes)
    shown, x = np.log10(np.clip(numbers.ratio, *_RATIOS)), np.log10(numbers.steps)
    every = np.broadcast_to(x, shown.shape).ravel()
    (dots,) = axes.plot(
        every, shown.ravel(), "o", color=INK, markersize=4, markeredgewidth=0, alpha=0.75, clip_on=False
    )
    say(dots, words=[f"step {step}, seed {seed + 1}: {in_digits(ratio)}"
                     for seed, ratios in enumerate(numbers.ratio)
                     for step, ratio in zip(numbers.steps, ratios, strict=True)])  # fmt: skip
    axes.plot(x, shown.mean(axis=0), color=INK, linewidth=1.4)


train_inference = Explorer(
    __name__,
    caption=(
        "In training mode a BatchNorm reads texts with the statistics of their batch, at inference with the running "
        "ones; the other norms have one mode. Means of five seeds; in the plot of ratios every seed is a dot."
    ),
    controls={
        "norm": Choice("norm", stops=NORMS),
        "batch": Slider("texts in a batch", stops=BATCHES, stops_only=True),
    },
)
