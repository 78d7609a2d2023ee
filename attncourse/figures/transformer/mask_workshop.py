"""Explorer: build a mask, and see the scores in front of it and the weights behind it."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, matrix, name_rows
from attncourse.drawing.palette import (
    FAINT,
    INK,
    KEY,
    KEY_INK,
    PAPER,
    QUERY_INK,
    RULE,
    SCORE_INK,
    SCORE_SIGNED,
    WEIGHT_INK,
    WEIGHT_MAP,
)
from attncourse.explorer import Explorer
from attnlib import attention_weights, causal_mask, padding_mask, scaled_dot_scores

MOST = 4  # queries and keys
_D_K = 4
_rng = np.random.default_rng(12)
_QUERY, _KEY = _rng.normal(size=(2, MOST, _D_K))
_SHADES = SCORE_SIGNED.resampled(7)  # few enough for a small file
_ALLOWED = ListedColormap(["#E3E8EE", "#E3E8EE"])
KINDS = ("none", "causal", "padding", "causal and padding", "causal, padding in front")


class Numbers(NamedTuple):
    """What the figure shows."""

    kind: str
    scores: np.ndarray  # (seq_q, seq_k)
    real: np.ndarray  # (seq_k,) boolean: which keys are no padding
    mask: np.ndarray  # (seq_q, seq_k) boolean, True = may attend
    attn_weights: np.ndarray  # (seq_q, seq_k)
    later: float  # weight on keys that come later than their query, mean over the queries
    padding: float  # weight on padding, mean over the queries


def measure(kind: str = "causal and padding", seq_q: int = 4, seq_k: int = 4, padded: int = 1) -> Numbers:
    """Scores of the first queries and keys, the mask of this kind, and the weights that both give."""
    query, key = _QUERY[:seq_q], _KEY[:seq_k]
    past = causal_mask(seq_q, seq_k)
    real = padding_mask(seq_k - min(padded, seq_k), seq_k)[0]
    if "in front" in kind:
        real = real[::-1]
    mask = np.ones_like(past)
    if "causal" in kind:
        mask &= past
    if "padding" in kind:
        mask &= real
    weights = attention_weights(query, key, mask)
    later, padding = (float(weights[hidden].sum()) / seq_q for hidden in (~past, np.broadcast_to(~real, past.shape)))
    return Numbers(kind, scaled_dot_scores(query, key), real, mask, weights, later, padding)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    seq_q, seq_k = numbers.mask.shape
    empty = int((~numbers.mask.any(axis=-1)).sum())
    later, padding = (in_digits(share, "{:.0%}") for share in (numbers.later, numbers.padding))
    rows = f"{empty} of {seq_q} rows may see nothing and get zeros" if empty else "every row sums to 1"
    return (
        f"Mask “{numbers.kind}”, {seq_q} × {seq_k}: {numbers.mask.sum()} of {numbers.mask.size} pairs are allowed; "
        f"later keys get {later} of the weight, padding {padding}; {rows}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Scores, mask and weights side by side; what is masked is hatched, and an empty row lights its lamp."""
    figure = sheet(height=236, narrow=narrow, narrow_height=596)
    paper = board(figure)
    cell, spots = (
        ((58, 30), ((32, 56), (32, 250), (32, 444))) if narrow else ((46, 36), ((30, 56), (256, 56), (482, 56)))
    )
    panels = (
        ("scores", SCORE_INK, numbers.scores, _SHADES, 2.1, "{:.1f}"),
        ("mask", INK, np.where(numbers.mask, 1.0, np.nan), _ALLOWED, 1, "✓"),
        ("weights", WEIGHT_INK, np.where(numbers.mask, numbers.attn_weights, np.nan), WEIGHT_MAP, 1, "{:.2f}"),
    )
    for (left, top), (title, ink, cells, colours, reach, form) in zip(spots, panels, strict=True):
        grid = matrix(paper, left, top, cell, cells, colours, reach, form)
        label(paper, left, top - 31, title, ink, size=HEADING)
        _name(paper, grid, numbers)
    label(paper, spots[1][0] + 48, spots[1][1] - 31, "✓ may attend", FAINT)
    _draw_lamps(paper, grid, numbers)
    return figure


def _name(paper: Axes, grid: Grid, numbers: Numbers) -> None:
    name_rows(paper, grid, [f"q{i + 1}" for i in range(grid.shape[0])], QUERY_INK)
    for j, real in enumerate(numbers.real):
        name, ink = (f"k{j + 1}", KEY_INK) if real else ("pad", FAINT)
        label(paper, grid.middle(None, j)[0], grid.top - 7, name, ink, ha="center")


def _draw_lamps(paper: Axes, grid: Grid, numbers: Numbers) -> None:
    """The sum of every row, and a lamp that is lit where a row may see nothing."""
    x = grid.left + grid.box()[2]
    label(paper, x + 8, grid.top - 7, "sum", WEIGHT_INK)
    for i, row in enumerate(numbers.mask):
        y, lit = grid.middle(i)[1], not row.any()
        total = in_digits(numbers.attn_weights[i].sum(), "{:.0f}")
        label(paper, x + 21, y, total, size=TEXT, ha="center", va="center_baseline")
        fill, edge = (KEY, KEY_INK) if lit else (PAPER, RULE)
        paper.add_patch(Circle((x + 40, y), 6.5, facecolor=fill, edgecolor=edge, linewidth=1.2))
    if not numbers.mask.any(axis=-1).all():
        below = grid.top + grid.box()[3] + 12
        label(paper, grid.left, below, "no key allowed: zeros, not NaN", KEY_INK, va="top")


mask_workshop = Explorer(
    __name__,
    caption=(
        "The same scores under one mask after another. What may not be seen is hatched and gets no weight; "
        "the others share the whole of it. A lamp lights where a query may see nothing at all."
    ),
    controls={
        "kind": Choice("mask", stops=KINDS),
        "seq_q": Slider("queries", stops=(1, 2, 4)),
        "seq_k": Slider("keys", stops=(2, 4)),
        "padded": Slider("padded keys", stops=(0, 1, 2)),
    },
)
