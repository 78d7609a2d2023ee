"""The batch of chapter 6: three short sentences of four features, in small whole numbers, filled up with padding."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from attnlib import padding_mask
from attnlib.figures.canvas import SMALL
from attnlib.figures.compute.matrix import Grid
from attnlib.figures.palette import FAINT, INK, PAPER, RULE

SENTENCES = (("dogs", "chase", "small", "cats"), ("birds", "sing"), ("fish", "swim", "slowly"))
FEATURES = ("a", "b", "c", "d")
SEQ = 4
MASK = padding_mask([len(words) for words in SENTENCES], SEQ)[:, 0]  # (3, 4) True = a token, False = padding
X = np.zeros((len(SENTENCES), SEQ, len(FEATURES)))  # (3, 4, 4) padding is zero
X[MASK] = [
    [1, 5, 0, 6],
    [3, 2, 2, 5],
    [0, 4, 1, 7],
    [2, 6, 0, 8],
    [4, 3, 1, 4],
    [1, 5, 3, 7],
    [3, 7, 0, 6],
    [0, 1, 2, 5],
    [4, 3, 0, 6],
]
PLACES = {word: (i, j) for i, words in enumerate(SENTENCES) for j, word in enumerate(words)}  # sentence, position

# What shares one mean has a colour of its own: chapter 6 has no queries, keys or values.
SHARED, SHARED_INK = "#D3C2EC", "#5B3A99"


def rows_of(sentence: int) -> list[str]:
    """The names of a sentence's rows: its words, then the padding."""
    words = list(SENTENCES[sentence])
    return words + ["padding"] * (SEQ - len(words))


def cells(
    paper: Axes,
    left: float,
    top: float,
    cell: tuple[float, float],
    words: np.ndarray,
    fills: np.ndarray,
    inks: np.ndarray,
    hatched: np.ndarray,
    rows: list[str] | None = None,
    columns: tuple[str, ...] = (),
) -> Grid:
    """A table on the board whose cells have their own words and colours.

    Args:
        left, top: of the first cell.
        cell: width and height of a cell.
        words, fills, inks: (rows, columns) what is written, on which colour, and in which.
        hatched: (rows, columns) padding.
        rows, columns: names on the left and above.
    """
    grid = Grid(left, top, cell, words.shape)
    for at in np.ndindex(words.shape):
        x, y, *size = grid.box(*at)
        paper.add_patch(Rectangle((x, y), *size, facecolor=fills[at], edgecolor=RULE, linewidth=0.75))
        if hatched[at]:
            paper.add_patch(Rectangle((x, y), *size, fill=False, edgecolor=RULE, hatch="////", linewidth=0))
        behind = {"facecolor": fills[at], "edgecolor": "none", "pad": 0.8} if hatched[at] and words[at] else None
        paper.text(
            *grid.middle(*at),
            words[at],
            fontsize=SMALL,
            color=inks[at],
            ha="center",
            va="center_baseline",
            bbox=behind,
        )
    for i, name in enumerate(rows or []):
        colour = FAINT if name == "padding" else INK
        paper.text(left - 6, grid.middle(i)[1], name, fontsize=SMALL, color=colour, ha="right", va="center_baseline")
    for j, name in enumerate(columns):
        paper.text(grid.middle(None, j)[0], top - 6, name, fontsize=SMALL, color=INK, ha="center", va="baseline")
    return grid


def plain(shape: tuple[int, ...], colour: str = PAPER) -> np.ndarray:
    """A table of one colour."""
    return np.full(shape, colour, dtype="U7")
