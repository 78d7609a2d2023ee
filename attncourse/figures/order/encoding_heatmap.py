"""Explorer: the whole table of encodings, a row a position and a column a feature."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.drawing.axes import dress
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.cells import Cells, draw_cells
from attncourse.drawing.label import label, label_near
from attncourse.drawing.palette import FAINT, INK, POSITION, POSITION_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.order.wave_length import wave_length
from attnlib import sinusoidal_positions, wave_angles

_PARTS = 3  # columns whose wavelength is written: the first, a middle and the last pair


class Numbers(NamedTuple):
    """What the figure shows."""

    encoding: np.ndarray  # (seq, d_model)
    waves: np.ndarray  # (d_model / 2,) positions in one wave of each pair
    base: float
    norm: float  # of every row
    still: int  # pairs that do not finish a quarter of their wave within the sequence


def measure(seq: int = 64, d_model: int = 64, base: float = 10000) -> Numbers:
    """The table for so many positions and features."""
    encoding = sinusoidal_positions(seq, d_model, base)
    waves = 2 * np.pi / wave_angles(1, d_model, base)
    norms = np.linalg.norm(encoding, axis=-1)
    return Numbers(encoding, waves, base, float(norms.mean()), int((waves > 4 * seq).sum()))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    seq, d_model = numbers.encoding.shape
    waves = f"waves from {wave_length(numbers.waves[0])} to {wave_length(numbers.waves[-1])} positions long"
    return (
        f"{seq} positions by {d_model} features, base {numbers.base:g}: {waves}; {numbers.still} of {d_model // 2} "
        f"pairs finish less than a quarter of a wave; every row has norm {numbers.norm:.2f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The table as a picture, the length of a few waves above their columns."""
    figure = sheet(height=370, narrow=narrow, narrow_height=396)
    spot = (62, 88, 256, 256) if narrow else (58, 62, 640, 256)
    axes = dress(place(figure, *spot), x="feature: sine, cosine, sine, cosine, …", y="position")
    seq, d_model = numbers.encoding.shape
    rows, columns = [f"pos = {p}" for p in range(seq)], [_formula(i, d_model, numbers.base) for i in range(d_model)]
    draw_cells(axes, numbers.encoding, POSITION, 1, rows=rows, columns=columns, what="encoding", form="{:.2f}")
    axes.spines[:].set_visible(False)
    axes.set_xticks([0, d_model - 1], ["0", str(d_model - 1)])
    axes.set_yticks([0, seq // 4, seq - 1], ["0", str(seq // 4), str(seq - 1)])
    axes.axhspan(seq // 4 - 0.5, seq // 4 + 0.5, fill=False, edgecolor=INK, linewidth=1.1, clip_on=False)
    _write_waves(axes, numbers)
    _draw_key(board(figure), spot[0] + spot[2] - 136, 16)
    return figure


def _formula(feature: int, d_model: int, base: float) -> str:
    """Of one column: the sine and the cosine of a pair have the same wave."""
    return f"{('sin', 'cos')[feature % 2]}(pos ÷ {base:g}^({feature // 2 * 2}/{d_model}))"


def _draw_key(paper: Axes, left: float, top: float) -> None:
    """The colours from −1 to 1."""
    side, colours = 14, np.linspace(-1, 1, 9)[None]
    paper.add_artist(Cells(colours, POSITION, 1, (left, top), (side, side), quiet=True))
    for cell, words in ((-0.7, "−1"), (4.5, "0"), (9.6, "1")):
        label(paper, left + cell * side, top + side / 2, words, ha="center", va="center_baseline")


def _write_waves(axes: Axes, numbers: Numbers) -> None:
    """How long the waves of the first, a middle and the last pair are, above the pair."""
    pairs = np.linspace(0, len(numbers.waves) - 1, _PARTS).astype(int)
    for pair, side in zip(pairs, ("left", "center", "right"), strict=True):
        if side == "center" and pair == 0:
            continue  # there are two pairs only
        column = {"left": -0.5, "center": 2 * pair + 0.5, "right": len(numbers.waves) * 2 - 0.5}[side]
        length = wave_length(numbers.waves[pair])
        label_near(axes, (column, -0.5), (0, 7), length, POSITION_INK, ha=side, va="bottom")
    label_near(axes, (-0.5, -0.5), (0, 24), "positions in one wave", size=TEXT, va="bottom")
    if numbers.still:
        first = 2 * (len(numbers.waves) - numbers.still)
        ends = [first - 0.5, len(numbers.waves) * 2 - 0.5]
        [still] = axes.plot(ends, [-0.5] * 2, color=FAINT, linewidth=3, clip_on=False, solid_capstyle="butt")
        say(still, words=f"{numbers.still} pairs finish less than a quarter of a wave within the sequence")


encoding_heatmap = Explorer(
    __name__,
    caption=(
        "Every row, such as the framed one, encodes one position, and waves grow longer to the right: stronger colour "
        "is nearer to 1, grey-blue is below zero, and no colour is 0. A line above marks the pairs that finish "
        "less than a quarter of a wave within the sequence."
    ),
    controls={
        "seq": Slider("number of positions", stops=(8, 16, 64), log=True),
        "d_model": Slider("width d_model", stops=(4, 16, 64), stops_only=True),
        "base": Slider("base", stops=(10, 100, 1000, 10000), log=True),
    },
)
