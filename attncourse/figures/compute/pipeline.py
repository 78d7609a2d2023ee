"""Explorer: five tokens on their way from query and key to the output, with one query's row marked throughout."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Slider, Switch
from attncourse.digits import in_digits
from attncourse.drawing.board import arrow, board
from attncourse.drawing.canvas import TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import (
    KEY_INK,
    KEY_SIGNED,
    QUERY_INK,
    QUERY_SIGNED,
    SCORE_INK,
    SCORE_SIGNED,
    VALUE_INK,
    VALUE_SIGNED,
    WEIGHT_INK,
    WEIGHT_MAP,
)
from attncourse.explorer import Explorer
from attncourse.figures.sentence import KEY, QUERY, TOKENS, VALUE
from attnlib import attention, causal_mask, dot_scores, entropy, scaled_dot_scores


class Numbers(NamedTuple):
    """What the figure shows."""

    query: int  # the marked query, counted from 1
    temperature: float
    mask: np.ndarray  # (5, 5) True = may attend
    scores: np.ndarray  # (5, 5) dot products
    scaled: np.ndarray  # (5, 5) scores / (√d_k · τ)
    attn_weights: np.ndarray  # (5, 5)
    output: np.ndarray  # (5, d_v)
    entropy: float  # nats, of the marked query's weights


def measure(query: int = 4, temperature: float = 1.0, mask: bool = False) -> Numbers:
    """Attention on the five tokens, with everything that is computed on the way."""
    allowed = causal_mask(5, 5) if mask else np.ones((5, 5), dtype=bool)
    scale = float(1 / (np.sqrt(KEY.shape[-1]) * temperature))
    output, attn_weights = attention(QUERY, KEY, VALUE, mask=allowed, scale=scale)
    scores, scaled = dot_scores(QUERY, KEY), scaled_dot_scores(QUERY, KEY, scale)
    spread = float(entropy(attn_weights[query - 1]))
    return Numbers(query, temperature, allowed, scores, scaled, attn_weights, output, spread)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    row = numbers.attn_weights[numbers.query - 1]
    allowed = int(numbers.mask[numbers.query - 1].sum())
    keys = "all five keys" if allowed == 5 else f"{allowed} of five keys" if allowed > 1 else "its own key alone"
    return (
        f"Query {numbers.query}, “{TOKENS[numbers.query - 1]}”, may attend to {keys}: its largest weight is "
        f"{row.max():.2f}, on “{TOKENS[row.argmax()]}”, and the entropy of its weights is "
        f"{in_digits(numbers.entropy)} of at most {np.log(allowed):.2f} nats."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Both products as on paper. Only the marked row, and what it is multiplied with, is written in numbers."""
    figure = sheet(height=404, narrow=narrow, narrow_height=606)
    at, words, arrows, (tight, wide, medium, output) = _NARROW if narrow else _WIDE
    row, tokens = numbers.query - 1, TOKENS
    scaled = np.where(numbers.mask, numbers.scaled, np.nan)
    weights = np.where(numbers.mask, numbers.attn_weights, np.nan)
    tiles = {  # name: matrix, width of a cell, colours, reach, form, names of rows and columns
        "query": (QUERY, 24, QUERY_SIGNED, 5, "{:g}", tokens, None),
        "key": (KEY.T, tight, KEY_SIGNED, 5, "{:g}", None, tokens),
        "scores": (numbers.scores, tight, SCORE_SIGNED, 10, "{:g}", None, None),
        "scaled": (scaled, wide, SCORE_SIGNED, 5, "{:.2f}", tokens, None),
        "weights": (weights, medium, WEIGHT_MAP, 1.2, "{:.2f}", None, tokens),
        "value": (VALUE, output, VALUE_SIGNED, 8, "{:g}", None, None),
        "output": (numbers.output, output, VALUE_SIGNED, 8, "{:.2f}", None, None),
    }
    paper = board(figure)
    for name, (entries, width, colours, reach, form, rows, columns) in tiles.items():
        followed = name not in ("key", "value")  # the row of the query in hand
        written = row if followed else None
        grid = matrix(paper, *at[name], (width, 20), entries, colours, reach, form, written, rows, columns)
        if followed:
            frame(paper, grid, row)
        x, y, align = words[name]
        label(paper, x, y, name, _INKS[name], size=TEXT, weight="bold", ha=align, va="center")
    down, across = arrows
    arrow(paper, *down, f"÷ √4·τ = ÷ {2 * numbers.temperature:.3g}")
    arrow(paper, *across, "softmax")
    return figure


_INKS = {
    "query": QUERY_INK,
    "key": KEY_INK,
    "scores": SCORE_INK,
    "value": VALUE_INK,
    "scaled": SCORE_INK,
    "weights": WEIGHT_INK,
    "output": VALUE_INK,
}

# In CSS pixels: left and top of each matrix; its name; two arrows; the widths of cells of scores to output.
_WIDE = (
    {
        "query": (38, 126),
        "key": (142, 38),
        "scores": (142, 126),
        "value": (550, 166),
        "scaled": (38, 276),
        "weights": (346, 276),
        "output": (550, 276),
    },
    {
        "query": (86, 112, "center"),
        "key": (134, 60, "right"),
        "scores": (300, 136, "left"),
        "value": (542, 184, "right"),
        "scaled": (158, 390, "center"),
        "weights": (442, 390, "center"),
        "output": (619, 390, "center"),
    },
    [((217, 230), (217, 270)), ((282, 326), (342, 326))],
    (30, 48, 39, 46),
)
_NARROW = (
    {
        "query": (34, 118),
        "key": (138, 30),
        "scores": (138, 118),
        "value": (218, 372),
        "scaled": (34, 252),
        "weights": (34, 480),
        "output": (218, 480),
    },
    {
        "query": (82, 104, "center"),
        "key": (130, 52, "right"),
        "scores": (284, 128, "left"),
        "value": (210, 384, "right"),
        "scaled": (282, 264, "left"),
        "weights": (122, 592, "center"),
        "output": (278, 592, "center"),
    },
    [((154, 222), (154, 248)), ((80, 356), (80, 458))],
    (28, 48, 36, 41),
)


pipeline = Explorer(
    __name__,
    caption=(
        "Every step from query and key to the output, for five tokens. The frame follows one query. "
        "Hatched pairs are masked: their weight is exactly zero."
    ),
    controls={
        "query": Slider("query", stops=(1, 2, 3, 4, 5)),
        "temperature": Slider("temperature τ", stops=(0.25, 0.5, 1.0, 2.0, 4.0), log=True),
        "mask": Switch("causal mask"),
    },
)
