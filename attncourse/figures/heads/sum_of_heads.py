"""Explorer: what each head adds to one token's output, and that nothing else is in it."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import ROUNDING
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import INK, PAPER, VALUE_INK, VALUE_MAP, WEIGHT_INK, WEIGHT_MAP, ink_on
from attncourse.explorer import Explorer
from attncourse.figures.sentence import TOKENS
from attnlib import attention, init_multi_head, linear, multi_head_attention, split_heads

_D_MODEL = 8
_SHARPNESS = 3.0  # queries are stretched so much: weights of random maps would be nearly all the same
_SEED = 10
_HEADS = ("none", "head 1", "head 2")  # that can be taken away
_RANGE = (-1.55, 1.0)  # of the bars
_WHITE = ListedColormap([PAPER])


class Numbers(NamedTuple):
    """What the figure shows."""

    token: int  # counted from 1
    removed: int  # counted from 1; 0 is no head
    attn_weights: np.ndarray  # (num_heads, 5) of this token
    contributions: np.ndarray  # (num_heads, d_model) head_i · W_O_i
    total: np.ndarray  # (d_model,) the sum of the contributions, without the removed head's
    output: np.ndarray  # (d_model,) of multi_head_attention, without the removed head
    whole: np.ndarray  # (d_model,) with all heads
    difference: float  # largest, between the output and the sum of the contributions; to 9 decimals


def measure(token: int = 4, num_heads: str = "4", removed: str = _HEADS[0]) -> Numbers:
    """Every head's result times its own rows of W_O; beside it the layer's output, as the library computes it."""
    rng, heads, gone = np.random.default_rng(_SEED), int(num_heads), _HEADS.index(removed)
    x = rng.normal(size=(len(TOKENS), _D_MODEL))
    params = init_multi_head(rng, _D_MODEL, heads)
    params = params._replace(w_q=params.w_q * _SHARPNESS)
    results, _ = attention(*(split_heads(linear(x, w), heads) for w in params[:3]))  # (num_heads, 5, d_v)
    w_o = params.w_o.reshape(heads, -1, _D_MODEL)  # (num_heads, d_v, d_model)
    contributions = (results @ w_o)[:, token - 1]
    kept = np.arange(1, heads + 1) != gone
    without = params._replace(w_o=(w_o * kept[:, None, None]).reshape(params.w_o.shape))
    whole, attn_weights = multi_head_attention(params, x, x, x)
    output, _ = multi_head_attention(without, x, x, x)
    whole, output = whole[token - 1], output[token - 1]
    total = contributions[kept].sum(axis=0)
    difference = round(float(np.abs(total - output).max()), 9)
    return Numbers(token, gone, attn_weights[:, token - 1], contributions, total, output, whole, difference)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    heads, gone = len(numbers.contributions), numbers.removed
    gap = f"{numbers.difference:.2g}" if numbers.difference > ROUNDING else "0 to rounding"
    start = f"For “{TOKENS[numbers.token - 1]}” the contributions of"
    if not gone:
        return f"{start} {heads} heads add up to the layer’s output: the largest difference is {gap}."
    lost = np.abs(numbers.whole - numbers.output).max()
    others = f"{heads - 1} heads" if heads > 2 else "head"
    return (
        f"{start} the other {others} add up to the output without head {gone}: the largest difference is "
        f"{gap}. Features change by up to {lost:.2f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Where each head looks, what it adds to each feature, the layer's output; and the same stacked as bars."""
    figure = sheet(height=360, narrow=narrow, narrow_height=540)
    paper, heads = board(figure), len(numbers.contributions)
    looks, features = f"weights of “{TOKENS[numbers.token - 1]}”", [str(feature + 1) for feature in range(_D_MODEL)]
    output = numbers.output.round(2)
    if narrow:
        wide, names = 232 / heads, [str(head + 1) for head in range(heads)]
        label(paper, 44, 16, f"{looks} in head", WEIGHT_INK, size=TEXT)
        _draw_weights(paper, 44, 44, (wide, 20), numbers.attn_weights.T, TOKENS, names)
        label(paper, 44, 172, "added to feature", VALUE_INK, size=TEXT)
        for head in range(heads):
            row, shade = _shaded(numbers, head)
            first = features if head == 0 else None
            matrix(paper, 44 + head * wide, 182, (wide, 20), row[:, None], shade, 1, "{:.2f}", rows=first)
        grid = matrix(paper, 284, 182, (52, 20), output[:, None], _WHITE, 1, "{:.2f}", columns=["output"])
        frame(paper, grid)
        for x, name in enumerate(features):
            label(paper, 44 + 36.5 * (x + 0.5), 366, name, ha="center")
        _draw_bars(place(figure, 44, 370, 292, 166), numbers)
    else:
        tall, names = 104 / heads, [f"head {head + 1}" for head in range(heads)]
        label(paper, 60, 16, looks, WEIGHT_INK, size=TEXT)
        _draw_weights(paper, 60, 44, (38, tall), numbers.attn_weights, names, TOKENS)
        label(paper, 304, 16, "added to feature", VALUE_INK, size=TEXT)
        for head in range(heads):
            row, shade = _shaded(numbers, head)
            first = features if head == 0 else None
            matrix(paper, 304, 44 + head * tall, (51, tall), row[None], shade, 1, "{:.2f}", columns=first)
        grid = matrix(paper, 304, 154, (51, 26), output[None], _WHITE, 1, "{:.2f}", rows=["output = sum of rows"])
        frame(paper, grid)
        label(paper, 299, 254, "the same as bars:\nthe mark is the output", ha="right", va="center")
        _draw_bars(place(figure, 304, 190, 408, 164), numbers)
    return figure


