"""Explorer: a decoder with BatchNorm names random digits, the more of them the fewer sequences share a mean."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import SHARED_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.norms.leaky_norm import GUESSING
from attncourse.figures.norms.marks import mark_guessing, mark_seeds
from attncourse.figures.norms.runs import stored

READINGS = {"as in use": "use", "as in training": "training"}  # control → in the file
SIZES = (1, 2, 4, 8)  # sequences in a batch


class Numbers(NamedTuple):
    """What the figure shows."""

    reading: str
    shares: np.ndarray  # (sizes, seeds) of random digits named right


def measure(reading: str = "as in use") -> Numbers:
    """Read the shares from the experiment's result file."""
    arms = [stored("leaky_norm")["batch_norm"][sequences_text(size)]["runs"].values() for size in SIZES]
    return Numbers(reading, np.array([[run[READINGS[reading]] for run in runs] for runs in arms]))


def sequences_text(size: int) -> str:
    """The size of a batch in words."""
    return f"{size} sequence{'s' * (size > 1)}"


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    shares = ", ".join(map(in_digits, numbers.shares.mean(axis=1)))
    return (
        f"BatchNorm {numbers.reading}: with {', '.join(map(str, SIZES))} sequences in a batch, {shares} of random "
        "digits are named right."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The share of right digits by the size of the batch."""
    figure = sheet(height=216, narrow=narrow, narrow_height=232)
    axes = place(figure, *((40, 34, 216, 146) if narrow else (168, 34, 380, 130)))
    dress(axes, f"share named right, {numbers.reading}", x="sequences in a batch")
    _draw_shares(axes, numbers)
    return figure


def _draw_shares(axes: Axes, numbers: Numbers) -> None:
    """The mean of the seeds as a curve with its numbers, and each seed as a dot."""
    x, means = np.arange(len(SIZES)), numbers.shares.mean(axis=1)
    mark_guessing(axes, GUESSING, (x[-1] + 0.15, GUESSING), va="center_baseline")
    (curve,) = axes.plot(x, means, color=SHARED_INK, linewidth=2.4, clip_on=False)
    said = [in_digits(share) for share in means]
    say(curve, label="share named right", x=[str(size) for size in SIZES], y=said, names=["sequences", "share"])
    words = [
        f"batches of {sequences_text(size)}, seed {seed + 1}: {in_digits(share)} named right"
        for size, shares in zip(SIZES, numbers.shares, strict=True)
        for seed, share in enumerate(shares)
    ]
    mark_seeds(axes, x, numbers.shares, words)
    for at, share, number in zip(x, means, said, strict=True):
        label(axes, at + 0.08, share + 0.08, number, SHARED_INK, weight="semibold", va="bottom")
    axes.set(xlim=(-0.25, x[-1]), ylim=(0, 1), yticks=(0, 0.5, 1))
    axes.set_yticklabels(["0", "0.5", "1"])
    axes.set_xticks(x, [str(size) for size in SIZES])


leak_by_batch = Explorer(
    __name__,
    caption=(
        "The decoder of random digits with BatchNorm. As in training, it reads batches of the size in which it was "
        "trained; as in use, it takes running statistics. The dots are five seeds, and the curve is their mean."
    ),
    controls={"reading": Choice("BatchNorm computes", stops=tuple(READINGS))},
)
