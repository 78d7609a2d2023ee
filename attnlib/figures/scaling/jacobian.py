"""Explorer: one row of weights, and the matrix of its derivatives."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import scaled_dot_scores, softmax, softmax_jacobian
from attnlib.course.controls import Choice, Slider
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import dress, grid_of_numbers, place, sheet
from attnlib.figures.palette import SCORE_SIGNED, WEIGHT, WEIGHT_INK
from attnlib.figures.scaling.draws import SCALES, WIDTHS, in_words, jacobian_norm, scale_factor

_KEYS = 8
_QUERY, *_KEY = np.random.default_rng(0).normal(size=(1 + _KEYS, WIDTHS[-1]))


class Numbers(NamedTuple):
    """What the figure shows."""

    d_k: int
    scale: str
    attn_weights: np.ndarray  # (seq_k,)
    jacobian: np.ndarray  # (seq_k, seq_k): derivative of weight i by score j
    norm: float  # ‖J‖, the Frobenius norm


def measure(d_k: int = 64, scale: str = "none") -> Numbers:
    """One query against eight keys, all of the first d_k components."""
    query, key = _QUERY[None, :d_k], np.array(_KEY)[:, :d_k]
    attn_weights = softmax(scaled_dot_scores(query, key, scale_factor(scale, d_k)))[0]
    return Numbers(d_k, scale, attn_weights, softmax_jacobian(attn_weights), float(jacobian_norm(attn_weights)))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    return (
        f"At d_k = {numbers.d_k} with scale {numbers.scale} the largest weight is {numbers.attn_weights.max():.3f}, "
        f"the largest derivative {in_words(np.abs(numbers.jacobian).max())} "
        f"and the norm of the whole Jacobian {in_words(numbers.norm)}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Weights beside their Jacobian, row by row."""
    figure = sheet(height=380, narrow=narrow, narrow_height=560)
    left, right = (
        (place(figure, 20, 36, 310, 110), place(figure, 20, 200, 310, 310))
        if narrow
        else (place(figure, 40, 40, 200, 300), place(figure, 300, 40, 400, 300))
    )
    dress(left, "weights", colour=WEIGHT_INK)
    left.barh(np.arange(_KEYS), numbers.attn_weights, color=WEIGHT)
    left.set_ylim(_KEYS - 0.5, -0.5)
    left.set_xlim(0, 1)
    grid_of_numbers(right, numbers.jacobian, SCORE_SIGNED, -0.25, 0.25, title="derivative of weight i by score j")
    return figure


jacobian = Explorer(
    name="jacobian",
    source="attnlib.figures.scaling.jacobian:jacobian",
    caption="One query and eight keys: the weights p, and the matrix diag(p) − p pᵀ of their derivatives by scores.",
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "d_k": Slider("width d_k", stops=WIDTHS, default=64, log=True),
        "scale": Choice("scores divided by", stops=SCALES, default="none"),
    },
)
