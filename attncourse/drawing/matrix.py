"""A matrix on a board: its numbers on shades of a colour, names of its rows and columns, and frames."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.patches import Rectangle

from attncourse.digits import in_digits
from attncourse.drawing.label import label
from attncourse.drawing.palette import INK, PAPER, RULE, WEIGHT_MAP, ink_on


class Grid(NamedTuple):
    """Where a matrix lies on its board."""

    left: float
    top: float
    cell: tuple[float, float]  # width and height
    shape: tuple[int, ...]  # rows, columns

    def box(self, row: int | None = None, column: int | None = None) -> tuple[float, float, float, float]:
        """Left, top, width and height of a row, a column, the one cell where both meet, or all."""
        (width, height), (rows, columns) = self.cell, self.shape
        left, wide = (self.left, columns * width) if column is None else (self.left + column * width, width)
        top, tall = (self.top, rows * height) if row is None else (self.top + row * height, height)
        return left, top, wide, tall

    def middle(self, row: int | None = None, column: int | None = None) -> tuple[float, float]:
        """The middle of the same."""
        left, top, width, height = self.box(row, column)
        return left + width / 2, top + height / 2


def matrix(
    paper: Axes,
    left: float,
    top: float,
    cell: tuple[float, float],
    numbers: np.ndarray,
    colours: Colormap,
    reach: float,
    form: str = "{:g}",
    written: int | None = None,
    rows: list[str] | None = None,
    columns: list[str] | None = None,
) -> Grid:
    """A matrix on the board.

    Args:
        left, top: of the first cell.
        cell: width and height of a cell.
        numbers: (rows, columns); NaN cells are hatched.
        colours: a colour map from −``reach`` to ``reach``, or from 0 to ``reach`` for weights.
        form: how a number is written.
        written: write the numbers of this row only.
        rows, columns: names on the left and above.
    """
    grid = Grid(left, top, cell, numbers.shape)
    (width, height), (_, _, wide, tall) = cell, grid.box()
    low = 0.0 if colours is WEIGHT_MAP else -reach
    extent = (left, left + wide, top + tall, top)
    paper.imshow(numbers, cmap=colours, vmin=low, vmax=reach, extent=extent, aspect="auto", interpolation="nearest")
    paper.hlines(np.arange(1, numbers.shape[0]) * height + top, left, left + wide, color=PAPER, linewidth=0.75)
    paper.vlines(np.arange(1, numbers.shape[1]) * width + left, top, top + tall, color=PAPER, linewidth=0.75)
    paper.add_patch(Rectangle((left, top), wide, tall, fill=False, edgecolor=RULE, linewidth=0.75))
    for i, j in np.ndindex(numbers.shape):
        if np.isnan(numbers[i, j]):
            x, y, *size = grid.box(i, j)
            paper.add_patch(Rectangle((x, y), *size, fill=False, edgecolor=RULE, hatch="////", linewidth=0))
        elif written is None or written == i:
            ink = ink_on(colours(float(numbers[i, j] - low) / (reach - low)))
            words = in_digits(float(numbers[i, j]), form)
            label(paper, *grid.middle(i, j), words, ink, ha="center", va="center_baseline")
    name_rows(paper, grid, rows or [])
    name_columns(paper, grid, columns or [])
    return grid


def name_rows(paper: Axes, grid: Grid, names: Sequence[str], colour: str = INK, gap: float = 5) -> None:
    """A name on the left of each row, ``gap`` CSS pixels away."""
    for i, name in enumerate(names):
        label(paper, grid.left - gap, grid.middle(i)[1], name, colour, ha="right", va="center_baseline")


def name_columns(paper: Axes, grid: Grid, names: Sequence[str], colour: str = INK, gap: float = 6) -> None:
    """A name above each column."""
    for j, name in enumerate(names):
        label(paper, grid.middle(None, j)[0], grid.top - gap, name, colour, ha="center")


def frame(paper: Axes, grid: Grid, row: int | None = None, column: int | None = None, colour: str = INK) -> None:
    """A frame around a row, a column, or the one cell where both meet; counted from 0."""
    left, top, width, height = grid.box(row, column)
    paper.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=colour, linewidth=1.6, zorder=5))
