"""Explorer: where the date model looks in a text while it writes each character of its answer."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Choice, Text
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import matrix, name_columns, name_rows
from attncourse.drawing.palette import FAINT, KEY_INK, QUERY_INK, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.date_readings import answer_of, reading, signs, visible
from attnlib.dates.characters import as_known

EXAMPLES = ("7.6.2021", "6/7/21", "June 7th, 2021", "le 7 juin 2021", "Montag, 7. Juni 2021", "the 31st of May 1999")
_LOW = 16  # CSS pixels: lower rows would run into each other
LAYERS, HEADS = 2, 4
MEAN = "mean of all heads"  # of both layers, as in the chapter's other figures
_ALL = slice(None)
_CHOSEN: dict[str, tuple[slice, slice]] = {
    MEAN: (_ALL, _ALL),
    **{f"layer {i + 1}, mean": (slice(i, i + 1), _ALL) for i in range(LAYERS)},
    **{f"layer {i + 1}, head {j + 1}": (slice(i, i + 1), slice(j, j + 1)) for i, j in np.ndindex(LAYERS, HEADS)},
}


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str
    heads: str
    said: list[str]  # a sign for each step
    probability: np.ndarray  # (steps,) of each
    attn_weights: np.ndarray  # (steps, seq_source)


def measure(text: str = EXAMPLES[0], heads: str = MEAN) -> Numbers:
    """Read the text, and take the cross-attention of one head, or the mean of a layer's heads or of all.

    Raises:
        ValueError: if the text is empty or too long.
    """
    text = as_known(text)  # a typed letter and its accent are one column
    read = reading(text)
    weights = np.array(read.maps.cross)[_CHOSEN[heads]].mean(axis=(0, 1))
    probability = read.probs[np.arange(len(read.said)), read.said]
    return Numbers(text, heads, signs(read.said), probability, weights)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    step, place = np.unravel_index(numbers.attn_weights.argmax(), numbers.attn_weights.shape)
    return (
        f"“{numbers.text}” becomes {answer_of(numbers.said)} with probability {numbers.probability.prod():.2f}. "
        f"{numbers.heads.capitalize()}: the largest weight is {numbers.attn_weights.max():.2f}, "
        f"of “{numbers.said[step]}” on “{visible(numbers.text)[place]}”."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A row for each character of the answer and a column for each of the text; on a phone the other way round."""
    said, characters = numbers.said, visible(numbers.text)
    tall = max(_LOW, min(44, 388 / len(characters)))  # of a character on a phone
    figure = sheet(height=370, narrow=narrow, narrow_height=max(500, 112 + tall * len(characters)))
    paper = board(figure)
    names, weights = (said, characters), numbers.attn_weights.round(2)  # equal cells are one line of the bundle
    left, top, cell = 44, 98, (min(44, 580 / len(names[1])), 24.0)
    inks = QUERY_INK, KEY_INK
    if narrow:  # the text may be long: downwards
        names, weights, inks = names[::-1], weights.T, inks[::-1]
        left, top, cell = 44, 104, (27.0, tall)

    def tell(i: int, j: int) -> dict[str, str]:  # in either layout from what was said to what it looks at
        step, place = (j, i) if narrow else (i, j)
        return {"row": said[step], "column": characters[place]}

    least = 0.2 if cell[0] > (26 if narrow else 33) and cell[1] > 17 else np.inf
    grid = matrix(
        paper, left, top, cell, weights, WEIGHT, 1, "{:.2f}", least=least,
        rows_said=names[0], columns_said=names[1], what="weight", part="weights", tell=tell,
    )  # fmt: skip
    name_rows(paper, grid, names[0], inks[0], gap=8, part="weights")
    name_columns(paper, grid, names[1], inks[1], gap=8, part="weights")
    words = f"{answer_of(said)}, probability {numbers.probability.prod():.2f}"
    label(paper, 8, 20, f"“{numbers.text}”", KEY_INK, size=HEADING, weight="semibold")
    label(paper, 8, 42, words, QUERY_INK, size=HEADING, weight="semibold")
    label(paper, 8, 64, numbers.heads, WEIGHT_INK, size=TEXT)
    if not narrow:
        right = left + grid.box()[2] + 8
        label(paper, right, top - 8, "probability", FAINT)
        for i, (sign, chance) in enumerate(zip(said, numbers.probability, strict=True)):
            number = label(paper, right, grid.middle(i)[1], f"{chance:.2f}", FAINT, va="center_baseline")
            say(number, words=f"“{sign}” with probability {chance:.2f}", of=f"weights-r{i}", lights=f"weights-r{i}")
    return figure


alignment = Explorer(
    __name__,
    caption=(
        "Where the trained date model looks while it writes each character of its answer (a row; on a phone a column); "
        "stronger colour is more weight."
    ),
    controls={
        "text": Text("date", stops=EXAMPLES),
        "heads": Choice("weights", stops=tuple(_CHOSEN)),
    },
)
