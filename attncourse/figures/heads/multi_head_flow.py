"""Picture: multi-head attention from the tokens to the output, with every number on the way."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from attncourse.digits import in_digits
from attncourse.drawing.board import arrow, board
from attncourse.drawing.canvas import TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, frame, matrix, name_columns, name_rows
from attncourse.drawing.palette import (
    FAINT,
    INK,
    KEY,
    KEY_INK,
    QUERY,
    QUERY_INK,
    VALUE,
    VALUE_INK,
    WEIGHT,
    WEIGHT_INK,
)
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import MultiHeadParams, attention, linear, merge_heads, multi_head_attention, split_heads

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
    figure = sheet(height=412, narrow=narrow, narrow_height=694)
    paper = board(figure)
    if narrow:
        tops, left, widths = (110, 312), 66, (38, 38)
        x = _draw_part(paper, "x", (66, 22), (24, 22), numbers.x)
        label(paper, 174, x.middle(0)[1], "x", size=TEXT, va="center")
        label(paper, 174, x.middle(1)[1], "(seq, d_model)", FAINT, va="center")
        paper.plot([19, 4, 4], [x.middle(_TOKEN)[1]] * 2 + [tops[1] + 99], color=INK, linewidth=1.2)
        for top in tops:
            arrow(paper, (4, top + 99), (left - 3, top + 99))
        _draw_end(paper, (18, 582), 36, numbers)
    else:
        tops, left, widths = (32, 236), 184, (38, 34)
        x = _draw_part(paper, "x", (46, 193), (21, 22), numbers.x)
        _name(paper, x, "x", "x", "(seq, d_model)", INK)
        rows, middle = [top + 99 for top in tops], x.middle(_TOKEN)[1]
        paper.plot([134, 142], [middle] * 2, color=INK, linewidth=1.2)
        paper.plot([142, 142], rows, color=INK, linewidth=1.2)
        paper.plot([left + 254, 446, 446, left + 254], [rows[0], rows[0], rows[1], rows[1]], color=INK, linewidth=1.2)
        arrow(paper, (446, middle), (464, middle))
        for row in rows:
            arrow(paper, (142, row), (left - 3, row))
        _draw_end(paper, (466, 193), 30, numbers)
    name_rows(paper, x, TOKENS, part="x")
    for head, top in enumerate(tops):
        _draw_lane(paper, left, top, numbers, head, widths)
    return figure


def _draw_lane(paper: Axes, left: float, top: float, numbers: Numbers, head: int, widths: tuple[float, float]) -> None:
    wide, output = widths
    middle, right, one = left + 60, left + 68 + 3 * wide, str(head + 1)
    query = _draw_part(paper, f"query-{one}", (left, top + 66), (26, 22), numbers.query[head])
    key = _draw_part(paper, f"key-{one}", (middle, top + 20), (wide, 20), numbers.key[head].T)
    _draw_part(paper, f"value-{one}", (right, top), (output, 20), numbers.value[head])
    weights = _draw_part(paper, f"weights-{one}", (middle, top + 66), (wide, 22), numbers.attn_weights[head])
    result = _draw_part(paper, f"head-{one}", (right, top + 66), (output, 22), numbers.heads[head])
    label(paper, left - 28, top + 10, f"head {one}", size=TEXT, weight="semibold")
    name_columns(paper, key, TOKENS, gap=4, part=f"key-{one}")
    _name(paper, query, f"query-{one}", "", "(seq, d_k)", QUERY_INK)
    _name(paper, weights, f"weights-{one}", "weights", "(seq, seq)", WEIGHT_INK)
    _name(paper, result, f"head-{one}", f"head {one}", "(seq, d_v)", VALUE_INK)
    for part, words, x, y, ink, align in (
        (f"query-{one}", "query = x·W_Q", left + 52, 56, QUERY_INK, "right"),
        (f"key-{one}", "key = x·W_K", middle - 8, 34, KEY_INK, "right"),
        (f"value-{one}", "value = x·W_V", right + 2 * output, -12, VALUE_INK, "right"),
    ):
        _say_part(label(paper, x, top + y, words, ink, size=TEXT, ha=align, va="center"), part)


def _draw_end(paper: Axes, at: tuple[float, float], width: float, numbers: Numbers) -> None:
    (left, top), right = at, at[0] + 4 * width + 8
    concat = _draw_part(paper, "concat", (left, top), (width, 22), numbers.concat)
    _draw_part(paper, "w_o", (right, top - 88), (width, 20), numbers.w_o)
    output = _draw_part(paper, "output", (right, top), (width, 22), numbers.output)
    paper.vlines(left + 2 * width, top - 5, top + 71, color=INK, linewidth=1.6)  # between the heads' columns
    for head in range(2):
        label(paper, left + (1 + 2 * head) * width, top - 8, f"head {head + 1}", VALUE_INK, ha="center")
    _name(paper, concat, "concat", "concat", "(seq, h·d_v)", VALUE_INK)
    _name(paper, output, "output", "output", "(seq, d_model)", VALUE_INK)
    _say_part(label(paper, right - 8, top - 70, "W_O", size=TEXT, ha="right", va="center"), "w_o")
    label(paper, right - 8, top - 50, "(h·d_v, d_model)", FAINT, ha="right", va="center")


def _draw_part(paper: Axes, part: str, at: tuple[float, float], cell: tuple[float, float], entries: np.ndarray) -> Grid:
    """A matrix whose cells light what they were computed from; of a row for each token, that of one is written."""
    kind, _, head = part.partition("-")
    colour, reach, form, rows, columns = _LOOK[kind]
    followed = rows is TOKENS and kind != "value"
    sources = _SOURCES.get(kind, ())

    def tell(i: int, j: int) -> dict[str, str]:
        lit = [source.format(i=i, j=j, head=head or j // 2 + 1) for source in sources]
        own = f"{part}-r{i} {part}-c{j}"
        return {"of": f"{part} {own}", "lights": " ".join(lit or [own])}

    what = f"{kind} in head {head} is" if head and kind != "head" else f"{part.replace('-', ' ')} is"
    grid = matrix(paper, *at, cell, entries, colour, reach, form, _TOKEN if followed else None,
                  rows_said=rows, columns_said=columns, what=what, part=part, tell=tell)  # fmt: skip
    if followed:
        frame(paper, grid, _TOKEN)
    return grid


def _name(paper: Axes, grid: Grid, part: str, name: str, shape: str, ink: str) -> None:
    x, y = grid.middle()[0], grid.top + grid.box()[3] + 5
    _say_part(label(paper, x, y, name, ink, size=TEXT, ha="center", va="top"), part)
    _say_part(label(paper, x, y + 19, shape, FAINT, ha="center", va="top"), part)


def _say_part(name: Text, part: str) -> None:
    """A name shows the whole part, and says its shape, its parameters and its line of code."""
    say(name, words=_PARTS[part.partition("-")[0]], of=part, lights=part)


_FEATURES = ["noun", "verb", "animal", "human"]
_LOOK = {  # colour, reach, form of numbers, names of rows and columns
    "x": (FAINT, 2, "{:g}", TOKENS, _FEATURES),
    "query": (QUERY, 4, "{:g}", TOKENS, ()),
    "key": (KEY, 4, "{:g}", (), TOKENS),
    "value": (VALUE, 5, "{:g}", TOKENS, ()),
    "weights": (WEIGHT, 1.2, "{:.1f}", TOKENS, TOKENS),
    "head": (VALUE, 5, "{:.1f}", TOKENS, ()),
    "concat": (VALUE, 5, "{:.1f}", TOKENS, ()),
    "w_o": (FAINT, 4, "{:g}", (), _FEATURES),
    "output": (VALUE, 5, "{:.1f}", TOKENS, _FEATURES),
}
_SOURCES = {  # the rows and columns that a cell of a part is the product of
    "query": ("x-r{i}",),
    "key": ("x-r{j}",),
    "value": ("x-r{i}",),
    "weights": ("query-{head}-r{i}", "key-{head}-c{j}"),
    "head": ("weights-{head}-r{i}", "value-{head}-c{j}"),
    "concat": ("head-{head}-r{i}",),
    "output": ("concat-r{i}", "w_o-c{j}"),
}
_PARTS = {
    "x": "x: shape (3, 4), a row for each token; no parameters, its features are given",
    "query": "query: shape (3, 2) · 8 of the 16 parameters of w_q · query = split_heads(x @ w_q, 2)",
    "key": "key, drawn as its transpose: shape (3, 2) · 8 of the 16 parameters of w_k · key = split_heads(x @ w_k, 2)",
    "value": "value: shape (3, 2) · 8 of the 16 parameters of w_v · value = split_heads(x @ w_v, 2)",
    "weights": "weights: shape (3, 3) · no parameters · attn_weights = softmax(query @ key.T / √2)",
    "head": "head: shape (3, 2) · no parameters · head = attn_weights @ value",
    "concat": "concat: shape (3, 4) · no parameters · concat = merge_heads(heads)",
    "w_o": "W_O: shape (4, 4) · 16 parameters · output = concat @ w_o",
    "output": "output: shape (3, 4) · the 16 parameters of w_o · output = concat @ w_o",
}


multi_head_flow = Explorer(
    __name__,
    caption=(
        "Two heads project the same tokens with maps of their own and attend by themselves; their results side by "
        "side, times W_O, are the output. The frames follow the token “bites”, whose features in x are "
        "noun, verb, animal and human."
    ),
)
