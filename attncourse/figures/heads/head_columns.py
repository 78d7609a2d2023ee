"""Explorer: a number of x changes; which heads notice if x is projected and sliced, which if x itself is sliced."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import FAINT, QUERY, QUERY_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer

NUM_HEADS, D_K = 4, 2
X = np.array([2, 1, 1, 3, 1, 2, 3, 1], dtype=float)
W_Q = np.random.default_rng(3).choice([-2.0, -1.0, 1.0, 2.0], size=(8, NUM_HEADS * D_K))


class Numbers(NamedTuple):
    """What the figure shows; True where a number is not what it is for ``X``."""

    number: int  # the first one of x
    x: np.ndarray  # (d_model,) a token's vector
    w_q: np.ndarray  # (d_model, num_heads · d_k)
    query: np.ndarray  # (num_heads, d_k) a row a head
    slices: np.ndarray  # (num_heads, d_k) what the heads would get of x itself
    query_moved: np.ndarray  # (num_heads, d_k)
    slices_moved: np.ndarray  # (num_heads, d_k)


def measure(number: int = int(X[0])) -> Numbers:
    """Multiply and then cut, as the layer does; and cut the vector itself."""
    x = np.array([number, *X[1:]])
    query, slices = cut(x @ W_Q), cut(x)
    return Numbers(number, x, W_Q, query, slices, query != cut(X @ W_Q), slices != cut(X))


def cut(row: np.ndarray) -> np.ndarray:
    """(d_model,) to (num_heads, d_k)."""
    return row.reshape(NUM_HEADS, D_K)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    first, query, slices = numbers.number, numbers.query_moved, numbers.slices_moved
    if first == X[0]:
        return f"The first number of x is {first}. Change it, and frames show where the change goes."
    return (
        f"With {first} as the first number of x instead of {X[0]:g}, {query.sum()} of 8 numbers of the queries change, "
        f"in {_heads(query)}; of x itself sliced, {slices.sum()} changes, in {_heads(slices)}."
    )


def _heads(moved: np.ndarray) -> str:
    """Those of which a number has changed."""
    names = [str(head + 1) for head in np.flatnonzero(moved.any(axis=1))]
    return f"head{'s' * (len(names) > 1)} {', '.join(names)}"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """x beside the blocks of W_Q; below each block the head's query, and the head's slice of x itself."""
    figure = sheet(height=352, narrow=narrow)
    paper = board(figure)
    wide, left = (31, 14) if narrow else (50, 110)
    blocks = left + wide + 16
    x = matrix(
        paper, left, _TOP, (wide, _TALL), numbers.x[:, None], FAINT, _PALE, tell=lambda i, _: _tell_x(i, numbers)
    )
    label(paper, x.middle()[0], _TOP - 7, "x", size=TEXT, weight="semibold", ha="center")
    step = D_K * wide + 9  # from head to head
    for head in range(NUM_HEADS):
        _draw_head(paper, blocks + head * step, wide, head, numbers)
    if numbers.number != X[0]:
        frame(paper, x, 0)
    if not narrow:
        label(paper, blocks + NUM_HEADS * step + 4, _TOP + 4 * _TALL, "W_Q", QUERY_INK, size=TEXT, va="center")
    label(paper, blocks, _QUERY - 7, "x times W_Q (above), then sliced:", QUERY_INK, size=TEXT, weight="semibold")
    label(paper, blocks, _SLICE - 7, "x itself sliced:", size=TEXT, weight="semibold")
    return figure


def _draw_head(paper: Axes, left: float, wide: float, head: int, numbers: Numbers) -> None:
    """A head's columns of W_Q, its query and its slice; what has changed is framed."""
    columns = slice(head * D_K, (head + 1) * D_K)

    def tell(i: int, j: int) -> dict[str, str]:
        column = head * D_K + j
        words = f"W_Q, row {i + 1}, column {column + 1} (head {head + 1}): {_said(numbers.w_q[i, column])}"
        return {"words": words, "of": f"w{head}-{j} row{i}", "lights": f"w{head}-{j} q{head}-{j}"}

    def tell_query(_: int, j: int) -> dict[str, str]:
        words = f"query of head {head + 1}: x · column {head * D_K + j + 1} = {_said(numbers.query[head, j])}"
        return {"words": words, "of": f"q{head}-{j}", "lights": f"x w{head}-{j} q{head}-{j}"}

    def tell_slice(_: int, j: int) -> dict[str, str]:
        i = head * D_K + j
        return {"words": f"number {i + 1} of x: {_said(numbers.x[i])}", "of": f"slice{i}", "lights": f"slice{i}"}

    block = matrix(paper, left, _TOP, (wide, _TALL), numbers.w_q[:, columns], QUERY, 4, tell=tell)
    if numbers.number != X[0]:
        frame(paper, block, 0)  # what the first number of x is multiplied by
    name = label(paper, block.middle()[0], _TOP - 7, f"head {head + 1}", size=TEXT, weight="semibold", ha="center")
    say(name, words=f"head {head + 1} owns {D_K} of the {NUM_HEADS * D_K} columns")
    for top, row, moved, colour, reach, told in (
        (_QUERY, numbers.query, numbers.query_moved, QUERY, 14, tell_query),
        (_SLICE, numbers.slices, numbers.slices_moved, FAINT, _PALE, tell_slice),
    ):
        grid = matrix(paper, left, top, (wide, _TALL), row[head, None], colour, reach, tell=told)
        for j in np.flatnonzero(moved[head]):
            frame(paper, grid, 0, int(j))


def _said(number: float) -> str:
    return in_digits(float(number), "{:g}")


def _tell_x(i: int, numbers: Numbers) -> dict[str, str]:
    words = f"number {i + 1} of x: {_said(numbers.x[i])}, times row {i + 1} of W_Q"
    return {"words": words, "of": "x", "lights": f"row{i}"}


_PALE = 24  # numbers of x stay light: a strong grey is for what is below zero in W_Q
_TOP, _TALL = 34, 22  # of the first row; of a row
_QUERY = _TOP + 8 * _TALL + 34
_SLICE = _QUERY + _TALL + 36


head_columns = Explorer(
    __name__,
    caption=(
        "Each number of x multiplies its row of W_Q, and then each column is added up. Each head owns two columns, "
        "and under them stands its query. Below the queries, x itself is sliced. Move the first number of x, and "
        "frames mark all that changes."
    ),
    controls={"number": Slider("first number of x", stops=(0, 1, 2, 3))},
)
