"""Explorer: ALiBi charges each key for its distance, at another rate in every head."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, POSITION, POSITION_INK, RULE, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import alibi_bias, attention_weights, causal_mask

_NUM_HEADS, _SEQ = 8, 32
_KEYS = f"position of the key (query at {_SEQ - 1})"


class Numbers(NamedTuple):
    """What the figure shows, for the last of 32 queries."""

    head: int  # counted from 1, as in the paper
    slopes: np.ndarray  # (8,) what each head charges for one position of distance
    bias: np.ndarray  # (8, 32) of the last query
    attn_weights: np.ndarray  # (8, 32) if all scores are equal
    nearest_share: float  # weight of the four nearest keys in the chosen head


def measure(head: int = 2) -> Numbers:
    """The biases of eight heads, and the weights that they make of equal scores."""
    bias = alibi_bias(_NUM_HEADS, _SEQ, _SEQ)
    equal = np.zeros((_NUM_HEADS, _SEQ, 1))
    attn_weights = attention_weights(equal, equal, causal_mask(_SEQ, _SEQ), bias)[:, -1]
    slopes = bias[:, -1, -1] - bias[:, -1, -2]
    return Numbers(head, slopes, bias[:, -1], attn_weights, float(attn_weights[head - 1, -4:].sum()))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    return (
        f"Head {numbers.head} of {_NUM_HEADS} charges {_share(numbers)} for each position of distance: "
        f"with equal scores the four nearest of {_SEQ} keys get {numbers.nearest_share:.2f} of the weight."
    )


def _share(numbers: Numbers) -> str:
    """The slope of the chosen head; all eight are a half, halved again and again."""
    return f"1/{1 / numbers.slopes[numbers.head - 1]:.0f}"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The bias of all heads by distance, and the weights of the chosen one."""
    figure = sheet(height=280, narrow=narrow, narrow_height=540)
    lines, bars = [(52, 38, 280, 180), (52, 302, 280, 180)] if narrow else [(52, 38, 300, 190), (424, 38, 282, 190)]
    axes = dress(place(figure, *lines), "bias of all heads", x=_KEYS, colour=POSITION_INK)
    keys, chosen = np.arange(_SEQ), numbers.head - 1
    axes.fmt_xdata, axes.fmt_ydata = "{:.0f}".format, lambda bias: in_digits(bias, "{:.3g}")
    for head in sorted(range(_NUM_HEADS), key=lambda head: head == chosen):
        colour, width = (POSITION, 3) if head == chosen else (RULE, 1.4)
        some = keys if head == chosen else keys[[0, 16, -1]]  # of the chosen head every key says its bias
        axes.plot(some, numbers.bias[head][some], color=colour, linewidth=width, label=f"head {head + 1}")
    for first, name in enumerate(("head 1", "head 2", "head 3", "head 4", "heads 5–8")):
        ink = POSITION_INK if first == min(chosen, 4) else FAINT
        height = numbers.bias[first, 0] if first < 4 else -0.45
        label(axes, -0.5, height, name, ink, ha="right", va="center_baseline")
    label(axes, _SEQ - 1.5, -15.6, f"head {numbers.head}: −{_share(numbers)} a step", POSITION_INK, ha="right")
    axes.set(xlim=(-9.5, _SEQ - 1), ylim=(-17, 0.6), yticks=(0, -5, -10, -15), xticks=(0, 10, 20, 31))
    axes = dress(place(figure, *bars), "weights, if all scores are equal", x=_KEYS, colour=WEIGHT_INK)
    bars = axes.bar(keys, numbers.attn_weights[chosen], color=WEIGHT, width=0.8)
    for key, (bar, weight) in enumerate(zip(bars, numbers.attn_weights[chosen], strict=True)):
        say(bar, words=f"key {key}, {_SEQ - 1 - key} before: weight {weight:.3f}")
    axes.axhline(1 / _SEQ, color=FAINT, linewidth=1, linestyle=(0, (4, 2)))
    label(axes, 0, 1 / _SEQ + 0.012, "without bias", FAINT, va="bottom")
    axes.set(xlim=(-0.8, _SEQ - 0.2), ylim=(0, 0.55), yticks=(0, 0.25, 0.5), xticks=(0, 10, 20, 31))
    return figure


alibi_slopes = Explorer(
    __name__,
    caption=(
        "ALiBi adds no encoding. It lowers a score by the same amount for each position between query and key; every "
        "head has its own amount."
    ),
    controls={"head": Slider("head", stops=tuple(range(1, _NUM_HEADS + 1)))},
)
