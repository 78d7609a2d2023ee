"""Explorer: the saturation laboratory. What width, scale and correlation do to scores, weights and gradient."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import decades, dress, power_axis
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label, label_near
from attncourse.drawing.numerals import in_words
from attncourse.drawing.palette import FAINT, INK, PAPER, SCORE, SCORE_INK, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.scaling.jacobian import jacobian_norm
from attncourse.figures.scaling.random_queries import SEQ, random_queries_and_keys
from attncourse.figures.scaling.scales import SCALES, WIDTHS, divided_by, doublings, scale_factor, width_axis
from attnlib import entropy, scaled_dot_scores, softmax

_WIDEST = 81  # scores are shown from −81 to 81, in bins of width 2
_EDGES = np.arange(-_WIDEST, _WIDEST + 1, 2.0)
_SCORES = {"none": "scores q·k", "√d_k": "scores q·k ÷ √d_k", "d_k": "scores q·k ÷ d_k"}
_SMALLEST = 1e-7  # lower end of the axis of ‖J‖
_UNIFORM = np.log(SEQ)  # the largest entropy, of 16 equal weights


class Numbers(NamedTuple):
    """What the figure shows."""

    d_k: int
    scale: str
    correlation: float
    histogram: np.ndarray  # (bins,) share of the scores of keys that do not match
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


@lru_cache(maxsize=256)
def _rows(d_k: int, scale: str, correlation: float) -> _Rows:
    query, key = random_queries_and_keys(d_k, correlation)
    scores = scaled_dot_scores(query, key, scale_factor(scale, d_k))
    matches = np.eye(scores.shape[-1], dtype=bool)
    attn_weights = softmax(scores)
    norm = max(float(np.median(jacobian_norm(attn_weights))), np.finfo(float).tiny)  # too small to hold, but not 0
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
    matching = (
        f"the matching key scores {numbers.mean:.3g} on average and gets {numbers.matching_weight:.3f} of the weight. "
        "The other"
    )
    return (
        f"At d_k = {numbers.d_k} and ρ = {numbers.correlation:g}, {divided_by(numbers.scale)}, "
        f"{matching if numbers.correlation else 'the'} scores have a standard deviation of {numbers.std:.2g}; "
        f"the largest weight is {numbers.sorted_weights[0]:.3f} and the entropy {numbers.entropy:.2f} "
        f"of {_UNIFORM:.2f} nats, on average; the median norm of the Jacobian is {in_words(numbers.norm)}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Scores, sorted weights, and the size of the gradient."""
    figure = sheet(height=280, narrow=narrow, narrow_height=396)
    places = (
        [(24, 34, 300, 100), (28, 216, 130, 130), (204, 216, 122, 130)]
        if narrow
        else [(22, 38, 200, 180), (280, 38, 176, 180), (522, 38, 170, 180)]
    )
    scores, weights, gradient = (place(figure, *spot) for spot in places)
    _draw_scores(dress(scores, _SCORES[numbers.scale], colour=SCORE_INK, x="score"), numbers)
    _draw_weights(dress(weights, "weights, largest first", colour=WEIGHT_INK, x="rank of the key"), numbers)
    _draw_gradient(dress(gradient, "gradient: median ‖J‖"), numbers)
    return figure


def _draw_scores(axes: Axes, numbers: Numbers) -> None:
    bars = axes.stairs(numbers.histogram, _EDGES, fill=True, color=SCORE)
    say(bars, words=f"scores of keys that do not match: standard deviation {numbers.std:.2g}")
    top = numbers.histogram.max()
    axes.set(xlim=(-_WIDEST, _WIDEST), ylim=(0, 1.3 * top), yticks=[], xticks=(-80, -40, 0, 40, 80))
    axes.spines["left"].set_visible(False)
    _say(axes, 0.02, 0.98, f"std {numbers.std:.2g}", SCORE_INK)
    if not numbers.correlation:
        return
    if numbers.mean > _WIDEST:
        _say(axes, 1.0, 0.98, f"matching key:\n{numbers.mean:.0f} →", INK, ha="right")
        return
    _say(axes, 1.0, 0.98, f"matching key:\nmean {numbers.mean:.2g}", INK, ha="right")
    axes.plot([numbers.mean] * 2, [0, 0.8 * top], color=INK, linewidth=1.6)
    mark = axes.plot(numbers.mean, 0.8 * top, "v", color=INK, markersize=7)
    say(mark[0], words=f"scores of the matching key: mean {numbers.mean:.3g}")


