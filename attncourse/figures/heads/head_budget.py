"""Explorer: what heads cost at a fixed width, and what they give up: the rank of each head's maps."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Choice, Slider
from attncourse.drawing.board import board
from attncourse.drawing.canvas import SMALL, TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import (
    FAINT,
    INK,
    KEY,
    KEY_INK,
    NUMBER,
    QUERY,
    QUERY_INK,
    SCORE,
    STRONGEST,
    VALUE,
    WEIGHT,
)
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import attention, count_parameters, init_multi_head, linear, split_heads

D_MODEL = 32
SEQ = 32  # keys that each query can attend to
_MAPS = ("W_Q", "W_K", "W_V", "W_O")
_FILLS = (QUERY, KEY, VALUE, FAINT)
_UNIT = 2.5  # CSS pixels for one row or column of a map
_OWN, _SHARED = "one for each query head", "one for all query heads"


class Numbers(NamedTuple):
    """What the figure shows."""

    num_heads: int
    shared: bool  # whether all heads use one head of keys and values
    parameters: tuple[int, ...]  # of w_q, w_k, w_v, w_o
    multiply_adds: tuple[int, ...]  # for one token: in the four maps, and in scores and sums over 32 keys
    patterns: int  # rows of weights for one token
    kept: int  # numbers of keys and values for one token
    rank: int  # of the matrix behind one head's scores


def measure(num_heads: int = 4, kv_heads: str = _OWN) -> Numbers:
    """Count what one layer has and does, and take the rank of what is behind a head's scores."""
    num_heads = 2 ** int(np.log2(num_heads))  # a slider may stop in between, where heads would not divide the width
    return _measure(num_heads, kv_heads == _SHARED)


@lru_cache(maxsize=16)
def _measure(num_heads: int, shared: bool) -> Numbers:
    num_kv_heads = 1 if shared else num_heads
    params = init_multi_head(np.random.default_rng(0), D_MODEL, num_heads, num_kv_heads)
    x = np.random.default_rng(1).normal(size=(SEQ, D_MODEL))
    query, key, value = (
        split_heads(linear(x, w), n) for w, n in zip(params[:3], (num_heads, num_kv_heads, num_kv_heads), strict=True)
    )
    _, attn_weights = attention(query, key, value)
    # The heads' maps side by side are cut as projected vectors are. A shared key map stands in for every head.
    w_q, w_k = split_heads(params.w_q, num_heads), split_heads(params.w_k, num_kv_heads)
    per_pair = num_heads * (query.shape[-1] + value.shape[-1])
    return Numbers(
        num_heads,
        shared,
        tuple(w.size for w in params[:4]),
        (count_parameters(params), SEQ * per_pair),  # a map's every number is used once a token
        int(np.prod(attn_weights.shape[:-2])),
        num_kv_heads * (key.shape[-1] + value.shape[-1]),
        int(np.linalg.matrix_rank(w_q[0] @ w_k[0].T)),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    heads, rank, shared = numbers.num_heads, numbers.rank, ""
    if numbers.shared:
        kept = f"sharing 1 head of keys and values: {numbers.kept} numbers to keep per token"
        shared = f", {kept}" if heads > 1 else ", with no other to share keys and values with"
    return (
        f"{heads} head{'s' * (heads > 1)}{shared}: {sum(numbers.parameters)} parameters, "
        f"{sum(numbers.multiply_adds)} multiply-adds per token, {numbers.patterns} row{'s' * (heads > 1)} of weights "
        f"per token; a head’s W_Q·W_Kᵀ has rank {rank} of {D_MODEL}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The budget as bars, each of the most it can be; and where the rank of one head's scores comes from."""
    figure = sheet(height=282, narrow=narrow, narrow_height=498)
    paper = board(figure)
    left, top = (160, 376) if narrow else (560, 132)  # of the product of one head's maps
    _draw_bars(place(figure, *((114, 32, 132, 208) if narrow else (124, 40, 230, 208))), numbers)
    _draw_maps(paper, left, top, numbers)
    return figure


def _draw_bars(axes: Axes, numbers: Numbers) -> None:
    maps: dict[str, float] = dict(zip(_MAPS, numbers.parameters, strict=True))
    rows: dict[str, tuple[dict[str, float], tuple[str, ...], int]] = {  # its parts, their colours, the most it can be
        "parameters": (maps, _FILLS, 4 * D_MODEL**2),
        "multiply-adds": (
            dict(zip(("maps", "attend"), numbers.multiply_adds, strict=True)),
            (FAINT, SCORE),
            4 * D_MODEL**2 + 2 * SEQ * D_MODEL,
        ),
        "keys, values": ({"keys": numbers.kept / 2, "values": numbers.kept / 2}, (KEY, VALUE), 2 * D_MODEL),
        "rows of weights": ({"": numbers.patterns}, (WEIGHT,), D_MODEL),
        "rank of a head": ({"": numbers.rank}, (SCORE,), D_MODEL),
    }
    for row, (name, (parts, fills, most)) in enumerate(rows.items()):
        start, total = 0.0, sum(parts.values())
        for (part, amount), fill in zip(parts.items(), fills, strict=True):
            share = amount / most
            [bar] = axes.barh(row, share, left=start, color=(fill, 0.65 if fill == FAINT else STRONGEST), height=0.56)
            say(bar, words=f"{part or name}: {amount:.0f}{f' of the {total:.0f} {name}' if part else f' of {most}'}")
            if part and share > 0.22:  # room for its name
                label(axes, start + share / 2, row, part, NUMBER, ha="center", va="center_baseline")
            start += share
        label(axes, 1.04, row, f"{total:.0f} of {most}", size=TEXT, va="center_baseline")
    axes.barh(range(len(rows)), 1, height=0.56, facecolor="none", edgecolor=FAINT, linewidth=0.8)
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5), xticks=[])
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(labelsize=SMALL, labelcolor=INK, length=0)
    axes.spines[:].set_visible(False)


