"""A map of attention: rows ask, in the queries' ink, columns are looked at, in the keys'."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from attncourse.drawing.matrix import matrix, name_columns, name_rows
from attncourse.drawing.palette import KEY_INK, QUERY_INK, WEIGHT


def attention_map(
    paper: Axes,
    left: float,
    top: float,
    cell: tuple[float, float],
    attn_weights: np.ndarray,
    asking: Sequence[str],
    looked_at: Sequence[str],
    part: str,
    gap: float = 6,
) -> None:
    """Weights (rows, columns) on a board, without digits, with the names of both sides.

    Args:
        left, top: of the first cell.
        cell: width and height of a cell.
        asking, looked_at: a name for each row and column.
        part: what its shapes belong to when one is pointed at.
        gap: CSS pixels from the names of the columns to the first row.
    """
    grid = matrix(
        paper, left, top, cell, attn_weights, WEIGHT, 1, "{:.2f}", written=-1,
        rows_said=asking, columns_said=looked_at, what="weight", part=part,
    )  # fmt: skip
    name_rows(paper, grid, asking, QUERY_INK, part=part)
    name_columns(paper, grid, looked_at, KEY_INK, gap=gap, part=part)
