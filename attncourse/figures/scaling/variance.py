"""Explorer: variance and mean of the product q·k against the width, with and without correlation."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress, power_axis
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, SCORE, SCORE_INK
from attncourse.explorer import Explorer
from attncourse.figures.scaling.random_queries import random_queries_and_keys
from attncourse.figures.scaling.scales import NAMES, SCALES, WIDTHS, doublings, said_as_powers, scale_factor, width_axis
from attnlib import scaled_dot_scores

_LAWS = ("ρ d_k", "ρ √d_k", "ρ")  # of the mean, for each of the scales
_PAIRS = 1024  # of query and key at each width
_FINE = np.geomspace(1, WIDTHS[-1], 31)


class Numbers(NamedTuple):
    """What the figure shows."""

    correlation: float
    widths: tuple[int, ...]
    variances: np.ndarray  # (widths,) of q·k, not scaled
    means: np.ndarray  # (scales, widths) of the score under each scale


def measure(correlation: float = 0.1) -> Numbers:
    """The scores of 1024 pairs of query and key at every width."""
    scores = np.stack([_scores(d_k, correlation) for d_k in WIDTHS], axis=1)  # (scales, widths, pairs)
    return Numbers(correlation, WIDTHS, scores[0].var(axis=-1), scores.mean(axis=-1))


def _scores(d_k: int, correlation: float) -> np.ndarray:
    query, key = random_queries_and_keys(d_k, correlation)
    pairs = query.reshape(-1, 1, d_k), key.reshape(-1, 1, d_k)
    return np.array([scaled_dot_scores(*pairs, scale_factor(scale, d_k)).ravel() for scale in SCALES])


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
    """Variance and mean against the width."""
    figure = sheet(height=320, narrow=narrow, narrow_height=584)
    left, right = (
        (place(figure, 50, 30, 272, 212), place(figure, 50, 322, 200, 212))
        if narrow
        else (place(figure, 50, 38, 262, 224), place(figure, 396, 38, 220, 224))
    )
    _draw_variance(dress(left, "variance of q·k", colour=SCORE_INK), numbers)
    if numbers.correlation:
        _draw_means(dress(right, "mean of the scores", colour=SCORE_INK), numbers)
    else:
        _draw_means_near_zero(dress(right, "mean of q·k", colour=SCORE_INK), numbers)
    return figure


def _draw_variance(axes: Axes, numbers: Numbers) -> None:
    width_axis(axes)
    power_axis(axes, 0.5, 4000, (0, 1, 2, 3))
    said_as_powers(axes, "variance")
    x, widths = doublings(numbers.widths), np.array(numbers.widths)
    axes.plot(x, np.log10(widths), color=INK, linewidth=1.8)
    label(axes, 6.2, np.log10(2**6.2) - 0.12, "d_k", size=TEXT, va="top")
    if numbers.correlation:
        axes.plot(x, np.log10(widths * (1 + numbers.correlation**2)), color=INK, linewidth=1.8, linestyle=(0, (5, 2)))
    if numbers.correlation > 0.1:  # with less, the two lines are one
        label(axes, 5.0, np.log10(2**5.0) + 0.35, "(1 + ρ²) d_k", size=TEXT, ha="right")
    _draw_measured(axes, x, np.log10(numbers.variances), "measured")


def _draw_means(axes: Axes, numbers: Numbers) -> None:
    width_axis(axes)
    power_axis(axes, 0.03, 1500, (-1, 0, 1, 2, 3))
    said_as_powers(axes, "mean")
    x = doublings(numbers.widths)
    for scale, power, law, means in zip(SCALES, (1, 0.5, 0), _LAWS, numbers.means, strict=True):
        line = np.log10(numbers.correlation) + power * np.log10(numbers.widths)
        axes.plot(x, line, color=INK, linewidth=1.8)
        shown = means > 0.05  # below, sampling noise may even be negative
        _draw_measured(axes, x[shown], np.log10(means[shown]), NAMES[scale])
        label(axes, 10.4, line[-1], f"{NAMES[scale]}:\n{law}", va="center")


def _draw_means_near_zero(axes: Axes, numbers: Numbers) -> None:
    """Without correlation the mean is 0 but for chance, whose reach is the standard deviation of a mean of 1024."""
    width_axis(axes)
    axes.set(ylim=(-4, 4), yticks=(-4, -2, 0, 2, 4))
    axes.set_ylabel("mean", visible=False)
    x = doublings(_FINE)
    chance = 2 * np.sqrt(_FINE / _PAIRS)
    axes.fill_between(x, -chance, chance, color=SCORE, alpha=0.3, linewidth=0)
    axes.axhline(0, color=INK, linewidth=1.8)
    _draw_measured(axes, doublings(numbers.widths), numbers.means[0], "measured")
    label(axes, 0.3, 3.6, "0, but for chance, at every\nwidth and every scale", size=TEXT, va="top")
    label(axes, 10, -3.8, "band: two standard errors", FAINT, ha="right", va="bottom")


def _draw_measured(axes: Axes, x: np.ndarray, y: np.ndarray, name: str) -> None:
    look: dict[str, Any] = {"color": SCORE, "markeredgecolor": SCORE_INK, "clip_on": False, "zorder": 3}
    axes.plot(x, y, "o", markersize=7, label=name, **look)


variance = Explorer(
    __name__,
    caption=(
        "The variance of q·k grows as the width does; where components of key and query are correlated (ρ), the mean "
        "grows, too. Dots are measured on 1024 random pairs at each width, lines are theory."
    ),
    controls={"correlation": Slider("correlation ρ", stops=(0.0, 0.1, 0.3, 0.6))},
)
