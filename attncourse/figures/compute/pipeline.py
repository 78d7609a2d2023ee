"""Explorer: five tokens on their way from query and key to the output, with one query's row marked throughout."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing import palette
from attncourse.drawing.board import arrow, board
from attncourse.drawing.canvas import TEXT, sheet
from attncourse.drawing.cells import Tell
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix, name_columns, name_rows
from attncourse.drawing.palette import KEY_INK, QUERY_INK, SCORE, SCORE_INK, VALUE_INK, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.compute.attends_to import most_attended
from attncourse.figures.sentence import FEATURES, KEY, QUERY, TOKENS, VALUE
from attnlib import attention, dot_scores, scaled_dot_scores


class Numbers(NamedTuple):
    """What the figure shows."""

    query: str  # the marked token
    temperature: float
    scores: np.ndarray  # (5, 5) dot products
    scaled: np.ndarray  # (5, 5) scores / (√d_k · τ)
    attn_weights: np.ndarray  # (5, 5)
    output: np.ndarray  # (5, d_v)


def measure(query: str = "its", temperature: float = 1.0) -> Numbers:
    """Attention on the five tokens, with everything that is computed on the way."""
    scale = float(1 / (np.sqrt(KEY.shape[-1]) * temperature))
    output, attn_weights = attention(QUERY, KEY, VALUE, scale=scale)
    scores, scaled = dot_scores(QUERY, KEY), scaled_dot_scores(QUERY, KEY, scale)
    return Numbers(query, temperature, scores, scaled, attn_weights, output)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    row = TOKENS.index(numbers.query)
    output = zip(FEATURES, numbers.output[row], strict=False)
    return (
        f"At temperature {numbers.temperature:g}, “{numbers.query}” attends "
        f"{most_attended(numbers.attn_weights[row])}, and the output is "
        f"{', '.join(f'{feature} {in_digits(amount)}' for feature, amount in output)}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Both products as on paper. Only the marked row, and what it is multiplied with, is written in numbers."""
    figure = sheet(height=404, narrow=narrow, narrow_height=507)
    at, words, arrows, tall, (tight, wider, output) = _NARROW if narrow else _WIDE
    row, tokens = TOKENS.index(numbers.query), TOKENS
    tiles = {  # name: matrix, width of a cell, colours, reach, form, names of rows and columns
        "query": (QUERY, 24, palette.QUERY, 3.5, "{:g}", tokens, ()),
        "key": (KEY.T, tight, palette.KEY, 3.5, "{:g}", FEATURES[:4], tokens),
        "scores": (numbers.scores, tight, SCORE, 8, "{:g}", (), ()),
        "scaled": (numbers.scaled, tight, SCORE, 8, "{:.1f}", tokens, tokens),
        "weights": (numbers.attn_weights, wider, WEIGHT, 1, "{:.2f}", tokens if narrow else (), tokens),
        "value": (VALUE, output, palette.VALUE, 1, "{:g}", tokens, FEATURES[:3]),
        "output": (numbers.output, output, palette.VALUE, 1, "{:.2f}", (), ()),
    }
    paper, tells, divisor = board(figure), _tells(numbers), in_digits(2 * numbers.temperature, "{:.3g}")
    for name, (entries, width, colours, reach, form, rows, columns) in tiles.items():
        followed = name not in ("key", "value")  # the row of the query in hand
        written = row if followed else None
        grid = matrix(paper, *at[name], (width, tall), entries, colours, reach, form, written, tell=tells[name])
        name_rows(paper, grid, rows, part="all" if followed else name)
        name_columns(paper, grid, columns, part="value" if name == "value" else "all")
        if followed:
            frame(paper, grid, row)
        x, y, align = words[name]
        say(
            label(
                paper, x, y, _TITLES.get(name, name), _INKS[name], size=TEXT, weight="semibold", ha=align, va="center"
            ),
            words=_MADE[name].format(divisor),
        )
    down, across = arrows
    arrow(paper, *down, f"÷ (√4 · τ) = ÷ {divisor}")
    arrow(paper, *across, "softmax")
    return figure


