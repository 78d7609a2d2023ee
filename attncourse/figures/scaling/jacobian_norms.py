"""Explorer: the median size of the softmax's derivative, followed from narrow vectors to wide ones."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label_near
from attncourse.drawing.numerals import in_words
from attncourse.drawing.palette import INK
from attncourse.explorer import Explorer
from attncourse.figures.scaling.jacobian import jacobian_norm
from attncourse.figures.scaling.random_queries import SEQ
from attncourse.figures.scaling.scales import (
    BANDS,
    LINE_STYLES,
    NAMES,
    WIDTHS,
    WITHOUT_AND_WITH,
    doublings,
    scale_factor,
    width_axis,
)
from attnlib import attention_weights

MOVES = 0.1  # the weights of a query whose ‖J‖ is larger still move
_ROUNDS = 8  # of 64 draws of 16 queries: 8192 rows of weights


class Numbers(NamedTuple):
    """What the figure shows."""

    widths: tuple[int, ...]  # from 1 to the one that is asked for
    scales: tuple[str, ...]
    quantiles: np.ndarray  # (3, scales, widths): 10th percentile, median, 90th percentile of ‖J‖
    moving: np.ndarray  # (scales, widths): share of the queries whose ‖J‖ is above 0.1


def measure(d_k: int = 1) -> Numbers:
    """Three quantiles of ‖J‖ over 8192 rows, at every width up to this one, without the division and with it."""
    widths = WIDTHS[: WIDTHS.index(d_k) + 1]
    of_all, moving = _summed_up(seed=0)
    return Numbers(widths, WITHOUT_AND_WITH, of_all[..., : len(widths)], moving[..., : len(widths)])


def quantiles(seed: int) -> np.ndarray:
    """(3, scales, widths): 10th percentile, median and 90th percentile of ‖J‖ over 8192 rows."""
    return _summed_up(seed)[0]


@lru_cache(maxsize=4)
def _summed_up(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    norms = np.concatenate([_norms(rng) for _ in range(_ROUNDS)], axis=-1)  # (scales, widths, rows)
    return np.quantile(norms, (0.1, 0.5, 0.9), axis=-1), (norms > MOVES).mean(axis=-1)


def _norms(rng: np.random.Generator) -> np.ndarray:
    query, key = rng.normal(size=(2, 64, SEQ, WIDTHS[-1]))

    def norms(scale: str, d_k: int) -> np.ndarray:
        attn_weights = attention_weights(query[..., :d_k], key[..., :d_k], scale=scale_factor(scale, d_k))
        return jacobian_norm(attn_weights).ravel()

    return np.array([[norms(scale, d_k) for d_k in WIDTHS] for scale in WITHOUT_AND_WITH])


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    none, root = (in_words(median[-1]) for median in numbers.quantiles[1])
    if len(numbers.widths) == 1:
        return f"At d_k = 1 the median norm of the Jacobian is {none}: dividing by √1 changes nothing."
    before = numbers.quantiles[1, 0, 0]
    few = f"; {_few(numbers)} of the queries with undivided scores are still above {MOVES}" if _few(numbers) else ""
    return (
        f"At d_k = {numbers.widths[-1]} the median norm of the Jacobian is {none} for undivided scores (at d_k = 1 "
        f"it was {in_words(before)}) and {root} for scores divided by √d_k{few}."
    )


def _few(numbers: Numbers) -> str:
    """How many queries with undivided scores still move their weights, once they are fewer than half."""
    share = numbers.moving[0, -1]
    return f"{share:.0%}" if share < 0.5 else ""


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Two lines with their bands, from the one point where both start to the width that is asked for."""
    figure = sheet(height=330, narrow=narrow, narrow_height=330)
    axes = place(figure, 46, 38, 216, 240) if narrow else place(figure, 40, 38, 500, 232)
    dress(axes, "how much the weights move: median ‖J‖")
    axes.set(ylim=(0, 0.45), yticks=(0, 0.1, 0.2, 0.3, 0.4))
    axes.set_ylabel("median ‖J‖", visible=False)
    axes.fmt_ydata = in_words
    width_axis(axes)
    _draw_curves(axes, numbers, narrow)
    return figure


def _draw_curves(axes: Axes, numbers: Numbers, narrow: bool) -> None:
    x, quantiles = doublings(numbers.widths), numbers.quantiles
    alone = len(x) == 1 or None  # a single point is no curve that could say its numbers
    for scale, low, median, high in zip(numbers.scales, *quantiles, strict=True):
        axes.fill_between(x, low, high, color=BANDS[scale], linewidth=0)
        axes.plot(x, median, color=INK, linewidth=2.2, linestyle=LINE_STYLES[scale], label=NAMES[scale])
        axes.plot(
            x[-1:],
            median[-1:],
            color=INK,
            linestyle="none",
            marker="o",
            markersize=5,
            clip_on=False,
            label=alone and NAMES[scale],
        )
    _name_ends(axes, x[-1], quantiles[1, :, -1], narrow)


def _name_ends(axes: Axes, x: float, ends: np.ndarray, narrow: bool) -> None:
    """The two names right of their lines' ends, a label's height apart and clear of the axis' numbers."""
    low, high = axes.get_ylim()
    apart, previous, between = (0.17 if narrow else 0.085) * (high - low), np.inf, "\n" if narrow else ": "
    for i in np.argsort(-ends, kind="stable"):
        y = max(low + 0.3 * apart, min(ends[i], previous - apart))
        label_near(
            axes, (x, y), (6, 0), f"{NAMES[WITHOUT_AND_WITH[i]]}{between}{in_words(ends[i])}", size=TEXT, va="center"
        )
        previous = y


jacobian_norms = Explorer(
    __name__,
    caption=(
        "How much the weights of random queries move if what enters the softmax is pushed, q·k or q·k ÷ √d_k. Lines "
        "are medians of ‖J‖ over 8192 queries with 16 keys each; bands go from the 10th to the 90th percentile."
    ),
    controls={"d_k": Slider("follow the lines to width d_k", stops=WIDTHS, log=True, stops_only=True)},
)
