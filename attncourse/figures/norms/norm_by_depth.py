"""Explorer: the same encoder in five depths, without a norm, with LayerNorm, and with BatchNorm."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice
from attncourse.drawing.axes import decades, dress, power_axis
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import INK, SHARED_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.norms.deep_stack import DEPTHS, GUESSING, layers_text, loss_text, size_text
from attncourse.figures.norms.marks import mark_guessing, mark_seeds
from attncourse.figures.norms.runs import arms_of

NONE, LAYER, BATCH = NORMS = ("none", "LayerNorm", "BatchNorm, padding masked")
_NAMES = {NONE: "no norm", LAYER: "LayerNorm", BATCH: "BatchNorm"}
_SIZES, _LOSSES = (0.3, 1000), (0.03, 1000)
_APART = 16  # CSS pixels from one name to the next


class Arm(NamedTuple):
    """The encoders with one norm, a depth each."""

    sizes: np.ndarray  # (depths,) of the vectors after the last sublayer, before training, mean of the seeds
    losses: np.ndarray  # (depths, seeds) on fresh texts, after training


class Numbers(NamedTuple):
    """What the figure shows."""

    norm: str
    arms: dict[str, Arm]  # of every norm


def measure(norm: str = LAYER) -> Numbers:
    """Read sizes and final losses from the experiment's result file."""
    return Numbers(norm, {name: _arm(name) for name in NORMS})


def _arm(norm: str) -> Arm:
    every = [arms_of("norm_depth")[f"{norm}, {layers_text(depth)}"] for depth in DEPTHS]
    sizes = [np.mean([run["sizes"][-1] for run in runs]) for runs in every]
    return Arm(np.array(sizes), np.array([[run["end"] for run in runs] for runs in every]))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    name, arm = _NAMES[numbers.norm], numbers.arms[numbers.norm]
    losses = ", ".join(map(loss_text, arm.losses.mean(axis=1)))
    return (
        f"With {name}, {layers_text(DEPTHS[-1])} start with vectors of size {size_text(arm.sizes[-1])}; "
        f"with {', '.join(map(str, DEPTHS))} layers the loss ends at {losses}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Sizes before training and losses after it, by depth: the chosen norm beside LayerNorm and none."""
    figure = sheet(height=262, narrow=narrow, narrow_height=468)
    sizes = place(figure, *((44, 34, 188, 150) if narrow else (44, 38, 216, 170)))
    losses = place(figure, *((44, 264, 188, 150) if narrow else (408, 38, 200, 170)))
    dress(sizes, "size of the vectors, before training", x="layers")
    dress(losses, "loss on fresh texts, after training", x="layers")
    arms = {name: arm for name, arm in numbers.arms.items() if name != BATCH or numbers.norm == BATCH}
    _draw_curves(sizes, numbers.norm, {name: arm.sizes for name, arm in arms.items()}, _SIZES, size_text)
    means = {name: arm.losses.mean(axis=1) for name, arm in arms.items()}
    _draw_curves(losses, numbers.norm, means, _LOSSES, loss_text)
    _draw_seeds(losses, numbers.arms[numbers.norm].losses)
    mark_guessing(losses, np.log10(GUESSING), (1, np.log10(GUESSING) + 0.1), va="bottom")
    for axes, ends, powers in ((sizes, _SIZES, (0, 1, 2, 3)), (losses, _LOSSES, (-1, 0, 1, 2, 3))):
        power_axis(axes, *ends, powers)
        axes.set(xlim=(0.5, DEPTHS[-1]))
        axes.set_xticks(DEPTHS)
    return figure


def _draw_curves(
    axes: Axes, chosen: str, curves: dict[str, np.ndarray], ends: tuple[float, float], text: Callable
) -> None:
    """The chosen norm in colour, the others thin; each is named, with its last number, beside its end."""
    thin: dict[str, Any] = {"color": INK, "linewidth": 1.2, "linestyle": (0, (5, 2))}
    thick: dict[str, Any] = {"color": SHARED_INK, "linewidth": 2.4, "zorder": 3}
    apart = float(np.ptp(np.log10(ends))) * _APART / axes.bbox.height
    at: list[float] = []  # of the names, from the lowest
    for name in sorted(curves, key=lambda name: curves[name][-1]):
        values = curves[name]
        look = thick if name == chosen else thin
        (curve,) = axes.plot(DEPTHS, decades(values, ends[0]), clip_on=False, **look)
        said = [text(value) for value in values]
        say(curve, label=_NAMES[name], x=[str(depth) for depth in DEPTHS], y=said, names=["layers", _NAMES[name]])
        at.append(max(np.log10(values[-1]), at[-1] + apart if at else -np.inf))
        words = f"{said[-1]} {_NAMES[name]}"
        ink, weight = (SHARED_INK, "semibold") if name == chosen else (INK, "normal")
        label(axes, DEPTHS[-1] + 0.4, at[-1], words, ink, weight=weight, va="center_baseline")


def _draw_seeds(axes: Axes, losses: np.ndarray) -> None:
    words = [
        f"{layers_text(depth)}, seed {seed + 1}: loss {loss_text(loss)}"
        for depth, seeds in zip(DEPTHS, losses, strict=True)
        for seed, loss in enumerate(seeds)
    ]
    mark_seeds(axes, DEPTHS, np.log10(losses), words)


norm_by_depth = Explorer(
    __name__,
    caption=(
        "The encoder from the start of the chapter, at five depths. The curve in colour is the chosen norm, its dots "
        "are three seeds, each at the best of seven learning rates."
    ),
    controls={"norm": Choice("norm", stops=NORMS)},
)
