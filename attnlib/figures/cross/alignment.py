"""Explorer: where the date model looks in a text while it writes each character of its answer."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib.course.controls import Choice, Slider, Text
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import SMALL, place, sheet
from attnlib.figures.cross.readings import EXAMPLES, HEADS, LAYERS, reading, signs, visible
from attnlib.figures.palette import KEY_INK, QUERY_INK, RULE, WEIGHT_MAP

MEAN = "mean of all heads"
_CHOICES = (MEAN, *(str(head + 1) for head in range(HEADS)))


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str
    layer: int
    head: str
    said: list[str]  # a sign for each step
    confidence: np.ndarray  # (steps,) probability of each
    attn_weights: np.ndarray  # (steps, seq_source)


def measure(text: str = EXAMPLES[0], layer: int = 2, head: str = MEAN) -> Numbers:
    """Read the text, and take one layer's cross-attention, of one head or the mean of all.

    Raises:
        ValueError: if the text is empty or too long.
    """
    read = reading(text)
    weights = read.maps.cross[layer - 1]
    weights = weights.mean(axis=0) if head == MEAN else weights[int(head) - 1]
    confidence = read.probs[np.arange(len(read.said)), read.said]
    return Numbers(text, layer, head, signs(read.said), confidence, weights)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    answer = "".join(sign for sign in numbers.said if sign != "end")
    step, place_ = np.unravel_index(numbers.attn_weights.argmax(), numbers.attn_weights.shape)
    head = "mean of the heads" if numbers.head == MEAN else f"head {numbers.head}"
    return (
        f"“{numbers.text}” becomes {answer} with confidence {numbers.confidence.prod():.2f}. "
        f"Layer {numbers.layer}, {head}: the largest weight is {numbers.attn_weights.max():.2f}, of “{numbers.said[step]}” on "
        f"“{visible(numbers.text)[place_]}”."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A row for each character of the answer and a column for each of the text; on a phone the other way round."""
    figure = sheet(height=350, narrow=narrow, narrow_height=640)
    source, said = visible(numbers.text), numbers.said
    if narrow:
        axes = place(figure, 40, 60, 280, 570)
        axes.imshow(numbers.attn_weights.T, cmap=WEIGHT_MAP, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        axes.set_yticks(range(len(source)), source)
        axes.set_xticks(range(len(said)), said)
    else:
        axes = place(figure, 50, 60, 640, 280)
        axes.imshow(numbers.attn_weights, cmap=WEIGHT_MAP, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        axes.set_xticks(range(len(source)), source)
        axes.set_yticks(range(len(said)), said)
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", labelsize=SMALL, length=0, labelcolor=QUERY_INK if narrow else KEY_INK)
    axes.tick_params(axis="y", labelsize=SMALL, length=0, labelcolor=KEY_INK if narrow else QUERY_INK)
    axes.spines[:].set_color(RULE)
    return figure


alignment = Explorer(
    name="alignment",
    source="attnlib.figures.cross.alignment:alignment",
    caption=(
        "Cross-attention of the trained date model: a row for each character of its answer, a column for each of the "
        "text. Run the notebook to type a text of your own."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "text": Text("date", stops=EXAMPLES, default=EXAMPLES[0]),
        "layer": Slider("layer", stops=tuple(range(1, LAYERS + 1)), default=2),
        "head": Choice("head", stops=_CHOICES, default=MEAN),
    },
)
