"""Explorer: kernel regression is attention. A query between data points gets the weighted mean of their values."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress, headline
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import CLEAR, label
from attncourse.drawing.palette import PAPER, QUERY, QUERY_INK, VALUE, VALUE_INK, WEIGHT, WEIGHT_INK, shade
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import attention

_KEYS = np.array([0.3, 0.9, 1.8, 2.3, 3.3, 3.9, 4.4, 5.5])  # (seq_k,) where something was measured
_VALUES = np.array([1.1, 1.9, 2.6, 2.3, 0.9, 0.5, 1.2, 2.2])  # (seq_k,) what was measured there
_GRID = np.linspace(0, 6, 241)
_BELL = np.linspace(-3.5, 3.5, 29)  # in widths of the kernel


class Numbers(NamedTuple):
    """What the figure shows."""

    position: float
    width: float
    attn_weights: np.ndarray  # (seq_k,) of the query at ``position``
    output: float
    curve: np.ndarray  # (241,) the output at every position


def measure(position: float = 3.0, width: float = 0.5) -> Numbers:
    """Attention with scores −(query − key)² / (2 width²): Nadaraya and Watson's regression with a Gaussian kernel."""
    outputs, attn_weights = _regression(np.array([position, *_GRID]), width)
    return Numbers(position, width, attn_weights[0], float(outputs[0]), outputs[1:])


def _regression(queries: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """The squared distance as a dot product.

    −(q − k)²/2 is q·k − k²/2, less q²/2, which is the same for all keys of a row: softmax does not see it.
    """
    query = np.stack([queries, np.ones_like(queries)], axis=-1)  # (seq_q, 2)
    key = np.stack([_KEYS, -(_KEYS**2) / 2], axis=-1)  # (seq_k, 2)
    output, attn_weights = attention(query, key, _VALUES[:, None], scale=1 / width**2)
    return output[:, 0], attn_weights


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    nearest = numbers.attn_weights.argmax()
    weight = numbers.attn_weights[nearest]
    return (
        f"At position {numbers.position:g} with bandwidth {numbers.width:g} the output is {numbers.output:.2f}; "
        f"the largest weight, {weight:.2f}, is on the value {_VALUES[nearest]:g} at {_KEYS[nearest]:g}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Data, curve and output above; below, the weight of each data point under the bell of the kernel."""
    figure = sheet(height=380, narrow=narrow)
    left, wide = (26, 250) if narrow else (26, 610)
    above, below = place(figure, left, 44, wide, 160), place(figure, left, 240, wide, 92)
    for axes in (above, below):
        axes.set_xlim(-0.25, 6.25)
        axes.axvline(numbers.position, color=QUERY, linewidth=1.4, linestyle=(0, (4, 2)))
    _draw_values(dress(above), numbers)
    _draw_weights(dress(below, "weights", colour=WEIGHT_INK, x="key: where it was measured"), numbers, narrow)
    return figure


def _draw_values(axes: Axes, numbers: Numbers) -> None:
    curve = axes.plot(_GRID[::2], numbers.curve[::2], color=VALUE, linewidth=2)
    at, outputs = ([in_digits(x) for x in row] for row in (_GRID[::2], numbers.curve[::2]))
    say(curve[0], x=at, y=outputs, names=["query", "output"])
    axes.plot(_KEYS, _VALUES, "o", color=PAPER, markersize=8.4, markeredgewidth=0)  # the curve ends at a point's edge
    for point, (key, value, weight, words) in enumerate(_points(numbers)):
        spot = axes.plot(key, value, "o", color=shade(weight, WEIGHT), markersize=8.4, zorder=3)[0]
        spot.set(markeredgecolor=VALUE_INK, markeredgewidth=1.4)
        say(spot, words=words, of=f"point{point}", lights=f"point{point}")
    axes.hlines(numbers.output, numbers.position, 6.25, color=VALUE_INK, linewidth=1, linestyle=":")
    output = axes.plot(numbers.position, numbers.output, "D", color=VALUE_INK, markersize=9, zorder=4)
    say(output[0], words=f"output {numbers.output:.2f} of query {numbers.position:g}")
    axes.set(ylim=(0, 3), yticks=range(3), xticks=range(7), xticklabels=[])
    label(axes, 6.35, numbers.output, f"output\n{numbers.output:.2f}", VALUE_INK, va="center")
    headline(axes, "the weighted mean of the values", VALUE_INK, gap=20)
    label(axes, _KEYS[7], _VALUES[7] + 0.25, "values", VALUE_INK, ha="center", bbox=CLEAR)
    label(axes, numbers.position, 3.08, f"query {numbers.position:g}", QUERY_INK, ha="center")


def _draw_weights(axes: Axes, numbers: Numbers, narrow: bool) -> None:
    highest = numbers.attn_weights.max()
    nearest = np.abs(_KEYS - numbers.position).min()  # distance of the key with that weight
    peak = highest * np.exp(min((nearest / numbers.width) ** 2 / 2, 5))
    if peak < 1.2:  # else no key is near, and the bell stands far above the panel
        axes.plot(
            numbers.position + numbers.width * _BELL, peak * np.exp(-(_BELL**2) / 2), color=WEIGHT_INK, linewidth=1
        )
    bars = axes.bar(_KEYS, numbers.attn_weights, color=WEIGHT, width=0.14 if narrow else 0.1)
    axes.set(ylim=(0, 1.3), yticks=(0, 1), xticks=range(7))
    for point, (bar, (key, _, weight, words)) in enumerate(zip(bars, _points(numbers), strict=True)):
        say(bar, words=words, of=f"point{point}", lights=f"point{point}")
        if weight == highest or (weight >= 0.1 and not narrow):
            at, side = key, "center"
            if narrow:  # the query's line is near, and the axis may be
                right = key >= numbers.position or key < 0.6
                at, side = (max(key, numbers.position) + 0.12, "left") if right else (key - 0.12, "right")
            label(axes, at, weight + 0.09, f"{weight:.2f}", WEIGHT_INK, ha=side, bbox=CLEAR)


def _points(numbers: Numbers) -> list[tuple[float, float, float, str]]:
    """Key, value and weight of each point of the data, and what it says."""
    return [
        (key, value, weight, f"key {key:g}, value {value:g}: weight {in_digits(weight)}")
        for key, value, weight in zip(_KEYS, _VALUES, numbers.attn_weights, strict=True)
    ]


soft_lookup = Explorer(
    __name__,
    caption=(
        "A query between the data gets the mean of their values, weighted by how near they are: kernel regression is "
        "attention. Keys are the places of the data, and the thin bell is the kernel that weighs them."
    ),
    controls={
        "position": Slider("query position", stops=tuple(0.5 * step for step in range(13))),
        "width": Slider("bandwidth λ", stops=(0.1, 0.2, 0.35, 0.5, 1.0, 2.0, 5.0), log=True),
    },
)
