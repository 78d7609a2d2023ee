"""Explorer: one number of the score matrix, multiplied and added up term by term."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import (
    FAINT,
    KEY_INK,
    KEY_SIGNED,
    QUERY_INK,
    QUERY_SIGNED,
    SCORE,
    SCORE_INK,
    SCORE_SIGNED,
)
from attncourse.explorer import Explorer
from attncourse.figures.sentence import KEY, QUERY, TOKENS
from attnlib import dot_scores


class Numbers(NamedTuple):
    """What the figure shows."""

    query: int  # counted from 1
    key: int  # counted from 1
    query_vector: np.ndarray  # (d_k,)
    key_vector: np.ndarray  # (d_k,)
    products: np.ndarray  # (d_k,) component by component
    running: np.ndarray  # (d_k,) the sum so far; the last one is the score
    scores: np.ndarray  # (5, 5) where the sum lands


def measure(query: int = 4, key: int = 2) -> Numbers:
    """Multiply the components in pairs and add the products one after another."""
    query_vector, key_vector = QUERY[query - 1], KEY[key - 1]
    products = query_vector * key_vector
    return Numbers(query, key, query_vector, key_vector, products, products.cumsum(), dot_scores(QUERY, KEY))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    pairs = zip(numbers.query_vector, numbers.key_vector, strict=True)
    terms = " + ".join(f"{_signed(q)}·{_signed(k)}" for q, k in pairs)
    score = in_digits(numbers.scores[numbers.query - 1, numbers.key - 1], "{:g}")
    return (
        f"The score of query {numbers.query}, “{TOKENS[numbers.query - 1]}”, with key {numbers.key}, "
        f"“{TOKENS[numbers.key - 1]}”, is {terms} = {score}."
    )


def _signed(number: float) -> str:
    written = in_digits(number, "{:g}")
    return f"({written})" if written.startswith("−") else written


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Query × key = products, column by column; below, how they add up; and the matrix in which the sum lands."""
    figure = sheet(height=248, narrow=narrow, narrow_height=452)
    paper = board(figure)
    left, wide = (96, 47) if narrow else (112, 62)
    score = numbers.running[-1]
    lines = {  # name: numbers, top, colours, ink
        f"query “{TOKENS[numbers.query - 1]}”": (numbers.query_vector, 16, QUERY_SIGNED, 5, QUERY_INK),
        f"× key “{TOKENS[numbers.key - 1]}”": (numbers.key_vector, 46, KEY_SIGNED, 5, KEY_INK),
        "= products": (numbers.products, 76, SCORE_SIGNED, 10, SCORE_INK),
    }
    for name, (row, top, colours, reach, ink) in lines.items():
        grid = matrix(paper, left, top, (wide, 26), row[None], colours, reach)
        label(paper, left - 8, grid.middle(0)[1], name, ink, ha="right", va="center_baseline")
    total = matrix(paper, left + 4 * wide + 10, 76, (wide - 4, 26), score[None, None], SCORE_SIGNED, 10)
    frame(paper, total)
    label(paper, total.middle()[0], 68, "score", SCORE_INK, ha="center")

    steps = place(figure, left, 110, 5 * wide + 10, 130)
    steps.axis("off")
    steps.set(xlim=(0, 5 * wide + 10), ylim=(-4.3, 6.3), xticks=[], yticks=[])
    centres = np.array([*(np.arange(4) + 0.5) * wide, total.middle()[0] - left])
    ends = np.array([*numbers.running, score])
    heights = np.array([*numbers.products, score])
    steps.bar(centres, heights, width=0.6 * wide, bottom=ends - heights, color=[SCORE] * 4 + [SCORE_INK])
    steps.hlines(ends[:-1], centres[:-1] - 0.3 * wide, centres[1:] + 0.3 * wide, color=SCORE_INK, linewidth=1)
    steps.axhline(0, color=FAINT, linewidth=0.8)
    for x, end, height in zip(centres, ends, heights, strict=True):
        words, below = in_digits(end, "{:g}"), (height or end) < 0  # a term of zero leaves the sum where it is
        label(steps, x, end + (-0.25 if below else 0.25), words, ha="center", va="top" if below else "bottom")
    label(paper, left - 8, 110 + 130 * 0.6, "sum so far", FAINT, ha="right", va="center_baseline")

    scores = matrix(paper, *((118, 310) if narrow else (512, 66)), (34, 26), numbers.scores, SCORE_SIGNED, 10,
                    rows=TOKENS, columns=TOKENS)  # fmt: skip
    x, y = scores.middle()[0], scores.top
    label(paper, x, y - 28, "scores", SCORE_INK, size=TEXT, weight="bold", ha="center")
    frame(paper, scores, row=numbers.query - 1, colour=QUERY_INK)
    frame(paper, scores, column=numbers.key - 1, colour=KEY_INK)
    frame(paper, scores, numbers.query - 1, numbers.key - 1)
    return figure


cell_arithmetic = Explorer(
    __name__,
    caption="One score is four products added up. Its place in the matrix: the query's row, the key's column.",
    controls={
        "query": Slider("query (row)", stops=(1, 2, 3, 4, 5)),
        "key": Slider("key (column)", stops=(1, 2, 3, 4, 5)),
    },
)
