"""Explorer: two heads on the course's sentence, from one token's vector to its output, with every number on the way."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.board import arrow, board
from attncourse.drawing.canvas import TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, frame, matrix, name_columns
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
from attncourse.figures.sentence import TOKENS
from attnlib import MultiHeadParams, attention, linear, merge_heads, split_heads

FEATURES = ["possessive", "living", "action", "thing"]
ASKS = {"hid": ("who?", "what?"), "its": ("whose?", "what?")}  # what the queries of two tokens ask for, in words
_X = np.array([[1, 1, 0, 0], [0, 2, 0, 0], [0, 0, 1, 0], [2, 0, 0, 0], [0, 0, 0, 2]], dtype=float)
# Chosen by hand, the two heads' maps side by side. In head 1 “its” looks for the living, and takes over how living and
# how active it is; in head 2 it looks for things, and takes over how much of a thing and how possessive.
PARAMS = MultiHeadParams(
    w_q=np.array([[1, 0, 1, 0], [0, 1, 1, 0], [1, 0, 1, 0], [1, 0, 0, 1]], dtype=float),
    w_k=np.array([[0, 0, 0, 0], [2, 0, 0, 1], [0, 1, 0, 3], [0, 0, 2, 0]], dtype=float),
    w_v=np.array([[0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], dtype=float),
    w_o=np.array([[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0]], dtype=float),
    num_heads=2,
)


JOINED = {"both": (1, 1), "head 1 alone": (1, 0), "head 2 alone": (0, 1)}  # which of the two results go on


class Numbers(NamedTuple):
    """Every matrix on the way, and whose way it is."""

    token: int  # counted from 1
    joined: str
    x: np.ndarray  # (5, d_model)
    query: np.ndarray  # (2, 5, d_k)
    key: np.ndarray  # (2, 5, d_k)
    value: np.ndarray  # (2, 5, d_v)
    attn_weights: np.ndarray  # (2, 5, 5)
    heads: np.ndarray  # (2, 5, d_v)
    concat: np.ndarray  # (5, 2 · d_v)
    w_o: np.ndarray  # (2 · d_v, d_model)
    output: np.ndarray  # (5, d_model)


def measure(token: int = 3, joined: str = "both") -> Numbers:
    """Project, split, attend in each head, merge those that go on; a head that is taken away leaves zeros."""
    query, key, value = (split_heads(linear(_X, w), PARAMS.num_heads) for w in PARAMS[:3])
    heads, attn_weights = attention(query, key, value)
    concat = merge_heads(heads * np.array(JOINED[joined])[:, None, None])
    return Numbers(token, joined, _X, query, key, value, attn_weights, heads, concat, PARAMS.w_o, concat @ PARAMS.w_o)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    rows = numbers.attn_weights[:, numbers.token - 1]
    looks = [f"{row.max():.2f} on “{TOKENS[row.argmax()]}” in head {head}" for head, row in enumerate(rows, start=1)]
    output = ", ".join(in_digits(number) for number in numbers.output[numbers.token - 1])
    goes_on = (
        "both results, joined and times W_O, give"
        if numbers.joined == "both"
        else f"the result of {numbers.joined}, times W_O, gives"
    )
    return (
        f"“{TOKENS[numbers.token - 1]}” puts its largest weights {' and '.join(looks)}; {goes_on} "
        f"the output ({output})."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A lane for each head: under each word its key, its weight and its value; then both results times W_O."""
    figure = sheet(height=372, narrow=narrow, narrow_height=640)
    paper = board(figure)
    if narrow:
        x = _draw_part(paper, "x", (78, 32), (36, 22), numbers)
        tops, left, wide, start = (92, 258), 78, 38, 8
        paper.plot([x.left - 6, start, start], [x.middle()[1], x.middle()[1], tops[1] + 38], color=INK, linewidth=1.2)
        results = [_draw_lane(paper, left, top, wide, head, numbers) for head, top in enumerate(tops)]
        highest = _going_on(results, numbers)[0]
        paper.plot([334, 334, 90], [highest.middle()[1], 424, 424], color=INK, linewidth=1.2)
        for result in _going_on(results, numbers):
            paper.plot([result.left + wide, 334], [result.middle()[1]] * 2, color=INK, linewidth=1.2)
        arrow(paper, (90, 424), (90, 446))
        _draw_end(paper, 72, 472, 40, numbers)
    else:
        x = _draw_part(paper, "x", (14, 182), (24, 22), numbers)
        tops, left, wide, start = (24, 204), 198, 42, 124
        paper.plot([x.left + 4 * 24 + 4, start], [x.middle()[1]] * 2, color=INK, linewidth=1.2)
        paper.plot([start, start], [top + 38 for top in tops], color=INK, linewidth=1.2)
        results = [_draw_lane(paper, left, top, wide, head, numbers) for head, top in enumerate(tops)]
        concat = _draw_end(paper, 516, 118, 38, numbers)
        for i, result in enumerate(results):
            if not JOINED[numbers.joined][i]:
                continue
            y = concat.middle(2 * i)[1] + 11
            paper.plot([result.left + wide + 3, 500, 500], [result.middle()[1]] * 2 + [y], color=INK, linewidth=1.2)
            arrow(paper, (500, y), (concat.left - 3, y))
    for head, top in enumerate(tops):
        end = left - (36 if narrow else 39)
        arrow(paper, (start, top + 38), (end, top + 38))
        name = label(paper, end - 4, top + 27, "W_Q", QUERY_INK, ha="right")
        say(name, words=f"query = x times the columns of W_Q that head {head + 1} owns: rows {_rows_of_w_q(head)}")
    _name(paper, x, "x", f"x of “{TOKENS[numbers.token - 1]}”", INK)
    for j, feature in enumerate(FEATURES):  # each below its cell, lower than its neighbour
        first = j == 0 and not narrow  # it is too wide to stand in the middle
        at = x.left if first else x.middle(0, j)[0]
        line = j % 2 if narrow else j
        label(paper, at, x.top + 34 + 15 * line, feature, FAINT, ha="left" if first else "center", va="center")
    return figure


