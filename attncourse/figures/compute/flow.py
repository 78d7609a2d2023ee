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
from attncourse.figures import sentence
from attncourse.figures.sentence import TOKENS
from attnlib import attention, causal_mask, dot_scores, scaled_dot_scores

_ASKING, _ASKED = [2, 3], [1, 2, 4]  # "hid" and "its"; "cat", "hid" and "toy"
_MASK = causal_mask(5, 5)[np.ix_(_ASKING, _ASKED)]  # (seq_q, seq_k) "toy" comes after both queries


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
    query, key, value = sentence.QUERY[_ASKING], sentence.KEY[_ASKED], sentence.VALUE[_ASKED]
    output, attn_weights = attention(query, key, value, mask=_MASK)
    scores, scaled = dot_scores(query, key), scaled_dot_scores(query, key)
    return Numbers(query, key, value, _MASK, scores, scaled, attn_weights, output)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    scores = ", ".join(in_digits(score, "{:g}") for score in numbers.scores[1])
    weights = ", ".join(in_digits(weight) for weight in numbers.attn_weights[1])
    output = ", ".join(in_digits(number) for number in numbers.output[1])
    return (
        f"The query of “its” scores {scores} with the keys of “cat”, “hid” and “toy”; divided by "
        f"√{numbers.query.shape[-1]}, and with “toy” masked, the softmax makes them weights {weights}, and the output "
        f"is ({output}), the weighted mean of the values."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Each product as on paper: rows come from the left, columns from above, the result stands where they meet."""
    figure = sheet(height=254, narrow=narrow, narrow_height=566)
    layout = _NARROW if narrow else _WIDE
    paper = board(figure)
    hidden = np.where(numbers.mask, numbers.attn_weights, np.nan)
    may = np.where(numbers.mask, 0.0, np.nan)
    asking, asked = ([TOKENS[token] for token in tokens] for tokens in (_ASKING, _ASKED))
    tiles = {  # name: matrix, cell, form, colours, reach, names of rows and of columns
        "query": (numbers.query, (24, 28), "{:g}", QUERY, 3.5, asking, ()),
        "key": (numbers.key.T, (30, 26), "{:g}", KEY, 3.5, (), asked),
        "scores": (numbers.scores, (30, 28), "{:g}", SCORE, 8, (), ()),
        "scaled": (numbers.scaled, (38, 28), "{:.1f}", SCORE, 8, (), ()),
        "mask": (may, (22, 20), "✓", WEIGHT, 1, (), ()),
        "weights": (hidden, (38, 28), "{:.2f}", WEIGHT, 1, (), ()),
        "value": (numbers.value, (32, 26), "{:g}", VALUE, 1, asked, ()),
        "output": (numbers.output, (32, 28), "{:.2f}", VALUE, 1, (), ()),
    }
    for name, (entries, cell, form, colours, reach, rows, columns) in tiles.items():
        part = _PARTS[name]
        said = {"words": f"{part.code} · shape {entries.shape}", "of": name, "lights": f"{name} {part.made_of}".strip()}
        grid = matrix(paper, *layout.tiles[name], cell, entries, colours, reach, form, rows=rows, columns=columns,
                      tell=lambda i, j, said=said: said)  # fmt: skip
        if name in _FRAMES:
            frame(paper, grid, *_FRAMES[name])
        x, y, align = layout.words[name]
        say(label(paper, x, y, part.name, part.ink, size=TEXT, weight="semibold", ha=align, va="top"), **said)
        label(paper, x, y + 19, part.shape, FAINT, ha=align, va="top")
    for start, end, words in layout.arrows:
        arrow(paper, start, end, words, linestyle="-" if words else "--")
    return figure


# One entry of each product is followed, from "its" to "cat": (row, column) of its frame.
_FRAMES = {"query": (1, None), "key": (None, 0), "scores": (1, 0)} | {
    "weights": (1, None),
    "value": (None, 0),
    "output": (1, 0),
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
        "query": (32, 140),
        "key": (136, 28),
        "scores": (136, 140),
        "scaled": (288, 140),
        "mask": (412, 56),
        "weights": (494, 140),
        "value": (620, 54),
        "output": (620, 140),
    },
    words={
        "query": (80, 206, "center"),
        "key": (128, 60, "right"),
        "scores": (181, 206, "center"),
        "scaled": (345, 206, "center"),
        "mask": (404, 57, "right"),
        "weights": (551, 206, "center"),
        "value": (668, 14, "center"),
        "output": (668, 206, "center"),
    },
    arrows=[
        ((230, 168), (284, 168), "÷ √dₖ"),
        ((406, 168), (490, 168), "softmax"),
        ((447, 100), (447, 144), ""),
    ],
)
_NARROW = _Layout(
    tiles={
        "query": (118, 138),
        "key": (222, 26),
        "scores": (222, 138),
        "scaled": (124, 290),
        "mask": (22, 402),
        "weights": (116, 454),
        "value": (242, 368),
        "output": (242, 454),
    },
    words={
        "query": (162, 202, "center"),
        "key": (214, 58, "right"),
        "scores": (267, 202, "center"),
        "scaled": (116, 300, "right"),
        "mask": (22, 362, "left"),
        "weights": (173, 518, "center"),
        "value": (290, 326, "center"),
        "output": (290, 518, "center"),
    },
    arrows=[
        ((233, 244), (233, 284), "÷ √dₖ"),
        ((150, 350), (150, 450), "softmax"),
        ((92, 422), (146, 422), ""),
    ],
)


flow = Explorer(
    __name__,
    caption=(
        "Two queries and three keys of the sentence, one of them masked: the other weights are larger than with all "
        "five. Every product stands as on paper, a row from the left meeting a column from above; the frames follow "
        "“its”. The hatched key comes later than both queries and is masked: its weight is exactly zero."
    ),
)
