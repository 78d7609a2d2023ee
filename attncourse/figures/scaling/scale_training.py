"""Explorer: how a small attention layer learns with and without 1/√d_k, from the stored result of the experiment."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider, Switch
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.scaling.scales import BANDS, LINE_STYLES, NAMES, said_as_powers
from attncourse.results import load_result
from attnlib import attention

_OPTIMISERS = {"gradient descent": "sgd", "Adam": "adam"}
_ARMS = "√d_k", "none", "none, small maps"  # as the result names them
_LOOKS: tuple[dict[str, Any], ...] = (
    {"label": NAMES["√d_k"], "linestyle": LINE_STYLES["√d_k"]},
    {"label": NAMES["none"], "linestyle": LINE_STYLES["none"]},
    {"label": "undivided, small maps", "linestyle": "none", "marker": "o", "markersize": 5},  # seen on another line
)
_SHADES = BANDS["√d_k"], BANDS["none"], BANDS["none"]
_AT_START: dict[str, Any] = {
    "color": INK,
    "markersize": 7,
    "markerfacecolor": "none",
    "markeredgewidth": 1.5,
    "clip_on": False,
    "zorder": 5,
}
_LEFT = np.log10(2)  # where the axis of steps begins, and the losses before the first step are shown


class Numbers(NamedTuple):
    """What the figure shows, first for scores divided by √d_k, then for scores that are not.

    Where ``small_maps``, a third arm follows: scores not divided, of maps that start d_k^¼ smaller.
    """

    d_k: int
    optimiser: str
    small_maps: bool
    learned: float  # the loss below which the layer has learned
    steps: np.ndarray  # (times,) the last step of each mean of five, itself averaged over a group; the groups grow
    start: np.ndarray  # (arms,) median of the seeds' losses before the first step
    loss: np.ndarray  # (arms, 3, times): smallest, median and largest of the seeds
    steps_to_learn: np.ndarray  # (arms,) median of the seeds
    learning_rates: np.ndarray  # (arms,)


def measure(d_k: int = 16, optimiser: str = "gradient descent", small_maps: bool = False) -> Numbers:
    """Sum up two arms of the experiment's result, or all three."""
    result = load_result("scale_training")
    settings = result["settings"]
    names = _ARMS if small_maps else _ARMS[:2]
    arms = [result["arms"][f"d_k={d_k} {_OPTIMISERS[optimiser]} {name}"] for name in names]
    blocks = np.array([[run["loss"] for run in arm["runs"].values()] for arm in arms])  # (arms, seeds, blocks)
    learned, every = blocks < settings["learned"], settings["record_every"]
    in_steps = np.where(learned.any(axis=-1), (learned.argmax(axis=-1) + 1) * every, settings["steps"])
    # On an axis of powers late blocks lie close together: they are averaged in groups. Here is the first of each.
    first = np.unique(np.geomspace(1, blocks.shape[-1], 20, endpoint=False).astype(int)) - 1
    sizes = np.diff(first, append=blocks.shape[-1])
    loss = np.add.reduceat(blocks, first, axis=-1) / sizes
    return Numbers(
        d_k=d_k,
        optimiser=optimiser,
        small_maps=small_maps,
        learned=settings["learned"],
        steps=(first + (sizes + 1) / 2) * every,
        start=_before_training(d_k, tuple(settings["seeds"]), settings["batch"])[: len(names)],
        loss=np.stack([loss.min(axis=1), np.median(loss, axis=1), loss.max(axis=1)], axis=1),
        steps_to_learn=np.median(in_steps, axis=-1),
        learning_rates=np.array([arm["learning_rate"] for arm in arms]),
    )


