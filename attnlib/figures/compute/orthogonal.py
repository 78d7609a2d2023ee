"""Explorer: a key at right angles to the query scores 0, and still gets a weight."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import attention_weights, dot_scores
from attnlib.course.controls import Slider
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import dress, place, sheet
from attnlib.figures.palette import WEIGHT, WEIGHT_INK

_QUERY = np.array([[1.0, 0.0]])


class Numbers(NamedTuple):
    """What the figure shows."""

    key: np.ndarray  # (3, 2) orthogonal to the query, opposite to it, and along it
    scores: np.ndarray  # (3,)
    attn_weights: np.ndarray  # (3,)


def measure(along: float = 2.0) -> Numbers:
    """Weights of three keys with scores 0, −1 and ``along``; the scores are not scaled."""
    key = np.array([[0.0, 1.5], [-1.0, 0.0], [along, 0.0]])
    return Numbers(key, dot_scores(_QUERY, key)[0], attention_weights(_QUERY, key, scale=1.0)[0])


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    scores = [f"{score:g}".replace("-", "−") for score in numbers.scores]
    weights = [f"{weight:.2f}" for weight in numbers.attn_weights]
    return (
        f"The orthogonal key scores {scores[0]} and gets weight {weights[0]}, beside keys that score {scores[1]} and "
        f"{scores[2]} and get {weights[1]} and {weights[2]}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The keys beside their weights."""
    figure = sheet(height=260, narrow=narrow, narrow_height=430)
    bars = place(figure, 40, 40, 260, 180)
    dress(bars, "weights", colour=WEIGHT_INK)
    bars.bar(range(3), numbers.attn_weights, color=WEIGHT)
    return figure


orthogonal = Explorer(
    name="orthogonal",
    source="attnlib.figures.compute.orthogonal:orthogonal",
    caption="Orthogonal is not ignored: score 0 is one score among others, and only the differences count.",
    measure=measure,
    readout=readout,
    draw=draw,
    controls={"along": Slider("score of the other key", stops=(-3, -2, -1, 0, 1, 2, 3, 4, 5), default=2)},
)
