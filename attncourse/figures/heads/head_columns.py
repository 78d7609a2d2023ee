"""Explorer: each head owns columns of W_Q and so reads a whole vector; a head that got a slice of it would not."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, frame, matrix
from attncourse.drawing.palette import FAINT, INK, QUERY, QUERY_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer

NUM_HEADS, D_K = 4, 2
X = np.array([2, 1, 1, 3, 1, 2, 3, 1], dtype=float)
W_Q = np.random.default_rng(3).choice([-2.0, -1.0, 1.0, 2.0], size=(8, NUM_HEADS * D_K))


class Numbers(NamedTuple):
    """What the figure shows."""

    head: int  # counted from 1
    x: np.ndarray  # (d_model,) a token's vector
    w_q: np.ndarray  # (d_model, num_heads · d_k)
    query: np.ndarray  # (num_heads, d_k) a row a head
    slices: np.ndarray  # (num_heads, d_k) what the heads would get of x itself


def measure(head: int = 1) -> Numbers:
    """Multiply and then cut, as the layer does; and cut the vector itself."""
    return Numbers(head, X, W_Q, (X @ W_Q).reshape(NUM_HEADS, D_K), X.reshape(NUM_HEADS, D_K))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    one = numbers.head - 1
    last = (one + 1) * D_K
    query, part = (
        f"({', '.join(in_digits(n, '{:g}') for n in rows[one])})" for rows in (numbers.query, numbers.slices)
    )
    return (
        f"Head {numbers.head} owns columns {last - 1} and {last} of W_Q, and all {len(numbers.x)} numbers of x enter "
        f"its query {query}; cut from x itself, it would get {part} and know nothing of the other "
        f"{len(numbers.x) - D_K}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """x beside the blocks of W_Q with the queries below; and x cut into slices, of which one is the head's."""
    figure = sheet(height=312, narrow=narrow, narrow_height=450)
    paper = board(figure)
    wide = 28 if narrow else 32
    left = 24 if narrow else 46
    _title(paper, left, "x times W_Q, then cut")
    x = matrix(paper, left, _TOP, (wide, _TALL), numbers.x[:, None], FAINT, 4, tell=lambda i, _: _tell_x(i, numbers))
    frame(paper, x)
    label(paper, x.middle()[0], _TOP - 7, "x", size=TEXT, weight="semibold", ha="center")
    for head in range(NUM_HEADS):
        _draw_block(paper, left + wide + 14 + head * (D_K * wide + 7), wide, head, numbers)
    label(paper, left + wide + 6, _BELOW + _TALL / 2, "query", QUERY_INK, size=TEXT, ha="right", va="center")
    if narrow:
        _draw_slices(paper, left + wide + 14, 334, wide, numbers)
    else:
        _draw_slices(paper, 424, 0, wide, numbers)
    return figure


def _draw_block(paper: Axes, left: float, wide: float, head: int, numbers: Numbers) -> None:
    """A head's columns of W_Q and its query; with numbers if it is the chosen one."""
    chosen, columns = head == numbers.head - 1, slice(head * D_K, (head + 1) * D_K)
    least, reach = (0, 2.6) if chosen else (np.inf, 6)

    def tell(i: int, j: int) -> dict[str, str]:
        column = head * D_K + j
        amount = in_digits(float(numbers.w_q[i, column]), "{:g}")
        words = f"W_Q, row {i + 1}, column {column + 1} (head {head + 1}): {amount}"
        return {"words": words, "of": f"w{head}-{j} row{i}", "lights": f"w{head}-{j} q{head}-{j}"}

    def tell_query(_: int, j: int) -> dict[str, str]:
        words = (
            f"query of head {head + 1}: x · column {head * D_K + j + 1} = {in_digits(numbers.query[head, j], '{:g}')}"
        )
        return {"words": words, "of": f"q{head}-{j}", "lights": f"x w{head}-{j} q{head}-{j}"}

    block = matrix(paper, left, _TOP, (wide, _TALL), numbers.w_q[:, columns], QUERY, reach, least=least, tell=tell)
    query = matrix(
        paper, left, _BELOW, (wide, _TALL), numbers.query[head, None], QUERY, 5 * reach, least=least, tell=tell_query
    )
    _name_head(paper, block, head, chosen)
    if chosen:
        frame(paper, block)
        frame(paper, query)


def _draw_slices(paper: Axes, left: float, down: float, wide: float, numbers: Numbers) -> None:
    """The mistake: what the chosen head does not get is hatched."""
    _title(paper, left, "not so: x itself cut", down)
    for head in range(NUM_HEADS):
        chosen = head == numbers.head - 1
        part = numbers.slices[head, None] if chosen else np.full((1, D_K), np.nan)

        def tell(_: int, j: int, head: int = head, chosen: bool = chosen) -> dict[str, str]:
            i = head * D_K + j
            said = in_digits(numbers.x[i], "{:g}") if chosen else f"head {numbers.head} cannot see it"
            return {"words": f"number {i + 1} of x: {said}", "of": f"slice{i}", "lights": f"slice{i}"}

        grid = matrix(paper, left + head * (D_K * wide + 7), down + _TOP, (wide, _TALL), part, FAINT, 4, tell=tell)
        _name_head(paper, grid, head, chosen)
        if chosen:
            frame(paper, grid)
    below = down + _TOP + _TALL + 24
    label(paper, left, below, f"head {numbers.head} gets {D_K} numbers of {len(numbers.x)}", size=TEXT)


def _tell_x(i: int, numbers: Numbers) -> dict[str, str]:
    words = f"number {i + 1} of x: {in_digits(numbers.x[i], '{:g}')}, times row {i + 1} of W_Q: it enters every query"
    return {"words": words, "of": "x", "lights": f"row{i}"}


def _name_head(paper: Axes, grid: Grid, head: int, chosen: bool) -> None:
    ink, weight = (INK, "semibold") if chosen else (FAINT, "normal")
    name = label(paper, grid.middle()[0], grid.top - 7, f"head {head + 1}", ink, size=TEXT, weight=weight, ha="center")
    say(name, words=f"head {head + 1} owns {D_K} of the {NUM_HEADS * D_K} columns")


def _title(paper: Axes, left: float, words: str, down: float = 0) -> None:
    label(paper, left, down + 18, words, size=HEADING, weight="semibold")


_TOP, _TALL = 58, 24  # of the first row; of a row
_BELOW = _TOP + 8 * _TALL + 14  # of the queries


head_columns = Explorer(
    __name__,
    caption=(
        "Each head owns two columns of W_Q, and every column reads all of x; a head that got a slice of x itself would "
        "miss six numbers of eight. The maps for keys and values are cut in the same way."
    ),
    controls={"head": Slider("head", stops=(1, 2, 3, 4))},
)
