"""Explorer: the saturation laboratory. What width and scale do to many random scores, and to their weights."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label, label_near
from attncourse.drawing.palette import INK, SCORE, SCORE_INK, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.scaling.random_queries import SEQ, random_queries_and_keys
from attncourse.figures.scaling.scales import SCALES, WIDTHS, divided_by, scale_factor
from attnlib import scaled_dot_scores, softmax

_WIDEST = 81  # scores are shown from −81 to 81, in bins of width 2
_EDGES = np.arange(-_WIDEST, _WIDEST + 1, 2.0)
_NEAR = np.linspace(-4, 4, 18)  # the middle once more, in bins narrow enough for scores that were divided
_SCORES = {"none": "scores q·k", "√d_k": "scores q·k ÷ √d_k", "d_k": "scores q·k ÷ d_k"}


class Numbers(NamedTuple):
    """What the figure shows."""

    d_k: int
    scale: str
    histogram: np.ndarray  # (bins,) share of the scores
    near: np.ndarray  # (bins,) share of the scores, from −4 to 4 only
    std: float  # of the scores
    sorted_weights: np.ndarray  # (seq_k,) mean over rows of the largest, second largest, …


def measure(d_k: int = 1024, scale: str = "none") -> Numbers:
    """Score 1024 random queries against 16 keys each, and look at scores and weights."""
    scores = scaled_dot_scores(*random_queries_and_keys(d_k), scale_factor(scale, d_k))
    return Numbers(
        d_k=d_k,
        scale=scale,
        histogram=np.histogram(scores, _EDGES)[0] / scores.size,
        near=np.histogram(scores, _NEAR)[0] / scores.size,
        std=float(scores.std()),
        sorted_weights=np.sort(softmax(scores), axis=-1)[..., ::-1].mean(axis=(0, 1)),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    first, second = numbers.sorted_weights[:2]
    return (
        f"At d_k = {numbers.d_k}, {divided_by(numbers.scale)}, the scores have a standard deviation of "
        f"{numbers.std:.2g}; the largest of 16 weights is {first:.3f} on average, the second largest {second:.3f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Scores, if they were divided the middle of them enlarged, and sorted weights."""
    figure = sheet(height=270, narrow=narrow, narrow_height=452)
    if narrow:
        places = (24, 34, 190, 120), (240, 66, 88, 88), (40, 252, 284, 140)
    else:
        places = (22, 38, 226, 172), (276, 110, 92, 100), (424, 38, 280, 172)
    scores, weights = place(figure, *places[0]), place(figure, *places[2])
    _draw_scores(dress(scores, _SCORES[numbers.scale], colour=SCORE_INK, x="score"), numbers)
    if numbers.scale != "none":  # scores that were not divided are wide enough
        _draw_near(place(figure, *places[1]), numbers)
    _draw_weights(dress(weights, "mean weights, largest first", colour=WEIGHT_INK, x="rank of the key"), numbers)
    return figure


def _draw_scores(axes: Axes, numbers: Numbers) -> None:
    bars = axes.stairs(numbers.histogram, _EDGES, fill=True, color=SCORE)
    words = f"standard deviation {numbers.std:.2g}"
    say(bars, words=f"16,384 scores: {words}")
    top = 1.3 * numbers.histogram.max()
    axes.set(xlim=(-_WIDEST, _WIDEST), ylim=(0, top), yticks=[])
    if numbers.scale != "none":  # a bracket over what is enlarged
        ends, height = (_NEAR[0], _NEAR[-1]), np.array([0.80, 0.83, 0.83, 0.80])
        axes.plot(np.repeat(ends, 2), top * height, color=INK, linewidth=1)
    axes.set_xticks((-80, -40, 0, 40, 80))
    axes.spines["left"].set_visible(False)
    label(axes, 0.02, 0.98, words, SCORE_INK, size=TEXT, transform=axes.transAxes, va="top")


def _draw_near(axes: Axes, numbers: Numbers) -> None:
    """Where one sees that √d_k keeps the spread of the scores, and d_k does not."""
    dress(axes, x="score")
    bars = axes.stairs(numbers.near, _NEAR, fill=True, color=SCORE)
    say(bars, words=f"{numbers.near.sum():.0%} of the scores lie between −4 and 4")
    axes.set(xlim=(-4, 4), ylim=(0, max(0.22, 1.1 * numbers.near.max())), yticks=[], xticks=(-4, 0, 4))
    axes.spines["left"].set_visible(False)
    label(axes, 0.5, 1.03, "−4 to 4, enlarged", SCORE_INK, transform=axes.transAxes, ha="center", va="bottom")


def _draw_weights(axes: Axes, numbers: Numbers) -> None:
    ranks = np.arange(1, SEQ + 1)
    bars = axes.bar(ranks, numbers.sorted_weights, color=WEIGHT, width=0.85)
    for bar, rank, weight in zip(bars, ranks, numbers.sorted_weights, strict=True):
        say(bar, what="mean weight", value=in_digits(weight, "{:.3f}"), row=f"rank {rank}")
    axes.plot([0.5, SEQ + 0.5], [1 / SEQ] * 2, color=INK, linewidth=1, linestyle=(0, (3, 3)))
    label(axes, SEQ + 0.5, 1 / SEQ + 0.02, "1/16: all alike", ha="right", va="bottom")
    axes.set(xlim=(0.3, SEQ + 0.7), ylim=(0, 1.15), xticks=(1, 4, 8, 12, 16), yticks=(0, 0.5, 1))
    label_near(axes, (0.6, numbers.sorted_weights[0]), (0, 3), f"{numbers.sorted_weights[0]:.2f}", WEIGHT_INK)


saturation = Explorer(
    __name__,
    caption=(
        "How far the scores spread decides how the weights are shared. Shown are the scores of many random queries "
        "with 16 keys each, and their weights, sorted for each query and averaged."
    ),
    controls={
        "d_k": Slider("width d_k", stops=WIDTHS, log=True),
        "scale": Choice("scores divided by", stops=SCALES),
    },
)
