"""Explorer: accuracy against the number of heads, with every run of the experiment as a dot."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Choice
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import SMALL, TEXT, place, sheet
from attncourse.drawing.dots import dots
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.results import load_result

_TWO, _ONE, _WHY = "two tokens", "one token", "32 heads on two tokens: what is missing?"
_TASKS = {_TWO: "two patterns", _ONE: "one pattern"}  # and their names in the result file
_CHANGES = {  # the arms of the third choice, in words for a narrow column
    "two patterns, 32 heads": "as\nthey are",
    "two patterns, 32 heads, 4 × steps": "4 × the\nsteps",
    "two patterns, 32 heads, d_k 1, d_v 2": "wider\nvalues",
    "two patterns, 32 heads, d_k 2, d_v 1": "wider\nq and k",
    "two patterns, 32 heads, d_k 2, d_v 2": "both\nwider",
}
_GUESSING = 1 / 16  # of sixteen tokens


class Numbers(NamedTuple):
    """What the figure shows: a column for each kind of run."""

    runs: str
    columns: tuple[str, ...]  # what is said below each
    accuracy: tuple[np.ndarray, ...]  # (seeds,) each: share of right answers, mean of the questions
    mean: np.ndarray  # (columns,)


def measure(runs: str = _TWO) -> Numbers:
    """Read the runs from the experiment's result file."""
    result = load_result("heads")
    names = dict(_CHANGES)
    if runs != _WHY:
        names = {f"{_TASKS[runs]}, {num_heads} heads": str(num_heads) for num_heads in result["settings"]["heads"]}
    arms = [result["arms"][name]["runs"].values() for name in names]
    accuracy = tuple(np.array([np.mean(run["accuracy"]) for run in arm]) for arm in arms)
    return Numbers(runs, tuple(names.values()), accuracy, np.array([seeds.mean() for seeds in accuracy]))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    mean, columns = numbers.mean, numbers.columns
    if numbers.runs == _WHY:
        before, longer, values, scores, both = mean
        return (
            f"32 heads of width 1 give {before:.1%} right answers, {longer:.1%} with four times the steps; width 2 for "
            f"values {values:.1%}, for queries and keys {scores:.1%}, for both {both:.1%}."
        )
    shares = ", ".join(f"{share:.1%} with {heads}" for heads, share in zip(columns, mean, strict=True))
    return f"Right answers on {numbers.runs}, on average: {shares} heads."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A dot for every seed, and the mean of each column."""
    figure = sheet(height=300, narrow=narrow, narrow_height=330)
    axes = place(figure, *((42, 40, 292, 206) if narrow else (46, 40, 660, 182)))
    why = numbers.runs == _WHY
    dress(axes, "right answers, each seed a dot" if narrow else "right answers on fresh sequences, each seed a dot")
    x = np.arange(len(numbers.columns))
    for column, seeds in enumerate(numbers.accuracy):
        share, who = numbers.mean[column], numbers.columns[column].replace("\n", " ")
        who = who if why else f"{who} head{'s' * (who != '1')}"
        seen = dots(axes, column, seeds, reach=0.16, size=5, alpha=0.55)
        say(seen, words=[f"{who}: {seed:.1%} right, one seed" for seed in seeds])
        height, va = (seeds.min() - 0.05, "top") if share > 0.3 else (seeds.max() + 0.05, "bottom")
        label(axes, column, height, f"{share:.3f}", size=TEXT, ha="center", va=va)
    axes.hlines(numbers.mean, x - 0.24, x + 0.24, color=INK, linewidth=2)
    axes.set(xlim=(-0.5, len(x) - 0.5), ylim=(0, 1.04), yticks=(0, 0.5, 1))
    axes.set_xticks(x, numbers.columns)
    axes.tick_params(axis="x", length=0)
    axes.axhline(_GUESSING, color=FAINT, linewidth=1, linestyle=(0, (2, 2)))
    label(axes, len(x) - 0.5, _GUESSING + 0.02, "guessing", FAINT, ha="right", va="bottom")
    if not why:
        width = [32 // int(heads) for heads in numbers.columns]
        axes.set_xticks(x, [f"{heads}\n{each}" for heads, each in zip(numbers.columns, width, strict=True)])
        axes.set_xlabel("number of heads, and below it the width of each", fontsize=SMALL, color=INK)
    return figure


heads_accuracy = Explorer(
    __name__,
    caption=(
        "Asked for the tokens before and after, two heads are enough and one is not; asked for the token before, one "
        "is enough; very narrow heads do worse on both. One layer with d_model = 32, equal parameters and nothing "
        "after it, each number of heads at its own best learning rate; wider means width 2 instead of 1, with more "
        "parameters."
    ),
    controls={"runs": Choice("runs", stops=(_TWO, _ONE, _WHY))},
)
