"""Explorer: a position as a binary number, and as waves: the same idea, once in steps and once smooth."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import POSITION, POSITION_INK
from attncourse.explorer import Explorer
from attnlib import wave_angles

_BITS = 4
_SEQ = 2**_BITS
_ROWS = [str(position) for position in range(_SEQ)]


class Numbers(NamedTuple):
    """What the figure shows; the fast column is the last, as in a written number."""

    position: int
    bits: np.ndarray  # (16, 4) 0 or 1
    waves: np.ndarray  # (16, 4) −1 … 1: each column half as fast as the one on its right
    changed_bits: int  # that flip from the position before to this one
    moved: float  # distance between the two rows of waves


def measure(position: int = 8) -> Numbers:
    """Sixteen positions in both writings."""
    bits = (np.arange(_SEQ)[:, None] >> np.arange(_BITS)[::-1]) & 1
    # A bit flips after 1, 2, 4, 8 positions. With base 2⁴ and angles of π a step, half a wave is as long.
    waves = -np.cos(wave_angles(np.pi * np.arange(_SEQ), 2 * _BITS, base=2**_BITS))[:, ::-1]
    waves = np.where(np.abs(waves) < 1e-12, 0, waves)  # a cosine of π/2 leaves a rounding
    before = max(position - 1, 0)
    return Numbers(
        position,
        bits.astype(float),
        waves,
        int((bits[position] != bits[before]).sum()),
        float(np.linalg.norm(waves[position] - waves[before])),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    written = "".join(in_digits(bit, "{:.0f}") for bit in numbers.bits[numbers.position])
    waves = ", ".join(in_digits(wave) for wave in numbers.waves[numbers.position])
    if numbers.position == 0:
        return f"Position 0 is {written} in binary; the four waves, slow to fast, are at {waves}."
    return (
        f"Position {numbers.position} is {written} in binary, {numbers.changed_bits} of 4 bits flipped since the one "
        f"before; the waves, slow to fast, are at {waves}: a step of {numbers.moved:.2f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Two tables of sixteen rows, the chosen row framed in both."""
    figure = sheet(height=440, narrow=narrow)
    paper = board(figure)
    bits_at, waves_at, cell, wave_cell = (30, 176, (30, 23), (40, 23)) if narrow else (120, 420, (44, 23), (54, 23))
    for left, size, numbers_shown, form, title, periods, does in (
        (bits_at, cell, numbers.bits, "{:.0f}", "bits: each flips after", (8, 4, 2, 1), "bit that flips after"),
        (
            waves_at,
            wave_cell,
            numbers.waves,
            "{:.1f}",
            "waves: each repeats after",
            (16, 8, 4, 2),
            "wave that repeats after",
        ),
    ):
        columns = [str(period) for period in periods]
        grid = matrix(paper, left, 60, size, numbers_shown, POSITION, 1.6, form, rows=_ROWS, columns=columns,
                      rows_said=[f"position {row}" for row in _ROWS], columns_said=[f"{does} {c}" for c in columns],
                      tell=_tell_row)  # fmt: skip
        title = title.replace(": ", "\n") if narrow else title
        label(paper, left, 34, title, POSITION_INK, size=TEXT, va="baseline", linespacing=1.3)
        frame(paper, grid, row=numbers.position)
    return figure


def _tell_row(i: int, _: int) -> dict[str, str]:
    """A position lights its row in both tables."""
    return {"of": f"p{i}", "lights": f"p{i}"}


binary_counter = Explorer(
    __name__,
    caption=(
        "A counter flips its last bit at every position, the one before at every second, and so on; waves change at "
        "such rates without jumps. Above each column stands after how many positions a bit flips, or a wave repeats."
    ),
    controls={"position": Slider("position", stops=tuple(range(_SEQ)))},
)
