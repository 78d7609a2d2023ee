"""Explorer: the output is a mix of the values, as a point among points and as a colour among colours."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import attention, entropy
from attnlib.course.controls import Slider
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import dress, place, sheet
from attnlib.figures.palette import WEIGHT, WEIGHT_INK

_NAMES = "ABCDE"
_KEY_ANGLES = np.deg2rad([90, 18, 306, 234, 162])
_KEYS = np.stack([np.cos(_KEY_ANGLES), np.sin(_KEY_ANGLES)], axis=-1)  # (5, 2), on the unit circle
_PLACES = np.array([[1.4, 4.6], [5.3, 3.7], [4.4, 0.8], [2.9, 2.7], [0.6, 1.3]])  # (5, 2)
_COLOURS = np.array([[214, 69, 65], [240, 190, 60], [60, 130, 200], [245, 245, 240], [70, 60, 110]]) / 255  # (5, 3)
_HULL = [0, 4, 2, 1]  # the values round the outside; D lies within


class Numbers(NamedTuple):
    """What the figure shows."""

    angle: float  # degrees
    temperature: float
    attn_weights: np.ndarray  # (5,)
    place: np.ndarray  # (2,) of the output
    colour: np.ndarray  # (3,) of the output: red, green, blue from 0 to 1
    entropy: float  # nats


def measure(angle: float = 60, temperature: float = 0.5) -> Numbers:
    """One attention over values of five numbers: two are a place, three a colour."""
    turn = np.deg2rad(angle)
    query = np.array([[np.cos(turn), np.sin(turn)]])
    output, attn_weights = attention(query, _KEYS, np.hstack([_PLACES, _COLOURS]), scale=1 / temperature)
    return Numbers(angle, temperature, attn_weights[0], output[0, :2], output[0, 2:], float(entropy(attn_weights[0])))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    weights = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(_NAMES, numbers.attn_weights, strict=True))
    x, y = numbers.place
    return (
        f"With the query at {numbers.angle:g}° and temperature {numbers.temperature:g} the weights are {weights}; "
        f"the output lies at ({x:.2f}, {y:.2f}), inside the hull of the values."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The hull and the weights."""
    figure = sheet(height=320, narrow=narrow, narrow_height=600)
    plane, bars = place(figure, 40, 40, 260, 240), place(figure, 40 if narrow else 400, 360 if narrow else 40, 260, 180)
    plane.fill(*_PLACES[_HULL].T, color="#eeeeee")
    plane.plot(*numbers.place, "o", color="k")
    dress(bars, "weights", colour=WEIGHT_INK)
    bars.bar(list(_NAMES), numbers.attn_weights, color=WEIGHT)
    return figure


mixing_values = Explorer(
    name="mixing-values",
    source="attnlib.figures.compute.mixing_values:mixing_values",
    caption="The output is a weighted mean: a point inside the hull of the values, and a mix of their colours.",
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "angle": Slider("angle of the query (degrees)", stops=tuple(range(0, 360, 15)), default=60),
        "temperature": Slider("temperature τ", stops=(0.05, 0.1, 0.25, 0.5, 1.0, 4.0), default=0.25, log=True),
    },
)
