"""Quiet axes, and an axis in powers of ten: a linear axis of the logarithm (Matplotlib's own costs 50 ms)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from attncourse.drawing.canvas import HEADING, TEXT
from attncourse.drawing.numerals import power_of_ten
from attncourse.drawing.palette import INK, RULE
from attncourse.drawing.typeface import font


def dress(axes: Axes, title: str = "", x: str = "", y: str = "", colour: str = INK) -> Axes:
    """Quiet axes: no box, grey ticks, a title in the colour of what is shown."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(RULE)
    if title:
        headline(axes, title, colour)
    axes.set_xlabel(x, fontproperties=font(TEXT), color=INK)
    axes.set_ylabel(y, fontproperties=font(TEXT), color=INK)
    return axes


def headline(axes: Axes, words: str, colour: str = INK, gap: float = 7) -> None:
    """A title on the left, ``gap`` points above the axes."""
    # Without y Matplotlib would look for ticks above the axes.
    axes.set_title(words, loc="left", y=1, pad=gap, fontproperties=font(HEADING, "semibold"), color=colour)


def decades(numbers, low: float) -> np.ndarray:
    """Where positive numbers lie along an axis of powers of ten; those below ``low`` just below its lower end."""
    return np.log10(np.maximum(numbers, low / 10))


def power_axis(axes: Axes, low: float, high: float, powers: Sequence[int]) -> None:
    """The y axis from ``low`` to ``high``, with these powers of ten marked."""
    axes.set_ylim(np.log10(low), np.log10(high))
    axes.set_yticks(powers, [power_of_ten(power) for power in powers])
