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
    heaviest: list[int]  # for each said token the place with the most weight
    costliest: list[list[int]]  # for each said token the places whose loss costs most; several if they are tied
    counted: list[bool]  # whether some loss costs the token more than a little
    agreed: list[bool]  # whether the heaviest is one of the costliest


def measure(text: str = SENTENCES[0], way: str = WAYS[0], heads: str = MEAN) -> Numbers:
    """Take the stored weights and losses, and compare them token by token."""
    found = sentence(text)
    maps, lost = thousandths(text, "cross"), np.clip(as_told(thousandths(text, "lost", way).T), 0, 1) + 0.0
    weights = as_told(maps[1, 0] if heads == ALIGNING else maps.mean(axis=(0, 1)))
    heaviest, most = weights.argmax(axis=1), lost.max(axis=1)
    costliest = np.round(most[:, None] - lost, 2) <= TIED
    words = np.array([bool(plain(token).strip(".")) and token != "end" for token in found.said])
    counted = (most > MATTERS) & words
    agreed = counted & costliest[np.arange(len(heaviest)), heaviest]
    return Numbers(
        text, way, heads, found.source, found.said, weights, lost,
        heaviest.tolist(), [np.flatnonzero(row).tolist() for row in costliest], counted.tolist(), agreed.tolist(),
    )  # fmt: skip


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    agreed, counted = sum(numbers.agreed), sum(numbers.counted)
    missed = [i for i, (c, a) in enumerate(zip(numbers.counted, numbers.agreed, strict=True)) if c and not a]
    first = f"“{numbers.text}” Each token {numbers.way}, {numbers.heads}: {agreed} of {counted} tokens lose most "
    first += "without the token that they look at most."
    return f"{first} {_missed(numbers, missed[0])}" if missed else first


def _missed(numbers: Numbers, step: int) -> str:
    heaviest, costliest = numbers.heaviest[step], int(numbers.lost[step].argmax())
    return (
        f"Not “{plain(numbers.said[step])}”: it looks most at “{plain(numbers.source[heaviest])}” "
        f"({numbers.attn_weights[step, heaviest]:.2f}) and loses most, {numbers.lost[step, costliest]:.2f}, "
        f"without “{plain(numbers.source[costliest])}”."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Two maps with the same rows and columns: weights, and what is lost; the largest of each row framed."""
    figure = sheet(height=420, narrow=narrow, narrow_height=698)
    paper = board(figure)
    corners, cell = ((84, 108), (84, 465)), cell_for(numbers.lost, 250, 225, (25, 22))
    if not narrow:
        corners, cell = ((92, 112), (414, 112)), cell_for(numbers.lost, 284, 298, (28, 28))
    sides = numbers.said, numbers.source
    weights = token_map(paper, corners[0], cell, numbers.attn_weights, *sides, "weight")
    lost = token_map(paper, corners[1], cell, numbers.lost, *sides, "lost", "lost", NEGATIVE, named=narrow)
    for grid, title, ink, framed in (
        (weights, f"weights, {numbers.heads}", WEIGHT_INK, [[j] for j in numbers.heaviest]),
        (lost, f"lost if {numbers.way}", INK, numbers.costliest),
    ):
        label(paper, grid.left, grid.top - 90, title, ink, size=TEXT, weight="semibold")
        _frame_counted(paper, grid, numbers, framed)
    words = f"{sum(numbers.agreed)} of {sum(numbers.counted)} rows agree"
    label(paper, *((84, 347) if narrow else (8, 42)), words, FAINT)
    return figure


def _frame_counted(paper: Axes, grid: Grid, numbers: Numbers, framed: list[list[int]]) -> None:
    for i, columns in enumerate(framed):
        for j in columns if numbers.counted[i] else []:
            frame(paper, grid, i, j)


translator_removals = Explorer(
    __name__,
    caption=(
        "Weights of the cross-attention while each token is written (a row), and beside them how much probability that "
        "token loses when a token of the source (a column) is taken away. Framed: the largest of a row, and what "
        f"is lost within {TIED} of it, where something is lost at all (more than {MATTERS})."
    ),
    controls={
        "text": Choice("sentence", stops=SENTENCES),
        "way": Choice("each token in turn is", stops=WAYS),
        "heads": Choice("weights", stops=(MEAN, ALIGNING)),
    },
)
