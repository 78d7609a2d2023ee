"""The widths and the three scales that the figures of chapter 2 compare, and how they are drawn."""

import numpy as np
from matplotlib.axes import Axes

from attncourse.drawing.numerals import in_words
from attncourse.drawing.palette import INK

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)  # d_k
SCALES = ("none", "√d_k", "d_k")  # what the scores are divided by
WITHOUT_AND_WITH = SCALES[:2]  # the division by the root

NAMES = {"none": "undivided", "√d_k": "÷ √d_k", "d_k": "÷ d_k"}  # beside their lines
# How the three scales are told apart in every figure, next to their names.
LINE_STYLES = {"none": (0, (5, 2)), "√d_k": "solid", "d_k": (0, (1, 1.5))}
BANDS = {"none": (INK, 0.12), "√d_k": (INK, 0.38), "d_k": (INK, 0.24)}


def scale_factor(scale: str, d_k: int) -> float | None:
    """What ``attention`` takes as its ``scale``; None is the library's own 1/√d_k."""
    return {"none": 1.0, "√d_k": None, "d_k": 1 / d_k}[scale]


def doublings(d_k) -> np.ndarray:
    """Where widths lie along the axis: one step for each doubling."""
    return np.log2(d_k)


def width_axis(axes: Axes) -> None:
    """The x axis of all widths d_k."""
    axes.set_xlim(0, float(doublings(WIDTHS[-1])))
    axes.set_xticks([0, 5, 10], ["1", "32", "1024"])
    axes.set_xlabel("width d_k", color=INK)
    axes.fmt_xdata = lambda x: f"{2**x:g}"


def said_as_powers(axes: Axes, what: str) -> None:
    """The y axis holds powers of ten of ``what``: so its curves say it, while the title alone is drawn."""
    axes.set_ylabel(what, visible=False)
    axes.fmt_ydata = lambda y: in_words(10**y)


def divided_by(scale: str) -> str:
    """How sentences name a scale."""
    return "scores not divided" if scale == "none" else f"scores divided by {scale}"
