"""A map between two rows of tokens: what asks on the left, what is looked at above, upright where there is no room."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, matrix, name_rows
from attncourse.drawing.palette import KEY_INK, QUERY_INK, WEIGHT
from attncourse.drawing.touch import say


def token_map(
    paper: Axes,
    corner: tuple[float, float],
    cell: tuple[float, float],
    numbers: np.ndarray,
    asking: Sequence[str],
    looked_at: Sequence[str],
    part: str,
    what: str = "weight",
    colour: str = WEIGHT,
    named: bool = True,
) -> Grid:
    """Numbers from 0 to 1, (rows, columns), on a board.

    Args:
        corner: left and top of the first cell.
        cell: width and height of a cell.
        asking, looked_at: a token for each row and each column.
        part: what its shapes belong to when one is pointed at.
        what: what the numbers are.
        colour: of the numbers.
        named: whether the rows' names stand beside it.
    """
    grid = matrix(
        paper, *corner, cell, numbers, colour, 1, "{:.2f}", written=-1,
        rows_said=asking, columns_said=looked_at, what=what, part=part,
    )  # fmt: skip
    if named:
        name_rows(paper, grid, asking, QUERY_INK, part=part)
    for j, name in enumerate(looked_at):
        words = label(
            paper, grid.middle(None, j)[0], grid.top - 6, name, KEY_INK, rotation=90, ha="center", va="bottom"
        )
        say(words, words=name, of=f"{part}-c{j}", lights=f"{part}-c{j}")
    return grid


def cell_for(numbers: np.ndarray, width: float, height: float, most: tuple[float, float]) -> tuple[float, float]:
    """Width and height of a cell with which the map has room, and is no larger than needed."""
    rows, columns = numbers.shape
    return min(most[0], width / columns), min(most[1], height / rows)
