"""Explorer: what a date model writes, reading the correct answer or its own, while it is trained, with three masks."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, KEY, KEY_INK, NUMBER, PAPER, RULE, shade
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.date_readings import answer_of, signs
from attncourse.figures.transformer.ends import name_ends
from attncourse.results import load_result

_MASKS = {"causal": "causal", "none": "no mask", "turned round": "flipped"}  # on the page -> in the file
_STAGES = (50, 100, 200, 400, 800, 1600, 3200)
_WAYS = {"the correct answer": "forced", "its own": "free"}  # what it reads
_LOOKS: dict[str, dict[str, Any]] = {
    "the correct answer": {"color": FAINT, "linewidth": 5},
    "its own": {"color": INK, "linewidth": 2},
}


class Numbers(NamedTuple):
    """What the figure shows; the first axis is that of the ways, reading the correct answer and its own."""

    mask: str
    stage: int  # updates
    wanted: str
    said: tuple[str, str]  # the answer to one text, by the first seed
    stages: np.ndarray  # (stages,)
    whole: np.ndarray  # (2, stages, seeds) share of texts without a mistake


def measure(mask: str = "turned round", stage: int = 3200) -> Numbers:
    """Sum up the runs in the experiment's result file."""
    result = load_result("free_running")
    runs = list(result["runs"][_MASKS[mask]].values())
    said = runs[0][_STAGES.index(stage)]["said"]
    whole = [[[run[i][way]["whole"] for run in runs] for i in range(len(_STAGES))] for way in _WAYS.values()]
    return Numbers(
        mask=mask,
        stage=stage,
        wanted=result["settings"]["example"][1],
        said=(answer_of(signs(said["forced"])), answer_of(signs(said["free"]))),
        stages=np.array(_STAGES),
        whole=np.array(whole),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    forced, free = shares(numbers)
    answer = f"“{numbers.said[1]}”{' (no date)' * (numbers.said[1] == '?')}" if numbers.said[1] else "nothing at all"
    mask = {"causal": "Causal mask", "none": "No mask"}.get(numbers.mask, "Mask turned round")
    return (
        f"{mask}, after {numbers.stage} updates: {forced} of new dates correct if it reads the correct "
        f"answer, {free} if it reads its own, where “June 7th, 2021” becomes {answer}."
    )


def shares(numbers: Numbers) -> list[str]:
    """Of dates without a mistake at this stage, reading the correct answer and its own."""
    return [_percent(share) for share in numbers.whole[:, _STAGES.index(numbers.stage)].mean(axis=1)]


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """What one date becomes both ways; and the shares of right dates over the training."""
    figure = sheet(height=212, narrow=narrow, narrow_height=408)
    paper = board(figure)
    left, top, pitch = 6, 74, 82
    label(paper, 6, 20, f"“June 7th, 2021” after {numbers.stage} updates", size=HEADING, weight="semibold")
    for row, (way, said, share) in enumerate(zip(_WAYS, numbers.said, shares(numbers), strict=True)):
        y = top + pitch * row
        label(paper, left, y - 26, f"writes, reading {way}", size=TEXT, weight="semibold", va="center_baseline")
        _draw_said(paper, numbers.wanted, said, (left, y))
        label(paper, left, y + 28, f"{share} of 500 new dates correct", FAINT, va="center_baseline")
    training = place(figure, *((48, 246, 176, 112) if narrow else (352, 36, 240, 122)))
    dress(training, "dates correct, if it reads", x="updates")
    _draw_training(training, numbers)
    return figure


def _draw_said(paper: Axes, wanted: str, said: str, at: tuple[float, float]) -> None:
    """A box for each character that is due; those that are wrong are filled, those that were not written empty."""
    (left, y), size = at, 25
    if not said:
        box = Rectangle((left, y - 14), size * len(wanted), 28, facecolor=PAPER, edgecolor=RULE, linewidth=0.8)
        say(paper.add_artist(box), words="the first thing written is the end")
        middle = left + size * len(wanted) / 2, y
        label(paper, *middle, "nothing: it ends at once", KEY_INK, ha="center", va="center_baseline")
        return
    boxes = 1 if said == "?" else len(wanted)
    for step, due in enumerate(wanted[:boxes]):
        character = said[step : step + 1]
        wrong = character not in ("", due)
        corner = left + size * step, y - 14
        fill = shade(1, KEY) if wrong else PAPER
        box = Rectangle(corner, size, 28, facecolor=fill, edgecolor=RULE, linewidth=0.8)
        told = f"“{character}”, {'wrong' if wrong else 'right'}" if character else "not written"
        say(paper.add_artist(box), words=f"character {step + 1}: {told}")
        label(paper, corner[0] + size / 2, y, character, NUMBER, size=13, ha="center", va="center_baseline")
    if said == "?":
        wide = size * (len(wanted) - 1)
        rest = Rectangle((left + size, y - 14), wide, 28, facecolor=PAPER, edgecolor=RULE, linewidth=0.8)
        say(paper.add_artist(rest), words="“?” means no date; then it ends")
        label(paper, left + size * 1.5, y, "(no date)", KEY_INK, va="center_baseline")


def _draw_training(axes: Axes, numbers: Numbers) -> None:
    """The mean share both ways, at every stage."""
    x = np.log2(numbers.stages)
    curves = dict(zip(_WAYS, numbers.whole.mean(axis=2), strict=True))
    axes.axvline(np.log2(numbers.stage), color=RULE, linewidth=1.4, zorder=0)
    for name, curve in curves.items():
        axes.plot(x, curve, label=name, clip_on=False, zorder=3, **_LOOKS[name])
        here = curve[_STAGES.index(numbers.stage)]
        axes.plot([np.log2(numbers.stage)], [here], "o", color=INK, markersize=6, clip_on=False, zorder=4)
    axes.set(xlim=(x[0], x[-1]), ylim=(-0.04, 1.06), yticks=(0, 0.5, 1), yticklabels=("0%", "50%", "100%"))
    axes.set_xticks(x[::2], [str(stage) for stage in _STAGES[::2]])
    axes.fmt_xdata, axes.fmt_ydata = lambda power: f"{2**power:.0f}", _percent
    name_ends(axes, {name: (curve[-1], _LOOKS[name]) for name, curve in curves.items()})


def _percent(share: float) -> str:
    return in_digits(float(share), "{:.0%}")


free_running = Explorer(
    __name__,
    caption=(
        "Three models were trained with each mask; lines and shares are their means, the boxes are the first one’s. "
        "On new dates a model reads the correct answer, as in training, or its own, as in use. "
        "“?” is the right answer to a text that is no date."
    ),
    controls={
        "mask": Choice("decoder’s mask", stops=tuple(_MASKS)),
        "stage": Slider("updates", stops=_STAGES, stops_only=True),
    },
)
