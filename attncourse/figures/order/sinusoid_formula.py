"""Picture P3: the formula of the encoding, and the waves that it makes."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, POSITION, POSITION_INK, RULE
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.order.wave_length import wave_length
from attnlib import sinusoidal_positions, wave_angles

_SEQ, _D_MODEL = 32, 8
_FORMULAS = (  # in the inks of their waves; and how wide they are, in CSS pixels
    ("PE(pos, 2m) = sin", 134, POSITION_INK),
    ("PE(pos, 2m+1) = cos", 158, INK),
)


class Numbers(NamedTuple):
    """What the figure shows."""

    encoding: np.ndarray  # (32, 8)
    waves: np.ndarray  # (4,) positions in one wave of each pair
    marked: int  # a position whose eight numbers are marked


def measure() -> Numbers:
    """32 positions, eight features: four pairs."""
    return Numbers(sinusoidal_positions(_SEQ, _D_MODEL), 2 * np.pi / wave_angles(1, _D_MODEL), 10)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    row = ", ".join(in_digits(number) for number in numbers.encoding[numbers.marked])
    lengths = ", ".join(wave_length(wave) for wave in numbers.waves)
    return f"Four pairs of waves, {lengths} positions long; position {numbers.marked} reads {row}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The formula on top; below it a strip for each pair, sine thick and cosine thin, one position marked."""
    figure = sheet(height=378, narrow=narrow, narrow_height=520)
    tall, gap, top = (58, 32, 134) if narrow else (52, 14, 76)
    x, width = (44, 286) if narrow else (54, 494)
    paper = board(figure)
    for i, (start, wide, ink) in enumerate(_FORMULAS):
        _write_formula(paper, x if narrow else x + 288 * i, 32 + 46 * i if narrow else 42, start, wide, ink)
    for pair, wave in enumerate(numbers.waves):
        axes = dress(place(figure, x, top + pair * (tall + gap), width, tall))
        _draw_pair(axes, numbers, pair, last=pair == len(numbers.waves) - 1)
        words = f"m = {pair}\nwave of {wave_length(wave)} positions"
        if narrow:
            label(axes, _SEQ - 1, 1.22, words.replace("\n", ", "), ha="right", va="bottom")
        else:
            label(axes, _SEQ + 0.6, 0, words, size=TEXT, va="center", linespacing=1.5)
    return figure


def _write_formula(paper: Axes, x: float, y: float, start: str, wide: float, ink: str) -> None:
    """The sine or cosine of the fraction pos / 10000^(2m/d)."""
    label(paper, x, y, start, ink, size=14, va="center_baseline")
    middle = x + wide + 47
    label(paper, middle, y - 6, "pos", ink, size=14, ha="center")
    paper.plot([x + wide + 6, x + wide + 88], [y, y], color=ink, linewidth=1.2)
    label(paper, x + wide + 9, y + 21, "10000", ink, size=13)
    label(paper, x + wide + 54, y + 15, "2m/d", ink)


def _draw_pair(axes: Axes, numbers: Numbers, pair: int, last: bool) -> None:
    sine, cosine = numbers.encoding[:, 2 * pair : 2 * pair + 2].T
    p = np.linspace(0, _SEQ - 1, 200)
    angle = wave_angles(p, _D_MODEL)[:, pair]
    axes.axhline(0, color=RULE, linewidth=0.8)
    axes.axvline(numbers.marked, color=FAINT, linewidth=1)
    axes.plot(p, np.sin(angle), color=POSITION, linewidth=2)
    axes.plot(p, np.cos(angle), color=INK, linewidth=1)
    for wave, feature, name in ((sine, 2 * pair, "sine"), (cosine, 2 * pair + 1, "cosine")):
        said = [
            f"PE({at}, {feature}) = {in_digits(number)}, the {name} of pair {pair}" for at, number in enumerate(wave)
        ]
        [points] = axes.plot(wave, "o", color=POSITION if name == "sine" else INK, markersize=3, clip_on=False)
        say(points, words=said)
    here = f"PE({numbers.marked}, "
    for wave, feature, marker, size, ink in (
        (sine, 2 * pair, "o", 7, POSITION_INK),
        (cosine, 2 * pair + 1, "D", 6, INK),
    ):
        number = wave[numbers.marked]
        [mark] = axes.plot(numbers.marked, number, marker, color=ink, markersize=size, clip_on=False)
        say(mark, words=[f"{here}{feature}) = {in_digits(number)}"])
    axes.set(xlim=(0, _SEQ - 1), ylim=(-1.15, 1.15), yticks=(-1, 1))
    axes.set_xticks([0, 10, 20, 30], ["0", "10", "20", "30"] if last else [""] * 4)
    if last:
        axes.set_xlabel("position pos", color=INK, fontsize=TEXT)


sinusoid_formula = Explorer(
    __name__,
    caption=(
        "Position 10 is encoded by the eight marked heights: with d = 8 features there are four pairs, each a sine "
        "(thick) and a cosine (thin) of the same angle. Dots are the other positions."
    ),
)