@lru_cache(maxsize=8)
def _before_training(d_k: int, seeds: tuple[int, ...], batch: int) -> np.ndarray:
    """(arms,): the median of the losses of the maps and examples with which the experiment's runs begin."""
    losses = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        w_q, w_k = rng.normal(size=(2, 16, d_k)) / 4
        x, value = (rng.normal(size=(batch, 16, width)) for width in (16, 8))
        target = rng.integers(16, size=(batch, 16, 1))
        asked, wanted = (np.take_along_axis(rows, target, 1) for rows in (x, value))
        outputs = [attention(asked @ w_q, x @ w_k, value, scale=scale)[0] for scale in (None, 1.0)]
        losses.append([((output - wanted) ** 2).mean() for output in outputs])
    divided, undivided = np.median(losses, axis=0)
    return np.array([divided, undivided, divided])  # small maps have the scores of the layer that divides


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    divided, not_divided, *small = (in_digits(steps, "{:.0f}") for steps in numbers.steps_to_learn)
    rates = [f"(learning rate {rate:g})" for rate in numbers.learning_rates]
    maps = f", and from maps {numbers.d_k**0.25:.3g} times smaller in {small[0]} {rates[2]}" if small else ""
    return (
        f"At d_k = {numbers.d_k}, {numbers.optimiser} brings the loss below {numbers.learned:g} in {divided} steps "
        f"with scores divided by √d_k {rates[0]}, in {not_divided} with scores not divided {rates[1]}{maps}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The loss of each layer, with the range of the seeds."""
    figure = sheet(height=320, narrow=narrow, narrow_height=330)
    axes = place(figure, 48, 38, 284, 234) if narrow else place(figure, 48, 38, 520, 224)
    dress(axes, f"loss with {numbers.optimiser}, d_k = {numbers.d_k}", x="step")
    x, loss = np.log10(numbers.steps), np.log10(numbers.loss)
    axes.set_xlim(_LEFT, np.log10(400))
    axes.set_xticks([_LEFT, 1, 2, np.log10(400)], ["start", "10", "100", "400"])
    axes.set_ylim(-2, np.log10(3.4))
    axes.set_yticks([0, -1, -2], ["1", "0.1", "0.01"])  # as the text writes them
    said_as_powers(axes, "loss")
    axes.fmt_xdata = lambda x: f"{10**x:.0f}"
    axes.axhline(np.log10(numbers.learned), color=RULE, linewidth=1)
    label(axes, _LEFT + 0.03, np.log10(numbers.learned) + 0.02, "learned", FAINT, va="bottom")
    for (low, median, high), shade, look in zip(loss, _SHADES, _LOOKS, strict=False):
        axes.fill_between(x, low, high, color=shade, linewidth=0)
        axes.plot(x, median, color=INK, linewidth=2.2, **look)
    starts = np.log10(numbers.start[:2])
    for loss_at_start, (_, median, _), look in zip(starts, loss, _LOOKS, strict=False):
        axes.plot([_LEFT, x[0]], [loss_at_start, median[0]], color=INK, linewidth=1, linestyle=look["linestyle"])
        square = axes.plot(_LEFT, loss_at_start, "s", **_AT_START)[0]
        say(square, words=f"before training: {10**loss_at_start:.2f}")
    label(axes, _LEFT + 0.06, starts.max() + 0.09, "before training", FAINT, va="bottom")
    _mark_learned(axes, numbers, x, loss)
    _name_curves(axes, numbers, x, loss)
    return figure


def _mark_learned(axes: Axes, numbers: Numbers, x: np.ndarray, loss: np.ndarray) -> None:
    """An open circle on either line, at the step that its label says, and nowhere above the loss that it stands for."""
    at, learned = np.log10(numbers.steps_to_learn[:2]), np.log10(numbers.learned)
    on_line = [min(learned, np.interp(step, x, median)) for step, (_, median, _) in zip(at, loss, strict=False)]
    axes.plot(at, on_line, "o", color=INK, markersize=9, markerfacecolor="none", markeredgewidth=1.5)


_FAR = 1.9  # on the axis of steps, in powers of ten


def _name_curves(axes: Axes, numbers: Numbers, x: np.ndarray, loss: np.ndarray) -> None:
    """Below the one that divides and above the other, where they first pass a level; the third in the corner."""
    steps = [f"{in_digits(steps, '{:.0f}')} steps" for steps in numbers.steps_to_learn]
    words = [f"{NAMES[scale]}\n{said}" for scale, said in zip(("√d_k", "none"), steps, strict=False)]
    for curve, level, side, (ha, va), said in zip(
        (loss[0, 0], loss[1, 2]),
        (-1.02, -0.55),
        (-0.06, 0.06),
        (("right", "top"), ("left", "bottom")),
        words,
        strict=True,
    ):
        passing = np.interp(-level, -np.minimum.accumulate(curve), x)
        if passing > _FAR:  # no room to its right
            passing, side, ha = axes.get_xlim()[1], 0, "right"
        label(axes, passing + side, level, said, size=TEXT, ha=ha, va=va)
    if numbers.small_maps:
        label(axes, _LEFT + 0.04, -1.97, f"dots: small maps\n{steps[2]}", size=TEXT, va="bottom")


scale_training = Explorer(
    __name__,
    caption=(
        "How soon an attention layer learns the look-up, with the division and without. Lines are "
        "medians of eight seeds, and bands hold all seeds. A circle marks where a layer has learned: the first mean of "
        "five steps below 0.1. Each learning rate is the fastest to 0.1, not the best in the end."
    ),
    controls={
        "d_k": Slider("width d_k", stops=(16, 64, 256, 1024), log=True, stops_only=True),
        "small_maps": Switch("also undivided, small maps"),
    },
)
