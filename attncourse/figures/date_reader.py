"""Explorer: a date as a person wrote it, the same date as the trained model writes it, and where the model looks."""

import math
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from attncourse.controls import Slider, Text
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import FAINT, KEY_INK, QUERY, QUERY_INK, WEIGHT
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.date_readings import answer_of, reading, signs, visible
from attnlib.dates.characters import as_known

EXAMPLES = (
    "June 7th, 2021",
    "7.6.21",
    "6/7/21",
    "le 7 juin 2021",
    "Montag, 7. Juni 2021",
    "7 de junio de 2021",
    "the 31st of May 1999",
    "20 July 1949",
)
WRITTEN = 10  # characters of a date: 2021-06-07
_REACH = 0.5  # weight at which the colour is strongest
_LEAST = 0.03  # thinner lines are not drawn
_NARROWEST = 12  # CSS pixels for a character: where it would have less, the text stands in two lines
_TALL = 38  # CSS pixels of a line of the text
_PARTS = "weights", "weights-below"  # the names of the lines


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str
    step: int  # index of the character that is being written
    said: list[str]
    confidence: np.ndarray  # (steps,) probability of each
    attn_weights: np.ndarray  # (seq_source,) mean over the heads of the last layer's cross-attention


def measure(text: str = EXAMPLES[0], step: int = 7) -> Numbers:
    """Read the text, and look at one step of the writing.

    Raises:
        ValueError: if the text is empty or too long.
    """
    text = as_known(text)
    read = reading(text)
    confidence = read.probs[np.arange(len(read.said)), read.said]
    at = min(step, len(read.said)) - 1
    return Numbers(text, at, signs(read.said), confidence, read.maps.cross[-1][:, at].mean(axis=0))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    place = int(numbers.attn_weights.argmax())
    return (
        f"“{numbers.text}” becomes {answer_of(numbers.said)}, with probability {numbers.confidence.prod():.2f}. "
        f"To write character {numbers.step + 1}, “{numbers.said[numbers.step]}”, the model looks most at "
        f"“{visible(numbers.text)[place]}”, weight {numbers.attn_weights[place]:.2f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The text above, the answer below, and lines from what is being written to where the model looks."""
    figure = sheet(height=250, narrow=narrow)
    paper = board(figure)
    room = 328 if narrow else 704
    characters, said = visible(numbers.text), numbers.said[:WRITTEN]
    across = len(characters) if room / len(characters) >= _NARROWEST else math.ceil(len(characters) / 2)
    lines = [slice(start, start + across) for start in range(0, len(characters), across)]  # one, or two of equal length
    wide = min(44, room / across)
    label(paper, 8, 20, "the text", KEY_INK, size=TEXT)
    label(paper, 8, 242, "the model's answer", QUERY_INK, size=TEXT)
    grids = [
        matrix(
            paper, 8, 32 + _TALL * i, (wide, _TALL), numbers.attn_weights[None, line].round(2), WEIGHT, _REACH,
            least=np.inf, rows_said=[f"“{numbers.said[numbers.step]}”"],
            columns_said=[f"“{sign}”" for sign in characters[line]], what="weight", form="{:.2f}", part=_PARTS[i],
        )
        for i, line in enumerate(lines)
    ]  # fmt: skip
    box = min(44, room / len(said))
    sure = numbers.confidence[: len(said)]
    answer = matrix(paper, 8, 176, (box, 42), np.zeros((1, len(said))), QUERY, 1, least=np.inf, quiet=True)
    for j, weight in enumerate(numbers.attn_weights):
        if weight >= _LEAST:
            row, column = divmod(j, across)
            start, end = answer.middle(0, min(numbers.step, len(said) - 1))[0], grids[row].middle(0, column)[0]
            bottom = grids[row].top + _TALL
            line = Line2D([start, end], [176, bottom], color=WEIGHT, linewidth=14 * weight, solid_capstyle="butt")
            of = f"{_PARTS[row]}-c{column}"
            say(line, words=f"weight {weight:.2f} on “{characters[j]}”", of=of, lights=of)
            paper.add_artist(line)
    for j, sign in enumerate(characters):
        row, column = divmod(j, across)
        label(paper, *grids[row].middle(0, column), sign, size=HEADING, ha="center", va="center_baseline")
    for j, sign in enumerate(said):
        written = label(
            paper, *answer.middle(0, j), sign, QUERY_INK if j <= numbers.step else FAINT,
            size=16, weight="semibold", ha="center", va="center_baseline",
        )  # fmt: skip
        say(written, words=f"“{sign}” with probability {sure[j]:.2f}")
    frame(paper, answer, 0, min(numbers.step, len(said) - 1), QUERY)
    return figure


date_reader = Explorer(
    __name__,
    caption=(
        "A small Transformer, trained for this course and run by its own NumPy library, reads dates as people write "
        "them. Lines lead from the character it is writing to those it looks at; a thicker line is more weight. It "
        "learned 1950 to 2049 in seven languages, the day first with dots, the month first with slashes; “?” says "
        "that it is no date. About anything else it is often sure and wrong."
    ),
    controls={
        "text": Text("date", stops=EXAMPLES),
        "step": Slider("character being written", stops=tuple(range(1, WRITTEN + 1))),
    },
)
