"""A matrix on a board: its numbers on shades of a colour, names of its rows and columns, and frames."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from attncourse.digits import in_digits
from attncourse.drawing.cells import Cells
from attncourse.drawing.label import label
from attncourse.drawing.palette import INK, NUMBER, RULE
from attncourse.drawing.touch import say


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
    colour: str,
    reach: float,
    form: str = "{:g}",
    written: int | None = None,
    least: float = 0.0,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    **said: Any,
) -> Grid:
    """A matrix on the board.

    Args:
        left, top: of the first cell.
        cell: width and height of a cell.
        numbers: (rows, columns); NaN cells are hatched.
        colour: of amounts above zero.
        reach: the amount at which it is strongest.
        form: how a number is written.
        written: write the numbers of this row only.
        least: smaller amounts are not written.
        rows, columns: names on the left and above.
        said: what the cells say when they are pointed at, as ``Cells`` takes it: ``what``, ``part``, ``tell``;
            and ``rows_said``, ``columns_said`` where the names do not stand beside this matrix.
    """
    grid = Grid(left, top, cell, numbers.shape)
    _, _, wide, tall = grid.box()
    called = {"rows": said.pop("rows_said", rows), "columns": said.pop("columns_said", columns)}
    cells = Cells(numbers, colour, reach, (left, top), cell, gap=0.4, form=form, **called, **said)
    paper.add_artist(cells)
    paper.add_artist(Rectangle((left, top), wide, tall, fill=False, edgecolor=RULE, linewidth=0.75))
    for i, j in np.ndindex(numbers.shape):
        if abs(numbers[i, j]) >= least and written in (None, i):  # NaN is not
            words = in_digits(float(numbers[i, j]), form)
            label(paper, *grid.middle(i, j), words, NUMBER, ha="center", va="center_baseline")
    name_rows(paper, grid, rows or (), part=said.get("part", ""))
    name_columns(paper, grid, columns or (), part=said.get("part", ""))
    return grid


def name_rows(paper: Axes, grid: Grid, names: Sequence[str], colour: str = INK, gap: float = 5, part: str = "") -> None:
    """A name on the left of each row, ``gap`` CSS pixels away; of a named part, it lights its row."""
    for i, name in enumerate(names):
        words = label(paper, grid.left - gap, grid.middle(i)[1], name, colour, ha="right", va="center_baseline")
        if part:
            say(words, words=name, of=f"{part}-r{i}", lights=f"{part}-r{i}")


def name_columns(
    paper: Axes, grid: Grid, names: Sequence[str], colour: str = INK, gap: float = 6, part: str = ""
) -> None:
    """A name above each column; of a named part, it lights its column."""
    for j, name in enumerate(names):
        words = label(paper, grid.middle(None, j)[0], grid.top - gap, name, colour, ha="center")
        if part:
            say(words, words=name, of=f"{part}-c{j}", lights=f"{part}-c{j}")


def frame(paper: Axes, grid: Grid, row: int | None = None, column: int | None = None, colour: str = INK) -> None:
    """A frame around a row, a column, or the one cell where both meet; counted from 0."""
    left, top, width, height = grid.box(row, column)
    paper.add_artist(Rectangle((left, top), width, height, fill=False, edgecolor=colour, linewidth=1.6, zorder=5))
