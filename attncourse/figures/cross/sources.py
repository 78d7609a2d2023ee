"""Picture: self-attention beside cross-attention, and where queries, keys and values come from."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.digits import product_of
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import QUERY_INK, VALUE_INK, WEIGHT_INK
from attncourse.explorer import Explorer
from attncourse.figures.cross.crossed import Crossed, Layout, cross, draw_crossed, write_call
from attnlib import MultiHeadParams

# A few words with vectors of small whole numbers, so that every score can be checked by hand.
ENGLISH, GERMAN = ("dog", "bites", "man"), ("Hund", "beißt")
# (seq, 4), features: animal, action, human, German
ENGLISH_VECTORS = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], dtype=float)
GERMAN_VECTORS = np.array([[1, 0, 0, 1], [0, 1, 0, 1]], dtype=float)
_VALUES = np.array([[2, 0, 0, -1], [0, 2, 0, 1], [-1, 0, 2, 0], [0, 0, 0, 0]], dtype=float)
_SAME = np.eye(4)

# Nouns look for the verb, the verb for both nouns.
SELF = MultiHeadParams(
    w_q=np.array([[0, 5, 0, 0], [2, 0, 2, 0], [0, 5, 0, 0], [0, 0, 0, 0]], dtype=float),
    w_k=_SAME,
    w_v=_VALUES,
    w_o=_SAME,
    num_heads=1,
)
# A word looks for the one that means the same.
CROSS = MultiHeadParams(w_q=5 * _SAME, w_k=_SAME, w_v=_VALUES, w_o=_SAME, num_heads=1)


class Numbers(NamedTuple):
    """What the figure shows."""

    own: Crossed  # English words ask each other
    other: Crossed  # German words ask the English ones


def measure() -> Numbers:
    """One sequence asks itself, and another asks it."""
    return Numbers(
        cross(SELF, ENGLISH_VECTORS, ENGLISH_VECTORS),
        cross(CROSS, GERMAN_VECTORS, ENGLISH_VECTORS),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    english, german = (" ".join(words) for words in (ENGLISH, GERMAN))
    own, other = (product_of(shown.attn_weights.shape) for shown in numbers)
    return (
        f"Self-attention makes queries, keys and values of “{english}”: {own} weights. Cross-attention makes queries "
        f"of “{german}”, keys and values of “{english}”: {other} weights."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The same layout twice; what differs is whether the two boxes are one sequence."""
    figure = sheet(height=322, narrow=narrow, narrow_height=600)
    paper = board(figure)
    for i, (shown, rows) in enumerate(zip(numbers, (ENGLISH, GERMAN), strict=True)):
        left, top, own = 0 if narrow else 372 * i, 322 * i if narrow else 0, i == 0
        at = Layout(left + 146, top + 184, (44, 34), 8, box=54, margin=left + 8)
        grids = draw_crossed(paper, at, shown, rows, ENGLISH, own)
        label(
            paper, left + 8, top + 18, "self-attention" if own else "cross-attention", size=HEADING, weight="semibold"
        )
        write_call(paper, left + 8, top + 40, "attention", "x" if own else "memory")
        _label(paper, at, grids, product_of(shown.attn_weights.shape), own)
    return figure


def _label(paper, at: Layout, grids, size: str, own: bool) -> None:
    """Names below the matrices."""
    bottom = sum(grids["weights"].box()[1::2]) + 17
    for name, words, ink in (
        ("query", "queries", QUERY_INK),
        ("weights", f"{size} weights", WEIGHT_INK),
        ("output", "outputs", VALUE_INK),
    ):
        label(paper, grids[name].middle()[0], bottom, words, ink, ha="center")
    label(paper, at.margin + at.box / 2, bottom, "x", ha="center")


sources = Explorer(
    __name__,
    caption=(
        "In self-attention queries (from the left), keys and values (from above) are made of one sequence; in "
        "cross-attention the queries are made of another."
    ),
)