def _draw_weights(axes: Axes, numbers: Numbers) -> None:
    ranks = np.arange(1, SEQ + 1)
    bars = axes.bar(ranks, numbers.sorted_weights, color=WEIGHT, width=0.85)
    for bar, rank, weight in zip(bars, ranks, numbers.sorted_weights, strict=True):
        say(bar, what="mean weight", value=in_digits(weight, "{:.3f}"), row=f"rank {rank}")
    axes.plot([0.5, SEQ + 0.5], [1 / SEQ] * 2, color=INK, linewidth=1, linestyle=(0, (3, 3)))
    _say(axes, 1.0, 1 / SEQ / 1.15 + 0.02, "1/16: all alike", INK, ha="right", va="bottom")
    axes.set(xlim=(0.3, SEQ + 0.7), ylim=(0, 1.15), xticks=(1, 4, 8, 12, 16), yticks=(0, 0.5, 1))
    largest = numbers.sorted_weights[0]
    label_near(axes, (0.6, largest), (0, 2), f"{largest:.2f}", WEIGHT_INK, va="bottom")
    _say(axes, 1.0, 0.92, f"entropy\n{numbers.entropy:.2f} of {_UNIFORM:.2f} nats", WEIGHT_INK, ha="right")


def _draw_gradient(axes: Axes, numbers: Numbers) -> None:
    width_axis(axes)
    power_axis(axes, _SMALLEST, 2, (0, -2, -4, -6))
    widths, curve = doublings(WIDTHS), decades(numbers.curve, _SMALLEST)
    axes.plot(widths, curve, color=FAINT, linewidth=2)
    stops = axes.plot(widths, curve, "o", color=FAINT, markersize=4)
    say(
        stops[0],
        words=[f"median ‖J‖ at d_k = {d_k}: {in_words(norm)}" for d_k, norm in zip(WIDTHS, numbers.curve, strict=True)],
    )
    below = numbers.norm < _SMALLEST
    x, y = float(doublings(numbers.d_k)), np.log10(max(numbers.norm, _SMALLEST))
    axes.plot(x, y, "v" if below else "o", color=INK, markersize=9, clip_on=False, zorder=3)
    right, ha = (-9, "right") if x > 3 else (9, "left")  # the curve falls to the right
    up, va = (9, "bottom") if y < -5 else (-9, "top")
    clear = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
    words = in_words(numbers.norm)
    label_near(axes, (x, y), (right, up), words, size=TEXT, weight="semibold", ha=ha, va=va, bbox=clear)


def _say(axes: Axes, x: float, y: float, words: str, colour: str, ha: str = "left", va: str = "top") -> None:
    label(axes, x, y, words, colour, transform=axes.transAxes, ha=ha, va=va)


saturation = Explorer(
    __name__,
    caption=(
        "Unscaled, scores spread with the width, one weight takes all, and the gradient vanishes. 1024 random queries "
        "with 16 keys each: their scores, their sorted weights, averaged, and how much these answer to the scores."
    ),
    controls={
        "d_k": Slider("width d_k", stops=WIDTHS, log=True),
        "scale": Choice("scores divided by", stops=SCALES),
        "correlation": Slider("correlation ρ", stops=(0.0, 0.1, 0.3, 0.6)),
    },
)
