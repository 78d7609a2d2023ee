"""Explorer: one function; what it is given as memory makes it self-attention or cross-attention."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import init_multi_head
from attnlib.course.controls import Choice, Slider
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import HEADING, SMALL, sheet
from attnlib.figures.compute.matrix import board
from attnlib.figures.cross.crossed import INKS, Crossed, Layout, cross, draw_crossed
from attnlib.figures.palette import INK

ITSELF, OTHER = "x itself", "another sequence"
_D_MODEL = 4
_MOST_Q, _MOST_K = 6, 8
_LAYER = init_multi_head(np.random.default_rng(3), _D_MODEL, num_heads=1)
_X = np.random.default_rng(4).normal(size=(_MOST_Q, _D_MODEL))
_MEMORY = np.random.default_rng(5).normal(size=(_MOST_K, _D_MODEL))


class Numbers(NamedTuple):
    """What the figure shows."""

    own: bool  # whether the memory is x
    shown: Crossed


def measure(memory: str = OTHER, seq_q: int = 3, seq_k: int = 5) -> Numbers:
    """The same layer, asked by the first ``seq_q`` vectors of x; its memory is x, or ``seq_k`` other vectors."""
    x = _X[:seq_q]
    own = memory == ITSELF
    return Numbers(own, cross(_LAYER, x, x if own else _MEMORY[:seq_k]))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    seq_q, seq_k = numbers.shown.attn_weights.shape
    kind = "Self-attention: the memory is x" if numbers.own else "Cross-attention: the memory is another sequence"
    largest = numbers.shown.attn_weights.max()
    return (
        f"{kind}; {seq_q} queries × {seq_k} keys = {seq_q * seq_k} weights, the largest {largest:.2f}; "
        f"the output has {len(numbers.shown.output)} rows, one for each query."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The rectangle of weights between x on the left and the memory above it."""
    figure = sheet(height=346, narrow=narrow, narrow_height=340)
    paper = board(figure)
    seq_q, seq_k = numbers.shown.attn_weights.shape
    at = Layout(70, 150, (27, 27), 9, None) if narrow else Layout(150, 140, (48, 32), 10)
    rows = [f"x{i + 1}" for i in range(seq_q)]
    columns = rows if numbers.own else [f"m{j + 1}" for j in range(seq_k)]
    grids = draw_crossed(paper, at, numbers.shown, rows, columns)
    call = f"multi_head_attention(params, x, {'x, x' if numbers.own else 'memory, memory'})"
    paper.text(8, 18, call, fontsize=SMALL if narrow else HEADING, color=INK, family="monospace")
    paper.text(
        grids["weights"].left, grids["weights"].box()[1] + grids["weights"].box()[3] + 18,
        f"{seq_q} × {seq_k} weights", fontsize=SMALL, color=INKS["weights"],
    )  # fmt: skip
    return figure


memory_switch = Explorer(
    name="memory-switch",
    source="attnlib.figures.cross.memory_switch:memory_switch",
    caption=(
        "One layer with one head and random maps, d = 4. Queries come from x on the left, keys and values from the "
        "memory above. Nothing but the memory changes."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "memory": Choice("memory", stops=(ITSELF, OTHER), default=OTHER),
        "seq_q": Slider("length of x", stops=(1, 2, 3, 4, 6), default=3),
        "seq_k": Slider("length of the other sequence", stops=(1, 2, 3, 5, 8), default=5),
    },
)
