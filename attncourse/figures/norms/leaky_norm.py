"""Explorer: a decoder with a correct causal mask names random digits, if its norm averages along the sequence."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import matrix
from attncourse.drawing.palette import PAPER, SHARED, SHARED_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.norms.marks import mark_guessing
from attncourse.figures.norms.runs import arms_of, stored

AXES = {"each token’s features": "features", "each feature along the sequence": "sequence"}  # control → in the file
READINGS = {"all digits at once, masked": "training", "one by one, as in use": "use"}
STEPS = (0, 25, 50, 100, 200, 400)
GUESSING = 0.1  # ten digits, equally likely


class Numbers(NamedTuple):
    """What the figure shows."""

    axis: str
    reading: str
    step: int
    example: str  # the digits that are read
    chances: np.ndarray  # (digits − 1,) probability given to each next digit of the example, seed 1
    curve: np.ndarray  # (steps,) share of right digits, mean of the seeds
    share: float  # the curve at the chosen step


def measure(
    axis: str = "each token’s features", reading: str = "all digits at once, masked", step: float = 400
) -> Numbers:
    """Look up one stage of one arm in the experiment's result file."""
    runs, mode = arms_of("leaky_norm")[AXES[axis]], READINGS[reading]
    at, curve = STEPS.index(int(step)), np.mean([run[mode] for run in runs], axis=0)
    chances = np.array(runs[0][f"example_{mode}"][at])
    return Numbers(
        axis, reading, int(step), stored("leaky_norm")["settings"]["example"], chances, curve, float(curve[at])
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    return (
        f"Mean over {numbers.axis}, {numbers.step} steps of training, reading {numbers.reading}: "
        f"{in_digits(numbers.share)} of random digits are named right."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The chance given to each digit of one sequence; below it the share of right digits over the training."""
    figure = sheet(height=286, narrow=narrow, narrow_height=334)
    paper = board(figure)
    _draw_example(paper, numbers, narrow)
    curve = place(figure, *((40, 172, 226, 112) if narrow else (168, 132, 420, 106)))
    dress(curve, "share of random digits named right", x="step of training, not to scale")
    _draw_curve(curve, numbers)
    return figure


def _draw_example(paper: Axes, numbers: Numbers, narrow: bool) -> None:
    """The digits in a row; under each but the first, the chance that the model gave to it before."""
    left, top, cell = (40, 50, (37, 28)) if narrow else (168, 26, (56, 28))
    at_once = READINGS[numbers.reading] == "training"
    rows = ("digits, all at once" if at_once else "digits, one by one", "chance of the right digit")
    for name, y in zip(rows, (24, 118) if narrow else (top, top + 40), strict=True):
        label(paper, 8, y, name, va="center_baseline", size=TEXT)
    for at, digit in enumerate(numbers.example):
        middle = left + (at + 0.5) * cell[0]
        label(paper, middle, top, digit, size=HEADING, weight="semibold", ha="center", va="center_baseline")
    given = [f"{numbers.example[i + 1]}, after {numbers.example[: i + 1]}" for i in range(len(numbers.chances))]
    matrix(
        paper, left + cell[0], top + (16 if narrow else 26), cell, numbers.chances[None], SHARED, 1, form="{:.2f}",
        tell=lambda _, j: {"words": f"chance {in_digits(float(numbers.chances[j]))} given to {given[j]}"},
    )  # fmt: skip


def _draw_curve(axes: Axes, numbers: Numbers) -> None:
    x = np.arange(len(STEPS))
    mark_guessing(axes, GUESSING, (x[-1] + 0.2, GUESSING), va="center_baseline")
    (curve,) = axes.plot(x, numbers.curve, color=SHARED_INK, linewidth=2.4, clip_on=False)
    said = [in_digits(share) for share in numbers.curve]
    say(curve, label="share named right", x=[str(step) for step in STEPS], y=said, names=["step", "share"])
    here = STEPS.index(numbers.step), numbers.share
    (dot,) = axes.plot(*here, "o", color=SHARED_INK, markeredgecolor=PAPER, markersize=9, clip_on=False)
    say(dot, words=f"step {numbers.step}: {in_digits(numbers.share)} named right")
    above = numbers.share < 0.5
    label(axes, here[0], here[1] + (0.12 if above else -0.14), in_digits(numbers.share), SHARED_INK, weight="semibold",
          ha="center", va="bottom" if above else "top")  # fmt: skip
    axes.set(xlim=(0, x[-1]), ylim=(0, 1), yticks=(0, 0.5, 1))
    axes.set_yticklabels(["0", "0.5", "1"])
    axes.set_xticks(x, [str(step) for step in STEPS])


leaky_norm = Explorer(
    __name__,
    caption=(
        "The digits are random, so a decoder that sees no later digit can do no better than guessing (0.10 to 0.11). "
        "It has one layer. Five seeds, 500 fresh sequences each; the example is read by the first."
    ),
    controls={
        "axis": Choice("the norm’s mean is over", stops=tuple(AXES)),
        "reading": Choice("the model reads", stops=tuple(READINGS)),
        "step": Slider("steps of training", stops=STEPS, stops_only=True),
    },
)
