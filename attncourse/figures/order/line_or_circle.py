"""Explorer: which of twelve positions a query likes best, if they lie on a line, and if they lie on a circle."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import FAINT, NUMBER, POSITION, POSITION_INK, QUERY_INK, RULE, SCORE
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer

_SEQ = 12
_DIRECTION = np.radians(80)  # of the line, clockwise from the top
_NAMES = [str(position) for position in range(_SEQ)]


class Numbers(NamedTuple):
    """What the figure shows; a place is (right, up)."""

    angle: int  # of the query, in degrees, clockwise from the top
    query: np.ndarray  # (2,)
    places: np.ndarray  # (2, 12, 2) of the positions on the line and on the circle
    products: np.ndarray  # (2, 12) with the query
    best: tuple[int, int]  # the position with the largest product, on each


def _towards(angle) -> np.ndarray:
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


def measure(angle: int = 60) -> Numbers:
    """Twelve positions from 0 to 1 on a line, and the same on a circle, with one query."""
    query = _towards(np.radians(angle))
    line = np.linspace(0, 1, _SEQ)[:, None] * _towards(_DIRECTION)
    places = np.stack([line, _towards(np.arange(_SEQ) * 2 * np.pi / _SEQ)])
    products = places @ query
    on_line, on_circle = products.argmax(axis=-1).tolist()
    return Numbers(angle, query, places, products, (on_line, on_circle))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    largest = [in_digits(product) for product in numbers.products.max(axis=-1)]
    return (
        f"With the query at {numbers.angle}°, position {numbers.best[0]} has the largest product on the line "
        f"({largest[0]}), and position {numbers.best[1]} on the circle ({largest[1]})."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The positions with the query, and below them the products; the largest is framed."""
    figure = sheet(height=302, narrow=narrow, narrow_height=584)
    paper = board(figure)
    spots = ((4, 0, 28), (4, 290, 28)) if narrow else ((6, 0, 31), (390, 0, 27))
    for which, (left, top, wide) in enumerate(spots):
        _draw_panel(paper, left, top, numbers, which, wide)
    return figure


def _draw_panel(paper: Axes, left: float, top: float, numbers: Numbers, which: int, wide: float) -> None:
    where, cell = ("on a line", "on a circle")[which], (wide, 26)
    unit = 78 if which else 150  # the line has no other half
    label(paper, left, top + 24, where, POSITION_INK, size=HEADING)
    centre = np.array([left + cell[0] * _SEQ / 2 - (0 if which else 50), top + 128])
    spots = centre + unit * numbers.places[which] * (1, -1)  # the paper's y axis points down
    if which:
        paper.add_patch(Circle((centre[0], centre[1]), unit, facecolor="none", edgecolor=RULE, linewidth=1.2))
    else:
        paper.plot(*spots[[0, -1]].T, color=RULE, linewidth=1.2)
    best, products = numbers.best[which], numbers.products[which]
    look = {"arrowstyle": "-|>", "color": QUERY_INK, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
    (x, y), (right, up) = centre, numbers.query
    paper.annotate("", (x + 66 * right, y - 66 * up), (x, y), arrowprops=look)
    [points] = paper.plot(*spots.T, "o", color=POSITION, markersize=6)
    say(points, words=[f"position {i}: product {in_digits(product)}" for i, product in enumerate(products)])
    paper.plot(*spots[best], "o", color=POSITION_INK, markersize=11)
    named = range(_SEQ) if which else (0, _SEQ - 1)
    for i in named:
        away = numbers.places[1, i] if which else _towards(_DIRECTION + (np.pi if i == 0 else 0))
        x, y = spots[i] + 18 * away * (1, -1)
        weight, ink = ("semibold", POSITION_INK) if i == best else ("normal", FAINT)
        label(paper, x, y, _NAMES[i], ink, weight=weight, ha="center", va="center_baseline")
    grid = matrix(paper, left, top + 252, cell, products[None], SCORE, 1.0, "{:.2f}", least=np.inf, columns=_NAMES,
                  rows_said=["query"], what="product")  # fmt: skip
    for i, product in enumerate(products):
        words = in_digits(product, "{:.1f}" if which else "{:.2f}")  # on the line, neighbours are nearly alike
        label(paper, *grid.middle(0, i), _short(words), NUMBER, ha="center", va="center_baseline")
    frame(paper, grid, row=0, column=best)


def _short(number: str) -> str:
    """Without the zero before the point, for which a cell has no room."""
    return number.replace("0.", ".", 1) if any(digit in number for digit in "123456789") else "0"


line_or_circle = Explorer(
    __name__,
    caption=(
        "Twelve positions and a query, whose direction the arrow shows. Below are the inner products with the query; "
        "framed is the largest, the position that this query would pick."
    ),
    controls={"angle": Slider("query turned by, in degrees", stops=tuple(range(0, 360, 30)))},
)
