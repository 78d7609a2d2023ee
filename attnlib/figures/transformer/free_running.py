"""Explorer: a date model under teacher forcing and running free, at stages of its training, with three masks."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnlib.course.controls import Choice, Slider
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import SMALL, TEXT, dress, place, sheet
from attnlib.figures.palette import FAINT, INK, RULE

RESULT = Path(__file__).parents[3] / "experiments" / "free_running.json"
_MASKS = {"causal": "causal", "none": "no mask", "causal, polarity flipped": "flipped"}  # on the page -> in the file
_STAGES = (50, 100, 200, 400, 800, 1600)
_WAYS = ("forced", "free")
_NAMES = {"forced": "forced", "free": "free"}
_DASHES = {"forced": (0, (4, 1.6)), "free": "solid"}
_STEPS = [*"yyyy-mm-dd", "■"]  # what is to be said at each step; a square for the end


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
    runs = list(json.loads(RESULT.read_text("utf-8"))["runs"][_MASKS[mask]].values())

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
    forced, free = numbers.characters[:, at].mean(axis=1)
    whole = numbers.whole[1, at].mean()
    return (
        f"Mask: {numbers.mask}, after {numbers.stage} steps: {forced:.0%} of characters right under teacher forcing, "
        f"{free:.0%} running free; {whole:.0%} of dates wholly right."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Right characters by their place at the chosen stage; then over the training, with the whole dates."""
    figure = sheet(height=300, narrow=narrow, narrow_height=580)
    by_step = place(figure, *((40, 38, 250, 190) if narrow else (44, 38, 280, 200)))
    training = place(figure, *((40, 316, 224, 200) if narrow else (440, 38, 190, 200)))
    dress(by_step, f"right characters after {numbers.stage} steps", x="character of the answer")
    x = np.arange(len(_STEPS))
    low = -1.0
    for way, shares in sorted(zip(_WAYS, numbers.by_step, strict=True), key=lambda pair: pair[1][-1]):
        by_step.plot(x, shares, "o", color=INK, linewidth=2, linestyle=_DASHES[way], markersize=4, clip_on=False)
        low = max(shares[-1], low + 0.1)
        by_step.text(10.4, low, _NAMES[way], va="center", fontsize=TEXT, color=INK)
    by_step.set(xlim=(0, 10), ylim=(0, 1), yticks=(0, 0.5, 1))
    by_step.set_xticks(x, _STEPS)
    dress(training, "over the training", x="step")
    _draw_training(training, numbers)
    return figure


def _draw_training(axes: Axes, numbers: Numbers) -> None:
    x = np.log2(numbers.stages)
    curves = [("whole dates", numbers.whole[1], FAINT, "solid")]
    curves += [(_NAMES[way], numbers.characters[i], INK, _DASHES[way]) for i, way in enumerate(_WAYS)]
    low = -1.0
    for name, shares, colour, dashes in sorted(curves, key=lambda curve: curve[1][-1].mean()):
        axes.plot(x, shares.mean(axis=1), color=colour, linewidth=2, linestyle=dashes)
        low = max(shares[-1].mean(), low + 0.1)
        axes.text(x[-1] + 0.12, low, name, va="center", fontsize=SMALL, color=colour)
    axes.axvline(np.log2(numbers.stage), color=RULE, linewidth=1.4, zorder=0)
    axes.set(xlim=(x[0], x[-1]), ylim=(0, 1), yticks=(0, 0.5, 1))
    axes.set_xticks(x[::2], [str(stage) for stage in _STAGES[::2]])


free_running = Explorer(
    name="free-running",
    source="attnlib.figures.transformer.free_running:free_running",
    caption=(
        "A small date model on days that it never saw. Forced: the decoder reads the right characters before each one. "
        "Free: it reads what it has said. Means of three seeds."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "mask": Choice("mask in training and test", stops=tuple(_MASKS), default="causal"),
        "stage": Slider("steps of training", stops=_STAGES, default=200, log=True),
    },
)
