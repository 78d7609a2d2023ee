"""A sentence of the small batch as a table: words on cells whose colour says what belongs together."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from attncourse.drawing.cells import Tell
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, matrix, name_columns
from attncourse.drawing.palette import FAINT, INK, NUMBER, SHARED
from attncourse.figures.norms.batch import FEATURES, rows_of


def draw_sentence(
    paper: Axes,
    spot: tuple[float, float],
    cell: tuple[float, float],
    sentence: int,
    strengths: np.ndarray,
    words: np.ndarray,
    tell: Tell,
    columns: Sequence[str] = FEATURES,
) -> Grid:
    """A row for each token, a column for each feature.

    Args:
        spot: left and top of the first cell.
        cell: width and height of a cell.
        sentence: which one, from 0.
        strengths: (seq, d_model) of the colour, from 0 to 1; NaN cells are hatched.
        words: (seq, d_model) strings.
        tell: what a cell says when it is pointed at, from its row and column.
        columns: names above.
    """
    grid = matrix(paper, *spot, cell, strengths, SHARED, 1, written=-1, tell=lambda i, j: {"value": "", **tell(i, j)})
    for at, word in np.ndenumerate(words):
        if word:
            label(paper, *grid.middle(*at), word, NUMBER, ha="center", va="center_baseline")
    for i, name in enumerate(rows_of(sentence)):
        ink = FAINT if name == "padding" else INK
        label(paper, grid.left - 6, grid.middle(i)[1], name, ink, ha="right", va="center_baseline")
    name_columns(paper, grid, columns)
    return grid
