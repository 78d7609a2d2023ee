"""One attention laid out so that places say what comes from where: queries from the left, keys and values from above.

The weights are the rectangle where both meet: a row for each query, a column for each key. Outputs leave on the right.
"""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from attnlib import MultiHeadParams, linear, multi_head_attention
from attnlib.figures.canvas import SMALL
from attnlib.figures.compute.matrix import Grid, matrix
from attnlib.figures.palette import (
    INK,
    KEY_INK,
    KEY_SIGNED,
    QUERY_INK,
    QUERY_SIGNED,
    VALUE_INK,
    VALUE_SIGNED,
    WEIGHT_INK,
    WEIGHT_MAP,
)

REACH = 2.5  # of the colours of vectors
_GAP = 8  # CSS pixels between neighbouring matrices


class Crossed(NamedTuple):
    """One attention with one head, and what it was computed from."""

    query: np.ndarray  # (seq_q, d_k)
    key: np.ndarray  # (seq_k, d_k)
    value: np.ndarray  # (seq_k, d_v)
    attn_weights: np.ndarray  # (seq_q, seq_k)
    output: np.ndarray  # (seq_q, d_model)


def cross(params: MultiHeadParams, x: np.ndarray, memory: np.ndarray) -> Crossed:
    """The queries of one sequence at the keys and values of another, or of itself if ``memory`` is ``x``."""
    output, attn_weights = multi_head_attention(params, x, memory, memory)
    return Crossed(
        linear(x, params.w_q), linear(memory, params.w_k), linear(memory, params.w_v), attn_weights[0], output
    )


class Layout(NamedTuple):
    """Where the weights lie, and how large things are, in CSS pixels."""

    left: float  # of the weights
    top: float
    cell: tuple[float, float]  # of a weight
    thin: float  # of one number of a vector
    form: str | None = "{:.2f}"  # how a weight is written


def draw_crossed(paper: Axes, at: Layout, shown: Crossed, rows: list[str], columns: list[str]) -> dict[str, Grid]:
    """All five matrices; the vectors as shades, the weights in numbers.

    Returns:
        Where each lies: "query", "key", "value", "weights", "output".
    """
    left, top, (wide, tall), thin = at.left, at.top, at.cell, at.thin
    d_k, d_v = shown.key.shape[1], shown.value.shape[1]
    above = top - _GAP - thin * d_v
    spots = {
        "query": (left - _GAP - thin * d_k, top, (thin, tall), shown.query, QUERY_SIGNED),
        "value": (left, above, (wide, thin), shown.value.T, VALUE_SIGNED),
        "key": (left, above - _GAP - thin * d_k, (wide, thin), shown.key.T, KEY_SIGNED),
        "output": (left + wide * len(shown.key) + _GAP, top, (thin, tall), shown.output, VALUE_SIGNED),
    }
    grids = {name: matrix(paper, *spot, REACH, written=-1) for name, spot in spots.items()}
    weights = matrix(
        paper, left, top, at.cell, shown.attn_weights, WEIGHT_MAP, 1, at.form or "", None if at.form else -1
    )
    for i, name in enumerate(rows):
        paper.text(
            grids["query"].left - 6, weights.middle(i)[1], name, fontsize=SMALL, color=INK, ha="right",
            va="center_baseline",
        )  # fmt: skip
    for j, name in enumerate(columns):
        paper.text(
            weights.middle(None, j)[0], grids["key"].top - 6, name, fontsize=SMALL, color=INK, ha="center",
            va="baseline",
        )  # fmt: skip
    return grids | {"weights": weights}


INKS = {"query": QUERY_INK, "key": KEY_INK, "value": VALUE_INK, "weights": WEIGHT_INK, "output": VALUE_INK}
