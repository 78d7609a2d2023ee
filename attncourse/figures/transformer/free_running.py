"""Explorer: a date model under teacher forcing and running free, at stages of its training, with three masks."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, PAPER, RULE
from attncourse.explorer import Explorer
from attncourse.results import load_result

_MASKS = {"causal": "causal", "none": "no mask", "causal, polarity flipped": "flipped"}  # on the page -> in the file
_STAGES = (50, 100, 200, 400, 800, 1600)
_WAYS = ("forced", "free")
_FACES = {"forced": PAPER, "free": INK}
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
    figure = sheet(height=286, narrow=narrow, narrow_height=560)
    by_step = place(figure, *((40, 38, 236, 186) if narrow else (44, 38, 280, 192)))
    training = place(figure, *((40, 314, 212, 190) if narrow else (446, 38, 180, 192)))
    dress(by_step, f"right characters after {numbers.stage} steps", x="character of the answer")
    x, (forced, free) = np.arange(len(_STEPS)), numbers.by_step
    by_step.vlines(x, free, forced, color=FAINT, linewidth=1.4)
    for way, shares in zip(_WAYS, numbers.by_step, strict=True):
        by_step.plot(x, shares, "o", color=INK, markerfacecolor=_FACES[way], markersize=6, clip_on=False)
    by_step.set(xlim=(-0.4, 10.2), ylim=(-0.04, 1.06), yticks=(0, 0.5, 1))
    by_step.set_xticks(x, _STEPS)
    by_step.tick_params(axis="x", length=0)
    _name(by_step, 10.6, [(way, INK, shares[-1]) for way, shares in zip(_WAYS, numbers.by_step, strict=True)])
    dress(training, "over the training", x="step")
    _draw_training(training, numbers)
    return figure


def _draw_training(axes: Axes, numbers: Numbers) -> None:
    x, whole = np.log2(numbers.stages), numbers.whole[1].mean(axis=1)
    axes.axvline(np.log2(numbers.stage), color=RULE, linewidth=1.4, zorder=0)
    axes.plot(x, whole, color=FAINT, linewidth=2)
    ends = [("dates", FAINT, whole[-1])]
    for way, shares in zip(_WAYS, numbers.characters.mean(axis=2), strict=True):
        axes.plot(x, shares, "o-", color=INK, markerfacecolor=_FACES[way], linewidth=1.4, markersize=5, clip_on=False)
        ends.append((way, INK, shares[-1]))
    axes.set(xlim=(x[0], x[-1]), ylim=(-0.04, 1.06), yticks=(0, 0.5, 1))
    axes.set_xticks(x[::2], [str(stage) for stage in _STAGES[::2]])
    _name(axes, x[-1] + 0.25, ends)


def _name(axes: Axes, x: float, ends: list[tuple[str, str, float]]) -> None:
    """Names at the curves' right ends, below each other where these meet."""
    height = 2.0
    for name, colour, share in sorted(ends, key=lambda end: (-end[2], end[0])):
        height = min(share, height - 0.1)
        label(axes, x, height, name, colour, va="center")


free_running = Explorer(
    __name__,
    caption=(
        "A small date model on days that it never saw. Forced, open: the decoder reads the right characters. "
        "Free, filled: it reads what it has said. "
        "Grey: dates without a mistake. Means of three seeds."
    ),
    controls={
        "mask": Choice("mask in training and test", stops=tuple(_MASKS)),
        "stage": Slider("steps of training", stops=_STAGES, log=True),
    },
)
