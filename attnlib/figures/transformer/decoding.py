"""Explorer: the date model says its answer, one character after the other."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib.course.controls import Choice, Slider
from attnlib.course.explorer import Explorer
from attnlib.dates import STEPS, TARGET
from attnlib.figures.canvas import SMALL, sheet
from attnlib.figures.compute.matrix import board
from attnlib.figures.palette import INK
from attnlib.figures.transformer.trained import reading

EXAMPLES = ("June 7th, 2021", "7.6.21", "6/7/2021", "le 14 juillet 1989", "2. Dez 99", "2020年2月29日", "hello world")
CANDIDATES = (*TARGET, "end")


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str
    said: str  # before this step
    step: int  # counted from 1
    self_weights: np.ndarray  # (step, step) last decoder layer, mean of its heads
    cross_weights: np.ndarray  # (step, seq_source)
    probs: np.ndarray  # (candidates,)


def measure(text: str = EXAMPLES[0], step: int = 6) -> Numbers:
    """What the model computes at this step of its answer; past the end, the last step again."""
    read = reading(text)
    step = min(step, len(read.said))
    said = "".join(CANDIDATES[code - 2] for code in read.said[: step - 1])
    own, cross = (layers[-1].mean(axis=0) for layers in (read.maps.decoder, read.maps.cross))
    return Numbers(text, said, step, own[:step, :step], cross[:step], in_order(read.probs[step - 1]))


def in_order(probs: np.ndarray) -> np.ndarray:
    """Digits, stroke, question mark, end; the sign for the beginning is never said."""
    return np.append(probs[2:], probs[1])


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    best, row = int(numbers.probs.argmax()), numbers.cross_weights[-1]
    seen = int(row.argmax())
    return (
        f"Step {numbers.step} for “{numbers.text}”: after “{numbers.said}” the likeliest is “{CANDIDATES[best]}” "
        f"({numbers.probs[best]:.0%}); the cross-attention looks most at character {seen + 1}, "
        f"“{numbers.text[seen]}” ({row[seen]:.0%})."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """What has been said, both attention maps so far, and the candidates."""
    figure = sheet(height=340, narrow=narrow, narrow_height=640)
    paper = board(figure)
    paper.text(20, 20, f"{numbers.text} → {numbers.said}", fontsize=SMALL, color=INK)
    return figure


decoding = Explorer(
    name="decoding",
    source="attnlib.figures.transformer.decoding:decoding",
    caption="The trained date model writes its answer. At every step it reads what it has said, and the source.",
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "text": Choice("date", stops=EXAMPLES, default=EXAMPLES[0]),
        "step": Slider("output character", stops=tuple(range(1, STEPS + 1)), default=6),
    },
)
