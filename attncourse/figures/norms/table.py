"""A table of words in cells of any colour; padding is hatched."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, name_columns
from attncourse.drawing.palette import FAINT, INK, PAPER, RULE

Box = tuple[float, float, float, float]  # left, top, width, height


class Look(NamedTuple):
    """How the cells of a table look, each (rows, columns) of strings."""

    words: np.ndarray  # what is written
    fills: np.ndarray  # on which colour
    inks: np.ndarray  # in which colour
    hatches: np.ndarray  # the colour of the hatching that says padding; "" for none


def look(words: list[list[str]], padding: np.ndarray) -> Look:
    """Black words on white, padding grey and hatched.

    Args:
        words: one list a row.
        padding: (rows,) boolean
    """
    written = np.array(words, dtype=object)
    rows = np.broadcast_to(padding[:, None], written.shape)
    fills = np.full(written.shape, PAPER, dtype=object)
    inks, hatches = np.where(rows, FAINT, INK).astype(object), np.where(rows, RULE, "").astype(object)
    return Look(written, fills, inks, hatches)


def table(
    paper: Axes,
    left: float,
    top: float,
    cell: tuple[float, float],
    cells: Look,
    rows: list[str] | None = None,
    columns: tuple[str, ...] = (),
) -> Grid:
    """A table on the board.

    Args:
        left, top: of the first cell.
        cell: width and height of a cell.
        cells: how they look.
        rows, columns: names on the left and above; rows called "padding" are grey.
    """
    grid = Grid(left, top, cell, cells.words.shape)
    boxes = {at: grid.box(*at) for at in np.ndindex(cells.words.shape)}
    fills = [str(fill) for fill in cells.fills.ravel()]
    paper.add_collection(PolyCollection(_corners(boxes.values()), facecolors=fills, edgecolors=RULE, linewidths=0.75))
    for colour in sorted(set(cells.hatches.ravel()) - {""}):
        hatched = [at for at in boxes if cells.hatches[at] == colour]
        paper.add_collection(hatching([boxes[at] for at in hatched], colour))
        clear = [_around(grid.middle(*at)) for at in hatched if cells.words[at]]  # no lines through the numbers
        paper.add_collection(PolyCollection(_corners(clear), facecolors=PAPER))
    for at in boxes:
        ink = str(cells.inks[at])
        label(paper, *grid.middle(*at), str(cells.words[at]), ink, ha="center", va="center_baseline")
    for i, name in enumerate(rows or []):
        ink = FAINT if name == "padding" else INK
        label(paper, left - 6, grid.middle(i)[1], name, ink, ha="right", va="center_baseline")
    name_columns(paper, grid, columns)
    return grid


def hatching(boxes: Iterable[Box], colour: str) -> PolyCollection:
    """Padding: boxes full of slanting lines."""
    return PolyCollection(_corners(boxes), facecolors="none", edgecolors=colour, linewidths=0, hatch="////")


def _around(middle: tuple[float, float]) -> Box:
    return middle[0] - 8, middle[1] - 8, 16, 16


def _corners(boxes: Iterable[Box]) -> list[list[tuple[float, float]]]:
    return [[(x, y), (x + w, y), (x + w, y + h), (x, y + h)] for x, y, w, h in boxes]
