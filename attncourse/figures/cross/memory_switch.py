"""Explorer: one function; what it is given as memory makes it self-attention or cross-attention."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import product_of
from attncourse.drawing.board import board
from attncourse.drawing.canvas import sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid
from attncourse.drawing.palette import FAINT, QUERY_INK, VALUE_INK, WEIGHT_INK
from attncourse.explorer import Explorer
from attncourse.figures.cross.crossed import Crossed, Layout, cross, draw_crossed, write_call
from attnlib import causal_mask, init_multi_head

ITSELF, OTHER = "x itself", "another sequence"
_D_MODEL = 4
_SAID, _TEXT = "▷2021-", "7.6.2021"  # what the vectors stand for
_LAYER = init_multi_head(np.random.default_rng(3), _D_MODEL, num_heads=1)
_LAYER = _LAYER._replace(w_o=np.eye(_D_MODEL))  # so that an output is the weighted mean of the values in sight
_X = np.random.default_rng(4).normal(size=(len(_SAID), _D_MODEL))
_MEMORY = np.random.default_rng(5).normal(size=(len(_TEXT), _D_MODEL))


class Numbers(NamedTuple):
    """What the figure shows."""

    own: bool  # whether the memory is x
    other: int  # length of the other sequence
    shown: Crossed


def measure(memory: str = OTHER, seq_q: int = 3, seq_k: int = 5) -> Numbers:
    """The same layer, asked by the first ``seq_q`` vectors of x; its memory is x, or ``seq_k`` other vectors.

    As x is an answer that is being written, none of it sees what comes later.
    """
    x = _X[:seq_q]
    own = memory == ITSELF
    shown = cross(_LAYER, x, x, causal_mask(seq_q, seq_q)) if own else cross(_LAYER, x, _MEMORY[:seq_k])
    return Numbers(own, seq_k, shown)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    seq_q, seq_k = numbers.shown.attn_weights.shape
    kind = "Self-attention: the memory is x" if numbers.own else "Cross-attention: the memory is another sequence"
    count = [f"{n} {word}{'s' * (n > 1)}" for n, word in ((seq_q, "query"), (seq_k, "key"), (seq_q * seq_k, "weight"))]
    queries, keys, weights = (words.replace("querys", "queries") for words in count)
    unread = f" The other sequence’s {_vectors(numbers.other)} not read." if numbers.own else ""
    return (
        f"{kind}; {queries} × {keys} = {weights}, the largest {numbers.shown.attn_weights.max():.2f}; "
        f"outputs: {_outputs(numbers.shown)}.{unread}"
    )


def _outputs(shown: Crossed) -> str:
    """How many; a single key leaves the queries no choice."""
    single = len(shown.key) == 1 < len(shown.output)
    return f"{len(shown.output)}, {'all equal' if single else 'one for each query'}"


def _vectors(count: int) -> str:
    return "vector is" if count == 1 else f"{count} vectors are"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The rectangle of weights between x on the left and the memory above it, and how many of each."""
    figure = sheet(height=320, narrow=narrow, narrow_height=286)
    paper = board(figure)
    seq_k = len(numbers.shown.key)
    if narrow:
        wide = min(35, 176 // seq_k)  # a weight; in the narrowest there is no room for its number
        at = Layout(92, 150, (wide, 24), 6, box=24, margin=2, written=wide > 27)
    else:
        at = Layout(140, 168, (min(84, 500 // seq_k), 30), 9, box=40, margin=8)
    rows = _SAID[: len(numbers.shown.query)]
    columns = rows if numbers.own else _TEXT[:seq_k]
    label(paper, at.margin + 1, at.top - 6, "x", QUERY_INK)
    grids = draw_crossed(paper, at, numbers.shown, rows, columns, numbers.own)
    _write_counts(paper, grids, _outputs(numbers.shown).removesuffix(", one for each query"))
    write_call(paper, 8, 20, "attention", "x" if numbers.own else "memory")
    if numbers.own:
        words = f"the other sequence’s {_vectors(numbers.other)} not read"
        label(paper, *((8, 44) if narrow else (300, 20)), words, FAINT)
    return figure


def _write_counts(paper: Axes, grids: dict[str, Grid], outputs: str) -> None:
    """Below the three matrices that have no name beside them."""
    query, weights, output = (grids[name] for name in ("query", "weights", "output"))
    _, _, across, down = weights.box()
    below, right = weights.top + down + 18, output.left + output.box()[2]
    for words, ink, spot, side in (
        (f"queries: {query.shape[0]}", QUERY_INK, (query.left + query.box()[2], below), "right"),
        (f"weights: {product_of(weights.shape)}", WEIGHT_INK, (weights.left, below), "left"),
        (f"outputs: {outputs}", VALUE_INK, (right, below if across > 130 else below + 18), "right"),
    ):
        label(paper, *spot, words, ink, ha=side)


memory_switch = Explorer(
    __name__,
    caption=(
        "Queries come from x on the left, keys and values from the memory above. Random numbers stand for vectors "
        "and matrices (one head, no W_O); grey is below zero. When x asks itself, a mask hides later characters."
    ),
    controls={
        "memory": Choice("memory", stops=(ITSELF, OTHER)),
        "seq_q": Slider("length of x", stops=(1, 2, 3, 4)),
        "seq_k": Slider("length of the other sequence", stops=(1, 2, 3, 5, 8)),
    },
)
