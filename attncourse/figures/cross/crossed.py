"""One attention laid out so that places say what comes from where: queries from the left, keys and values from above.

The weights are the rectangle where both meet: a row for each query, a column for each key. Outputs leave on the right.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path

from attncourse.drawing.board import arrow
from attncourse.drawing.canvas import CSS_DPI, TEXT
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, matrix
from attncourse.drawing.palette import INK, KEY, KEY_INK, QUERY, QUERY_INK, VALUE, VALUE_INK, WEIGHT
from attncourse.drawing.touch import say
from attnlib import MultiHeadParams, linear, multi_head_attention

_REACH = 2.5  # of the colours of vectors
_GAP = 8  # CSS pixels between neighbouring matrices
_BOX = 24  # height of the memory's box


class Crossed(NamedTuple):
    """One attention with one head, and what it was computed from."""

    query: np.ndarray  # (seq_q, d_k)
    key: np.ndarray  # (seq_k, d_k)
    value: np.ndarray  # (seq_k, d_v)
    attn_weights: np.ndarray  # (seq_q, seq_k)
    output: np.ndarray  # (seq_q, d_model)


def cross(params: MultiHeadParams, x: np.ndarray, memory: np.ndarray, mask: np.ndarray | None = None) -> Crossed:
    """The queries of one sequence at the keys and values of another, or of itself if ``memory`` is ``x``."""
    output, attn_weights = multi_head_attention(params, x, memory, memory, mask)
    return Crossed(
        linear(x, params.w_q), linear(memory, params.w_k), linear(memory, params.w_v), attn_weights[0], output
    )


class Layout(NamedTuple):
    """Where the weights lie, and how large things are, in CSS pixels."""

    left: float  # of the weights
    top: float
    cell: tuple[float, float]  # of a weight
    thin: float  # of one number of a vector
    box: float  # width of the box of x
    margin: float  # left of the box
    written: bool = True  # whether the weights stand in their cells


def draw_crossed(
    paper: Axes, at: Layout, shown: Crossed, rows: Sequence[str], columns: Sequence[str], own: bool
) -> dict[str, Grid]:
    """All five matrices and the sequences they are made of; the vectors as shades, the weights in numbers.

    Args:
        rows, columns: names of the tokens of x and of the memory.
        own: whether the memory is x.

    Returns:
        Where each matrix lies: "query", "key", "value", "weights", "output".
    """
    left, top, (wide, tall), thin = at.left, at.top, at.cell, at.thin
    d_k, d_v = shown.key.shape[1], shown.value.shape[1]
    above = top - _GAP - thin * d_v
    spots = {
        "query": (left - _GAP - thin * d_k, top, (thin, tall), shown.query, QUERY),
        "value": (left, above, (wide, thin), shown.value.T, VALUE),
        "key": (left, above - _GAP - thin * d_k, (wide, thin), shown.key.T, KEY),
        "output": (left + wide * len(shown.key) + _GAP, top, (thin, tall), shown.output, VALUE),
    }
    part = "own" if own else "other"  # two of these may stand in one picture
    grids = {}
    for name, spot in spots.items():
        tell = partial(_tell, part, name, columns if name in ("key", "value") else rows)
        grids[name] = matrix(paper, *spot, _REACH, written=-1, form="{:.2f}", tell=tell)
    grids["weights"] = matrix(
        paper, left, top, at.cell, shown.attn_weights, WEIGHT, 1, "{:.2f}", least=0 if at.written else np.inf,
        rows_said=rows, columns_said=columns, what="weight", part=part,
    )  # fmt: skip
    _draw_sequences(paper, at, grids, rows, columns, own)
    return grids


def _tell(part: str, name: str, tokens: Sequence[str], i: int, j: int) -> dict[str, str]:
    """A number of a vector lights what belongs to its token: the row of a query, the column of a key."""
    token, feature, line = (j, i, "c") if name in ("key", "value") else (i, j, "r")
    of = f"{part}-{line}{token}"
    return {"what": name, "row": tokens[token], "column": f"number {feature + 1}", "of": of, "lights": of}


def _draw_sequences(
    paper: Axes, at: Layout, grids: dict[str, Grid], rows: Sequence[str], columns: Sequence[str], own: bool
) -> None:
    """The box of x on the left, that of the memory above, and what is made of each; a line joins boxes that are one."""
    key, value, query, weights = (grids[name] for name in ("key", "value", "query", "weights"))
    _, top, across, down = weights.box()
    roof = key.top - _GAP - _BOX
    for corner, size in (((at.left, roof), (across, _BOX)), ((at.margin, top), (at.box, down))):
        paper.add_patch(Rectangle(corner, *size, fill=False, edgecolor=INK, linewidth=1.2))
    part = "own" if own else "other"
    for i, name in enumerate(rows):
        _word(paper, at.margin + at.box / 2, weights.middle(i)[1], name, f"{part}-r{i}")
    for j, name in enumerate(columns):
        _word(paper, weights.middle(None, j)[0], roof + _BOX / 2, name, f"{part}-c{j}")
    # A trunk from the memory's box to the keys and the values, and an arrow from x to the queries.
    trunk, beam = at.left - 18, roof + _BOX / 2
    start = at.margin + at.box / 2 if own else trunk
    paper.plot([at.left, start], [beam, beam], color=INK, linewidth=1.2)
    if own:
        paper.plot([start, start], [beam, top], color=INK, linewidth=1.2)
    paper.plot([trunk, trunk], [beam, value.middle()[1]], color=INK, linewidth=1.2)
    for grid, name, ink in ((key, "$W_K$", KEY_INK), (value, "$W_V$", VALUE_INK)):
        y = grid.middle()[1]
        arrow(paper, (trunk, y), (at.left - 1, y))
        label(paper, trunk - 5, y, name, ink, ha="right", va="center")
    start, end, y = at.margin + at.box, query.left - 1, query.middle()[1]
    arrow(paper, (start, y), (end, y))
    label(paper, (start + end) / 2 - 2, y - 4, "$W_Q$", QUERY_INK, ha="center", va="bottom")
    for y, name, ink in (
        (beam, "x again" if own else "memory", INK),
        (key.middle()[1], "keys", KEY_INK),
        (value.middle()[1], "values", VALUE_INK),
    ):
        label(paper, at.left + across + 6, y, name, ink, va="center_baseline")


def _word(paper: Axes, x: float, y: float, word: str, of: str) -> None:
    say(label(paper, x, y, word, ha="center", va="center_baseline"), words=word, of=of, lights=of)


def write_call(paper: Axes, left: float, baseline: float, name: str, memory: str) -> None:
    """The call ``name(x, memory, memory)``, each argument in the colour of what is made of it."""
    arguments = (("x", QUERY_INK), (", ", INK), (memory, KEY_INK), (", ", INK), (memory, VALUE_INK))
    for part, ink in ((f"{name}(", INK), *arguments, (")", INK)):
        words = label(paper, left, baseline, part, ink, size=TEXT)
        width, _, _ = text_to_path.get_text_width_height_descent(part, words.get_fontproperties(), ismath=False)
        left += width * CSS_DPI / 72 + 1  # from points; and a pixel of air, which the outline does not count
