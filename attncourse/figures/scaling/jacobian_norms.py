"""Picture: the median size of the softmax's derivative against the width, for the three scales."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
    said_as_powers,
    scale_factor,
    width_axis,
)
from attnlib import attention_weights

_SMALLEST = 1e-9  # lower end of the axis; the lower quartile without a scale just leaves it
# Where each line is named: x, y and alignment, for √d_k, d_k and no scale.
_WIDE_LABELS = (10.2, -0.2, "left"), (10.2, -0.9, "left"), (10.2, -4.6, "left")
_NARROW_LABELS = (9.9, 0.1, "right"), (4.4, -1.2, "right"), (7.6, -4.6, "right")
_ROUNDS = 8  # of 64 draws of 16 queries: 8192 rows of weights


class Numbers(NamedTuple):
    """What the figure shows."""

    widths: tuple[int, ...]
    scales: tuple[str, ...]
    quartiles: np.ndarray  # (3, scales, widths): lower quartile, median, upper quartile of ‖J‖


def measure(seed: int = 0) -> Numbers:
    """Three quartiles of ‖J‖ over 8192 rows, at every width and scale."""
    return Numbers(WIDTHS, SCALES, _quartiles(seed))


@lru_cache(maxsize=4)
def _quartiles(seed: int) -> np.ndarray:
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
    none, root, whole = numbers.quartiles[1]
    peak = int(none.argmax())
    return (
        f"Without a scale the median norm of the Jacobian first grows, from {in_words(none[0])} at d_k = 1 to "
        f"{in_words(none[peak])} at {numbers.widths[peak]}, and then falls to {in_words(none[-1])} at 1024; "
        f"divided by √d_k the scores keep it between {in_words(root.min())} and {in_words(root.max())} at every width; "
        f"divided by d_k they bring it to {in_words(whole[-1])}, that of 16 equal weights."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Three lines with their bands, on an axis that shows how they begin and on one that shows how they end."""
    figure = sheet(height=330, narrow=narrow, narrow_height=620)
    begin, end = (
        (place(figure, 46, 38, 276, 190), place(figure, 46, 318, 276, 240))
        if narrow
        else (place(figure, 40, 38, 264, 232), place(figure, 372, 38, 218, 232))
    )
    dress(begin, "‖J‖: first it grows …")
    begin.set(ylim=(0, 0.45), yticks=(0, 0.1, 0.2, 0.3, 0.4))
    begin.set_ylabel("median ‖J‖", visible=False)
    begin.fmt_ydata = in_words
    _draw_curves(begin, numbers, numbers.quartiles)
    for x, y, scale in ((10, 0.345, "√d_k"), (10, 0.215, "d_k"), (2.6, 0.375, "none")):
        label(begin, x, y, NAMES[scale], size=TEXT, ha="right", va="center")
    dress(end, "… then it vanishes")
    power_axis(end, _SMALLEST, 2, (0, -2, -4, -6, -8))
    said_as_powers(end, "median ‖J‖")
    _draw_curves(end, numbers, decades(numbers.quartiles, _SMALLEST))
    none, root, whole = map(in_words, numbers.quartiles[1, :, -1])
    places = _NARROW_LABELS if narrow else _WIDE_LABELS
    for (x, y, ha), words in zip(places, (f"÷ √d_k: {root}", f"÷ d_k: {whole}", f"no scale: {none}"), strict=True):
        label(end, x, y, words, size=TEXT, ha=ha, va="center")
    label(end, 0.3, -8.5, "band: middle half\nof the rows", FAINT)
    return figure


def _draw_curves(axes: Axes, numbers: Numbers, quartiles: np.ndarray) -> None:
    width_axis(axes)
    x = doublings(numbers.widths)
    for scale, low, median, high in zip(numbers.scales, *quartiles, strict=True):
        axes.fill_between(x, low, high, color=BANDS[scale], linewidth=0)
        axes.plot(x, median, color=INK, linewidth=2.2, linestyle=LINE_STYLES[scale], label=NAMES[scale])


jacobian_norms = Explorer(
    __name__,
    caption=(
        "Without a scale the gradient through the softmax first grows a little with the width and then vanishes: "
        "medians of ‖J‖ over 8192 random rows of 16 weights. "
        "Other seeds move the medians without a scale by up to a fifth where they are small, the others by under 1 %."
    ),
)
