"""Explorer: what the decoder reads and what it must predict, one place apart; and what a step may look at."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from attncourse.controls import Choice, Slider
from attncourse.drawing.board import board
from attncourse.drawing.canvas import SMALL, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import (
    FAINT,
    INK,
    KEY,
    KEY_INK,
    NUMBER,
    PAPER,
    RULE,
    VALUE,
    VALUE_INK,
    WEIGHT,
    Shade,
    shade,
)
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import causal_mask

ANSWER = "2021-06-07"
READ, WANTED = ("▷", *ANSWER), (*ANSWER, "end")
STEPS = len(READ)
MASKS = ("causal", "none", "turned round")
WHEN = ("in training", "in use")  # in use nothing after the step is written yet
_BOX = 28  # CSS pixels, height


class Numbers(NamedTuple):
    """What the figure shows."""

    mask: str
    when: str
    step: int  # counted from 1
    seen: np.ndarray  # (STEPS,) boolean: which characters of the input the step may look at
    in_sight: bool  # whether the character to predict is among them, at its own place
    written: int  # how many characters of the input there are


def measure(mask: str = "causal", when: str = "in training", step: int = 6) -> Numbers:
    """One row of the mask; the answer of a step is the input of the next."""
    written = STEPS if when == "in training" else step
    past = causal_mask(STEPS, STEPS)
    seen = {"causal": past, "none": np.ones_like(past), "turned round": ~past}[mask][step - 1]
    seen = seen & (np.arange(STEPS) < written)
    return Numbers(mask, when, step, seen, bool(step < STEPS and seen[step]), written)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    wanted = WANTED[numbers.step - 1]
    seen = "".join(character for character, may in zip(READ, numbers.seen, strict=True) if may)
    if numbers.step == STEPS:
        where = "the end stands nowhere in the input"
    elif numbers.in_sight:
        where = "its answer is in sight, at the next place"
    elif numbers.written == numbers.step:
        where = "its answer is not written yet"
    else:
        where = "its answer, at the next place, is hidden"
    look = f"may look at {seen}" if seen else "may look at nothing"
    said = f"“{wanted}”" if numbers.step < STEPS else "the end"
    return f"Mask: {numbers.mask}, {numbers.when}. Step {numbers.step} must predict {said} and {look}: {where}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The input below, the targets above it; lines from what a step may look at to what it must predict."""
    figure = sheet(height=232, narrow=narrow, narrow_height=246)
    paper = board(figure)
    left, pitch = (10, 29.5) if narrow else (140, 50.5)
    x = left + pitch * (np.arange(STEPS) + 0.5)
    above, below = (62, 178) if narrow else (48, 164)
    half = pitch / 2 - 2
    for y, words in ((above, "must predict"), (below, "reads")):
        place = (left, y - 24) if narrow and y == above else (left, y + 30) if narrow else (left - 16, y)
        label(
            paper, *place, words, size=TEXT, weight="semibold", ha="left" if narrow else "right", va="center_baseline"
        )
    _draw_shift(paper, numbers, x, (above, below))
    _draw_sight(paper, numbers, x, (above, below))
    for step in range(STEPS):
        if step < numbers.step or numbers.written == STEPS:
            _draw_wanted(paper, numbers, step, (x[step], above), half)
    for step in range(numbers.written):
        _draw_read(paper, numbers, step, (x[step], below), half)
    _draw_verdict(paper, numbers, x, below + (44 if narrow else 42))
    return figure


def _draw_shift(paper: Axes, numbers: Numbers, x: np.ndarray, rows: tuple[float, float]) -> None:
    """Every answer is the next character that is read."""
    above, below = rows
    for step in range(numbers.written - 1):
        ends = [x[step], x[step + 1]], [above + _BOX / 2, below - _BOX / 2]
        line = Line2D(*ends, color=RULE, linewidth=1.2, linestyle=(0, (2, 2)), zorder=0)
        words = f"what step {step + 1} must predict, “{WANTED[step]}”, is what step {step + 2} reads last"
        say(paper.add_artist(line), words=words, of=f"shift-{step}")


