"""Explorer: the weight of each character beside what it costs to take the character away."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import decode, encode, softmax
from attnlib.course.controls import Choice, Slider, Text
from attnlib.course.explorer import Explorer
from attnlib.dates import BEGIN, UNKNOWN
from attnlib.figures.canvas import dress, place, sheet
from attnlib.figures.cross.readings import model, reading, signs, visible
from attnlib.figures.palette import SCORE, WEIGHT

TEXTS = "7.6.21", "6/7/21", "June 7th, 2021", "7. Juni 2021"
HIDDEN, UNREADABLE = "hidden from the decoder", "unreadable for the encoder"


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str
    step: int
    said: list[str]
    way: str
    attn_weights: np.ndarray  # (seq_source,) mean of all layers and heads
    loss: np.ndarray  # (seq_source,) probability that the character of the answer loses


def measure(text: str = TEXTS[0], step: int = 6, way: str = HIDDEN) -> Numbers:
    """Take away each character in turn, and see what the probability of one character of the answer loses."""
    said = signs(reading(text).said)
    step = min(step, len(said))
    weights = np.mean([layer.mean(axis=0) for layer in reading(text).maps.cross], axis=0)
    return Numbers(text, step, said, way, weights[step - 1], losses(text, way)[:, step - 1])


@lru_cache(maxsize=64)
def losses(text: str, way: str) -> np.ndarray:
    """(seq_source, steps): what each character of the answer loses, after the same characters before it."""
    read, params = reading(text), model()
    seq, steps = len(read.source), len(read.said)
    sources, mask = np.repeat(read.source[None], seq, axis=0), None
    if way == HIDDEN:
        mask = ~np.eye(seq, dtype=bool)[:, None]
    else:
        np.fill_diagonal(sources, UNKNOWN)
    memory, _ = encode(params, sources)
    target = np.repeat(np.insert(read.said[:-1], 0, BEGIN)[None], seq, axis=0)
    logits, _ = decode(params, target, memory, mask)
    which = np.arange(steps), read.said
    return read.probs[which] - softmax(logits)[:, *which]


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    names, most, worst = visible(numbers.text), numbers.attn_weights.argmax(), numbers.loss.argmax()
    return (
        f"“{numbers.text}”: the “{numbers.said[numbers.step - 1]}” looks most at “{names[most]}” "
        f"({numbers.attn_weights[most]:.2f}); without it, it loses {numbers.loss[most]:.2f} of its probability. "
        f"It loses most, {numbers.loss[worst]:.2f}, without “{names[worst]}” ({numbers.attn_weights[worst]:.2f})."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Weights upwards, losses downwards."""
    figure = sheet(height=320, narrow=narrow, narrow_height=320)
    axes = dress(place(figure, 50, 40, 280 if narrow else 640, 260))
    x = np.arange(len(numbers.text))
    axes.bar(x, numbers.attn_weights, color=WEIGHT)
    axes.bar(x, -np.maximum(numbers.loss, 0), color=SCORE)
    axes.set(ylim=(-1.1, 1.1))
    axes.set_xticks(x, visible(numbers.text))
    return figure


map_misleads = Explorer(
    name="map-misleads",
    source="attnlib.figures.cross.map_misleads:map_misleads",
    caption="Weights of the date model beside what each character is worth.",
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "text": Text("date", stops=TEXTS, default=TEXTS[0]),
        "step": Slider("character of the answer", stops=tuple(range(1, 11)), default=6),
        "way": Choice("each character in turn is", stops=(HIDDEN, UNREADABLE), default=HIDDEN),
    },
)