def _draw_maps(paper: Axes, left: float, top: float, numbers: Numbers) -> None:
    """W_Q of one head, as narrow as the head, times W_Kᵀ, as low: what they let through is the rank of the scores."""
    thin, side, gap, rank = numbers.rank * _UNIT, D_MODEL * _UNIT, 6, numbers.rank
    for words, x, y, width, height, colour in (
        (f"W_Q of head 1: {D_MODEL} × {rank}", left - gap - thin, top, thin, side, QUERY),
        (f"W_Kᵀ of head 1: {rank} × {D_MODEL}", left, top - gap - thin, side, thin, KEY),
        (f"W_Q·W_Kᵀ of head 1: {D_MODEL} × {D_MODEL}, rank {rank}", left, top, side, side, SCORE),
    ):
        say(paper.add_patch(Rectangle((x, y), width, height, color=(colour, 0.6), linewidth=0)), words=words)
    label(paper, left + side, top - gap - thin - 7, f"W_Kᵀ, {rank} × {D_MODEL}", KEY_INK, ha="right")
    label(paper, left - gap, top + side + 18, f"W_Q, {D_MODEL} × {rank}", QUERY_INK, ha="right")
    middle = left + side / 2, top + side / 2
    label(paper, *middle, f"W_Q·W_Kᵀ\nrank {rank}\nof {D_MODEL}", NUMBER, ha="center", va="center")


head_budget = Explorer(
    __name__,
    caption=(
        "One untrained layer of width 32, counted for one token with 32 keys to attend to; an outline is the most that "
        "its bar can be. The blocks beside or below the bars are the maps of one head."
    ),
    controls={
        "num_heads": Slider("number of heads", stops=(1, 2, 4, 8, 16, 32), log=True),
        "kv_heads": Choice("key and value heads", stops=(_OWN, _SHARED)),
    },
)
