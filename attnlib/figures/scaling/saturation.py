"""Explorer: the saturation laboratory. What width, scale and correlation do to scores, weights and gradient."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import entropy, scaled_dot_scores, softmax
from attnlib.course.controls import Choice, Slider
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import dress, place, sheet
from attnlib.figures.palette import FAINT, INK, SCORE, SCORE_INK, WEIGHT, WEIGHT_INK
from attnlib.figures.scaling.draws import (
    SCALES,
    WIDTHS,
    in_words,
    jacobian_norm,
    random_queries_and_keys,
    scale_factor,
)

_EDGES = np.linspace(-80, 80, 81)


class Numbers(NamedTuple):
    """What the figure shows."""

    d_k: int
    scale: str
    correlation: float
    histogram: np.ndarray  # (bins,) share of the scores of keys that do not match
    matching_histogram: np.ndarray  # (bins,) share of the scores of the key that matches its query
    std: float  # of the scores of keys that do not match
    mean: float  # of the scores of the matching key
    sorted_weights: np.ndarray  # (seq_k,) mean over rows of the largest, second largest, …
    matching_weight: float  # mean over rows
    entropy: float  # mean over rows, nats
    norm: float  # median over rows of ‖J‖
    curve: np.ndarray  # (widths,) the same median at every stop of d_k


class _Rows(NamedTuple):
    others: np.ndarray  # scores of keys that do not match
    matching: np.ndarray  # scores of the key that matches
    attn_weights: np.ndarray  # (draws, seq_q, seq_k)
    norm: float


@lru_cache(maxsize=64)
def _rows(d_k: int, scale: str, correlation: float) -> _Rows:
    query, key = random_queries_and_keys(d_k, correlation)
    scores = scaled_dot_scores(query, key, scale_factor(scale, d_k))
    matches = np.eye(scores.shape[-1], dtype=bool)
    attn_weights = softmax(scores)
    norm = float(np.median(jacobian_norm(attn_weights)))
    return _Rows(scores[:, ~matches].ravel(), scores[:, matches].ravel(), attn_weights, norm)


@lru_cache(maxsize=16)
def _curve(scale: str, correlation: float) -> np.ndarray:
    return np.array([_rows(d_k, scale, correlation).norm for d_k in WIDTHS])


def measure(d_k: int = 64, scale: str = "none", correlation: float = 0.0) -> Numbers:
    """Score 1024 random queries against 16 keys each, and look at scores, weights and derivative."""
    rows = _rows(d_k, scale, correlation)
    return Numbers(
        d_k=d_k,
        scale=scale,
        correlation=correlation,
        histogram=np.histogram(rows.others, _EDGES)[0] / rows.others.size,
        matching_histogram=np.histogram(rows.matching, _EDGES)[0] / rows.matching.size,
        std=float(rows.others.std()),
        mean=float(rows.matching.mean()),
        sorted_weights=np.sort(rows.attn_weights, axis=-1)[..., ::-1].mean(axis=(0, 1)),
        matching_weight=float(np.einsum("nii->ni", rows.attn_weights).mean()),
        entropy=float(entropy(rows.attn_weights).mean()),
        norm=rows.norm,
        curve=_curve(scale, correlation),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    return (
        f"At d_k = {numbers.d_k} with scale {numbers.scale} the scores have a standard deviation of {numbers.std:.3g} "
        f"(mean of the matching key {numbers.mean:.2f}), the largest weight is {numbers.sorted_weights[0]:.3f} "
        f"and the entropy {numbers.entropy:.2f} nats on average, and the median norm of the Jacobian is "
        f"{in_words(numbers.norm)}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Scores, sorted weights, and the size of the gradient."""
    figure = sheet(height=270, narrow=narrow, narrow_height=640)
    places = (
        [(40, 36, 290, 130), (40, 240, 290, 130), (60, 450, 270, 130)]
        if narrow
        else [(30, 36, 190, 180), (275, 36, 180, 180), (530, 36, 170, 180)]
    )
    scores, weights, gradient = (place(figure, *spot) for spot in places)
    dress(scores, "scores", colour=SCORE_INK, x="score")
    scores.stairs(numbers.histogram, _EDGES, fill=True, color=SCORE)
    scores.stairs(numbers.matching_histogram, _EDGES, color=INK)
    dress(weights, "weights, sorted", colour=WEIGHT_INK, x="rank of the key")
    weights.bar(np.arange(1, 17), numbers.sorted_weights, color=WEIGHT)
    weights.set_ylim(0, 1.1)
    dress(gradient, "gradient: median ‖J‖", x="d_k")
    gradient.loglog(WIDTHS, np.maximum(numbers.curve, 1e-30), color=FAINT)
    gradient.plot(numbers.d_k, max(numbers.norm, 1e-30), "o", color=INK)
    gradient.set_ylim(1e-7, 1)
    return figure


saturation = Explorer(
    name="saturation",
    source="attnlib.figures.scaling.saturation:saturation",
    caption=(
        "1024 random queries with 16 keys each. Left: their scores. Middle: their weights from largest to smallest, "
        "averaged. Right: how much the weights still answer to a change of the scores."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "d_k": Slider("width d_k", stops=WIDTHS, default=64, log=True),
        "scale": Choice("scores divided by", stops=SCALES, default="none"),
        "correlation": Slider("correlation ρ with one key", stops=(0.0, 0.1, 0.3, 0.6), default=0.0),
    },
)