def _draw_lane(paper: Axes, left: float, top: float, wide: float, head: int, numbers: Numbers) -> Grid:
    """Rows of key times query give the weights below; values times weights give the result on the right."""
    one, thin = str(head + 1), 30
    asks = ASKS.get(TOKENS[numbers.token - 1])
    key = _draw_part(paper, f"key-{one}", (left, top + 16), (wide, 22), numbers)
    query = _draw_part(paper, f"query-{one}", (left - thin - 6, top + 16), (thin, 22), numbers)
    weights = _draw_part(paper, f"weights-{one}", (left, top + 66), (wide, 22), numbers)
    value = _draw_part(paper, f"value-{one}", (left, top + 94), (wide, 22), numbers)
    result = _draw_part(paper, f"head-{one}", (left + 5 * wide + 6, top + 94), (wide, 22), numbers)
    frame(paper, weights)
    frame(paper, query)
    frame(paper, result)
    name_columns(paper, key, TOKENS, gap=4, part=f"key-{one}")
    label(paper, left - thin - 6, top + 2, f"head {one}", size=TEXT, weight="semibold", va="center", ha="center")
    right = left + 5 * wide + 6
    for part, words, x, y, ink, align in (
        ("key", "keys", right, key.middle()[1], KEY_INK, "left"),
        (
            "query",
            f"query:\n{asks[head]}" if asks else "query",
            left - 5,
            top + (78 if asks else 70),
            QUERY_INK,
            "right",
        ),
        ("weights", "weights", right, weights.middle()[1], WEIGHT_INK, "left"),
        ("value", "values", left - 6, value.middle()[1], VALUE_INK, "right"),
        (
            "head",
            "result" if JOINED[numbers.joined][head] else "taken away",
            result.middle()[0],
            value.top + 58,
            VALUE_INK,
            "center",
        ),
    ):
        _say_part(label(paper, x, y, words, ink, size=TEXT, ha=align, va="center"), f"{part}-{one}")
    return result


def _going_on(results: list[Grid], numbers: Numbers) -> list[Grid]:
    """The results that are joined."""
    return [result for result, kept in zip(results, JOINED[numbers.joined], strict=True) if kept]


def _rows_of_w_q(head: int) -> str:
    """A head's two columns, a pair of numbers for each feature of x."""
    return ", ".join(f"({a:g}, {b:g})" for a, b in PARAMS.w_q[:, 2 * head : 2 * head + 2])


def _draw_end(paper: Axes, left: float, top: float, wide: float, numbers: Numbers) -> Grid:
    """The joined results beside the rows of W_O, and below their weighted sum."""
    concat = _draw_part(paper, "concat", (left, top), (38, 22), numbers)
    w_o = _draw_part(paper, "w_o", (left + 46, top), (wide, 22), numbers)
    output = _draw_part(paper, "output", (left + 46, top + 94), (wide, 22), numbers)
    frame(paper, concat)
    frame(paper, output)
    paper.hlines(top + 44, left - 6, left + 50 + 4 * wide, color=INK, linewidth=1.6)  # between the heads' rows
    _name(paper, concat, "concat", "joined", VALUE_INK)
    _name(paper, w_o, "w_o", "W_O", INK)
    below = output.middle()[0], output.top + 58
    of_token = label(
        paper, *below, f"output of “{TOKENS[numbers.token - 1]}”", VALUE_INK, size=TEXT, ha="center", va="top"
    )
    _say_part(of_token, "output")
    for j, feature in enumerate(FEATURES):
        x, y = output.middle(0, j)
        label(paper, x, y + 21 + 15 * (j % 2), feature, FAINT, ha="center", va="center")
    return concat


