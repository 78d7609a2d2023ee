"""Axes in doublings and powers of ten, drawn as linear axes of the logarithm (Matplotlib's own cost 50 ms each)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from attncourse.drawing.palette import INK
from attncourse.figures.scaling.draws import WIDTHS

# How the three scales are told apart in every figure, next to their names.
LINE_STYLES = {"none": (0, (5, 2)), "√d_k": "solid", "d_k": (0, (1, 1.5))}
BANDS = {"none": "#E3E3E3", "√d_k": "#A9A9A9", "d_k": "#C9C9C9"}

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def doublings(d_k) -> np.ndarray:
    """Where widths lie along the axis: one step for each doubling."""
    return np.log2(d_k)


def decades(numbers, low: float) -> np.ndarray:
    """Where positive numbers lie along an axis of powers of ten; those below ``low`` just below its lower end."""
    return np.log10(np.maximum(numbers, low / 10))


def width_axis(axes: Axes) -> None:
    """The x axis of all widths d_k."""
    axes.set_xlim(0, float(doublings(WIDTHS[-1])))
    axes.set_xticks([0, 5, 10], ["1", "32", "1024"])
    axes.set_xlabel("width d_k", color=INK)


def power_axis(axes: Axes, low: float, high: float, powers: Sequence[int]) -> None:
    """The y axis from ``low`` to ``high``, with these powers of ten marked."""
    axes.set_ylim(np.log10(low), np.log10(high))
    axes.set_yticks(powers, [power_of_ten(power) for power in powers])


def power_of_ten(power: int) -> str:
    """0 -> 1, 1 -> 10, −2 -> 10⁻²."""
    return {0: "1", 1: "10"}.get(power, "10" + str(power).translate(_SUPERSCRIPTS))


def in_words(number: float) -> str:
    """A number of any size above zero, in two digits: 0.31, 0.0057, 2.5·10⁻⁵."""
    if number < 1e-30:
        return "below 10⁻³⁰"
    if number >= 1e-3:
        return f"{number:#.2g}" if number < 1 else f"{number:.2g}"
    digits, _, power = f"{number:.1e}".partition("e")
    return f"{digits}·{power_of_ten(int(power))}"
