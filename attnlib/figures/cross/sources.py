"""Picture: self-attention beside cross-attention, and where queries, keys and values come from."""

from typing import NamedTuple

from matplotlib.figure import Figure

from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import HEADING, sheet
from attnlib.figures.compute.matrix import board
from attnlib.figures.cross.crossed import Crossed, Layout, cross, draw_crossed
from attnlib.figures.cross.words import CROSS, ENGLISH, ENGLISH_VECTORS, GERMAN, GERMAN_VECTORS, SELF
from attnlib.figures.palette import INK


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
    (own_q, own_k), (seq_q, seq_k) = numbers.own.attn_weights.shape, numbers.other.attn_weights.shape
    return (
        f"Self-attention: queries, keys and values of “{' '.join(ENGLISH)}”, {own_q} × {own_k} weights. "
        f"Cross-attention: queries of “{' '.join(GERMAN)}”, keys and values of “{' '.join(ENGLISH)}”, {seq_q} × {seq_k}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The same layout twice; only the corner differs, where the sequences come in."""
    figure = sheet(height=330, narrow=narrow, narrow_height=620)
    paper = board(figure)
    for i, (shown, rows) in enumerate(((numbers.own, ENGLISH), (numbers.other, GERMAN))):
        left, top = (0, 310 * i) if narrow else (360 * i, 0)
        at = Layout(left + 140, top + 150, (44, 36), 8)
        draw_crossed(paper, at, shown, list(rows), list(ENGLISH))
        title = ("self-attention", "cross-attention")[i]
        paper.text(left + 8, top + 18, title, fontsize=HEADING, color=INK)
    return figure


sources = Explorer(
    name="sources",
    source="attnlib.figures.cross.sources:sources",
    caption=(
        "Queries come from the left, keys and values from above, outputs leave on the right. "
        "In self-attention all three are made of one sequence; in cross-attention queries are made of another."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
)
