"""A board in CSS pixels for all that is laid out by hand, and arrows on it.

Several matrices on one pair of axes take a third of the time that axes of their own would take.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.drawing.canvas import CSS_DPI
from attncourse.drawing.label import label
from attncourse.drawing.palette import INK


def board(figure: Figure) -> Axes:
    """The whole sheet as axes in CSS pixels, counted from the top left corner."""
    width, height = figure.get_size_inches() * CSS_DPI
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return axes


def arrow(paper: Axes, start: tuple[float, float], end: tuple[float, float], words: str = "", **style) -> None:
    """An arrow, with words above its middle (beside it if it points down)."""
    shape = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0, **style}
    paper.annotate("", end, start, arrowprops=shape)
    if not words:
        return
    (x, y), (across, down) = np.add(start, end) / 2, np.abs(np.subtract(end, start))
    if down > across:
        label(paper, x + 9, y, words, va="center")
    else:
        label(paper, x, y - 5, words, ha="center", va="bottom")
