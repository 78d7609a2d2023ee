"""Explorer: the output is a mix of the values, as a point among points and as a colour among colours."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Slider
from attncourse.drawing.axes import headline
from attncourse.drawing.canvas import HEADING, place, sheet
from attncourse.drawing.label import label, label_near
from attncourse.drawing.palette import (
    INK,
    KEY,
    KEY_INK,
    QUERY,
    QUERY_INK,
    RULE,
    VALUE_INK,
    WASH,
    WEIGHT,
    WEIGHT_INK,
    ink_on,
)
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.compute.vectors import vector
from attnlib import attention, entropy

_NAMES = "ABCDE"
_KEY_ANGLES = np.deg2rad([88, 20, 305, 240, 160])
_KEYS = np.stack([np.cos(_KEY_ANGLES), np.sin(_KEY_ANGLES)], axis=-1)  # (5, 2), on the unit circle
_PLACES = np.array([[1.4, 4.6], [5.3, 3.9], [4.6, 0.7], [3.8, 3.3], [0.6, 1.3]])  # (5, 2)
_COLOURS = np.array([[214, 69, 65], [240, 190, 60], [60, 130, 200], [245, 245, 240], [70, 60, 110]]) / 255  # (5, 3)
_HULL = [0, 4, 2, 1]  # the values round the outside; D lies within
_LEAST = 0.005  # the smallest weight that is drawn: below, it is written as 0.00


class Numbers(NamedTuple):
    """What the figure shows."""

    angle: float  # degrees
    temperature: float
    attn_weights: np.ndarray  # (5,)
    place: np.ndarray  # (2,) of the output
    colour: np.ndarray  # (3,) of the output: red, green, blue from 0 to 1
    entropy: float  # nats


def measure(angle: float = 60, temperature: float = 1.0) -> Numbers:
    """One attention over values of five numbers: two are a place, three a colour."""
    turn = np.deg2rad(angle)
    query = np.array([[np.cos(turn), np.sin(turn)]])
    output, attn_weights = attention(query, _KEYS, np.hstack([_PLACES, _COLOURS]), scale=1 / temperature)
    return Numbers(angle, temperature, attn_weights[0], output[0, :2], output[0, 2:], float(entropy(attn_weights[0])))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    weights = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(_NAMES, numbers.attn_weights, strict=True))
    return f"With the query at {numbers.angle:g}° and temperature {numbers.temperature:g} the weights are {weights}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Which keys the query points at, where the output lies among the values, and the colour it gets."""
    figure = sheet(height=316, narrow=narrow, narrow_height=470)
    _draw_dial(place(figure, 4, 34, 160, 160) if narrow else place(figure, 4, 36, 190, 190), numbers)
    _draw_plane(place(figure, 12, 226, 320, 236) if narrow else place(figure, 214, 36, 292, 268), numbers)
    _draw_mix(place(figure, 184, 34, 156, 160) if narrow else place(figure, 534, 36, 176, 234), numbers)
    return figure


def _draw_dial(axes: Axes, numbers: Numbers) -> None:
    for name, angle, (x, y) in zip(_NAMES, _KEY_ANGLES, _KEYS, strict=True):
        said = f"key {name} at {np.rad2deg(angle):.0f}°, {_apart(angle, numbers.angle):.0f}° from the query"
        vector(axes, (x, y), KEY, 1.4, words=said, of=name, lights=name)
        label(axes, 1.22 * x, 1.22 * y, name, KEY_INK, ha="center", va="center_baseline")
    turn = np.deg2rad(numbers.angle)
    tip = (0.94 * np.cos(turn), 0.94 * np.sin(turn))
    vector(axes, tip, QUERY, 3.4, words=f"query at {numbers.angle:g}°")
    axes.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), xticks=[], yticks=[])
    headline(axes, "query", QUERY_INK)
    label_near(axes, (0, 1), (38, 7), "and keys", KEY_INK, HEADING, xycoords="axes fraction")
    axes.axis("off")


def _apart(angle: float, degrees: float) -> float:
    """Degrees between an angle in radians and one in degrees, from 0 to 180."""
    return abs((np.rad2deg(angle) - degrees + 180) % 360 - 180)


def _draw_plane(axes: Axes, numbers: Numbers) -> None:
    axes.fill(_PLACES[_HULL, 0], _PLACES[_HULL, 1], facecolor=WASH, edgecolor=RULE, linewidth=1)
    weights = numbers.attn_weights
    for name, (x, y), colour, weight in zip(_NAMES, _PLACES, _COLOURS, weights, strict=True):
        if weight >= _LEAST:
            pull = axes.plot(
                [x, numbers.place[0]], [y, numbers.place[1]], color=WEIGHT, linewidth=12 * weight, zorder=2
            )
            say(pull[0], of=name)
        spot = axes.plot(x, y, "o", color=colour, markeredgecolor=INK, markersize=22, zorder=3)
        say(spot[0], words=f"value {name} at ({x:g}, {y:g}): weight {weight:.2f}", of=name, lights=name)
        label(axes, x, y, name, ink_on(colour), ha="center", va="center_baseline", zorder=6)
    output = axes.plot(
        *numbers.place, "D", color=numbers.colour, markeredgecolor=INK, markeredgewidth=2, markersize=13, zorder=5
    )
    say(output[0], words="output at ({:.2f}, {:.2f})".format(*numbers.place), of="output", lights="output")
    axes.set(xlim=(-0.1, 6), ylim=(0, 5.2), xticks=[], yticks=[])
    headline(axes, "output among the values", VALUE_INK)
    axes.axis("off")


def _draw_mix(axes: Axes, numbers: Numbers) -> None:
    rows, weights = range(5), numbers.attn_weights
    edges = [INK if weight >= _LEAST else "none" for weight in weights]
    bars = axes.barh(rows, weights, color=_COLOURS, edgecolor=edges, linewidth=0.8, height=0.62)
    for bar, name, row, weight in zip(bars, _NAMES, rows, weights, strict=True):
        say(bar, words=f"{name}: weight {weight:.2f}", of=name, lights=name)
        label(axes, -0.08, row, name, ha="right", va="center_baseline")
        label(axes, weight + 0.05, row, f"{weight:.2f}", WEIGHT_INK, va="center_baseline")
    mix = axes.add_patch(Rectangle((0, 5), 1.0, 0.9, facecolor=numbers.colour, edgecolor=INK, linewidth=1.4))
    said = " + ".join(f"{weight:.2f} {name}" for weight, name in zip(weights, _NAMES, strict=True) if weight >= _LEAST)
    say(mix, words=f"output: {said}", of="output", lights="output")
    label(axes, 1.05, 5.45, "mix", VALUE_INK, va="center_baseline")
    axes.set(xlim=(-0.22, 1.4), ylim=(6, -0.5), xticks=[], yticks=[])
    headline(axes, f"weights at τ = {numbers.temperature:g}", WEIGHT_INK)
    axes.axis("off")


mixing_values = Explorer(
    __name__,
    caption=(
        "The output, the diamond, is a weighted mean of the values: of their places and of their colours. "
        "Here scores are divided by τ alone, not by √d_k."
    ),
    controls={
        "angle": Slider("angle of the query (°)", stops=tuple(range(0, 360, 15))),
        "temperature": Slider("temperature τ", stops=(0.05, 0.1, 0.25, 0.5, 1.0, 4.0), log=True),
    },
)
