"""Picture: multi-head attention from the tokens to the output, with every number on the way."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from attncourse.digits import in_digits
from attncourse.drawing.board import arrow, board
from attncourse.drawing.canvas import TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, frame, matrix
from attncourse.drawing.palette import (
    FAINT,
    INK,
    KEY_INK,
    KEY_SIGNED,
    PAPER,
    QUERY_INK,
    QUERY_SIGNED,
    VALUE_INK,
    VALUE_SIGNED,
    WEIGHT_INK,
    WEIGHT_MAP,
)
from attncourse.explorer import Explorer
from attnlib import MultiHeadParams, attention, linear, merge_heads, multi_head_attention, split_heads

GREYS = LinearSegmentedColormap.from_list("grey-signed", ["#8C8C8C", PAPER, "#8C8C8C"])  # neither role

TOKENS = ["dog", "bites", "man"]
_X = np.array([[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 1]], dtype=float)  # features: noun, verb, animal, human
# Chosen by hand, the two heads' maps side by side. In head 1 nouns look for the verb, and the verb for the animal;
# in head 2 animal and human look for each other, and the verb for the human.
PARAMS = MultiHeadParams(
    w_q=np.array([[2, 0, 0, 0], [0, 1, 2, 1], [0, 0, 2, 0], [0, 1, 0, 2]], dtype=float),
    w_k=np.array([[0, 1, 0, 0], [2, 0, 1, 1], [0, 1, 0, 2], [0, 0, 2, 0]], dtype=float),
    w_v=np.array([[0, 1, 1, 0], [3, 0, 0, -1], [0, 1, 1, 0], [-1, 0, 0, 3]], dtype=float),
    w_o=np.array([[1, 0, 0, 1], [0, 2, 0, 1], [1, 0, 1, 0], [0, -1, 2, 0]], dtype=float),
    num_heads=2,
)
_TOKEN = 1  # whose row is followed


class Numbers(NamedTuple):
    """Every matrix on the way."""

    x: np.ndarray  # (3, d_model)
    query: np.ndarray  # (2, 3, d_k)
    key: np.ndarray  # (2, 3, d_k)
    value: np.ndarray  # (2, 3, d_v)
    attn_weights: np.ndarray  # (2, 3, 3)
    heads: np.ndarray  # (2, 3, d_v)
    concat: np.ndarray  # (3, 2 · d_v)
    w_o: np.ndarray  # (2 · d_v, d_model)
    output: np.ndarray  # (3, d_model)


def measure() -> Numbers:
    """Project, split, attend in each head, merge; the output and the weights are those of multi_head_attention."""
    query, key, value = (split_heads(linear(_X, w), PARAMS.num_heads) for w in PARAMS[:3])
    heads, _ = attention(query, key, value)
    output, attn_weights = multi_head_attention(PARAMS, _X, _X, _X)
    return Numbers(_X, query, key, value, attn_weights, heads, merge_heads(heads), PARAMS.w_o, output)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    looks = [f"{row.max():.2f} on “{TOKENS[row.argmax()]}” in head {i + 1}" for i, row in _rows(numbers, _TOKEN)]
    output = ", ".join(in_digits(number) for number in numbers.output[_TOKEN])
    return (
        f"“{TOKENS[_TOKEN]}” puts weight {' and '.join(looks)}; the two results of width {numbers.heads.shape[-1]}, "
        f"side by side and times W_O, give its output ({output})."
    )


def _rows(numbers: Numbers, token: int):
    return enumerate(numbers.attn_weights[:, token])


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """One lane for each head, with its products as on paper. One token's row is framed and written in numbers."""
    figure = sheet(height=374, narrow=narrow, narrow_height=644)
    paper = board(figure)
    if narrow:
        tops, left, widths = (96, 274), 66, (38, 38)
        x = _draw_tokens(paper, 66, 16, 24, numbers)
        label(paper, 174, x.middle(0)[1], "x", size=TEXT, va="center")
        label(paper, 174, x.middle(1)[1], "(seq, d_model)", FAINT, va="center")
        paper.plot([19, 4, 4], [x.middle(_TOKEN)[1]] * 2 + [tops[1] + 99], color=INK, linewidth=1.2)
        for top in tops:
            arrow(paper, (4, top + 99), (left - 3, top + 99))
        _draw_end(paper, (18, 538), 36, numbers)
        for head in range(2):
            label(paper, 54 + 72 * head, 530, f"head {head + 1}", VALUE_INK, ha="center")
    else:
        tops, left, widths = (22, 214), 184, (38, 34)
        _name(paper, _draw_tokens(paper, 46, 180, 21, numbers), "x", "(seq, d_model)", INK)
        rows = [top + 99 for top in tops]
        paper.plot([134, 156], [213, 213], color=INK, linewidth=1.2)
        paper.plot([156, 156], rows, color=INK, linewidth=1.2)
        paper.plot([left + 254, 446, 446, left + 254], [rows[0], rows[0], rows[1], rows[1]], color=INK, linewidth=1.2)
        arrow(paper, (446, 213), (464, 213))
        for row in rows:
            arrow(paper, (156, row), (left - 3, row))
        _draw_end(paper, (466, 180), 30, numbers)
    for head, top in enumerate(tops):
        _draw_lane(paper, left, top, numbers, head, widths)
    return figure


