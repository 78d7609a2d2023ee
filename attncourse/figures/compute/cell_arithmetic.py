"""Explorer: one number of the score matrix, multiplied and added up term by term."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing import palette
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.cells import Tell
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import FAINT, KEY_INK, NEGATIVE, QUERY_INK, SCORE, SCORE_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.sentence import FEATURES, KEY, QUERY, TOKENS
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
    score = _number(numbers.scores[numbers.query - 1, numbers.key - 1])
    return (
        f"The score of query {numbers.query}, “{TOKENS[numbers.query - 1]}”, with key {numbers.key}, "
        f"“{TOKENS[numbers.key - 1]}”, is {terms} = {score}."
    )


def _signed(number: float) -> str:
    written = _number(number)
    return f"({written})" if written.startswith("−") else written


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Query × key = products, column by column; below, how they add up; and the matrix in which the sum lands."""
    figure = sheet(height=262, narrow=narrow, narrow_height=466)
    paper = board(figure)
    left, wide = (96, 47) if narrow else (112, 62)
    _draw_product(paper, numbers, left, wide)
    for j, feature in enumerate(FEATURES[:4]):
        name = "poss." if narrow and feature == "possessive" else feature
        label(paper, left + (j + 0.5) * wide, 22, name, FAINT, ha="center")
    steps = place(figure, left, 124, 5 * wide + 10, 130)
    _draw_sum(steps, numbers, wide)
    label(paper, left - 8, 124 + 130 * 0.7, "sum so far", FAINT, ha="right", va="center_baseline")

    scores = matrix(paper, *((118, 324) if narrow else (512, 80)), (34, 26), numbers.scores, SCORE, 8,
                    rows=TOKENS, columns=TOKENS, what="score", part="scores")  # fmt: skip
    label(paper, scores.middle()[0], scores.top - 28, "scores", SCORE_INK, size=TEXT, weight="semibold", ha="center")
    frame(paper, scores, row=numbers.query - 1, colour=QUERY_INK)
    frame(paper, scores, column=numbers.key - 1, colour=KEY_INK)
    frame(paper, scores, numbers.query - 1, numbers.key - 1)
    return figure


def _draw_product(paper: Axes, numbers: Numbers, left: float, wide: float) -> None:
    """The two vectors, their products and the score; what belongs to one term is lit together."""
    query, key = TOKENS[numbers.query - 1], TOKENS[numbers.key - 1]
    lines = {  # name: numbers, top, colour, reach, ink, what a cell says
        f"query “{query}”": (numbers.query_vector, 30, palette.QUERY, 3.5, QUERY_INK, f"“{query}” looks for"),
        f"× key “{key}”": (numbers.key_vector, 60, palette.KEY, 3.5, KEY_INK, f"“{key}” is found as"),
        "= products": (numbers.products, 90, SCORE, 8, SCORE_INK, "product for"),
    }

    def tell(what: str, row: np.ndarray) -> Tell:
        return lambda _, j: {
            "words": f"{what} {FEATURES[j]}: {_number(row[j])}",
            "of": f"term{j}",
            "lights": f"term{j}",
        }

    for name, (row, top, colour, reach, ink, what) in lines.items():
        grid = matrix(paper, left, top, (wide, 26), row[None], colour, reach, tell=tell(what, row))
        label(paper, left - 8, grid.middle(0)[1], name, ink, ha="right", va="center_baseline")
    total = matrix(paper, left + 4 * wide + 10, 90, (wide - 4, 26), numbers.running[-1:, None], SCORE, 8,
                   what="score", rows_said=[query], columns_said=[key])  # fmt: skip
    frame(paper, total)
    label(paper, total.middle()[0], 82, "score", SCORE_INK, ha="center")


def _draw_sum(steps: Axes, numbers: Numbers, wide: float) -> None:
    """Each product as a bar that begins where the sum so far ends; the last bar is the whole sum."""
    steps.axis("off")
    steps.set(xlim=(0, 5 * wide + 10), ylim=(-4, 9.6), xticks=[], yticks=[])
    centres = (np.arange(5) + 0.5) * wide + [0, 0, 0, 0, 8]  # the score stands a little apart
    ends, heights = (np.append(row, numbers.running[-1]) for row in (numbers.running, numbers.products))
    colours = [*(SCORE if product >= 0 else NEGATIVE for product in numbers.products), SCORE_INK]
    bars = steps.bar(centres, heights, width=0.6 * wide, bottom=ends - heights, color=colours)
    steps.hlines(ends[:-1], centres[:-1] - 0.3 * wide, centres[1:] + 0.3 * wide, color=SCORE_INK, linewidth=1)
    steps.axhline(0, color=FAINT, linewidth=0.8)
    for j, (bar, x, end, height) in enumerate(zip(bars, centres, ends, heights, strict=True)):
        below = (height or end) < 0  # a term of zero leaves the sum where it is
        label(steps, x, end + (-0.25 if below else 0.25), _number(end), ha="center", va="top" if below else "bottom")
        said = f"sum of {j + 1} of 4 products: {_number(end)}" if j < 4 else f"score: {_number(end)}"
        say(bar, words=said, of=f"term{j}", lights=f"term{j}")


def _number(number: float) -> str:
    return in_digits(float(number), "{:g}")


cell_arithmetic = Explorer(
    __name__,
    caption="One score is four products added up. Its place in the matrix: the query’s row, the key’s column.",
    controls={
        "query": Slider("query (row)", stops=(1, 2, 3, 4, 5)),
        "key": Slider("key (column)", stops=(1, 2, 3, 4, 5)),
    },
)
