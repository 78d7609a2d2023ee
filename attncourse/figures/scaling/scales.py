"""The widths and the three scales that the figures of chapter 2 compare, and how they are drawn."""

import numpy as np
from matplotlib.axes import Axes

from attncourse.drawing.palette import INK

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)  # d_k
SCALES = ("none", "√d_k", "d_k")  # what the scores are divided by

# How the three scales are told apart in every figure, next to their names.
LINE_STYLES = {"none": (0, (5, 2)), "√d_k": "solid", "d_k": (0, (1, 1.5))}
BANDS = {"none": "#E3E3E3", "√d_k": "#A9A9A9", "d_k": "#C9C9C9"}


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
