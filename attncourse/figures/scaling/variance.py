"""Explorer: variance and mean of the product q·k against the width, with and without correlation."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress, power_axis
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import INK, SCORE, SCORE_INK
from attncourse.explorer import Explorer
from attncourse.figures.scaling.random_queries import random_queries_and_keys
from attncourse.figures.scaling.scales import SCALES, WIDTHS, doublings, scale_factor, width_axis
from attnlib import scaled_dot_scores

_MEANS = ("no scale:\nρ d_k", "÷ √d_k:\nρ √d_k", "÷ d_k:\nρ")  # how each scale's line is named


class Numbers(NamedTuple):
    """What the figure shows."""

    correlation: float
    widths: tuple[int, ...]
    variances: np.ndarray  # (widths,) of q·k, not scaled
    means: np.ndarray  # (scales, widths) of the score under each scale


def measure(correlation: float = 0.0) -> Numbers:
    """The scores of 1024 pairs of query and key at every width."""
    scores = np.array([[_scores(d_k, scale, correlation) for d_k in WIDTHS] for scale in SCALES])
    return Numbers(correlation, WIDTHS, scores[0].var(axis=-1), scores.mean(axis=-1))


def _scores(d_k: int, scale: str, correlation: float) -> np.ndarray:
    query, key = random_queries_and_keys(d_k, correlation)
    pairs = query.reshape(-1, 1, d_k), key.reshape(-1, 1, d_k)
    return scaled_dot_scores(*pairs, scale_factor(scale, d_k)).ravel()


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    predicted = numbers.widths[-1] * (1 + numbers.correlation**2)
    spread = numbers.variances[-1]
    start = (
        f"At d_k = {numbers.widths[-1]} the variance of q·k is {spread:.0f}, where {predicted:.0f} is predicted; its"
    )
    if not numbers.correlation:
        mean = in_digits(numbers.means[0, -1], "{:.1f}")
        return f"{start} mean is {mean}, close to 0 beside a standard deviation of {spread**0.5:.0f}."
    none, root, whole = numbers.means[:, -1]
    return (
        f"{start} mean has grown to {none:.0f}, to {root:.1f} if the scores are divided by √d_k, "
        f"and stays at {whole:.2f} if they are divided by d_k."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Variance and mean against the width, both axes in powers."""
    figure = sheet(height=320, narrow=narrow, narrow_height=630)
    left, right = (
        (place(figure, 50, 38, 272, 212), place(figure, 50, 350, 200, 212))
        if narrow
        else (place(figure, 50, 38, 262, 224), place(figure, 396, 38, 220, 224))
    )
    _draw_variance(dress(left, "variance of q·k", colour=SCORE_INK), numbers)
    _draw_mean(dress(right, "mean of the scores", colour=SCORE_INK), numbers)
    return figure


def _draw_variance(axes: Axes, numbers: Numbers) -> None:
    width_axis(axes)
    power_axis(axes, 0.5, 4000, (0, 1, 2, 3))
    x, widths = doublings(numbers.widths), np.array(numbers.widths)
    axes.plot(x, np.log10(widths), color=INK, linewidth=1.8)
    label(axes, 6.2, np.log10(2**6.2) - 0.12, "d_k", size=TEXT, va="top")
    if numbers.correlation:
        axes.plot(x, np.log10(widths * (1 + numbers.correlation**2)), color=INK, linewidth=1.8, linestyle=(0, (5, 2)))
        label(axes, 5.0, np.log10(2**5.0) + 0.35, "(1 + ρ²) d_k", size=TEXT, ha="right")
    y = np.log10(numbers.variances)
    axes.plot(x, y, "o", color=SCORE, markersize=8, markeredgecolor=SCORE_INK, clip_on=False, zorder=3)


def _draw_mean(axes: Axes, numbers: Numbers) -> None:
    width_axis(axes)
    power_axis(axes, 0.03, 1500, (-1, 0, 1, 2, 3))
    if not numbers.correlation:
        words = "Without correlation\nthe mean is 0 at every\nwidth and every scale."
        label(axes, 0.5, 0.5, words, size=TEXT, transform=axes.transAxes, ha="center", va="center")
        return
    x = doublings(numbers.widths)
    for power, name, means in zip((1, 0.5, 0), _MEANS, numbers.means, strict=True):
        line = np.log10(numbers.correlation) + power * np.log10(numbers.widths)
        axes.plot(x, line, color=INK, linewidth=1.8)
        shown = means > 0.05  # below, sampling noise may even be negative
        y = np.log10(means[shown])
        axes.plot(x[shown], y, "o", color=SCORE, markersize=6.5, markeredgecolor=SCORE_INK, clip_on=False)
        label(axes, 10.4, line[-1], name, va="center")


variance = Explorer(
    __name__,
    caption="1024 random pairs of query and key at each width; ρ correlates their components, one by one.",
    controls={"correlation": Slider("correlation ρ", stops=(0.0, 0.1, 0.3, 0.6))},
)
