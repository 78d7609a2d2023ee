"""Picture: how a small attention layer learns with and without 1/√d_k, from the stored result of the experiment."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.digits import in_digits
from attncourse.drawing.axes import dress, power_axis
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE
from attncourse.explorer import Explorer
from attncourse.figures.scaling.scales import BANDS, LINE_STYLES, NAMES, said_as_powers
from attncourse.results import load_result

_LEARNED = 0.1  # mean squared error
# For comparison: the mean of 16 values of variance 1 misses the wanted one by 1 − 1/16, another key's value by 2.
_LEVELS = (1 - 1 / 16, "all keys alike"), (2.0, "a wrong key each time"), (_LEARNED, "learned")


class Numbers(NamedTuple):
    """What the figure shows; the axes of arms are (widths, optimisers, scales)."""

    widths: tuple[int, ...]  # d_k
    optimisers: tuple[str, ...]
    scales: tuple[str, ...]  # what the scores were divided by
    steps: np.ndarray  # (times,) mean step of each group of steps; the groups grow
    loss: np.ndarray  # (3, widths, optimisers, scales, times): smallest, median and largest of the seeds
    start_loss: np.ndarray  # (widths, optimisers, scales) of the first five steps, median of the seeds
    steps_to_learn: np.ndarray  # (widths, optimisers, scales) to a loss below 0.1, median of the seeds
    learning_rates: np.ndarray  # (widths, optimisers, scales)
    grad_w_q: np.ndarray  # (widths, optimisers, scales) length of the first gradient by w_q, median of the seeds
    grad_of_a_query: np.ndarray  # (widths, optimisers, scales) by its scores: median of the first queries of all seeds


def measure() -> Numbers:
    """Sum up the runs in the experiment's result file."""
    result = load_result("scale_training")
    settings = result["settings"]
    widths, optimisers, scales = tuple(settings["widths"]), tuple(settings["learning_rates"]), ("√d_k", "none")
    shape = len(widths), len(optimisers), len(scales)
    arms = [result["arms"][f"d_k={d_k} {name} {scale}"] for d_k in widths for name in optimisers for scale in scales]

    def of_arms(numbers) -> np.ndarray:
        return np.array(numbers).reshape(*shape, *np.shape(numbers)[1:])

    def of_runs(look) -> np.ndarray:  # (widths, optimisers, scales, seeds, ...)
        return of_arms([[look(run) for run in arm["runs"].values()] for arm in arms])

    every = settings["record_every"]
    blocks = of_runs(lambda run: run["loss"])
    learned = blocks < _LEARNED
    learned_in = np.where(learned.any(axis=-1), (learned.argmax(axis=-1) + 1) * every, np.inf)
    # On an axis of powers late blocks lie close together: they are averaged in groups. Here is the first of each.
    first = np.unique(np.geomspace(1, blocks.shape[-1], 14, endpoint=False).astype(int)) - 1
    sizes = np.diff(first, append=blocks.shape[-1])
    loss = np.add.reduceat(blocks, first, axis=-1) / sizes
    return Numbers(
        widths=widths,
        optimisers=optimisers,
        scales=scales,
        steps=(first + sizes / 2) * every,
        loss=np.array([loss.min(axis=-2), np.median(loss, axis=-2), loss.max(axis=-2)]),
        start_loss=np.median(blocks[..., 0], axis=-1),
        steps_to_learn=np.median(learned_in, axis=-1),
        learning_rates=of_arms([arm["learning_rate"] for arm in arms]),
        grad_w_q=np.median(of_runs(lambda run: run["start"]["grad_w_q"]), axis=-1),
        grad_of_a_query=np.median(of_runs(lambda run: run["start"]["grad_of_each_query"]), axis=(-2, -1)),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    narrow, wide = ([in_digits(steps, "{:.0f}") for steps in arms] for arms in numbers.steps_to_learn[:, 0, :])
    start = numbers.start_loss[1, 0, :]
    there = f"There the first five steps have a loss of {start[0]:.2f} with the scale and {start[1]:.2f} without."
    return (
        f"At d_k = {numbers.widths[0]} gradient descent brings the loss below {_LEARNED:g} in {narrow[0]} steps "
        f"if scores are divided by √d_k and in {narrow[1]} if not; at d_k = {numbers.widths[1]} in {wide[0]} "
        f"and {wide[1]}. {there}"
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Loss curves of gradient descent with the range of the seeds, a panel a width."""
    figure = sheet(height=300, narrow=narrow, narrow_height=540)
    places = [(48, 38, 284, 180), (48, 304, 284, 180)] if narrow else [(48, 38, 300, 204), (406, 38, 300, 204)]
    for d_k, spot, *curves in zip(
        numbers.widths, places, numbers.loss[:, :, 0].swapaxes(0, 1), numbers.steps_to_learn[:, 0], strict=True
    ):
        axes = dress(place(figure, *spot), f"loss at d_k = {d_k}", x="step")
        _draw_losses(axes, numbers, *curves)
    return figure


def _draw_losses(axes: Axes, numbers: Numbers, loss: np.ndarray, steps_to_learn: np.ndarray) -> None:
    x, loss = np.log10(numbers.steps), np.log10(loss)
    axes.set_xlim(0, np.log10(400))
    axes.set_xticks([0, 1, 2], ["1", "10", "100"])
    power_axis(axes, 0.01, 3.4, (0, -1, -2))
    said_as_powers(axes, "loss")
    axes.fmt_xdata = lambda x: f"{10**x:.0f}"
    for level, words in _LEVELS:
        axes.axhline(np.log10(level), color=RULE, linewidth=1)
        label(axes, 2.58, np.log10(level) + 0.02, words, FAINT, ha="right", va="bottom")
    for j, scale in enumerate(numbers.scales):
        low, median, high = loss[:, j]
        axes.fill_between(x, low, high, color=BANDS[scale], linewidth=0)
        axes.plot(x, median, color=INK, linewidth=2.2, linestyle=LINE_STYLES[scale], label=NAMES[scale])
    _name_curve(axes, x, loss[0, 0], -1.07, f"÷ √d_k\n{in_digits(steps_to_learn[0], '{:.0f}')} steps", "right", "top")
    low, _, high = loss[:, 1]
    slow = steps_to_learn[1] > 50  # the curve falls at the right end of the panel, and the room is on its left
    words = f"no scale\n{in_digits(steps_to_learn[1], '{:.0f}')} steps"
    _name_curve(axes, x, low if slow else high, -0.5, words, "right" if slow else "left", "center")


def _name_curve(axes: Axes, x: np.ndarray, curve: np.ndarray, level: float, words: str, ha: str, va: str) -> None:
    """On one side of a falling curve, where it passes the level."""
    passing = np.interp(-level, -curve, x) + (0.1 if ha == "left" else -0.08)
    label(axes, passing, level, words, size=TEXT, ha=ha, va=va)


scale_training = Explorer(
    __name__,
    caption=(
        "Without the scale a wide attention layer learns much later: median loss of eight seeds with gradient descent, "
        "each arm at its own best learning rate. Bands hold all seeds; the steps named are those to a loss below 0.1."
    ),
)
