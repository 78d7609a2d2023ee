"""Explorer: a position as a binary number, and as waves: cosines alone name it twice, with their sines once."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Slider, Switch
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import POSITION, POSITION_INK
from attncourse.explorer import Explorer

_BITS = 4
_SEQ = 2**_BITS
_PERIODS = 2 ** np.arange(1, _BITS + 1)  # 2, 4, 8, 16 positions a wave
_ROWS = [str(position) for position in range(_SEQ)]


class Numbers(NamedTuple):
    """What the figure shows; the fast columns come first, as the hands of the encoding do."""

    position: int
    sines: bool  # whether the waves have them, too
    bits: np.ndarray  # (16, 4) 0 or 1, the lowest first
    waves: np.ndarray  # (16, 4) cosines, or (16, 8) with the sine of each before it; −1 … 1
    alike: np.ndarray  # the other positions whose row of waves is the same, to rounding


def measure(position: int = 3, sines: bool = False) -> Numbers:
    """Sixteen positions in both writings."""
    p = np.arange(_SEQ)
    bits = (p[:, None] >> np.arange(_BITS)) & 1
    angles = 2 * np.pi * p[:, None] / _PERIODS
    pairs = np.stack([np.sin(angles), np.cos(angles)], axis=-1)  # (16, 4, 2)
    waves = pairs.reshape(_SEQ, -1) if sines else pairs[..., 1]
    waves = np.where(np.abs(waves) < 1e-12, 0, waves)  # a cosine of π/2 leaves a rounding
    same = np.abs(waves[:, None] - waves).max(axis=-1) < 1e-9  # (16, 16)
    alike = np.flatnonzero(same[position] & (p != position))
    return Numbers(position, sines, bits.astype(float), waves, alike)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    bits = ", ".join(in_digits(bit, "{:.0f}") for bit in numbers.bits[numbers.position])
    waves = ", ".join(in_digits(wave) for wave in numbers.waves[numbers.position])
    what = "sines and cosines" if numbers.sines else "cosines"
    flat = " (the sine of period 2 is 0 at every position)" if numbers.sines else ""
    twin = f"position {numbers.alike[0]} has the same row" if len(numbers.alike) else "no other position has this row"
    return f"Position {numbers.position}, fast to slow, has the bits {bits} and the {what} {waves}{flat}: {twin}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Two tables of sixteen rows; the chosen row is framed in both, and so are the waves that are the same."""
    figure = sheet(height=422, narrow=narrow)
    paper = board(figure)
    bits_at, bit, waves_at, wave = (22, (16, 22), 107, (29.5, 22)) if narrow else (90, (36, 22), 310, (47, 22))
    said = [f"position {row}" for row in _ROWS]
    columns = [str(period) for period in _PERIODS]
    bits = matrix(paper, bits_at, 62, bit, numbers.bits, POSITION, 1.6, "{:.0f}", rows=_ROWS, columns=columns,
                  rows_said=said, columns_said=[f"bit of period {c}" for c in columns],
                  tell=_tell_row)  # fmt: skip
    names = ("sin", "cos") if numbers.sines else ("cos",)
    if not numbers.sines:
        wave = (2 * wave[0] - 8, wave[1])
    waves = matrix(paper, waves_at, 62, wave, numbers.waves, POSITION, 1.6, "{:.1f}", rows=_ROWS,
                   columns=list(names) * _BITS, rows_said=said,
                   columns_said=[f"{name} of period {period}" for period in _PERIODS for name in names],
                   tell=_tell_row)  # fmt: skip
    label(paper, bits_at, 20, "bits" if narrow else "bits that repeat every", POSITION_INK, size=TEXT, va="baseline")
    label(paper, waves_at, 20, "waves that repeat every", POSITION_INK, size=TEXT, va="baseline")
    for i, period in enumerate(_PERIODS):
        middle = waves_at + wave[0] * len(names) * (i + 0.5)
        label(paper, middle, 40, str(period), POSITION_INK, ha="center", va="baseline")
    for row in (numbers.position, *numbers.alike):
        frame(paper, waves, row=row)
    frame(paper, bits, row=numbers.position)
    return figure


def _tell_row(i: int, _: int) -> dict[str, str]:
    """A position lights its row in both tables."""
    return {"of": f"p{i}", "lights": f"p{i}"}


binary_counter = Explorer(
    __name__,
    caption=(
        "Sixteen positions, each named by four bits and by four waves; in each table, the fastest is on the left. "
        "Framed are the chosen position and any other that has the same waves."
    ),
    controls={"position": Slider("position pos", stops=tuple(range(_SEQ))), "sines": Switch("sines, too")},
)
