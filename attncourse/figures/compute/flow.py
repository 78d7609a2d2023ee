"""Picture: the whole computation of attention on small matrices, from query, key and value to the output."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.digits import in_digits
from attncourse.drawing.board import arrow, board
from attncourse.drawing.canvas import TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import (
    FAINT,
    INK,
    KEY,
    KEY_INK,
    QUERY,
    QUERY_INK,
    SCORE,
    SCORE_INK,
    VALUE,
    VALUE_INK,
    WEIGHT,
    WEIGHT_INK,
)
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import attention, dot_scores, scaled_dot_scores

# Three different widths and lengths, so that no axis can be taken for another.
_QUERY = np.array([[1, 0, 2, -1], [0, 2, 1, 1]], dtype=float)  # (seq_q, d_k)
_KEY = np.array([[1, 1, 1, -1], [0, 2, -1, 1], [2, 0, 1, 1]], dtype=float)  # (seq_k, d_k)
_VALUE = np.array([[4, 0], [0, 2], [1, 3]], dtype=float)  # (seq_k, d_v)
_MASK = np.array([[True, True, True], [True, True, False]])  # (seq_q, seq_k)


class Numbers(NamedTuple):
    """Every matrix on the way."""

    query: np.ndarray  # (seq_q, d_k)
    key: np.ndarray  # (seq_k, d_k)
    value: np.ndarray  # (seq_k, d_v)
    mask: np.ndarray  # (seq_q, seq_k) True = may attend
    scores: np.ndarray  # (seq_q, seq_k) dot products
    scaled: np.ndarray  # (seq_q, seq_k) scores / √d_k
    attn_weights: np.ndarray  # (seq_q, seq_k)
    output: np.ndarray  # (seq_q, d_v)


def measure() -> Numbers:
    """Score, scale, mask, take the softmax, and average the values."""
    output, attn_weights = attention(_QUERY, _KEY, _VALUE, mask=_MASK)
    scores, scaled = dot_scores(_QUERY, _KEY), scaled_dot_scores(_QUERY, _KEY)
    return Numbers(_QUERY, _KEY, _VALUE, _MASK, scores, scaled, attn_weights, output)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    scores = ", ".join(in_digits(score, "{:g}") for score in numbers.scores[0])
    weights = ", ".join(f"{weight:.2f}" for weight in numbers.attn_weights[0])
    output = ", ".join(f"{number:.2f}" for number in numbers.output[0])
    return (
        f"The first query scores {scores} with the three keys; divided by √{numbers.query.shape[-1]} and put through "
        f"the softmax these become weights {weights}, and the output is ({output}), the weighted mean of the values."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Each product as on paper: rows come from the left, columns from above, the result stands where they meet."""
    figure = sheet(height=240, narrow=narrow, narrow_height=552)
    layout = _NARROW if narrow else _WIDE
    paper = board(figure)
    hidden = np.where(numbers.mask, numbers.attn_weights, np.nan)
    may = np.where(numbers.mask, 0.0, np.nan)
    tiles = {  # name: matrix, cell, form, colours, reach
        "query": (numbers.query, (26, 28), "{:g}", QUERY, 2.5),
        "key": (numbers.key.T, (30, 26), "{:g}", KEY, 2.5),
        "scores": (numbers.scores, (30, 28), "{:g}", SCORE, 5),
        "scaled": (numbers.scaled, (40, 28), "{:.1f}", SCORE, 5),
        "mask": (may, (22, 20), "✓", WEIGHT, 1),
        "weights": (hidden, (40, 28), "{:.2f}", WEIGHT, 1),
        "value": (numbers.value, (42, 26), "{:g}", VALUE, 4),
        "output": (numbers.output, (42, 28), "{:.2f}", VALUE, 4),
    }
    for name, (entries, cell, form, colours, reach) in tiles.items():
        part = _PARTS[name]
        said = {"words": f"{part.code} · shape {entries.shape}", "of": name, "lights": f"{name} {part.made_of}".strip()}
        grid = matrix(
            paper, *layout.tiles[name], cell, entries, colours, reach, form, tell=lambda i, j, said=said: said
        )
        if name in _FRAMES:
            frame(paper, grid, *_FRAMES[name])
        x, y, align = layout.words[name]
        say(label(paper, x, y, part.name, part.ink, size=TEXT, weight="semibold", ha=align, va="top"), **said)
        label(paper, x, y + 19, part.shape, FAINT, ha=align, va="top")
    for start, end, words in layout.arrows:
        arrow(paper, start, end, words, linestyle="-" if words else "--")
    return figure


