"""Explorer: how well the same small encoder learns with each norm, with every run of the experiment as a dot."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import SMALL, place, sheet
from attncourse.drawing.dots import dots
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.norms.runs import BATCHES, NORMS, runs_of


class Loss(NamedTuple):
    """One of the final losses."""

    key: str  # in the result file
    said: str  # in the sentence


LOSSES = {  # as the control names them
    "at inference (running statistics)": Loss("inference", "at inference"),
    "in training mode (batch statistics)": Loss("training", "in training mode"),
    "in training mode, one text at a time": Loss("alone", "of single texts"),
    "at inference, texts of two dates": Loss("longer", "on two dates"),
}
_ENDS = (0.008, 4.0)  # of the axis
_NAMES = ("LayerNorm", "RMSNorm", "BatchNorm,\npadding masked", "BatchNorm,\npadding counted",
          "BatchNorm\nper position", "no norm")  # fmt: skip


class Numbers(NamedTuple):
    """What the figure shows."""

    loss: str
    seeds: np.ndarray  # (batches, norms, seeds); NaN where there are no statistics to read the text with
    mean: np.ndarray  # (batches, norms)


def measure(loss: str = "at inference (running statistics)") -> Numbers:
    """Read the final losses from the experiment's result file."""
    key = LOSSES[loss].key
    every = [[[run["end"][key] for run in runs_of(norm, batch)] for norm in NORMS] for batch in BATCHES]
    seeds = np.array(every, dtype=float)  # None becomes NaN
    return Numbers(loss, seeds, seeds.mean(axis=-1))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    names = ("LayerNorm", "RMSNorm", "BatchNorm masked", "counted", "per position", "none")
    parts = [f"{name} {_pair(mean)}" for name, mean in zip(names, numbers.mean.T, strict=True)]
    return f"Loss {LOSSES[numbers.loss].said}, batches of 4, of 32: {'; '.join(parts)}."


def _pair(means: np.ndarray) -> str:
    return "impossible" if np.isnan(means).any() else ", ".join(f"{mean:#.2g}" for mean in means)


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A row a norm, a panel a batch size; a line down from LayerNorm's mean to compare with."""
    figure = sheet(height=334, narrow=narrow, narrow_height=574)
    panels = [(132, 34, 158, 216), (132, 302, 158, 216)] if narrow else [(134, 38, 232, 240), (440, 38, 232, 240)]
    for number, (batch, box) in enumerate(zip(BATCHES, panels, strict=True)):
        axes = place(figure, *box)
        last = number == len(BATCHES) - 1
        dress(axes, f"trained in batches of {batch}", x="final loss" if last or not narrow else "")
        _draw_rows(axes, numbers.seeds[number], names=narrow or number == 0)
    return figure


def _draw_rows(axes: Axes, every: np.ndarray, names: bool) -> None:
    axes.set_xlim(*np.log10(_ENDS))  # a linear axis of the logarithm: Matplotlib's own takes longer than all the rest
    axes.set_xticks([-2, -1, 0], ["0.01", "0.1", "1"])
    axes.set_ylim(len(NORMS) - 0.5, -0.5)
    axes.set_yticks(range(len(NORMS)), _NAMES if names else [""] * len(NORMS))
    axes.tick_params(axis="y", length=0, pad=8, labelsize=SMALL, labelcolor=INK)
    axes.spines["left"].set_visible(False)
    to_compare = np.log10(every[NORMS.index("LayerNorm")].mean())
    axes.axvline(to_compare, color=FAINT, linewidth=1.2, linestyle=(0, (1, 1.5)))
    for row, seeds in enumerate(every):
        axes.axhline(row + 0.5, color=RULE, linewidth=0.5)
        of_row = axes.get_yaxis_transform()
        if np.isnan(seeds).any():
            label(axes, 0.06, row, "no statistics", FAINT, transform=of_row, va="center_baseline")
            continue
        said = _NAMES[row].replace("\n", " ")
        points = dots(axes, row, np.log10(seeds), reach=0.24, size=3.8, row=True)
        say(points, words=[f"{said}, seed {seed + 1}: loss {loss:#.2g}" for seed, loss in enumerate(seeds)])
        number = f"{seeds.mean():#.2g}"
        (stroke,) = axes.plot([np.log10(seeds.mean())] * 2, [row - 0.34, row + 0.34], color=INK, linewidth=1.6)
        say(stroke, words=f"{said}: mean loss {number} of {len(seeds)} seeds")
        label(axes, 1.03, row, number, transform=of_row, va="center_baseline")


norm_training = Explorer(
    __name__,
    caption="Every seed is a dot; the stroke and the number are their mean, and the dotted line is LayerNorm’s.",
    controls={"loss": Choice("loss", stops=tuple(LOSSES))},
)
