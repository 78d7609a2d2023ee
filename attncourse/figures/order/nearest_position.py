"""Explorer: how far the closest other position is, the wider the encoding the farther."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.drawing.axes import dress, power_axis
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.numerals import in_words
from attncourse.drawing.palette import FAINT, POSITION, POSITION_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import wave_angles

_WIDTHS = (2, 4, 6, 8, 16, 32)
_LENGTHS = (16, 100, 1000, 10000, 100000, 600000)
_NEAR = 1000  # positions among which one is already close
_STEEP = 0.8  # of the curve, in powers of ten from one width to the next


class Numbers(NamedTuple):
    """What the figure shows."""

    d_model: int
    seq: int
    nearest: np.ndarray  # (6,) distance from position 0 to the closest of the others, for each width
    which: np.ndarray  # (6,) which position that is
    chosen: int  # the index of d_model among the widths
    step: np.ndarray  # (6,) distance from position 0 to its neighbour, position 1
    apart: np.ndarray  # (d_model / 2,) distance of each pair of features between 0 and its closest, from 0 to 2


def _chords(offset: int, d_model: int) -> np.ndarray:
    """(d_model / 2,) how far each pair of features moves over an offset: a chord of its circle."""
    return np.abs(2 * np.sin(wave_angles(offset, d_model) / 2))


@lru_cache
def _closest(d_model: int, seq: int) -> int:
    """The position that comes closest to position 0. Distance depends on the offset only, so 0 stands for all.

    One pair of features at a time: 600,000 positions are many, and most are soon farther than one of the first is.
    """
    first, *others = wave_angles(1, d_model)
    offsets, squares, limit = np.arange(1, seq), _first_squares(first)[: seq - 1], np.inf
    if seq > _NEAR:
        limit = sum(float(_squares(_closest(d_model, _NEAR), frequency)) for frequency in (first, *others))
    for frequency in others:
        near = squares <= limit * (1 + 1e-9)  # rounding
        offsets, squares = offsets[near], squares[near]
        squares = squares + _squares(offsets, frequency)
    return int(offsets[squares.argmin()])


def _squares(offsets, frequency: float) -> np.ndarray:
    """A quarter of how far a pair of features moves, squared."""
    return np.sin(offsets * (frequency / 2)) ** 2


@lru_cache(maxsize=1)
def _first_squares(frequency: float) -> np.ndarray:
    """Of all offsets there are; the first pair is the same in every width."""
    return _squares(np.arange(1, _LENGTHS[-1]), frequency)


def measure(d_model: int = 2, seq: int = 1000) -> Numbers:
    """The closest other encoding among ``seq`` positions, at this width and at all others."""
    which = np.array([_closest(width, seq) for width in _WIDTHS])
    nearest, step = (
        np.array([np.linalg.norm(_chords(int(offset), width)) for width, offset in zip(_WIDTHS, offsets, strict=True)])
        for offsets in (which, np.ones_like(which))
    )
    chosen = _WIDTHS.index(d_model)
    return Numbers(d_model, seq, nearest, which, chosen, step, _chords(int(which[chosen]), d_model))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    distance, which = numbers.nearest[numbers.chosen], numbers.which[numbers.chosen]
    neighbour = f"; the neighbour is {_short(numbers.step[numbers.chosen])} away" if which > 1 else ""
    what = f"position {which}" if which > 1 else "its neighbour"
    return (
        f"With d_model = {numbers.d_model} and {numbers.seq} positions, the closest to position 0 is {what}, "
        f"at distance {_short(distance)}{neighbour}; the norm is {(numbers.d_model / 2) ** 0.5:.2f}."
    )


def _short(distance: float) -> str:
    return f"{distance:.2f}" if distance >= 0.1 else in_words(float(distance))


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Distance of the closest position by width, and how far each pair of features tells the two apart."""
    figure = sheet(height=290, narrow=narrow, narrow_height=558)
    curve, pairs = [(52, 32, 280, 196), (52, 320, 280, 190)] if narrow else [(52, 40, 310, 196), (440, 40, 266, 196)]
    _draw_distances(dress(place(figure, *curve), "distance from position 0 …", x="width d_model"), numbers)
    which = numbers.which[numbers.chosen]
    _draw_pairs(dress(place(figure, *pairs), f"what tells 0 and {which} apart", x="pair, fast to slow"), numbers)
    return figure


def _draw_distances(axes: Axes, numbers: Numbers) -> None:
    x, y = np.arange(len(_WIDTHS)), np.log10(numbers.nearest)
    axes.fmt_xdata, axes.fmt_ydata = lambda i: str(_WIDTHS[round(i)]), lambda power: _short(10**power)
    axes.plot(x, np.log10(numbers.step), color=FAINT, linewidth=1.4, linestyle=(0, (5, 2)), label="to position 1")
    axes.plot(x, y, color=POSITION, linewidth=2.2)
    for i, which in enumerate(numbers.which):
        axes.plot(i, y[i], "o", color=POSITION, markersize=6, label=f"to position {which}, the closest")
    axes.plot(numbers.chosen, y[numbers.chosen], "o", color=POSITION_INK, markersize=11, clip_on=False,
              label=f"to position {numbers.which[numbers.chosen]}, the closest")  # fmt: skip
    power_axis(axes, 1e-6, 20, (-6, -4, -2, 0))
    label(axes, -0.15, 0.2, "… to its neighbour", FAINT, va="bottom")
    steep = y[1] - y[0] > _STEEP  # then there is room beside the first point
    x0, y0, va = (0.3, y[0], "center") if steep else (-0.15, y[0] - 0.3, "top")
    label(axes, x0, y0, "… to the closest", POSITION_INK, va=va)
    axes.set_xlim(-0.3, len(_WIDTHS) - 0.7)
    axes.set_xticks(x, [str(width) for width in _WIDTHS])


def _draw_pairs(axes: Axes, numbers: Numbers) -> None:
    """A bar a pair: how far apart the pair has turned, from 0 (together); 2 would be opposite."""
    pairs = np.arange(len(numbers.apart))
    for bar, apart in zip(axes.bar(pairs, numbers.apart, color=POSITION, width=0.8), numbers.apart, strict=True):
        pair = round(bar.get_x() + 0.4)
        say(bar, words=f"pair {pair}: {_short(apart) if apart >= 1e-12 else '0'} apart")
    axes.set(xlim=(-0.6, max(3.6, len(pairs) - 0.4)), ylim=(0, 1.1), yticks=(0, 0.5, 1))
    axes.set_xticks(sorted({0, len(pairs) - 1}))
    largest = int(numbers.apart.argmax())
    x, side = (-0.4, "left") if largest == 0 else (largest, "center")
    apart = float(numbers.apart[largest])
    label(axes, x, apart + 0.03, _short(apart), POSITION_INK, ha=side, va="bottom")


nearest_position = Explorer(
    __name__,
    caption=(
        "How close another position comes to position 0, at every width: below the dashed line it is closer than the "
        "neighbour. Bars: how far apart the two positions are in each pair of features, one hand; 2 would be opposite."
    ),
    controls={
        "d_model": Slider("width d_model", stops=_WIDTHS, stops_only=True),
        "seq": Slider("number of positions", stops=_LENGTHS, log=True),
    },
)
