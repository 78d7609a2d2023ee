"""Explorer: kernel regression is attention. A query between data points gets the weighted mean of their values."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import attention
from attnlib.course.controls import Slider
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import dress, place, sheet
from attnlib.figures.palette import VALUE, VALUE_INK, WEIGHT, WEIGHT_INK

_KEYS = np.array([0.3, 0.9, 1.8, 2.3, 3.3, 3.9, 4.4, 5.5])  # (seq_k,) where something was measured
_VALUES = np.array([1.1, 1.9, 2.6, 2.3, 0.9, 0.5, 1.2, 2.2])  # (seq_k,) what was measured there
_GRID = np.linspace(0, 6, 121)


class Numbers(NamedTuple):
    """What the figure shows."""

    position: float
    width: float
    attn_weights: np.ndarray  # (seq_k,) of the query at ``position``
    output: float
    curve: np.ndarray  # (121,) the output at every position


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
        f"At position {numbers.position:g} with width {numbers.width:g} the output is {numbers.output:.2f}; "
        f"the largest weight, {weight:.2f}, is on the value {_VALUES[nearest]:g} at {_KEYS[nearest]:g}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The curve above the weights."""
    figure = sheet(height=360, narrow=narrow)
    wide = 290 if narrow else 600
    above, below = place(figure, 40, 36, wide, 160), place(figure, 40, 240, wide, 70)
    dress(above, "values and their weighted mean", colour=VALUE_INK)
    above.plot(_KEYS, _VALUES, "o", color=VALUE)
    above.plot(_GRID, numbers.curve, color=VALUE)
    dress(below, "weights", colour=WEIGHT_INK, x="key")
    below.bar(_KEYS, numbers.attn_weights, color=WEIGHT, width=0.2)
    return figure


soft_lookup = Explorer(
    name="soft-lookup",
    source="attnlib.figures.compute.soft_lookup:soft_lookup",
    caption=(
        "Kernel regression is attention: the query is a position, the keys are the places of the data, "
        "and a key's score falls with its squared distance."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "position": Slider("query position", stops=tuple(0.5 * step for step in range(13)), default=3.0),
        "width": Slider("kernel width", stops=(0.1, 0.2, 0.35, 0.5, 1.0, 2.0, 5.0), default=0.5, log=True),
    },
)
