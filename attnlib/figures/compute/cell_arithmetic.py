"""Explorer: one number of the score matrix, multiplied and added up term by term."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import dot_scores
from attnlib.course.controls import Slider
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import grid_of_numbers, place, sheet
from attnlib.figures.compute.sentence import KEY, QUERY, TOKENS
from attnlib.figures.palette import SCORE_SIGNED


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
    score = f"{numbers.scores[numbers.query - 1, numbers.key - 1]:g}".replace("-", "−")
    return (
        f"The score of query {numbers.query}, “{TOKENS[numbers.query - 1]}”, with key {numbers.key}, "
        f"“{TOKENS[numbers.key - 1]}”, is {terms} = {score}."
    )


def _signed(number: float) -> str:
    return f"{number:g}" if number >= 0 else f"(−{-number:g})"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The terms, and the matrix."""
    figure = sheet(height=300, narrow=narrow, narrow_height=560)
    grid_of_numbers(place(figure, 40, 40, 200, 120), numbers.scores, SCORE_SIGNED, -6, 6, "scores", form="{:g}")
    return figure


cell_arithmetic = Explorer(
    name="cell-arithmetic",
    source="attnlib.figures.compute.cell_arithmetic:cell_arithmetic",
    caption="One score is four products added up. Its place in the matrix: the query's row, the key's column.",
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "query": Slider("query (row)", stops=(1, 2, 3, 4, 5), default=4),
        "key": Slider("key (column)", stops=(1, 2, 3, 4, 5), default=2),
    },
)
