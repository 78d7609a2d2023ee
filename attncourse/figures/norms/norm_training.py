"""Explorer: how well the same small encoder learns with each norm, with every run of the experiment as a dot."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from attncourse.controls import Choice
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import SMALL, place, sheet
from attncourse.drawing.dots import dots
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE
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
    return "impossible" if np.isnan(means).any() else ", ".join(f"{mean:.2g}" for mean in means)


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A row a norm, a panel a batch size; a line down from LayerNorm's mean to compare with."""
    figure = sheet(height=334, narrow=narrow, narrow_height=650)
    panels = [(132, 34, 158, 252), (132, 340, 158, 252)] if narrow else [(134, 38, 232, 240), (440, 38, 232, 240)]
    for number, (batch, box) in enumerate(zip(BATCHES, panels, strict=True)):
        axes = place(figure, *box)
        last = number == len(BATCHES) - 1
        dress(axes, f"trained in batches of {batch}", x="final loss" if last or not narrow else "")
        _draw_rows(axes, numbers.seeds[number], names=narrow or number == 0)
    return figure


def _draw_rows(axes: Axes, every: np.ndarray, names: bool) -> None:
    axes.set_xscale("log")
    axes.set_xlim(*_ENDS)
    axes.set_xticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(len(NORMS) - 0.5, -0.5)
    axes.set_yticks(range(len(NORMS)), _NAMES if names else [""] * len(NORMS))
    axes.tick_params(axis="y", length=0, pad=8, labelsize=SMALL, labelcolor=INK)
    axes.spines["left"].set_visible(False)
    axes.axvline(every[NORMS.index("LayerNorm")].mean(), color=FAINT, linewidth=1.2, linestyle=(0, (1, 1.5)))
    for row, seeds in enumerate(every):
        axes.axhline(row + 0.5, color=RULE, linewidth=0.5)
        of_row = axes.get_yaxis_transform()
        if np.isnan(seeds).any():
            words = "no statistics"
            label(axes, 0.06, row, words, FAINT, transform=of_row, va="center_baseline")
            continue
        dots(axes, row, seeds, reach=0.24, size=3.8, row=True)
        axes.plot([seeds.mean()] * 2, [row - 0.34, row + 0.34], color=INK, linewidth=1.6)
        number = f"{seeds.mean():.2g}"
        label(axes, 1.03, row, number, transform=of_row, va="center_baseline")


norm_training = Explorer(
    __name__,
    caption=(
        "The same encoder after 200 steps with each norm, each at its own best learning rate: every seed a dot, "
        "the stroke and the number their mean. Left: batches of 4 texts, right: of 32."
    ),
    controls={"loss": Choice("loss", stops=tuple(LOSSES))},
)
