"""Picture: the whole computation of attention on small matrices, from query, key and value to the output."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import attention, dot_scores, scaled_dot_scores
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import grid_of_numbers, place, sheet
from attnlib.figures.palette import SCORE_SIGNED, WEIGHT_MAP

# Three different widths and lengths, so that no axis can be taken for another.
_QUERY = np.array([[1, 0, 2, -1], [0, 2, 1, 1]], dtype=float)  # (seq_q, d_k)
_KEY = np.array([[1, 1, 1, -1], [0, 2, -1, 1], [2, 0, 1, 1]], dtype=float)  # (seq_k, d_k)
_VALUE = np.array([[4, 0], [0, 2], [-2, 1]], dtype=float)  # (seq_k, d_v)
_MASK = np.array([[True, True, True], [True, True, False]])  # (seq_q, seq_k)


class Numbers(NamedTuple):
    """Every matrix on the way."""

    query: np.ndarray  # (seq_q, d_k)
    key: np.ndarray  # (seq_k, d_k)
    value: np.ndarray  # (seq_k, d_v)
    mask: np.ndarray  # (seq_q, seq_k) True = may attend
    scores: np.ndarray  # (seq_q, seq_k) dot products
    scaled: np.ndarray  # (seq_q, seq_k) scores / √d_k
    attn_weights: np.ndarray  # (seq_q, seq_k)
    output: np.ndarray  # (seq_q, d_v)


def measure() -> Numbers:
    """Score, scale, mask, take the softmax, and average the values."""
    output, attn_weights = attention(_QUERY, _KEY, _VALUE, mask=_MASK)
    scores, scaled = dot_scores(_QUERY, _KEY), scaled_dot_scores(_QUERY, _KEY)
    return Numbers(_QUERY, _KEY, _VALUE, _MASK, scores, scaled, attn_weights, output)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    (first, *_), outputs = numbers.scores, numbers.output[0]
    weights = ", ".join(f"{weight:.2f}" for weight in numbers.attn_weights[0])
    return (
        f"The first query scores {', '.join(f'{score:g}' for score in first)} with the three keys; divided by √4 and "
        f"through the softmax these become weights {weights}, and the output is "
        f"({', '.join(f'{x:.2f}' for x in outputs)}), the weighted mean of the values."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The flow."""
    figure = sheet(height=260, narrow=narrow, narrow_height=430)
    grid_of_numbers(place(figure, 40, 40, 120, 60), numbers.scores, SCORE_SIGNED, -4, 4, "scores", form="{:g}")
    grid_of_numbers(place(figure, 190, 40, 140, 60), numbers.attn_weights, WEIGHT_MAP, 0, 1, "weights")
    return figure


flow = Explorer(
    name="flow",
    source="attnlib.figures.compute.flow:flow",
    caption=(
        "Attention from left to right, for two queries, three keys, d_k = 4 and d_v = 2. "
        "The hatched pair is masked: its weight is exactly zero."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
)
