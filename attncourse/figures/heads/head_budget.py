"""Explorer: what heads cost at a fixed width, and what they give up: the rank of each head's maps."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import SMALL, TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import (
    FAINT,
    INK,
    KEY,
    QUERY,
    RULE,
    SCORE,
    SCORE_INK,
    SCORE_SIGNED,
    VALUE,
    WEIGHT,
)
from attncourse.explorer import Explorer
from attnlib import attention, count_parameters, init_multi_head, linear, split_heads

D_MODEL = 32
SEQ = 32  # keys that each query can attend to
_MAPS = ("W_Q", "W_K", "W_V", "W_O")
_FILLS = (QUERY, KEY, VALUE, RULE)
_OWN, _SHARED = "one for each query head", "one for all query heads"


class Numbers(NamedTuple):
    """What the figure shows."""

    num_heads: int
    num_kv_heads: int
    parameters: tuple[int, ...]  # of w_q, w_k, w_v, w_o
    multiply_adds: tuple[int, ...]  # for one token: in the four maps, and in scores and sums over 32 keys
    patterns: int  # rows of weights for one token
    kept: int  # numbers of keys and values for one token
    product: np.ndarray  # (d_model, d_model) W_Q W_Kᵀ of head 1
    singular: np.ndarray  # (num_heads, d_model) its singular values in every head, largest first
    rank: int  # of one head's product


def measure(num_heads: int = 4, kv_heads: str = _OWN) -> Numbers:
    """Count what one layer has and does, and take the singular values of each head's product."""
    num_heads = 2 ** int(np.log2(num_heads))  # a slider may stop in between, where heads would not divide the width
    return _measure(num_heads, num_heads if kv_heads == _OWN else 1)


