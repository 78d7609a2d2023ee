"""Explorer: build a mask, and see the scores before it and the weights behind it."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from attnlib import attention_weights, causal_mask, padding_mask, scaled_dot_scores
from attnlib.course.controls import Choice, Slider
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import HEADING, SMALL, sheet
from attnlib.figures.compute.matrix import Grid, board, matrix
from attnlib.figures.palette import (
    INK,
    KEY,
    KEY_INK,
    PAPER,
    QUERY_INK,
    SCORE_INK,
    SCORE_SIGNED,
    VALUE,
    WEIGHT_INK,
    WEIGHT_MAP,
)

MOST = 5  # queries and keys
_D_K = 4
_rng = np.random.default_rng(5)
_QUERY, _KEY = _rng.normal(size=(2, MOST, _D_K))
KINDS = ("none", "causal", "padding", "causal and padding", "causal, padding in front")


class Numbers(NamedTuple):
    """What the figure shows."""

    kind: str
    scores: np.ndarray  # (seq_q, seq_k)
    mask: np.ndarray  # (seq_q, seq_k) boolean, True = may attend
    attn_weights: np.ndarray  # (seq_q, seq_k)
    sums: np.ndarray  # (seq_q,) of each row's weights


def measure(kind: str = "causal and padding", seq_q: int = 5, seq_k: int = 5, padded: int = 1) -> Numbers:
    """Scores of the first queries and keys, the mask of this kind, and the weights of both."""
    query, key = _QUERY[:seq_q], _KEY[:seq_k]
    mask = make_mask(kind, seq_q, seq_k, min(padded, seq_k))
    attn_weights = attention_weights(query, key, mask)
    return Numbers(kind, scaled_dot_scores(query, key), mask, attn_weights, attn_weights.sum(axis=-1))


def make_mask(kind: str, seq_q: int, seq_k: int, padded: int) -> np.ndarray:
    """(seq_q, seq_k) boolean, True = may attend; ``padded`` keys at the end, or in front, are no tokens."""
    mask = np.ones((seq_q, seq_k), dtype=bool)
    if "causal" in kind:
        mask &= causal_mask(seq_q, seq_k)
    if "padding" in kind:
        real = padding_mask(seq_k - padded, seq_k)
        mask &= real[..., ::-1] if "in front" in kind else real
    return mask


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    seq_q, seq_k = numbers.mask.shape
    empty = int((~numbers.mask.any(axis=-1)).sum())
    sums = "every row sums to 1" if not empty else f"{empty} of {seq_q} rows may attend to nothing: zeros, not NaN"
    return (
        f"Mask “{numbers.kind}”, {seq_q} × {seq_k}: {numbers.mask.sum()} of {numbers.mask.size} pairs are allowed, "
        f"the largest weight is {numbers.attn_weights.max():.2f}; {sums}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Scores, mask and weights, with a light for each row."""
    figure = sheet(height=240, narrow=narrow, narrow_height=640)
    paper = board(figure)
    cell = (40, 30)
    spots = ((40, 50), (40, 260), (40, 470)) if narrow else ((34, 50), (262, 50), (490, 50))
    allowed = numbers.mask.astype(float)
    masked = np.where(numbers.mask, numbers.attn_weights, np.nan)
    greens = ListedColormap([PAPER, "#BFE6DA"])
    for (left, top), title, ink, cells, colours, reach, form in (
        (spots[0], "scores", SCORE_INK, numbers.scores, SCORE_SIGNED, 2.5, "{:.1f}"),
        (spots[1], "mask", INK, np.where(numbers.mask, allowed, np.nan), greens, 1, "✓"),
        (spots[2], "weights", WEIGHT_INK, masked, WEIGHT_MAP, 1, "{:.2f}"),
    ):
        grid = matrix(paper, left, top, cell, cells, colours, reach, form)
        paper.text(left, top - 26, title, fontsize=HEADING, color=ink)
        _name(paper, grid)
    _lights(paper, grid, numbers)
    return figure


def _name(paper: Axes, grid: Grid) -> None:
    for i in range(grid.shape[0]):
        paper.text(
            grid.left - 5, grid.middle(i)[1], f"q{i + 1}", fontsize=SMALL, color=QUERY_INK, ha="right", va="center"
        )
    for j in range(grid.shape[1]):
        paper.text(grid.middle(None, j)[0], grid.top - 5, f"k{j + 1}", fontsize=SMALL, color=KEY_INK, ha="center")


def _lights(paper: Axes, grid: Grid, numbers: Numbers) -> None:
    x = grid.left + grid.box()[2] + 14
    for i, row in enumerate(numbers.mask):
        fill = VALUE if row.any() else KEY
        paper.add_patch(Circle((x, grid.middle(i)[1]), 6, color=fill, linewidth=0))


mask_workshop = Explorer(
    name="mask-workshop",
    source="attnlib.figures.transformer.mask_workshop:mask_workshop",
    caption=(
        "The same scores under another mask: what may not be seen is hatched and gets no weight. "
        "The lights show the rows that may attend to something."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "kind": Choice("mask", stops=KINDS, default="causal and padding"),
        "seq_q": Slider("queries", stops=(1, 3, 5), default=5),
        "seq_k": Slider("keys", stops=(3, 5), default=5),
        "padded": Slider("padded keys", stops=(0, 1, 3), default=1),
    },
)
