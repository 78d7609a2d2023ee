"""Explorer: what each head adds to one token's output, and that nothing else is in it."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import ROUNDING, in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import INK, NUMBER, PAPER, VALUE, VALUE_INK, WEIGHT, WEIGHT_INK, shade
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.sentence import TOKENS
from attnlib import attention, init_multi_head, linear, multi_head_attention, split_heads

_D_MODEL = 8
_SHARPNESS = 3.0  # queries are stretched so much: weights of random maps would be nearly all the same
_SEED = 10
_HEADS = ("none", "head 1", "head 2")  # that can be taken away
_FEATURES = [str(feature + 1) for feature in range(_D_MODEL)]
_SAID = [f"feature {feature}" for feature in _FEATURES]
_LEAST = 0.05  # smaller weights are not written
_RANGE = (-1.55, 1.0)  # of the bars


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
    figure = sheet(height=372, narrow=narrow, narrow_height=490)
    paper, heads = board(figure), len(numbers.contributions)
    looks, names = f"weights of “{TOKENS[numbers.token - 1]}”", [f"head {head + 1}" for head in range(heads)]
    added, output = numbers.contributions.copy(), numbers.output
    if numbers.removed:
        added[numbers.removed - 1] = np.nan
    if narrow:
        wide, numerals = 232 / heads, [str(head + 1) for head in range(heads)]
        label(paper, 44, 14, f"{looks} in head", WEIGHT_INK, size=TEXT)
        matrix(paper, 44, 40, (wide, 19), numbers.attn_weights.T, WEIGHT, 1.2, "{:.2f}", least=_LEAST, rows=TOKENS,
               columns=numerals, columns_said=names, what="weight", part="weights")  # fmt: skip
        label(paper, 44, 162, "added to feature", VALUE_INK, size=TEXT)
        matrix(paper, 44, 168, (wide, 19), added.T, VALUE, 1, "{:.2f}", rows=_FEATURES, columns_said=names,
               rows_said=_SAID, what="added", part="added")  # fmt: skip
        grid = matrix(paper, 284, 168, (52, 19), output[:, None], VALUE, 1.2, "{:.2f}", columns=["output"],
                      rows_said=_SAID, what="output", columns_said=())  # fmt: skip
        label(paper, 44, 342, "the same as bars: the mark is the output")
        _draw_bars(place(figure, 44, 346, 292, 126), numbers)
        for x, name in enumerate(_FEATURES):
            label(paper, 44 + 36.5 * (x + 0.5), 485, name, ha="center")
    else:
        tall = 104 / heads
        label(paper, 60, 16, looks, WEIGHT_INK, size=TEXT)
        matrix(paper, 60, 44, (38, tall), numbers.attn_weights, WEIGHT, 1.2, "{:.2f}", least=_LEAST, rows=names,
               columns=TOKENS, what="weight", part="weights")  # fmt: skip
        label(paper, 304, 16, "added to feature", VALUE_INK, size=TEXT)
        matrix(paper, 304, 44, (51, tall), added, VALUE, 1, "{:.2f}", columns=_FEATURES, rows_said=names,
               columns_said=_SAID, what="added", part="added")  # fmt: skip
        grid = matrix(paper, 304, 154, (51, 26), output[None], VALUE, 1.2, "{:.2f}", rows=["output = sum of rows"],
                      rows_said=(), columns_said=_SAID, what="output")  # fmt: skip
        label(paper, 299, 260, "the same as bars:\nthe mark is the output", ha="right", va="center")
        _draw_bars(place(figure, 304, 194, 408, 170), numbers)
    frame(paper, grid)
    return figure


def _draw_bars(axes: Axes, numbers: Numbers) -> None:
    """A bar's strength tells the heads apart; so do the numbers in the bars, where there is room."""
    heads, features = len(numbers.contributions), np.arange(_D_MODEL)
    above, below = np.zeros(_D_MODEL), np.zeros(_D_MODEL)
    marks = np.array([numbers.output, numbers.whole])  # the same if no head is removed
    for head, row in enumerate(numbers.contributions):
        if head + 1 == numbers.removed:
            continue
        colour, start = shade((head + 1) / heads, VALUE), np.where(row > 0, above, below)
        bars = axes.bar(features, row, bottom=start, width=0.6, color=colour, edgecolor=PAPER, linewidth=0.6)
        for x, (bar, height, bottom) in enumerate(zip(bars, row, start, strict=True)):
            say(bar, words=f"head {head + 1} adds {in_digits(height)} to feature {x + 1}")
            struck = (np.abs(bottom + height / 2 - marks[:, x]) < 0.17).any()
            if abs(height) > 0.28 and not struck:  # room for the head's number
                label(axes, x, bottom + height / 2, str(head + 1), NUMBER, ha="center", va="center_baseline")
        above, below = above + np.maximum(row, 0), below + np.minimum(row, 0)
    axes.hlines(0, -0.5, _D_MODEL - 0.5, color=INK, linewidth=0.8)
    if numbers.removed:
        _mark(axes, numbers.whole, "output with all heads", (0, (2, 1.5)), 1.6)
    _mark(axes, numbers.output, f"output without head {numbers.removed}" if numbers.removed else "output", "-", 3)
    axes.set(xlim=(-0.5, _D_MODEL - 0.5), ylim=_RANGE, xticks=[], yticks=[])
    axes.axis("off")


def _mark(axes: Axes, output: np.ndarray, what: str, style, width: float) -> None:
    """A line across each bar."""
    for x, number in enumerate(output):
        [line] = axes.plot([x - 0.44, x + 0.44], [number, number], color=INK, linewidth=width, linestyle=style,
                           solid_capstyle="butt")  # fmt: skip
        say(line, words=f"{what}: {in_digits(number)} in feature {x + 1}")


sum_of_heads = Explorer(
    __name__,
    caption=(
        "The output of a layer is the sum of what each head adds, its result times its own rows of W_O: here for the "
        "eight features of one token, in a layer of random maps. Numbers in the bars name the heads; if a head is "
        "taken away, a dashed mark is the output with all heads. Weights below 0.05 are not written."
    ),
    controls={
        "token": Slider("token", stops=(1, 2, 3, 4, 5)),
        "num_heads": Choice("number of heads", stops=("2", "4")),
        "removed": Choice("take away", stops=_HEADS),
    },
)
