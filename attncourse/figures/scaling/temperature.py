"""Explorer: one row of scores, and what dividing it by a temperature does to its weights."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label, label_near
from attncourse.drawing.palette import FAINT, INK, NEGATIVE, SCORE, SCORE_INK, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import entropy, softmax

_SCORES = np.array([2.1, 0.3, -1.2, 1.6, 0.9, -0.4])
_KEYS = range(len(_SCORES))
_TEMPERATURES = np.geomspace(0.05, 20, 61)
_TALLEST = 5.0  # divided scores are drawn from −5 to 5; taller bars leave the panel, and say their number


class Numbers(NamedTuple):
    """What the figure shows."""

    temperature: float
    divided: np.ndarray  # (seq_k,) scores / τ
    attn_weights: np.ndarray  # (seq_k,)
    entropy: float  # nats
    largest_curve: np.ndarray  # (61,) largest weight at temperatures from 0.05 to 20
    entropy_curve: np.ndarray  # (61,) nats


def measure(temperature: float = 1.0) -> Numbers:
    """Divide the scores by the temperature and take the softmax; the same over the whole range of temperatures."""
    divided = _SCORES / temperature
    attn_weights = softmax(divided)
    curve = softmax(_SCORES / _TEMPERATURES[:, None])
    return Numbers(temperature, divided, attn_weights, float(entropy(attn_weights)), curve.max(axis=-1), entropy(curve))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    return (
        f"At temperature {numbers.temperature:g} the largest weight is {numbers.attn_weights.max():.2f} "
        f"and the entropy {numbers.entropy:.2f} of at most {np.log(len(_SCORES)):.2f} nats."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Divided scores, their weights, and where this temperature lies between choosing and averaging."""
    figure = sheet(height=270, narrow=narrow, narrow_height=630)
    places = (
        [(38, 36, 294, 124), (38, 236, 294, 124), (38, 436, 294, 136)]
        if narrow
        else [(36, 38, 220, 172), (296, 38, 220, 172), (556, 38, 150, 172)]
    )
    scores, weights, choice = (place(figure, *spot) for spot in places)
    _draw_scores(dress(scores, "scores ÷ τ", colour=SCORE_INK, x="key"), numbers)
    dress(weights, "weights", colour=WEIGHT_INK, x="key")
    bars = weights.bar(_KEYS, numbers.attn_weights, color=WEIGHT)
    for bar, key, weight in zip(bars, _KEYS, numbers.attn_weights, strict=True):
        say(bar, words=f"key {key + 1}: weight {in_digits(weight, '{:.3f}')}", of=f"key{key}", lights=f"key{key}")
        label_near(weights, (key, weight), (0, 1.5), f"{weight:.2f}", WEIGHT_INK, ha="center")
    weights.set(ylim=(0, 1.15), yticks=(0, 0.5, 1))
    for axes in (scores, weights):
        axes.set_xticks(_KEYS, [str(key + 1) for key in _KEYS])
        axes.set_xlim(-0.6, len(_KEYS) - 0.4)
    _draw_choice(dress(choice, "choose or average?", x="temperature τ"), numbers)
    return figure


def _draw_scores(axes: Axes, numbers: Numbers) -> None:
    ends = np.clip(numbers.divided, -_TALLEST, _TALLEST)
    bars = axes.bar(_KEYS, ends, color=[SCORE if score >= 0 else NEGATIVE for score in _SCORES])
    axes.axhline(0, color=FAINT, linewidth=0.8)
    for bar, key, end, score in zip(bars, _KEYS, ends, numbers.divided, strict=True):
        form = "{:.0f}" if abs(score) >= 9.95 else "{:.1f}" if abs(score) >= 0.995 else "{:.2f}"
        made = f"{in_digits(_SCORES[key], '{:g}')} ÷ {numbers.temperature:g} = {in_digits(score, form)}"
        say(bar, words=f"key {key + 1}: {made}", of=f"key{key}", lights=f"key{key}")
        offset, va, goes_on = ((0, 2), "bottom", "↑") if score >= 0 else ((0, -2), "top", "↓")
        words = in_digits(score, form) + (goes_on if end != score else "")
        label_near(axes, (key, end), offset, words, SCORE_INK, ha="center", va=va)
    axes.set(ylim=(-1.4 * _TALLEST, 1.4 * _TALLEST), yticks=(-5, 0, 5))


def _draw_choice(axes: Axes, numbers: Numbers) -> None:
    most = np.log(len(_SCORES))
    x, here = np.log10(_TEMPERATURES), np.log10(numbers.temperature)
    axes.fmt_xdata = lambda x: f"{10**x:.2g}"
    axes.plot(x, numbers.largest_curve, color=WEIGHT, linewidth=2.4, label="largest weight")
    axes.plot(x, numbers.entropy_curve / most, color=INK, linewidth=1.8, linestyle=(0, (5, 2)), label="entropy ÷ log 6")
    axes.plot([here, here], [numbers.attn_weights.max(), numbers.entropy / most], color=FAINT, linewidth=0.8)
    axes.plot(here, numbers.attn_weights.max(), "o", color=WEIGHT_INK, markersize=8, clip_on=False)
    axes.plot(here, numbers.entropy / most, "D", color=INK, markersize=6.5, clip_on=False)
    label(axes, x[-1] + 0.1, 1.09, "entropy ÷ log 6", ha="right", va="bottom")
    label(axes, x[-1] + 0.1, 0.09, "largest weight", WEIGHT_INK, ha="right", va="top")
    axes.set(xlim=(x[0] - 0.12, x[-1] + 0.12), ylim=(-0.05, 1.22), yticks=(0, 0.5, 1))
    axes.set_xticks(np.log10([0.05, 0.3, 1, 4, 20]), ["0.05", "0.3", "1", "4", "20"])


temperature = Explorer(
    __name__,
    caption="One row of six scores, its weights, and two measures of them at every temperature.",
    controls={
        "temperature": Slider(
            "temperature τ",
            stops=(0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0),
            log=True,
        )
    },
)
