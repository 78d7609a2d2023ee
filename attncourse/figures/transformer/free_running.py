"""Explorer: a date model under teacher forcing and running free, at stages of its training, with three masks."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.palette import FAINT, INK, PAPER, RULE, VALUE_INK
from attncourse.explorer import Explorer
from attncourse.figures.transformer.ends import name_ends
from attncourse.results import load_result

_MASKS = {"causal": "causal", "none": "no mask", "causal, polarity flipped": "flipped"}  # on the page -> in the file
_STAGES = (50, 100, 200, 400, 800, 1600)
_WAYS = ("forced", "free")
_LOOKS: dict[str, dict[str, Any]] = {
    "forced": {"color": INK, "marker": "o", "markersize": 5, "markerfacecolor": PAPER, "linewidth": 1.4},
    "free": {"color": INK, "marker": "o", "markersize": 5, "linewidth": 1.4},
    "whole dates": {"color": VALUE_INK, "linewidth": 2.4},
}
_STEPS = [*"yyyy-mm-dd", "end"]  # what is to be said at each step


class Numbers(NamedTuple):
    """What the figure shows; the first axis is that of the ways, teacher forcing and running free."""

    mask: str
    stage: int  # steps of training
    by_step: np.ndarray  # (2, steps) share of right characters, mean of the seeds
    stages: np.ndarray  # (stages,)
    characters: np.ndarray  # (2, stages, seeds) share of right characters
    whole: np.ndarray  # (2, stages, seeds) share of texts without a mistake


def measure(mask: str = "causal", stage: int = 200) -> Numbers:
    """Sum up the runs in the experiment's result file."""
    runs = list(load_result("free_running")["runs"][_MASKS[mask]].values())

    def collect(what: str) -> np.ndarray:  # (2, stages, seeds, ...)
        return np.array([[[run[i][way][what] for run in runs] for i in range(len(_STAGES))] for way in _WAYS])

    return Numbers(
        mask=mask,
        stage=stage,
        by_step=collect("by_step")[:, _STAGES.index(stage)].mean(axis=1),
        stages=np.array(_STAGES),
        characters=collect("characters"),
        whole=collect("whole"),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    at = _STAGES.index(numbers.stage)
    shares = *numbers.characters[:, at].mean(axis=1), numbers.whole[1, at].mean()
    forced, free, whole = (in_digits(share, "{:.0%}") for share in shares)
    return (
        f"Mask: {numbers.mask}, after {numbers.stage} steps: {forced} of characters right under teacher forcing, "
        f"{free} running free; {whole} of dates wholly right."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Right characters by their place at the chosen stage; then over the training, with the whole dates."""
    figure = sheet(height=286, narrow=narrow, narrow_height=536)
    by_step = place(figure, *((46, 38, 206, 176) if narrow else (46, 38, 250, 192)))
    training = place(figure, *((46, 302, 174, 178) if narrow else (440, 38, 158, 192)))
    dress(by_step, f"right characters after {numbers.stage} steps", x="character of the answer")
    _draw_steps(by_step, numbers)
    dress(training, "right over the training", x="steps of training")
    _draw_training(training, numbers)
    return figure


def _draw_steps(axes: Axes, numbers: Numbers) -> None:
    """Both shares of every character, joined."""
    x, (forced, free) = np.arange(len(_STEPS)), numbers.by_step
    axes.vlines(x, free, forced, color=FAINT, linewidth=1.4)
    for way, shares in zip(_WAYS, numbers.by_step, strict=True):
        axes.plot(x, shares, label=way, clip_on=False, **_LOOKS[way] | {"linestyle": "none", "markersize": 6.5})
    axes.set(xlim=(-0.4, 10.2), ylim=(-0.04, 1.06), yticks=(0, 0.5, 1), yticklabels=("0%", "50%", "100%"))
    axes.set_xticks(x, _STEPS)
    axes.tick_params(axis="x", length=0)
    axes.fmt_xdata = lambda step: f"{round(step) + 1}, {_STEPS[round(step)]}"
    axes.fmt_ydata = _percent
    ends = zip(_WAYS, numbers.by_step[:, -1], strict=True)
    name_ends(axes, {way: (share, _LOOKS[way] | {"linestyle": "none"}) for way, share in ends}, samples=True)


def _draw_training(axes: Axes, numbers: Numbers) -> None:
    """Mean shares of right characters both ways, and of dates that are wholly right."""
    x, whole = np.log2(numbers.stages), numbers.whole[1].mean(axis=1)
    curves = dict(zip(_WAYS, numbers.characters.mean(axis=2), strict=True)) | {"whole dates": whole}
    axes.axvline(np.log2(numbers.stage), color=RULE, linewidth=1.4, zorder=0)
    for name, shares in curves.items():
        axes.plot(x, shares, label=name, clip_on=False, zorder=3, **_LOOKS[name])
    axes.set(xlim=(x[0], x[-1]), ylim=(-0.04, 1.06), yticks=(0, 0.5, 1), yticklabels=("0%", "50%", "100%"))
    axes.set_xticks(x[::2], [str(stage) for stage in _STAGES[::2]])
    axes.fmt_xdata, axes.fmt_ydata = lambda power: f"{2**power:.0f}", _percent
    name_ends(axes, {name: (shares[-1], _LOOKS[name]) for name, shares in curves.items()}, samples=True)


def _percent(share: float) -> str:
    return in_digits(float(share), "{:.0%}")


free_running = Explorer(
    __name__,
    caption=(
        "Reading the right characters (forced), the decoder is right more often than reading what it has said itself "
        "(free); without the causal mask only the forced one learns. A small date model on days that it never saw; "
        "means of three seeds."
    ),
    controls={
        "mask": Choice("mask in training and test", stops=tuple(_MASKS)),
        "stage": Slider("steps of training", stops=_STAGES, stops_only=True),
    },
)
