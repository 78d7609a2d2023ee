"""A map of weights, or of their changes, on a board: shades, and the larger numbers."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap

from attncourse.digits import in_digits
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, matrix
from attncourse.drawing.palette import WEIGHT_MAP, ink_on

_SHADES = 12  # on each side of zero: fewer colours make smaller files


def draw_map(
    paper: Axes,
    corner: tuple[float, float],
    cell: tuple[float, float],
    numbers: np.ndarray,
    colours: Colormap,
    form: str | None,
    least: float,
    reach: float = 1.0,
    unit: float = 1.0,
) -> Grid:
    """A map from −``reach`` (or 0, of weights) to ``reach``.

    Args:
        corner: left and top of the first cell, in CSS pixels.
        cell: width and height of a cell.
        numbers: (rows, columns)
        form: how a number is written; None writes none.
        least: smaller numbers are not written.
        reach: larger numbers have the same shade.
        unit: what numbers are written in, such as 0.01 for hundredths.
    """
    shades = np.clip(np.rint(numbers / reach * _SHADES) / _SHADES, -1, 1)
    grid = matrix(paper, *corner, cell, shades, colours, 1, written=-1)
    low = 0 if colours is WEIGHT_MAP else -1
    if form is None:
        return grid
    for i, j in np.argwhere(np.abs(numbers) >= least):
        ink, words = ink_on(colours((shades[i, j] - low) / (1 - low))), in_digits(numbers[i, j] / unit, form)
        label(paper, *grid.middle(i, j), words, ink, ha="center", va="center_baseline")
    return grid