def _draw_sight(paper: Axes, numbers: Numbers, x: np.ndarray, rows: tuple[float, float]) -> None:
    """A line from every character that the step may look at; to its own answer in another colour."""
    above, below = rows
    here = numbers.step - 1
    for place in np.flatnonzero(numbers.seen):
        leak = place == here + 1
        ends = [x[place], x[here]], [below - _BOX / 2, above + _BOX / 2]
        paper.add_artist(Line2D(*ends, color=KEY if leak else WEIGHT, linewidth=3 if leak else 1.8, zorder=1 + leak))


def _draw_wanted(paper: Axes, numbers: Numbers, step: int, middle: tuple[float, float], half: float) -> None:
    here = step == numbers.step - 1
    fill = shade(0.6, VALUE) if here else PAPER
    box = _draw_box(paper, middle, half, WANTED[step], fill, (VALUE_INK, 2) if here else (RULE, 0.9))
    say(
        box,
        words=f"step {step + 1} must predict “{WANTED[step]}”",
        of=f"step-{step}",
        lights=f"step-{step} shift-{step}",
    )


def _draw_read(paper: Axes, numbers: Numbers, step: int, middle: tuple[float, float], half: float) -> None:
    seen, leak, own = bool(numbers.seen[step]), step == numbers.step, step == numbers.step - 1
    fill = shade(0.7, KEY if leak else WEIGHT) if seen else PAPER
    edge = (KEY_INK, 2) if leak else (INK, 3) if own else (INK, 0.9) if seen else (RULE, 0.9)
    box = _draw_box(paper, middle, half, READ[step], fill, edge, hatch=not seen)
    look = f"{'may' if seen else 'may not'} look at it{' and keeps it, for it is its own' * own}"
    words = f"character {step + 1} of the input, “{READ[step]}”: step {numbers.step} {look}"
    say(box, words=words, of=f"step-{step}", lights=f"step-{step}")


def _draw_box(
    paper: Axes,
    middle: tuple[float, float],
    half: float,
    words: str,
    fill: str | Shade,
    edge: tuple[str, float],
    hatch: bool = False,
) -> Rectangle:
    (x, y), (ink, width) = middle, edge
    corner, wide = (x - half, y - _BOX / 2), 2 * half
    paper.add_artist(Rectangle(corner, wide, _BOX, facecolor=PAPER, linewidth=0, zorder=3))
    if hatch:
        paper.add_artist(Rectangle(corner, wide, _BOX, fill=False, edgecolor=RULE, hatch="////", linewidth=0, zorder=3))
        paper.add_artist(Rectangle((x - 8, y - 10), 16, 20, facecolor=PAPER, linewidth=0, zorder=3))
    look: dict[str, Any] = {"fill": False} if hatch else {"facecolor": fill}
    box = Rectangle(corner, wide, _BOX, edgecolor=ink, linewidth=width, zorder=3, **look)
    paper.add_artist(box)
    large = 13 if len(words) == 1 else SMALL
    label(paper, x, y, words, NUMBER, size=large, ha="center", va="center_baseline", zorder=4)
    return box


def _draw_verdict(paper: Axes, numbers: Numbers, x: np.ndarray, y: float) -> None:
    """Below the input: where the answer of this step stands, and whether it can be seen."""
    if numbers.step == STEPS:
        label(paper, x[-1] + 14, y, "no character after this one", FAINT, ha="right", va="center_baseline")
        return
    words, ink = ("the answer is in sight", KEY_INK) if numbers.in_sight else ("the answer is hidden", FAINT)
    side = "right" if numbers.step > STEPS / 2 else "left"
    at = x[numbers.step] + (12 if side == "right" else -12)
    if numbers.written == numbers.step:
        words = "the answer is not written yet"
    else:
        label(paper, x[numbers.step], y - 14, "▲", ink, ha="center", va="center_baseline")
    label(paper, at, y, words, ink, size=TEXT, weight="semibold", ha=side, va="center_baseline")


shift_by_one = Explorer(
    __name__,
    caption=(
        "The decoder’s input is the answer, moved one place to the right: what one step must predict, the next one "
        "reads. Lines show what the chosen step may look at; hatched characters are hidden from it. "
        "The thick frame is its own character, which the residual connection brings it, hidden or not."
    ),
    controls={
        "mask": Choice("mask", stops=MASKS),
        "when": Choice("when", stops=WHEN),
        "step": Slider("step", stops=tuple(range(1, STEPS + 1))),
    },
)
