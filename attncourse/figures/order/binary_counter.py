"""Explorer: a position as a binary number, and as waves: the same idea, once in steps and once smooth."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import POSITION_INK, POSITION_SIGNED
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
    figure = sheet(height=440, narrow=narrow, narrow_height=440)
    paper = board(figure)
    bits_at, waves_at, cell = (30, 176, (30, 23)) if narrow else (120, 420, (44, 23))
    wave_cell = (40, 23) if narrow else (54, 23)
    matrix_of_bits = matrix(paper, bits_at, 52, cell, numbers.bits, POSITION_SIGNED, 1.6, "{:.0f}", rows=_ROWS)
    matrix_of_waves = matrix(paper, waves_at, 52, wave_cell, numbers.waves, POSITION_SIGNED, 1.6, "{:.1f}", rows=_ROWS)
    for grid, title, slow, fast in (
        (matrix_of_bits, "bits", "every 8", "1"),
        (matrix_of_waves, "waves", "every 16", "2"),
    ):
        left, top, width, _ = grid.box()
        label(paper, left, top - 28, title, POSITION_INK, size=HEADING)
        label(paper, left + 3, top - 8, slow)
        label(paper, left + width - 3, top - 8, fast, ha="right")
        frame(paper, grid, row=numbers.position)
    return figure


binary_counter = Explorer(
    __name__,
    caption=(
        "A counter flips its last bit at every position, the one before at every second, and so on. "
        "Waves do the same without jumps. Above the columns: after how many positions a bit flips, or a wave repeats."
    ),
    controls={"position": Slider("position", stops=tuple(range(_SEQ)))},
)
