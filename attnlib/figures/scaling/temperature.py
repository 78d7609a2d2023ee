"""Explorer: one row of scores, and what dividing it by a temperature does to its weights."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import entropy, softmax
from attnlib.course.controls import Slider
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import SMALL, dress, place, sheet
from attnlib.figures.palette import FAINT, SCORE, SCORE_INK, WEIGHT, WEIGHT_INK

_SCORES = np.array([2.1, 0.3, -1.2, 1.6, 0.9, -0.4])


class Numbers(NamedTuple):
    """What the figure shows."""

    temperature: float
    divided: np.ndarray  # (seq_k,) scores / τ
    attn_weights: np.ndarray  # (seq_k,)
    entropy: float  # nats


def measure(temperature: float = 1.0) -> Numbers:
    """Divide the scores by the temperature and take the softmax."""
    divided = _SCORES / temperature
    attn_weights = softmax(divided)
    return Numbers(temperature, divided, attn_weights, float(entropy(attn_weights)))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    return (
        f"At temperature {numbers.temperature:g} the largest weight is {numbers.attn_weights.max():.2f} "
        f"and the entropy {numbers.entropy:.2f} of at most {np.log(len(_SCORES)):.2f} nats."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Divided scores beside their weights."""
    figure = sheet(height=260, narrow=narrow, narrow_height=430)
    left, right = (
        (place(figure, 40, 36, 290, 140), place(figure, 40, 250, 290, 130))
        if narrow
        else (place(figure, 50, 36, 290, 180), place(figure, 410, 36, 290, 180))
    )
    keys = np.arange(len(_SCORES))
    dress(left, "scores ÷ τ", colour=SCORE_INK, x="key")
    left.bar(keys, numbers.divided, color=SCORE)
    left.axhline(0, color=FAINT, linewidth=0.8)
    dress(right, "weights", colour=WEIGHT_INK, x="key")
    right.bar(keys, numbers.attn_weights, color=WEIGHT)
    right.set_ylim(0, 1.12)
    for key, weight in enumerate(numbers.attn_weights):
        right.text(key, weight + 0.02, f"{weight:.2f}", ha="center", fontsize=SMALL, color=WEIGHT_INK)
    for axes in (left, right):
        axes.set_xticks(keys, [str(key + 1) for key in keys])
    return figure


temperature = Explorer(
    name="temperature",
    source="attnlib.figures.scaling.temperature:temperature",
    caption="One row of six scores. A low temperature makes the softmax choose; a high one makes it average.",
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "temperature": Slider(
            "temperature τ",
            stops=(0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0),
            default=1.0,
            log=True,
        )
    },
)
