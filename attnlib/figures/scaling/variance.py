"""Explorer: variance and mean of the product q·k against the width, with and without correlation."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import scaled_dot_scores
from attnlib.course.controls import Slider
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import dress, place, sheet
from attnlib.figures.palette import FAINT, SCORE_INK
from attnlib.figures.scaling.draws import SCALES, WIDTHS, random_queries_and_keys, scale_factor


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
    none, root, whole = numbers.means[:, -1]
    return (
        f"With correlation {numbers.correlation:g} the variance of q·k at d_k = 1024 is {numbers.variances[-1]:.0f}; "
        f"the mean score is {none:.1f}, {root:.2f} after division by √d_k and {whole:.3f} after division by d_k."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Variance and mean against the width."""
    figure = sheet(height=300, narrow=narrow, narrow_height=600)
    left, right = (
        (place(figure, 60, 36, 270, 200), place(figure, 60, 330, 270, 200))
        if narrow
        else (place(figure, 60, 36, 270, 200), place(figure, 420, 36, 270, 200))
    )
    dress(left, "variance of q·k", colour=SCORE_INK, x="d_k")
    left.loglog(numbers.widths, numbers.widths, color=FAINT)
    left.plot(numbers.widths, numbers.variances, "o", color=SCORE_INK)
    dress(right, "mean of the scores", colour=SCORE_INK, x="d_k")
    right.semilogx(numbers.widths, numbers.means.T)
    return figure


variance = Explorer(
    name="variance",
    source="attnlib.figures.scaling.variance:variance",
    caption="1024 random pairs of query and key at each width. ρ correlates component c of one with component c of the other.",
    measure=measure,
    readout=readout,
    draw=draw,
    controls={"correlation": Slider("correlation ρ", stops=(0.0, 0.1, 0.3, 0.6), default=0.0)},
)
