"""Explorer: one row of weights, and the matrix of its derivatives."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.drawing.canvas import TEXT, dress, grid_of_numbers, ink_on, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE, SCORE_INK, SCORE_SIGNED, WEIGHT, WEIGHT_INK
from attncourse.explorer import Explorer
from attncourse.figures.scaling.axes import in_words
from attncourse.figures.scaling.draws import SCALES, WIDTHS, jacobian_norm, scale_factor
from attnlib import scaled_dot_scores, softmax, softmax_jacobian

# How far each key reaches along the query's direction, in standard deviations: five numbers as a standard normal gives
# them, picked so that ‖J‖ is close to the median of random rows at every width. This row is a typical one.
_ALONG = np.array([-1.0, -0.2, 1.2, 1.7, -0.5])
_LARGEST = 0.25  # of p (1 − p), at p = 1/2: the ends of the colours, whatever the state


class Numbers(NamedTuple):
    """What the figure shows."""

    d_k: int
    scale: str
    attn_weights: np.ndarray  # (seq_k,)
    jacobian: np.ndarray  # (seq_k, seq_k): derivative of weight i by score j
    norm: float  # ‖J‖, the Frobenius norm


def measure(d_k: int = 64, scale: str = "none") -> Numbers:
    """One query against five keys.

    The axes are turned so that the query lies along the first one; random components of variance 1 make it √d_k long.
    What the keys have along the other axes does not count, and is left out.
    """
    query, key = np.zeros((1, d_k)), np.zeros((len(_ALONG), d_k))
    query[0, 0] = np.sqrt(d_k)
    key[:, 0] = _ALONG
    attn_weights = softmax(scaled_dot_scores(query, key, scale_factor(scale, d_k)))[0]
    return Numbers(d_k, scale, attn_weights, softmax_jacobian(attn_weights), float(jacobian_norm(attn_weights)))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    return (
        f"The largest of five weights is {numbers.attn_weights.max():.3f}; "
        f"the largest of their 25 derivatives is {in_words(np.abs(numbers.jacobian).max())}, "
        f"and the norm of all of them together {in_words(numbers.norm)}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The weights, and below or beside them their Jacobian: entry (i, j) belongs to weight i and score j."""
    figure = sheet(height=340, narrow=narrow, narrow_height=480)
    if narrow:
        weights, matrix = place(figure, 26, 36, 312, 96), place(figure, 26, 192, 312, 232)
        _weights_above(weights, numbers)
    else:
        weights, matrix = place(figure, 50, 38, 190, 248), place(figure, 330, 38, 380, 248)
        _weights_beside(weights, numbers)
    names = [str(key + 1) for key in range(len(_ALONG))]
    grid_of_numbers(
        matrix,
        numbers.jacobian,
        SCORE_SIGNED,
        -_LARGEST,
        _LARGEST,
        title="J: derivative of weight i by score j",
        colour=SCORE_INK,
        form=None,
        rows=names,
        columns=names,
    )
    _write_cells(matrix, numbers.jacobian)
    for edge in matrix.spines.values():
        edge.set(visible=True, color=RULE)
    label(matrix, 0, -0.09, "score j", size=TEXT, transform=matrix.transAxes, va="top")
    norm = f"‖J‖ = {in_words(numbers.norm)}"
    label(matrix, 1, -0.09, norm, size=TEXT, transform=matrix.transAxes, ha="right", va="top", weight="bold")
    if not narrow:
        matrix.set_ylabel("weight i", fontsize=TEXT, color=INK)
    return figure


def _weights_beside(axes: Axes, numbers: Numbers) -> None:
    keys = np.arange(len(_ALONG))
    axes.barh(keys, numbers.attn_weights, color=WEIGHT, height=0.78)
    for key, weight in enumerate(numbers.attn_weights):
        label(axes, weight + 0.03, key, f"{weight:.2f}", WEIGHT_INK, va="center")
    dress(axes, "weights p", colour=WEIGHT_INK, y="key")
    axes.set(xlim=(0, 1), ylim=(len(_ALONG) - 0.5, -0.5), xticks=(0, 0.5, 1))
    axes.set_yticks(keys, [str(key + 1) for key in keys])


def _weights_above(axes: Axes, numbers: Numbers) -> None:
    keys = np.arange(len(_ALONG))
    axes.bar(keys, numbers.attn_weights, color=WEIGHT, width=0.78)
    for key, weight in enumerate(numbers.attn_weights):
        label(axes, key, weight + 0.03, f"{weight:.2f}", WEIGHT_INK, ha="center")
    dress(axes, "weights p", colour=WEIGHT_INK)
    axes.set(xlim=(-0.5, len(_ALONG) - 0.5), ylim=(0, 1.2), yticks=(0, 1))
    axes.set_xticks(keys, [str(key + 1) for key in keys])


def _write_cells(axes: Axes, jacobian: np.ndarray) -> None:
    for (i, j), entry in np.ndenumerate(jacobian):
        zero = abs(entry) < 0.005
        words = "0" if zero else f"{entry:.2f}".replace("-", "−")
        ink = FAINT if zero else ink_on(SCORE_SIGNED((entry + _LARGEST) / (2 * _LARGEST)))
        label(axes, j, i, words, ink, ha="center", va="center")


jacobian = Explorer(
    __name__,
    caption=(
        "One query and five keys: the weights p, and their derivatives by the scores, J = diag(p) − p pᵀ. "
        "The colours mean the same at every width: a pale matrix lets no gradient through."
    ),
    controls={
        "d_k": Slider("width d_k", stops=WIDTHS, log=True),
        "scale": Choice("scores divided by", stops=SCALES),
    },
)
