"""Matrices on a sheet: cells of a fixed size with their numbers, frames around what is meant, and a board behind."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attnlib.figures.canvas import SMALL, grid_of_numbers, ink_on, place
from attnlib.figures.palette import INK, PAPER, RULE


def matrix(figure: Figure, left: float, top: float, cell: tuple[float, float], numbers: np.ndarray, **how) -> Axes:
    """A matrix whose cells have a width and height in CSS pixels.

    Args:
        left, top: of the first cell, in CSS pixels from the sheet's top left corner.
        cell: width and height of a cell.
        numbers: (rows, columns); NaN cells are hatched.
        how: as for ``grid_of_numbers``; the names of the columns stand above them.
    """
    rows, columns = numbers.shape
    axes = place(figure, left, top, columns * cell[0], rows * cell[1])
    axes.tick_params(top=False, labeltop=True, labelbottom=False, pad=3)
    grid_of_numbers(axes, numbers, **how)
    axes.hlines(np.arange(1, rows) - 0.5, -0.5, columns - 0.5, color=PAPER, linewidth=0.8)
    axes.vlines(np.arange(1, columns) - 0.5, -0.5, rows - 0.5, color=PAPER, linewidth=0.8)
    axes.spines[:].set(visible=True, color=RULE, linewidth=0.8)
    return axes


def frame(axes: Axes, row: int | None = None, column: int | None = None) -> None:
    """A frame around a row, a column, or the one cell where both meet; counted from 0."""
    columns, rows = (int(max(limits) + 0.5) for limits in (axes.get_xlim(), axes.get_ylim()))
    left, width = (0, columns) if column is None else (column, 1)
    top, height = (0, rows) if row is None else (row, 1)
    corner = (left - 0.5, top - 0.5)
    axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=INK, linewidth=1.6, clip_on=False, zorder=5))


def write_row(axes: Axes, row: int, form: str) -> None:
    """The numbers of one row, in a matrix that was drawn without numbers; hatched cells stay empty."""
    [picture] = axes.images
    for column, number in enumerate(np.ma.filled(picture.get_array()[row], np.nan)):
        if not np.isnan(number):
            ink = ink_on(picture.to_rgba(number))
            words = form.format(number + 0.0).replace("-", "−")
            axes.text(column, row, words, ha="center", va="center_baseline", fontsize=SMALL, color=ink)


def board(figure: Figure) -> Axes:
    """The whole sheet as axes in CSS pixels, counted from the top left corner, for words and arrows."""
    width, height = figure.get_size_inches() * 96
    axes = place(figure, 0, 0, width, height)
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return axes


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], words: str = "", **style) -> None:
    """An arrow on a board, with words above its middle (beside it if it points down)."""
    shape = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0, **style}
    axes.annotate("", end, start, arrowprops=shape)
    (x, y), (across, down) = np.add(start, end) / 2, np.abs(np.subtract(end, start))
    if down > across:
        axes.text(x + 9, y, words, fontsize=SMALL, color=INK, ha="left", va="center")
    else:
        axes.text(x, y - 5, words, fontsize=SMALL, color=INK, ha="center", va="bottom")
