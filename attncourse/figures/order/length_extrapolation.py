"""Explorer: models trained on twelve tokens read longer sequences, from the experiment's stored runs."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE
from attncourse.explorer import Explorer
from attncourse.figures.order.runs import ARMS, BAND, runs_of

_TRAINED = 12  # tokens
_TICKS = (12, 16, 24, 32, 48)
_NAMED = ("rotary", "sinusoidal", "sinusoidal × 10", "none")  # drawn in every state, to compare with
_SHORT = {"index in [0, 1] and its square": "[0, 1], square"}  # beside a curve's end


class Numbers(NamedTuple):
    """What the figure shows: share of right answers to "which token was before this one?"."""

    arm: str
    lengths: np.ndarray  # (lengths,) tokens of a sequence
    medians: np.ndarray  # (arms, lengths) of the seeds; NaN where the model cannot read such a sequence
    spread: np.ndarray  # (2, lengths) of the chosen arm: smallest and largest of the seeds
    seen_places: (
        np.ndarray
    )  # (lengths,) share of a model that is right at the places it was trained at, and nowhere else


def measure(arm: str = "sinusoidal") -> Numbers:
    """Sum up the runs of the first task in the experiment's result file."""
    every = runs_of("previous")
    lengths = np.array([int(seq) for seq in every["none"][0]["accuracy"]])
    right = np.array([[list(run["accuracy"].values()) for run in runs] for runs in every.values()], dtype=float)
    chosen = right[ARMS.index(arm)]
    return Numbers(
        arm=arm,
        lengths=lengths,
        medians=np.median(right, axis=1),
        spread=np.array([chosen.min(axis=0), chosen.max(axis=0)]),
        seen_places=(_TRAINED - 1) / (lengths - 1),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    medians = numbers.medians[ARMS.index(numbers.arm)]
    right = {seq: in_digits(share, "{:.1%}") for seq, share in zip(numbers.lengths.tolist(), medians, strict=True)}
    name = numbers.arm[0].upper() + numbers.arm[1:]
    if np.isnan(medians[-1]):
        return f"{name}: {right[_TRAINED]} right at 12 tokens; the table has no vector for a 13th position."
    return (
        f"{name}: {right[_TRAINED]} right at 12 tokens, {right[16]} at 16, "
        f"{right[24]} at 24 and {right[48]} at 48 (medians of five seeds)."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Accuracy by length: the chosen arm before four others, and what the places of the training alone would give."""
    figure = sheet(height=300, narrow=narrow, narrow_height=330)
    axes = place(figure, *((40, 36, 200, 238) if narrow else (46, 36, 562, 210)))
    title = "right answers: the token before" if narrow else "right answers: which token was before this one?"
    dress(axes, title, x="tokens (12 in training)")
    x, median = np.log2(numbers.lengths), numbers.medians[ARMS.index(numbers.arm)]
    axes.set_xlim(np.log2(11.6), x[-1])
    axes.set_xticks(np.log2(_TICKS), [str(seq) for seq in _TICKS])
    axes.set(ylim=(0, 1.15), yticks=(0, 0.5, 1))
    axes.fmt_xdata, axes.fmt_ydata = lambda x: f"{2**x:.0f}", lambda share: in_digits(share, "{:.1%}")
    for arm in _NAMED:
        axes.plot(x, numbers.medians[ARMS.index(arm)], color=RULE, linewidth=1.2, label=arm)
    axes.plot(x, numbers.seen_places, color=FAINT, linewidth=1.6, linestyle=(0, (4, 2)), label="known places only")
    axes.axvline(x[0], color=INK, linewidth=1)
    axes.fill_between(x, *numbers.spread, color=BAND, linewidth=0)
    known = ~np.isnan(median)
    axes.plot(x[known], median[known], "o", color=INK, markersize=5, clip_on=False)
    axes.plot(x[known], median[known], color=INK, linewidth=2.4, label=numbers.arm)
    _name_curves(axes, numbers, x[-1] + (0.09 if narrow else 0.05))
    return figure


def _name_curves(axes: Axes, numbers: Numbers, x: float) -> None:
    """Each at its curve's right end, and not on the name below; the chosen one is bold."""
    ends = {arm: numbers.medians[ARMS.index(arm), -1] for arm in (*_NAMED, numbers.arm)}
    ends["known places"] = numbers.seen_places[-1]
    if np.isnan(ends[numbers.arm]):
        del ends[numbers.arm]
        start = np.log2(_TRAINED) + 0.04
        label(axes, start, 1.08, f"{numbers.arm}: ends here", weight="semibold", va="center_baseline")
    height = -1.0
    for arm, end in sorted(ends.items(), key=lambda pair: pair[1]):
        height = max(end, height + 0.08)
        ink, weight = (INK, "semibold") if arm == numbers.arm else (FAINT, "normal")
        label(axes, x, height, _SHORT.get(arm, arm), ink, weight=weight, va="center_baseline")


length_extrapolation = Explorer(
    __name__,
    caption=(
        "Trained on twelve tokens to name the previous one, then read longer sequences: no way stays right for long. "
        "Thick is the chosen way, with all five seeds in the band; dashed is a model that is right at the twelve "
        "places of the training, and nowhere else."
    ),
    controls={"arm": Choice("order told by", stops=ARMS)},
)