def _draw_part(paper: Axes, part: str, at: tuple[float, float], cell: tuple[float, float], numbers: Numbers) -> Grid:
    """One token's row, or a column for every token; a cell lights what it was computed from."""
    kind, _, head = part.partition("-")
    colour, reach, form, rows, columns = _LOOK[kind]
    entries = _entries(kind, int(head or 1) - 1, numbers)
    sources = _SOURCES.get(kind, ())

    def tell(i: int, j: int) -> dict[str, str]:
        lit = [source.format(i=i, j=j, head=head or i // 2 + 1, half=i % 2) for source in sources]
        own = f"{part}-r{i} {part}-c{j}"
        return {"of": f"{part} {own}", "lights": " ".join(lit or [own])}

    what = f"{kind} in head {head} is" if head and kind != "head" else f"{part.replace('-', ' ')} is"
    return matrix(paper, *at, cell, entries, colour, reach, form, rows_said=rows, columns_said=columns,
                  what=what, part=part, tell=tell)  # fmt: skip


def _entries(kind: str, head: int, numbers: Numbers) -> np.ndarray:
    """The part of this kind as it is drawn: what all tokens have as columns, what one token has by itself."""
    one = numbers.token - 1
    return {
        "x": numbers.x[one, None],
        "query": numbers.query[head, one][:, None],
        "key": numbers.key[head].T,
        "weights": numbers.attn_weights[head, one, None],
        "value": numbers.value[head].T,
        "head": numbers.heads[head, one][:, None],
        "concat": numbers.concat[one][:, None],
        "w_o": numbers.w_o,
        "output": numbers.output[one, None],
    }[kind]


def _name(paper: Axes, grid: Grid, part: str, name: str, ink: str) -> None:
    _say_part(label(paper, grid.middle()[0], grid.top - 6, name, ink, size=TEXT, ha="center", va="bottom"), part)


def _say_part(name: Text, part: str) -> None:
    """A name shows the whole part, and says its shape, its parameters and its line of code."""
    say(name, words=_PARTS[part.partition("-")[0]], of=part, lights=part)


_LOOK = {  # colour, reach, form of numbers, names of rows and columns
    "x": (FAINT, 3, "{:g}", (), FEATURES),
    "query": (QUERY, 4, "{:g}", (), ()),
    "key": (KEY, 6, "{:g}", (), TOKENS),
    "weights": (WEIGHT, 1.2, "{:.2f}", (), TOKENS),
    "value": (VALUE, 4, "{:g}", (), TOKENS),
    "head": (VALUE, 4, "{:.1f}", (), ()),
    "concat": (VALUE, 4, "{:.1f}", (), ()),
    "w_o": (FAINT, 4, "{:g}", (), FEATURES),
    "output": (VALUE, 4, "{:.1f}", (), FEATURES),
}
_SOURCES = {  # the rows and columns that a cell of a part is the product of
    "query": ("x",),
    "weights": ("query-{head}", "key-{head}-c{j}"),
    "head": ("weights-{head}", "value-{head}-r{i}"),
    "concat": ("head-{head}-r{half}",),
    "output": ("concat", "w_o-c{j}"),
}
_PARTS = {
    "x": "x: shape (5, 4), of which one row is drawn; no parameters, its features are given",
    "query": "query: shape (5, 2), one row drawn upright · 8 of the 16 parameters of w_q · split_heads(x @ w_q, 2)",
    "key": "key: shape (5, 2), drawn as its transpose · 8 of the 16 parameters of w_k · split_heads(x @ w_k, 2)",
    "value": "value: shape (5, 2), drawn as its transpose · 8 of the 16 parameters of w_v · split_heads(x @ w_v, 2)",
    "weights": "weights: shape (5, 5), one row drawn · no parameters · attn_weights = softmax(query @ key.T / √2)",
    "head": "head: shape (5, 2), one row drawn upright · no parameters · head = attn_weights @ value",
    "concat": "concat: shape (5, 4), one row drawn upright · no parameters · concat = merge_heads(heads)",
    "w_o": "W_O: shape (4, 4) · 16 parameters · output = concat @ w_o",
    "output": "output: shape (5, 4), one row drawn · the 16 parameters of w_o · output = concat @ w_o",
}


multi_head_flow = Explorer(
    __name__,
    caption=(
        "Each head’s W_Q, W_K and W_V (not drawn) make its queries, keys and values, a column for each token. The "
        "weights are the softmax of query · keys ÷ √2."
    ),
    controls={
        "joined": Choice("heads", stops=tuple(JOINED)),
        "token": Slider("token", stops=(1, 2, 3, 4, 5)),
    },
)