@lru_cache(maxsize=16)
def _measure(num_heads: int, num_kv_heads: int) -> Numbers:
    params = init_multi_head(np.random.default_rng(0), D_MODEL, num_heads, num_kv_heads)
    x = np.random.default_rng(1).normal(size=(SEQ, D_MODEL))
    query, key, value = (
        split_heads(linear(x, w), n) for w, n in zip(params[:3], (num_heads, num_kv_heads, num_kv_heads), strict=True)
    )
    _, attn_weights = attention(query, key, value)
    # The heads' maps side by side are cut as projected vectors are. A shared key map stands in for every head.
    w_q, w_k = split_heads(params.w_q, num_heads), split_heads(params.w_k, num_kv_heads)
    products = w_q @ w_k.swapaxes(-2, -1)
    singular = np.linalg.svd(products, compute_uv=False)
    per_pair = num_heads * (query.shape[-1] + value.shape[-1])
    return Numbers(
        num_heads,
        num_kv_heads,
        tuple(w.size for w in params[:4]),
        (count_parameters(params), SEQ * per_pair),  # a map's every number is used once a token
        int(np.prod(attn_weights.shape[:-2])),
        num_kv_heads * (key.shape[-1] + value.shape[-1]),
        products[0],
        singular,
        int(np.linalg.matrix_rank(products[0])),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    heads, rank = numbers.num_heads, numbers.rank
    shared = f", sharing 1 head of keys and values: {numbers.kept} numbers a token to keep" if _shares(numbers) else ""
    return (
        f"{heads} head{'s' * (heads > 1)}{shared}: {sum(numbers.parameters)} parameters, "
        f"{sum(numbers.multiply_adds)} multiply-adds a token, {numbers.patterns} row{'s' * (heads > 1)} of weights "
        f"a token; a head’s W_Q·W_Kᵀ has rank {rank} of {D_MODEL}."
    )


def _shares(numbers: Numbers) -> bool:
    return numbers.num_kv_heads < numbers.num_heads


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The budget as bars inside the outline of the most it can be; one head's product; all heads' singular values."""
    figure = sheet(height=284, narrow=narrow, narrow_height=496)
    places = (
        [(124, 8, 160, 222), (16, 284, 160, 160), (206, 284, 130, 160)]
        if narrow
        else [(124, 20, 172, 238), (368, 46, 160, 160), (580, 46, 132, 160)]
    )
    bars, product, curves = (place(figure, *spot) for spot in places)
    _draw_bars(bars, numbers)
    _draw_product(product, numbers)
    _draw_curves(dress(curves, "singular values", x="largest first", colour=SCORE_INK), numbers)
    return figure


def _draw_bars(axes: Axes, numbers: Numbers) -> None:
    rows = {  # name: its parts, their colours, the most it can be
        "parameters": (numbers.parameters, _FILLS, 4 * D_MODEL**2),
        "multiply-adds": (numbers.multiply_adds, (RULE, SCORE), 4 * D_MODEL**2 + 2 * SEQ * D_MODEL),
        "keys and values": ((numbers.kept / 2, numbers.kept / 2), (KEY, VALUE), 2 * D_MODEL),
        "rows of weights": ((numbers.patterns,), (WEIGHT,), D_MODEL),
        "rank of scores": ((numbers.rank,), (SCORE,), D_MODEL),
    }
    for row, (parts, fills, most) in enumerate(rows.values()):
        shares = np.array(parts) / most
        axes.barh(row, shares, left=shares.cumsum() - shares, color=fills, height=0.5)
        label(axes, 1.04, row, f"{sum(parts):.0f}", size=TEXT, va="center_baseline")
    axes.barh(range(len(rows)), 1, height=0.5, facecolor="none", edgecolor=FAINT, linewidth=0.8)
    for name, middle, share in _middles(numbers.parameters, _MAPS, 4 * D_MODEL**2):
        if share > 0.2:  # too narrow for its name
            label(axes, middle, -0.3, name, ha="center", va="bottom")
    for name, middle, _ in _middles(numbers.multiply_adds, ("maps", "attend"), 4 * D_MODEL**2 + 2 * SEQ * D_MODEL):
        label(axes, middle, 1, name, ha="center", va="center_baseline")
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.75), xticks=[])
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(labelsize=SMALL, labelcolor=INK, length=0)
    axes.spines[:].set_visible(False)


def _middles(parts: tuple[int, ...], names: tuple[str, ...], most: int) -> zip:
    """For each part of a stacked bar its name, its middle and its width."""
    shares = np.array(parts) / most
    return zip(names, shares.cumsum() - shares / 2, shares, strict=True)


def _draw_product(axes: Axes, numbers: Numbers) -> None:
    steps = np.rint(numbers.product / numbers.product.std() * 1.5)  # seven shades, of the matrix's own strength
    axes.imshow(np.clip(steps, -3, 3), cmap=SCORE_SIGNED, vmin=-3.5, vmax=3.5, interpolation="nearest")
    dress(axes, "W_Q·W_Kᵀ, head 1", x=f"rank {numbers.rank}", colour=SCORE_INK)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=RULE)


def _draw_curves(axes: Axes, numbers: Numbers) -> None:
    which = np.arange(1, D_MODEL + 1)
    axes.plot(which, numbers.singular[1:].T, color=SCORE, linewidth=0.9)
    axes.plot(which, numbers.singular[0], color=SCORE_INK, linewidth=2, clip_on=False)
    words = "none is 0"
    if numbers.rank < D_MODEL:
        axes.axvline(numbers.rank + 0.5, color=INK, linewidth=1, linestyle=(0, (4, 2)))
        words = f"0 after {numbers.rank}"
    label(axes, 32, 2.3, words, ha="right", va="top")
    axes.set(xlim=(0, 33), ylim=(0, 2.4), yticks=(0, 1, 2), xticks=(1, 16, 32))


head_budget = Explorer(
    __name__,
    caption=(
        "One untrained layer of width 32, counted for one token with 32 keys to attend to. Outlines: the most a bar "
        "can be. More heads need no more parameters, but the scores of each come from a matrix of lower rank."
    ),
    controls={
        "num_heads": Slider("number of heads", stops=(1, 2, 4, 8, 16, 32), log=True),
        "kv_heads": Choice("key and value heads", stops=(_OWN, _SHARED)),
    },
)
