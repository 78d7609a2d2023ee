"""Explorer: the median size of the softmax's derivative, followed from narrow vectors to wide ones."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.drawing.axes import decades, dress, power_axis
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.numerals import in_words
from attncourse.drawing.palette import FAINT, INK
from attncourse.explorer import Explorer
from attncourse.figures.scaling.jacobian import jacobian_norm
from attncourse.figures.scaling.random_queries import SEQ
from attncourse.figures.scaling.scales import (
    BANDS,
    LINE_STYLES,
    NAMES,
    SCALES,
    WIDTHS,
    doublings,
    scale_factor,
    width_axis,
)
from attnlib import attention_weights

_SMALLEST = 1e-9  # lower end of the axis; the lower quartile without a scale just leaves it
_ROUNDS = 8  # of 64 draws of 16 queries: 8192 rows of weights


class Numbers(NamedTuple):
    """What the figure shows."""

    widths: tuple[int, ...]  # from 1 to the one that is asked for
    scales: tuple[str, ...]
    quartiles: np.ndarray  # (3, scales, widths): lower quartile, median, upper quartile of ‖J‖


def measure(d_k: int = 2) -> Numbers:
    """Three quartiles of ‖J‖ over 8192 rows, at every width up to this one and at every scale."""
    widths = WIDTHS[: WIDTHS.index(d_k) + 1]
    return Numbers(widths, SCALES, quartiles(seed=0)[..., : len(widths)])


@lru_cache(maxsize=4)
def quartiles(seed: int) -> np.ndarray:
    """(3, scales, widths): lower quartile, median and upper quartile of ‖J‖ over 8192 rows."""
    rng = np.random.default_rng(seed)
    norms = np.concatenate([_norms(rng) for _ in range(_ROUNDS)], axis=-1)  # (scales, widths, rows)
    return np.quantile(norms, (0.25, 0.5, 0.75), axis=-1)


def _norms(rng: np.random.Generator) -> np.ndarray:
    query, key = rng.normal(size=(2, 64, SEQ, WIDTHS[-1]))

    def norms(scale: str, d_k: int) -> np.ndarray:
        attn_weights = attention_weights(query[..., :d_k], key[..., :d_k], scale=scale_factor(scale, d_k))
        return jacobian_norm(attn_weights).ravel()

    return np.array([[norms(scale, d_k) for d_k in WIDTHS] for scale in SCALES])


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    none, root, whole = (in_words(median[-1]) for median in numbers.quartiles[1])
    before = numbers.quartiles[1, 0, 0]
    return (
        f"At d_k = {numbers.widths[-1]} the median norm of the Jacobian is {none} for undivided scores (at d_k = 1 "
        f"it was {in_words(before)}), {root} for scores divided by √d_k and {whole} for those divided by d_k."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Three lines with their bands, on an axis that shows how they begin and on one that shows how they end."""
    figure = sheet(height=330, narrow=narrow, narrow_height=620)
    begin, end = (
        (place(figure, 46, 38, 164, 190), place(figure, 46, 318, 164, 240))
        if narrow
        else (place(figure, 40, 38, 184, 232), place(figure, 402, 38, 184, 232))
    )
    dress(begin, "median ‖J‖")
    begin.set(ylim=(0, 0.45), yticks=(0, 0.1, 0.2, 0.3, 0.4))
    begin.fmt_ydata = in_words
    _draw_curves(begin, numbers, numbers.quartiles)
    dress(end, "the same in powers of ten")
    power_axis(end, _SMALLEST, 2, (0, -2, -4, -6, -8))
    end.fmt_ydata = lambda y: in_words(10**y)
    _draw_curves(end, numbers, decades(numbers.quartiles, _SMALLEST))
    for axes in (begin, end):
        axes.set_ylabel("median ‖J‖", visible=False)
    label(end, 0.3, -8.5, "band: middle half\nof the rows", FAINT)
    return figure


def _draw_curves(axes: Axes, numbers: Numbers, quartiles: np.ndarray) -> None:
    width_axis(axes)
    x = doublings(numbers.widths)
    for scale, low, median, high in zip(numbers.scales, *quartiles, strict=True):
        axes.fill_between(x, low, high, color=BANDS[scale], linewidth=0)
        axes.plot(x, median, color=INK, linewidth=2.2, linestyle=LINE_STYLES[scale], label=NAMES[scale])
    _name_ends(axes, x[-1], quartiles[1, :, -1], [in_words(norm) for norm in numbers.quartiles[1, :, -1]])


def _name_ends(axes: Axes, x: float, ends: np.ndarray, norms: list[str]) -> None:
    """The three names right of their lines' ends, one below the other, a line's height apart at least."""
    low, high = axes.get_ylim()
    apart, previous = 0.085 * (high - low), np.inf
    for i in np.argsort(-ends, kind="stable"):
        y = min(ends[i], previous - apart)
        label(axes, x + 0.35, y, f"{NAMES[SCALES[i]]}: {norms[i]}", size=TEXT, va="center")
        previous = y


jacobian_norms = Explorer(
    __name__,
    caption=(
        "How much the weights answer to the scores, from narrow vectors to wide ones: medians of ‖J‖ over 8192 random "
        "rows of 16 weights. Both panels show the same lines."
    ),
    controls={"d_k": Slider("follow the lines to width d_k", stops=WIDTHS[1:], log=True, stops_only=True)},
)