def _shade(head: int, heads: int) -> tuple[float, ...]:
    return VALUE_MAP((head + 1) / heads * 0.9)


def _draw_weights(paper: Axes, left: float, top: float, cell, attn_weights: np.ndarray, rows, columns) -> None:
    """Small weights are not written."""
    grid = matrix(paper, left, top, cell, np.rint(10 * attn_weights) / 10, WEIGHT_MAP, 1.3, written=-1,
                  rows=rows, columns=columns)  # fmt: skip
    for i, j in np.argwhere(attn_weights > 0.05):
        words = f"{attn_weights[i, j]:.2f}"
        label(paper, *grid.middle(i, j), words, ha="center", va="center_baseline")


def _shaded(numbers: Numbers, head: int) -> tuple[np.ndarray, ListedColormap]:
    """One head's contributions as they are written, hatched if it is taken away; and its one colour."""
    row = numbers.contributions[head].round(2)
    shade = ListedColormap([_shade(head, len(numbers.contributions))])
    return (np.full_like(row, np.nan) if head + 1 == numbers.removed else row), shade


def _draw_bars(axes: Axes, numbers: Numbers) -> None:
    heads, features = len(numbers.contributions), np.arange(_D_MODEL)
    above, below = np.zeros(_D_MODEL), np.zeros(_D_MODEL)
    for head, row in enumerate(numbers.contributions):
        if head + 1 == numbers.removed:
            continue
        shade, start = _shade(head, heads), np.where(row > 0, above, below)
        axes.bar(features, row, bottom=start, width=0.6, color=shade, edgecolor=PAPER, linewidth=0.6)
        for x, (height, bottom) in enumerate(zip(row, start, strict=True)):
            struck = abs(bottom + height / 2 - numbers.output[x]) < 0.13  # by the mark
            if abs(height) > 0.25 and not struck:  # room for the head's number
                label(axes, x, bottom + height / 2, str(head + 1), ink_on(shade), ha="center", va="center_baseline")
        above, below = above + np.maximum(row, 0), below + np.minimum(row, 0)
    axes.hlines(0, -0.5, _D_MODEL - 0.5, color=INK, linewidth=0.8)
    if numbers.removed:
        axes.hlines(numbers.whole, features - 0.44, features + 0.44, color=INK, linewidth=1.6, linestyle=(0, (2, 1.5)))
    axes.hlines(numbers.output, features - 0.44, features + 0.44, color=INK, linewidth=3)
    axes.set(xlim=(-0.5, _D_MODEL - 0.5), ylim=_RANGE, xticks=[], yticks=[])
    axes.axis("off")


sum_of_heads = Explorer(
    __name__,
    caption=(
        "What each head adds to the eight features of one token, head_i·W_O_i, in a layer of random maps. "
        "Numbers in the bars name the heads; a dashed mark is the output with all heads. All numbers are rounded, "
        "and weights below 0.05 are left blank."
    ),
    controls={
        "token": Slider("token", stops=(1, 2, 3, 4, 5)),
        "num_heads": Choice("number of heads", stops=("2", "4")),
        "removed": Choice("take away", stops=_HEADS),
    },
)