# One entry of each product is followed: (row, column) of its frame.
_FRAMES = {"query": (0, None), "key": (None, 0), "scores": (0, 0)} | {
    "weights": (0, None),
    "value": (None, 0),
    "output": (0, 0),
}


class _Part(NamedTuple):
    """What a matrix is called, and how it is made."""

    name: str
    shape: str
    ink: str
    code: str
    made_of: str = ""  # names of other parts, apart by spaces


_PARTS = {
    "query": _Part("query", "(seq_q, d_k)", QUERY_INK, "query"),
    "key": _Part("keyᵀ", "(d_k, seq_k)", KEY_INK, "key.mT"),
    "scores": _Part("scores", "(seq_q, seq_k)", SCORE_INK, "scores = query @ key.mT", "query key"),
    "scaled": _Part("scaled", "(seq_q, seq_k)", SCORE_INK, "scaled = scores / np.sqrt(d_k)", "scores"),
    "mask": _Part("mask", "optional", INK, "scaled = np.where(mask, scaled, -np.inf)", "scaled"),
    "weights": _Part("weights", "(seq_q, seq_k)", WEIGHT_INK, "attn_weights = softmax(scaled)", "scaled mask"),
    "value": _Part("value", "(seq_k, d_v)", VALUE_INK, "value"),
    "output": _Part("output", "(seq_q, d_v)", VALUE_INK, "output = attn_weights @ value", "weights value"),
}


class _Layout(NamedTuple):
    """Places in CSS pixels from the sheet's top left corner."""

    tiles: dict[str, tuple[float, float]]  # left, top
    words: dict[str, tuple[float, float, str]]  # x, top, alignment
    arrows: list[tuple[tuple[float, float], tuple[float, float], str]]  # start, end, words


_WIDE = _Layout(
    tiles={
        "query": (6, 124),
        "key": (118, 12),
        "scores": (118, 124),
        "scaled": (276, 124),
        "mask": (410, 40),
        "weights": (498, 124),
        "value": (626, 38),
        "output": (626, 124),
    },
    words={
        "query": (58, 190, "center"),
        "key": (110, 44, "right"),
        "scores": (163, 190, "center"),
        "scaled": (336, 190, "center"),
        "mask": (402, 41, "right"),
        "weights": (558, 190, "center"),
        "value": (618, 56, "right"),
        "output": (668, 190, "center"),
    },
    arrows=[
        ((214, 152), (270, 152), "÷ √dₖ"),
        ((402, 152), (492, 152), "softmax"),
        ((446, 84), (446, 128), ""),
    ],
)
_NARROW = _Layout(
    tiles={
        "query": (110, 124),
        "key": (222, 12),
        "scores": (222, 124),
        "scaled": (124, 276),
        "mask": (22, 388),
        "weights": (116, 440),
        "value": (244, 354),
        "output": (244, 440),
    },
    words={
        "query": (162, 188, "center"),
        "key": (214, 44, "right"),
        "scores": (267, 188, "center"),
        "scaled": (116, 286, "right"),
        "mask": (22, 348, "left"),
        "weights": (176, 504, "center"),
        "value": (286, 310, "center"),
        "output": (286, 504, "center"),
    },
    arrows=[
        ((233, 230), (233, 270), "÷ √dₖ"),
        ((162, 336), (162, 436), "softmax"),
        ((92, 408), (158, 408), ""),
    ],
)


flow = Explorer(
    __name__,
    caption=(
        "Each product is laid out as on paper, a row from the left meeting a column from above; the frames follow one "
        "score and one number of the output. The hatched pair is masked: its weight is exactly zero."
    ),
)