def _tells(numbers: Numbers) -> dict[str, Tell]:
    """What the cells of each matrix say: their number, and how it is made; what it is made of is lit.

    "all-r3" is the row of query 3 in every matrix, "all-c1" the column of key 1; "query-r3" is that row of one.
    """
    divisor = in_digits(2 * numbers.temperature, "{:.3g}")

    def pair(i: int, j: int) -> str:
        return f"{TOKENS[i]} → {TOKENS[j]}"

    def component(kind: str, vectors: np.ndarray, token: int, place: int) -> str:
        return f"{kind} of “{TOKENS[token]}”: {FEATURES[place]} {_whole(vectors[token, place])}"

    def query(i: int, j: int) -> dict[str, str]:
        return {"words": component("query", QUERY, i, j), "of": f"all-r{i} query-r{i}", "lights": f"all-r{i}"}

    def key(i: int, j: int) -> dict[str, str]:
        return {"words": component("key", KEY, j, i), "of": f"all-c{j} key-c{j}", "lights": f"all-c{j}"}

    def scores(i: int, j: int) -> dict[str, str]:
        made = _sum_of_products(QUERY[i], KEY[j], _whole)
        said = f"score {_whole(numbers.scores[i, j])} · {pair(i, j)}: {made}"
        own = f"scores-{i}{j}"
        return {"words": said, "of": f"all-r{i} all-c{j} {own}", "lights": f"query-r{i} key-c{j} {own}"}

    def scaled(i: int, j: int) -> dict[str, str]:
        said = f"{in_digits(numbers.scaled[i, j])} · {pair(i, j)}: {_whole(numbers.scores[i, j])} ÷ {divisor}"
        own = f"scaled-{i}{j}"
        return {"words": said, "of": f"all-r{i} all-c{j} scaled-r{i} {own}", "lights": f"scores-{i}{j} {own}"}

    def weights(i: int, j: int) -> dict[str, str]:
        row = ", ".join(in_digits(score) for score in numbers.scaled[i])
        said = f"weight {in_digits(numbers.attn_weights[i, j])} · {pair(i, j)}: softmax of {row}"
        own = f"weights-{i}{j}"
        return {"words": said, "of": f"all-r{i} all-c{j} weights-r{i} {own}", "lights": f"scaled-r{i} {own}"}

    def value(i: int, j: int) -> dict[str, str]:
        return {
            "words": component("value", VALUE, i, j),
            "of": f"value-r{i} value-c{j}",
            "lights": f"value-r{i} all-c{i}",
        }

    def output(i: int, j: int) -> dict[str, str]:
        made = _sum_of_products(numbers.attn_weights[i], VALUE[:, j], in_digits)
        said = f"output {in_digits(numbers.output[i, j])} · {TOKENS[i]}, {FEATURES[j]}: {made}"
        own = f"output-{i}{j}"
        return {"words": said, "of": f"all-r{i} {own}", "lights": f"weights-r{i} value-c{j} {own}"}

    return {
        "query": query,
        "key": key,
        "scores": scores,
        "scaled": scaled,
        "weights": weights,
        "value": value,
        "output": output,
    }


def _sum_of_products(left: np.ndarray, right: np.ndarray, form: Callable[[float], str]) -> str:
    """2·1 + 0·0 + −1·−1"""
    return " + ".join(f"{form(a)}·{_whole(b)}" for a, b in zip(left, right, strict=True))


def _whole(number: float) -> str:
    return in_digits(float(number), "{:g}")


_INKS = {
    "query": QUERY_INK,
    "key": KEY_INK,
    "scores": SCORE_INK,
    "value": VALUE_INK,
    "scaled": SCORE_INK,
    "weights": WEIGHT_INK,
    "output": VALUE_INK,
}

_TITLES = {"key": "keyᵀ"}  # the others are called by their names

_MADE = {
    "query": "query: what each token looks for",
    "key": "key: what each token is found as, a column each",
    "scores": "scores: each query · each key",
    "scaled": "scaled: scores ÷ {}",
    "weights": "weights: softmax of each row of scaled scores",
    "value": "value: what each token hands over, a row each",
    "output": "output: weights × value, the mean of the values by each row of weights",
}

# In CSS pixels: left and top of each matrix; its name; two arrows; the height of cells; widths from scores to output.
_WIDE = (
    {
        "query": (38, 126),
        "key": (142, 38),
        "scores": (142, 126),
        "value": (566, 160),
        "scaled": (142, 276),
        "weights": (352, 276),
        "output": (566, 276),
    },
    {
        "query": (86, 238, "center"),
        "key": (134, 26, "right"),
        "scores": (300, 136, "left"),
        "value": (635, 130, "center"),
        "scaled": (217, 390, "center"),
        "weights": (447, 390, "center"),
        "output": (635, 390, "center"),
    },
    [((217, 230), (217, 256)), ((296, 326), (348, 326))],
    20,
    (30, 38, 46),
)
_NARROW = (
    {
        "query": (34, 111),
        "key": (138, 28),
        "scores": (138, 111),
        "value": (218, 284),
        "scaled": (34, 252),
        "weights": (34, 392),
        "output": (218, 392),
    },
    {
        "query": (82, 218, "center"),
        "key": (130, 17, "right"),
        "scores": (284, 121, "left"),
        "value": (280, 255, "center"),
        "scaled": (180, 260, "left"),
        "weights": (109, 498, "center"),
        "output": (280, 498, "center"),
    },
    [((154, 210), (154, 231)), ((80, 351), (80, 371))],
    19,
    (28, 30, 41),
)


pipeline = Explorer(
    __name__,
    caption=(
        "Follow the framed row from query to output. Each score is the dot product of the row on its left and the "
        "column above it, and so is each number of the output. A 1.00 is rounded."
    ),
    controls={
        "query": Choice("token", stops=tuple(TOKENS)),
        "temperature": Slider("temperature τ", stops=(0.25, 0.5, 1.0, 4.0, 16.0), log=True),
    },
)
