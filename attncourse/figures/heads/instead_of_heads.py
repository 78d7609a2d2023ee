"""Explorer: one head with help beside more heads; every run of the experiment is a dot."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Choice
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.dots import dots
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.results import load_result

TASKS = {"two tokens": "two patterns", "four tokens": "four patterns"}  # and their names in the result file
WHEN = {"400 steps": "early", "1,600 steps": "late"}
_HELP = {"alone": "", "feed-forward": " + feed-forward", "two layers": " × 2 layers"}
_GUESSING = 1 / 16  # of sixteen tokens


class Numbers(NamedTuple):
    """What the figure shows: a row for each kind of model."""

    task: str
    when: str
    rows: tuple[str, ...]
    accuracy: np.ndarray  # (rows, seeds) share of right answers, mean of the questions
    mean: np.ndarray  # (rows,)


def measure(task: str = "two tokens", when: str = "400 steps") -> Numbers:
    """Read the runs from the experiment's result file."""
    arms = {name: arm for name, arm in load_result("instead_of_heads")["arms"].items() if name.startswith(TASKS[task])}
    accuracy = np.array([[np.mean(run[WHEN[when]]) for run in arm["runs"].values()] for arm in arms.values()])
    return Numbers(task, when, tuple(map(in_short, arms)), accuracy, accuracy.mean(axis=-1))


def in_short(arm: str) -> str:
    """The name of an arm in the figure: "1 head + feed-forward"."""
    _, heads, help = arm.split(", ")
    return heads.replace("1 heads", "1 head") + _HELP[help]


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    shares = ", ".join(f"{row} {share:.0%}" for row, share in zip(numbers.rows, numbers.mean, strict=True))
    return f"Asked for {numbers.task}, after {numbers.when}: {shares}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A row for each kind of model, a dot for every seed, and their mean in numbers."""
    figure = sheet(height=324, narrow=narrow, narrow_height=324)
    axes = place(figure, *((148, 30, 144, 252) if narrow else (190, 30, 440, 252)))
    dress(axes, "right answers, each seed a dot")
    for row, (name, seeds, mean) in enumerate(zip(numbers.rows, numbers.accuracy, numbers.mean, strict=True)):
        axes.hlines(row, 0, 1, color=RULE, linewidth=0.8)
        axes.vlines(mean, row - 0.3, row + 0.3, color=INK, linewidth=2.4)
        said = [f"{name}: {seed:.1%} right, one seed" for seed in seeds]
        say(dots(axes, row, seeds, reach=0.2, size=6, row=True, alpha=0.55), words=said)
        label(axes, 1.05, row, f"{mean:.3f}", size=TEXT, va="center_baseline")
    axes.vlines(_GUESSING, -0.5, len(numbers.rows) - 0.5, color=FAINT, linewidth=1, linestyle=(0, (2, 2)))
    label(axes, _GUESSING + 0.015, -0.42, "guessing", FAINT, va="center")
    axes.set(xlim=(0, 1), ylim=(len(numbers.rows) - 0.5, -0.6), xticks=(0, 0.5, 1))
    axes.set_yticks(range(len(numbers.rows)), numbers.rows)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure


instead_of_heads = Explorer(
    __name__,
    caption=(
        "A second head is one way to answer two questions; a feed-forward network or a second layer after a single "
        "head is another. For each number of questions all models have the same number of parameters to 1%; the lines "
        "are means of five seeds."
    ),
    controls={
        "task": Choice("each token must name", stops=tuple(TASKS)),
        "when": Choice("after", stops=tuple(WHEN)),
    },
)
