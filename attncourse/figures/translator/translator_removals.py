"""Explorer: the weights of a real translator's cross-attention beside what each token of the source is worth."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, frame
from attncourse.drawing.palette import FAINT, INK, NEGATIVE, WEIGHT_INK
from attncourse.explorer import Explorer
from attncourse.figures.translator.stored import as_told, plain, result, sentence, sentences, thousandths
from attncourse.figures.translator.token_map import cell_for, token_map

SENTENCES = sentences()
WAYS = tuple(result()["sentences"][SENTENCES[0]]["lost"])
MEAN, ALIGNING = "mean of all heads", "layer 2, head 1"
MATTERS, TIED = (result()["settings"][name] for name in ("matters", "tied"))


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str
    way: str
    heads: str
    source: list[str]
    said: list[str]
    attn_weights: np.ndarray  # (steps, seq_source)
    lost: np.ndarray  # (steps, seq_source) probability of the said token, without a token of the source
    heaviest: list[int]  # one for each said token: the place with the most weight, and that whose loss costs most
    costliest: list[int]
    counted: list[bool]  # whether some loss costs the token more than a little
    agreed: list[bool]  # whether no loss costs more than that of the heaviest


def measure(text: str = SENTENCES[0], way: str = WAYS[0], heads: str = MEAN) -> Numbers:
    """Take the stored weights and losses, and compare them token by token."""
    found = sentence(text)
    maps, lost = thousandths(text, "cross"), as_told(thousandths(text, "lost", way).T)
    weights = as_told(maps[1, 0] if heads == ALIGNING else maps.mean(axis=(0, 1)))
    heaviest, costliest = weights.argmax(axis=1), lost.argmax(axis=1)
    most, of_heaviest = lost.max(axis=1), np.take_along_axis(lost, heaviest[:, None], axis=1)[:, 0]
    words = np.array([bool(plain(token).strip(".")) and token != "end" for token in found.said])
    counted = (most > MATTERS) & words
    agreed = counted & (np.round(most - of_heaviest, 2) <= TIED)
    return Numbers(
        text, way, heads, found.source, found.said, weights, np.clip(lost, 0, 1) + 0.0,
        *(row.tolist() for row in (heaviest, costliest, counted, agreed)),
    )  # fmt: skip


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    agreed, counted = sum(numbers.agreed), sum(numbers.counted)
    missed = [i for i, (c, a) in enumerate(zip(numbers.counted, numbers.agreed, strict=True)) if c and not a]
    first = f"“{numbers.text}”, each token {numbers.way}, {numbers.heads}: no loss costs more than that of the "
    first += f"heaviest token for {agreed} of {counted} tokens"
    return f"{first}; {_missed(numbers, missed[0])}." if missed else f"{first}."


def _missed(numbers: Numbers, step: int) -> str:
    heaviest, costliest = numbers.heaviest[step], numbers.costliest[step]
    return (
        f"but “{plain(numbers.said[step])}” looks most at “{plain(numbers.source[heaviest])}” "
        f"({numbers.attn_weights[step, heaviest]:.2f}) and loses most, {numbers.lost[step, costliest]:.2f}, "
        f"without “{plain(numbers.source[costliest])}”"
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Two maps with the same rows and columns: weights, and what is lost; the largest of each row framed."""
    figure = sheet(height=420, narrow=narrow, narrow_height=690)
    paper = board(figure)
    corners, cell = ((84, 108), (84, 456)), cell_for(numbers.lost, 250, 225, (25, 22))
    if not narrow:
        corners, cell = ((92, 112), (414, 112)), cell_for(numbers.lost, 284, 298, (28, 28))
    sides = numbers.said, numbers.source
    weights = token_map(paper, corners[0], cell, numbers.attn_weights, *sides, "weight")
    lost = token_map(paper, corners[1], cell, numbers.lost, *sides, "lost", "lost", NEGATIVE, named=narrow)
    for grid, title, ink, framed in (
        (weights, numbers.heads, WEIGHT_INK, numbers.heaviest),
        (lost, f"lost if {numbers.way}", INK, numbers.costliest),
    ):
        label(paper, grid.left, grid.top - 90, title, ink, size=TEXT, weight="semibold")
        _frame_counted(paper, grid, numbers, framed)
    words = f"{sum(numbers.agreed)} of {sum(numbers.counted)} agree"
    label(paper, *((8, 368) if narrow else (8, 42)), words, FAINT)
    return figure


def _frame_counted(paper: Axes, grid: Grid, numbers: Numbers, framed: list[int]) -> None:
    for i, j in enumerate(framed):
        if numbers.counted[i]:
            frame(paper, grid, i, j)


translator_removals = Explorer(
    __name__,
    caption=(
        "Weights of the cross-attention while each token is written (a row), and beside them how much probability that "
        "token loses when a token of the source (a column) is taken away. Framed: the largest of a row, where "
        f"something is lost at all (more than {MATTERS})."
    ),
    controls={
        "text": Choice("sentence", stops=SENTENCES),
        "way": Choice("each token in turn is", stops=WAYS),
        "heads": Choice("weights", stops=(MEAN, ALIGNING)),
    },
)
