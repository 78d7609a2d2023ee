"""Curves of a training as it goes on: thinned to what can be seen, an earlier run's faint behind them."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK

_POINTS = 100  # of a curve: more cannot be told apart


def thinned(losses) -> np.ndarray:
    """(2, points) the middles of blocks of steps, and the mean loss of each block: a hundred at most."""
    if not len(losses):
        return np.zeros((2, 0))
    starts = np.arange(0, len(losses), -(-len(losses) // _POINTS))
    sizes = np.diff(starts, append=len(losses))
    return np.array([starts + (sizes + 1) / 2, np.add.reduceat(losses, starts) / sizes])


def draw_curve(axes: Axes, curve: np.ndarray, name: str, earlier: bool = False, line: Any = "-") -> None:
    """One curve (2, points) with a dot at its end; an earlier run's is thin and faint."""
    x, y = curve
    if not len(x):
        return
    colour, width = (FAINT, 1.0) if earlier else (INK, 1.8)
    axes.plot(x, y, color=colour, linewidth=width, linestyle=line, label=name)
    if not earlier:
        axes.plot(x[-1], y[-1], "o", color=colour, markersize=4.5, label=name, clip_on=False)


def name_earlier(axes: Axes, curve: np.ndarray, words: str, steps: int) -> None:
    """A name at the end of an earlier run's curve, on the side where there is room."""
    if not curve.size:
        return
    x, y = curve[:, -1]
    ends = "right" if x > steps / 2 else "left"
    label(axes, x, min(y, 2.0) + 0.12, words, FAINT, ha=ends, va="bottom")
