"""Explorer: a decoder with BatchNorm names random digits, the more of them the fewer sequences share a mean."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, SHARED_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.norms.marks import mark_seeds
from attncourse.figures.norms.runs import stored

SIZES = (1, 2, 4, 8)  # sequences in a batch


class Numbers(NamedTuple):
    """What the figure shows."""

    size: int  # the largest batch that is shown
    shares: np.ndarray  # (sizes shown, seeds) of random digits named right, as in training
    in_use: np.ndarray  # (sizes,) the same as in use, mean of the seeds; of every size


def measure(size: float = 1) -> Numbers:
    """Read the shares from the experiment's result file."""
    arms = [stored("leaky_norm")["batch_norm"][sequences_text(each)]["runs"].values() for each in SIZES]
    use, shares = (np.array([[run[mode] for run in runs] for runs in arms]) for mode in ("use", "training"))
    return Numbers(int(size), shares[: SIZES.index(int(size)) + 1], use.mean(axis=1))


def sequences_text(size: int) -> str:
    """The size of a batch in words."""
    return f"{size} sequence{'s' * (size > 1)}"


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    means = numbers.shares.mean(axis=1)
    shares = f"the share of random digits named right is {', then '.join(map(in_digits, means))}"
    sizes = ", ".join(map(str, SIZES[: len(means)]))
    return (
        f"BatchNorm as in training: with {sizes} sequence{'s' * (len(means) > 1)} in a batch, {shares}; "
        f"as in use, {in_digits(numbers.in_use.mean())}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The share of right digits by the size of the batch."""
    figure = sheet(height=216, narrow=narrow, narrow_height=232)
    axes = place(figure, *((40, 34, 216, 146) if narrow else (168, 34, 380, 130)))
    dress(axes, "share of random digits named right", x="sequences in a batch")
    _draw_use(axes, numbers.in_use)
    _draw_training(axes, numbers.shares)
    axes.set(xlim=(-0.25, len(SIZES) - 1), ylim=(0, 1), yticks=(0, 0.5, 1))
    axes.set_yticklabels(["0", "0.5", "1"])
    axes.set_xticks(np.arange(len(SIZES)), [str(size) for size in SIZES])
    return figure


def _draw_use(axes: Axes, means: np.ndarray) -> None:
    """What is named right in use, dotted, for comparison."""
    x = np.arange(len(SIZES))
    (curve,) = axes.plot(x, means, color=FAINT, linewidth=1.6, linestyle=(0, (1, 1.5)), clip_on=False)
    _say_means(curve, "named right in use", means)
    label(axes, x[-1] + 0.22, means[-1], f"in use {in_digits(means[-1])}", FAINT, va="center_baseline")


def _draw_training(axes: Axes, shares: np.ndarray) -> None:
    """The mean of the seeds as a curve with its numbers, and each seed as a dot."""
    x, means = np.arange(len(shares)), shares.mean(axis=1)
    (curve,) = axes.plot(x, means, color=SHARED_INK, linewidth=2.4, clip_on=False)
    axes.plot(x, means, "_", color=SHARED_INK, markersize=14, markeredgewidth=2.4, clip_on=False)
    _say_means(curve, "named right as in training", means)
    words = [
        f"batches of {sequences_text(size)}, seed {seed + 1}: {in_digits(share)} named right"
        for size, group in zip(SIZES[: len(shares)], shares, strict=True)
        for seed, share in enumerate(group)
    ]
    mark_seeds(axes, x, shares, words)
    for at, share in zip(x, means, strict=True):
        above = 0.08 if share < 0.5 else 0  # low ones must not touch what is said of use
        label(axes, at + 0.14, share + above, in_digits(share), SHARED_INK, weight="semibold", va="bottom")


def _say_means(curve: Line2D, name: str, means: np.ndarray) -> None:
    said = [in_digits(share) for share in means]
    say(curve, label=name, x=[str(size) for size in SIZES[: len(means)]], y=said, names=["sequences", "share"])


leak_by_batch = Explorer(
    __name__,
    caption=(
        "The decoder of random digits with BatchNorm. Violet: with the batch’s own means, as in training, reading as "
        "many sequences at a time as it learned from; dots are five seeds, and a stroke is their average. Dotted: "
        "with stored means, as in use."
    ),
    controls={"size": Slider("sequences in a batch", stops=SIZES, stops_only=True)},
)
