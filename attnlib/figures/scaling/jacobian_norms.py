"""Picture: the median size of the softmax's derivative against the width, for the three scales."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import attention_weights
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import dress, place, sheet
from attnlib.figures.palette import INK
from attnlib.figures.scaling.draws import (
    SCALES,
    SEQ,
    WIDTHS,
    in_words,
    jacobian_norm,
    scale_factor,
)

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
    return (
        f"The median norm of the Jacobian goes from {in_words(none[0])} at d_k = 1 to {in_words(none[-1])} at 1024 "
        f"without a scale; divided by √d_k it stays between {root.min():.2f} and {root.max():.2f}; "
        f"divided by d_k it ends at {in_words(whole[-1])}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Three lines with their bands."""
    figure = sheet(height=320, narrow=narrow, narrow_height=340)
    axes = place(figure, 60, 20, 270, 270) if narrow else place(figure, 70, 20, 560, 250)
    dress(axes, x="d_k", y="‖J‖")
    for scale, low, median, high in zip(numbers.scales, *numbers.quartiles, strict=True):
        axes.fill_between(numbers.widths, np.maximum(low, 1e-9), high, color=INK, alpha=0.15)
        axes.loglog(numbers.widths, median, color=INK)
        axes.text(numbers.widths[-1], median[-1], scale)
    axes.set_ylim(1e-9, 1)
    return figure


jacobian_norms = Explorer(
    name="jacobian-norms",
    source="attnlib.figures.scaling.jacobian_norms:jacobian_norms",
    caption=(
        "Median of ‖J‖ over 8192 random rows of 16 weights; each band holds the middle half of the rows. "
        "Another seed moves the median at d_k = 1024 without a scale by about a tenth, the others by far less."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
)