def _draw_tokens(paper: Axes, left: float, top: float, width: float, numbers: Numbers) -> Grid:
    grid = matrix(paper, left, top, (width, 22), numbers.x, GREYS, 5, written=_TOKEN, rows=TOKENS)
    frame(paper, grid, _TOKEN)
    return grid


def _draw_lane(paper: Axes, left: float, top: float, numbers: Numbers, head: int, widths: tuple[float, float]) -> None:
    wide, output = widths
    middle, right = left + 60, left + 68 + 3 * wide
    every = None if head == 0 else -1  # the second lane is the same again, in colours
    query = matrix(paper, left, top + 66, (26, 22), numbers.query[head], QUERY_SIGNED, 5, "{:g}", _TOKEN)
    matrix(paper, middle, top + 20, (wide, 20), numbers.key[head].T, KEY_SIGNED, 5, "{:g}", every)
    matrix(paper, right, top, (output, 20), numbers.value[head], VALUE_SIGNED, 6, "{:g}", every)
    shares, results = _few_shades(numbers.attn_weights[head], 4), _few_shades(numbers.heads[head])
    weights = matrix(paper, middle, top + 66, (wide, 22), shares, WEIGHT_MAP, 1.2, "{:.1f}", _TOKEN)
    result = matrix(paper, right, top + 66, (output, 22), results, VALUE_SIGNED, 6, "{:.1f}", _TOKEN)
    for grid in (query, weights, result):
        frame(paper, grid, _TOKEN)
    _name(paper, result, f"head {head + 1}", "(seq, d_v)" if head == 0 else "", VALUE_INK)
    if head == 0:
        _name(paper, query, "", "(seq, d_k)", QUERY_INK)
        _name(paper, weights, "weights", "(seq, seq)", WEIGHT_INK)
        for words, x, y, ink in (
            ("query = x·W_Q", left + 52, 56, QUERY_INK),
            ("key = x·W_K", middle - 8, 32, KEY_INK),
            ("value = x·W_V", right - 8, 8, VALUE_INK),
        ):
            label(paper, x, top + y, words, ink, size=TEXT, ha="right", va="center")


def _draw_end(paper: Axes, at: tuple[float, float], width: float, numbers: Numbers) -> None:
    (left, top), right = at, at[0] + 4 * width + 8
    concat = matrix(paper, left, top, (width, 22), _few_shades(numbers.concat), VALUE_SIGNED, 6, "{:.1f}", _TOKEN)
    matrix(paper, right, top - 88, (width, 20), numbers.w_o, GREYS, 5)
    output = matrix(paper, right, top, (width, 22), _few_shades(numbers.output), VALUE_SIGNED, 6, "{:.1f}", _TOKEN)
    paper.vlines(left + 2 * width, top - 5, top + 71, color=INK, linewidth=1.6)  # between the heads' columns
    for grid, name, shape in ((concat, "concat", "(seq, h·d_v)"), (output, "output", "(seq, d_model)")):
        frame(paper, grid, _TOKEN)
        _name(paper, grid, name, shape, VALUE_INK)
    label(paper, right - 8, top - 70, "W_O", size=TEXT, ha="right", va="center")
    label(paper, right - 8, top - 50, "(h·d_v, d_model)", FAINT, ha="right", va="center")


def _few_shades(numbers: np.ndarray, steps: int = 2) -> np.ndarray:
    """Rows that are not written in numbers, to the next half or quarter: more colours than that take much room."""
    coarse = np.rint(numbers * steps) / steps
    coarse[_TOKEN] = numbers[_TOKEN]
    return coarse


def _name(paper: Axes, grid: Grid, name: str, shape: str, ink: str) -> None:
    x, y = grid.middle()[0], grid.top + grid.box()[3] + 5
    label(paper, x, y, name, ink, size=TEXT, ha="center", va="top")
    label(paper, x, y + 19, shape, FAINT, ha="center", va="top")


multi_head_flow = Explorer(
    __name__,
    caption=(
        "Multi-head attention with two heads. Each head projects the same tokens with maps of its own and attends by "
        "itself; the results side by side, times W_O, are the output. The frames follow the token “bites”. "
        "The features in x are noun, verb, animal and human."
    ),
)
