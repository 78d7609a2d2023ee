"""Explorer: the score of every key in the plane, for one query and five ways to score."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import additive_scores, bilinear_scores, cosine_scores, dot_scores, scaled_dot_scores
from attnlib.course.controls import Choice, Slider
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import dress, place, sheet
from attnlib.figures.palette import SCORE, SCORE_INK, SCORE_SIGNED

_EDGE = np.linspace(-3, 3, 61)
_PLANE = np.stack(np.meshgrid(_EDGE, _EDGE), axis=-1)  # (61, 61, 2)
_NAMES = "ABCDE"
_KEYS = np.array([[0.7, 0.9], [2.6, 0.5], [-1.1, 1.9], [0.9, -1.7], [-2.2, -1.2]])  # (5, 2)
_W = np.array([[0.3, 1.0], [-1.0, 0.4]])
_W_Q = np.array([[1.0, 0.2, -0.8], [0.1, 1.1, 0.9]])
_W_K = np.array([[0.9, -0.3, 0.5], [0.2, 1.0, -0.9]])
_V = np.array([1.2, 0.9, -0.8])

_SCORES = {
    "dot": dot_scores,
    "scaled dot": scaled_dot_scores,
    "cosine": cosine_scores,
    "bilinear": lambda query, key: bilinear_scores(query, key, _W),
    "additive": lambda query, key: additive_scores(query, key, _W_Q, _W_K, _V),
}


class Numbers(NamedTuple):
    """What the figure shows."""

    kind: str
    query: np.ndarray  # (2,)
    landscape: np.ndarray  # (61, 61) the score at every point of the plane
    scores: np.ndarray  # (5,) of the marked keys
    order: np.ndarray  # (5,) the keys from the highest score to the lowest


def measure(kind: str = "dot", angle: int = 45, length: float = 1.0) -> Numbers:
    """Score every key of the plane, and the five marked ones, against one query."""
    turn = np.deg2rad(angle)
    query = length * np.array([np.cos(turn), np.sin(turn)])
    score = _SCORES[kind]
    landscape = score(query[None], _PLANE.reshape(-1, 2)).reshape(_PLANE.shape[:2])
    scores = score(query[None], _KEYS)[0]
    return Numbers(kind, query, landscape, scores, np.argsort(-scores))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    ranking = ", ".join(f"{_NAMES[key]} {numbers.scores[key]:.2f}".replace("-", "−") for key in numbers.order)
    return f"By {numbers.kind} score the marked keys rank {ranking}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The plane beside the ranking."""
    figure = sheet(height=370, narrow=narrow, narrow_height=560)
    plane, ranking = (
        place(figure, 40, 40, 290, 290),
        place(figure, 40 if narrow else 420, 370 if narrow else 40, 260, 150),
    )
    plane.contourf(_EDGE, _EDGE, numbers.landscape, cmap=SCORE_SIGNED)
    ranking.barh(range(5), numbers.scores[numbers.order], color=SCORE)
    dress(ranking, "score", colour=SCORE_INK)
    return figure


score_landscapes = Explorer(
    name="score-landscapes",
    source="attnlib.figures.compute.score_landscapes:score_landscapes",
    caption="Which keys does a query like? Lines join keys of equal score; the heavy line is score zero.",
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "kind": Choice("score", stops=tuple(_SCORES), default="dot"),
        "angle": Slider("angle of the query (degrees)", stops=tuple(range(0, 360, 45)), default=45),
        "length": Slider("length of the query", stops=(0.5, 1.0, 1.5, 2.0), default=1.0),
    },
)
