"""Picture P3: the formula of the encoding, and the waves that it makes."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, POSITION, POSITION_INK, RULE
from attncourse.explorer import Explorer
from attnlib import sinusoidal_positions, wave_angles

_SEQ, _D_MODEL = 32, 8
_FORMULAS = r"$PE(p,\,2i)=\sin\,\frac{p}{10000^{2i/d}}$", r"$PE(p,\,2i+1)=\cos\,\frac{p}{10000^{2i/d}}$"


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
    lengths = ", ".join(f"{wave:.3g}" if wave < 1000 else f"{wave:.0f}" for wave in numbers.waves)
    return f"Four pairs of waves, {lengths} positions long; position {numbers.marked} reads {row}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The formula on top; below it a strip for each pair, sine solid and cosine dashed, one position marked."""
    figure = sheet(height=378, narrow=narrow, narrow_height=520)
    tall, gap, top = (58, 32, 134) if narrow else (52, 14, 76)
    x, width = (44, 286) if narrow else (54, 520)
    sheet_width, sheet_height = figure.get_size_inches() * 96
    for i, formula in enumerate(_FORMULAS):
        across, down = (x, 32 + 46 * i) if narrow else (x + 330 * i, 42)
        label(figure, across / sheet_width, 1 - down / sheet_height, formula, POSITION_INK, size=15, va="center")
    for pair, wave in enumerate(numbers.waves):
        axes = dress(place(figure, x, top + pair * (tall + gap), width, tall))
        _draw_pair(axes, numbers, pair, last=pair == len(numbers.waves) - 1)
        length = f"{wave:.3g}" if wave < 1000 else f"{wave:.0f}"
        words = f"i = {pair}\nwave of {length}"
        if narrow:
            label(axes, _SEQ - 1, 1.22, words.replace("\n", ", "), ha="right", va="bottom")
        else:
            label(axes, _SEQ + 0.6, 0, words, size=TEXT, va="center", linespacing=1.5)
    return figure


def _draw_pair(axes: Axes, numbers: Numbers, pair: int, last: bool) -> None:
    sine, cosine = numbers.encoding[:, 2 * pair : 2 * pair + 2].T
    p = np.linspace(0, _SEQ - 1, 200)
    angle = wave_angles(p, _D_MODEL)[:, pair]
    axes.axhline(0, color=RULE, linewidth=0.8)
    axes.axvline(numbers.marked, color=FAINT, linewidth=1)
    axes.plot(p, np.sin(angle), color=POSITION, linewidth=2)
    axes.plot(p, np.cos(angle), color=INK, linewidth=1.3, linestyle=(0, (4, 2)))
    axes.plot(numbers.marked, sine[numbers.marked], "o", color=POSITION_INK, markersize=7, clip_on=False)
    axes.plot(numbers.marked, cosine[numbers.marked], "D", color=INK, markersize=6, clip_on=False)
    axes.set(xlim=(0, _SEQ - 1), ylim=(-1.15, 1.15), yticks=(-1, 1))
    axes.set_xticks([0, 10, 20, 30], ["0", "10", "20", "30"] if last else [""] * 4)
    if last:
        axes.set_xlabel("position p", color=INK, fontsize=TEXT)


sinusoid_formula = Explorer(
    __name__,
    caption=(
        "The encoding with d = 8 features: four pairs, each a sine (solid) and a cosine (dashed) of the same angle. "
        "The line marks position 10; its encoding is the eight marked heights."
    ),
)
