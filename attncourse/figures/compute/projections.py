"""Explorer: one token's vector on its way through the three maps, to its query, its key and its value."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice
from attncourse.digits import in_digits
from attncourse.drawing import palette
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import FAINT, INK, KEY_INK, QUERY_INK, VALUE_INK
from attncourse.explorer import Explorer
from attncourse.figures.sentence import FEATURES, TOKENS, W_K, W_Q, W_V, X


class Numbers(NamedTuple):
    """What the figure shows."""

    token: str
    x: np.ndarray  # (d_model,) its vector
    query: np.ndarray  # (d_k,) x · W_Q
    key: np.ndarray  # (d_k,) x · W_K
    value: np.ndarray  # (d_v,) x · W_V


def measure(token: str = "its") -> Numbers:
    """Multiply one token's vector with each of the three maps."""
    x = X[TOKENS.index(token)]
    return Numbers(token, x, x @ W_Q, x @ W_K, x @ W_V)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    features = " and ".join(feature for feature, amount in zip(FEATURES, numbers.x, strict=True) if amount > 0.5)
    query, key, value = (
        f"({', '.join(in_digits(number, '{:g}') for number in vector)})"
        for vector in (numbers.query, numbers.key, numbers.value)
    )
    return f"The vector of “{numbers.token}” says {features}: the query is {query}, the key {key}, the value {value}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The vector beside the rows of each map: a 1 picks a row, and the picked rows add up to the row below."""
    figure = sheet(height=294, narrow=narrow)
    paper = board(figure)
    left, wide, gap = (73, 20, 8) if narrow else (96, 40, 34)
    x = matrix(paper, left, _TOP, (wide, _TALL), numbers.x[:, None], INK, 4, rows=FEATURES, what=f"“{numbers.token}”:")
    label(paper, x.middle()[0], _TOP - 8, "x", INK, size=HEADING, weight="semibold", ha="center")
    label(paper, left - 6, _TOP + 5.65 * _TALL, f"“{numbers.token}”", INK, weight="semibold", ha="right", va="center")
    left += wide + gap
    for part in _PARTS:
        _draw_map(paper, part, numbers, left, wide)
        left += part.map.shape[1] * wide + gap
    return figure


def _draw_map(paper: Axes, part: "_Part", numbers: Numbers, left: float, wide: float) -> None:
    """A map with its picked rows framed, and below it their sum."""
    result = getattr(numbers, part.name)

    def tell_map(i: int, j: int) -> dict[str, str]:
        amount = in_digits(float(part.map[i, j]), "{:g}")
        picked = "picked" if numbers.x[i] > 0.5 else "not picked"
        words = f"{FEATURES[i]} {part.verb} {FEATURES[j]}: {amount}, {picked}"
        return {"words": words, "of": f"{part.name}{j}", "lights": f"{part.name}{j}"}

    def tell_result(_: int, j: int) -> dict[str, str]:
        terms = [
            in_digits(float(row[j]), "{:g}") for row, amount in zip(part.map, numbers.x, strict=True) if amount > 0.5
        ]
        words = f"{part.name} of “{numbers.token}”, {FEATURES[j]}: {' + '.join(terms)}"
        words += f" = {in_digits(float(result[j]), '{:g}')}" * (len(terms) > 1)
        return {"words": words, "of": f"{part.name}{j}", "lights": f"{part.name}{j}"}

    grid = matrix(paper, left, _TOP, (wide, _TALL), part.map, part.colour, 3.5, tell=tell_map)
    for row in np.flatnonzero(numbers.x > 0.5):
        frame(paper, grid, int(row))
    for j, feature in enumerate(FEATURES[: part.map.shape[1]]):
        label(paper, grid.middle(0, j)[0], _TOP - 7, feature, FAINT, rotation=90, ha="center", va="bottom")
    total = matrix(paper, left, _TOP + 5.15 * _TALL, (wide, _TALL), result[None], part.colour, 3.5, tell=tell_result)
    frame(paper, total)
    middle = grid.middle()[0]
    label(paper, middle, 16, part.symbol, part.ink, size=HEADING, weight="semibold", ha="center")
    label(paper, middle, 34, part.verb, part.ink, ha="center")
    label(paper, middle, total.top + _TALL + 20, part.name, part.ink, size=HEADING, weight="semibold", ha="center")


_TOP, _TALL = 112, 25  # of the maps' first row; of a row


class _Part(NamedTuple):
    """A map, and what it makes of a vector."""

    name: str
    symbol: str
    verb: str
    map: np.ndarray  # (d_model, d_k or d_v)
    colour: str
    ink: str


_PARTS = (
    _Part("query", "W_Q", "looks for", W_Q, palette.QUERY, QUERY_INK),
    _Part("key", "W_K", "is found as", W_K, palette.KEY, KEY_INK),
    _Part("value", "W_V", "hands over", W_V, palette.VALUE, VALUE_INK),
)

projections = Explorer(
    __name__,
    caption="A token’s vector picks rows of each map; their sum is the query, the key, the value.",
    controls={"token": Choice("token", stops=tuple(TOKENS))},
)
