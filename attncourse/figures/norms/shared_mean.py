"""Explorer: choose a number of the batch, and see which numbers share its mean and variance."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Choice
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, PAPER, RULE, SHARED, SHARED_INK
from attncourse.explorer import Explorer
from attncourse.figures.norms.batch import FEATURES, MASK, PLACES, X, rows_of
from attncourse.figures.norms.sharing import KINDS, PER_FEATURE, RMS, Share, share_of
from attncourse.figures.norms.table import Box, hatching, look, table


class Numbers(NamedTuple):
    """What the figure shows."""

    kind: str
    word: str
    feature: str
    asked: tuple[int, int, int]  # sentence, position, feature
    value: float
    masked: Share  # among the real tokens
    counted: Share  # as if padding were tokens too


def measure(kind: str = PER_FEATURE, word: str = "dogs", feature: str = "b") -> Numbers:
    """The set that the number belongs to, its statistics, and the norm's own output; without and with padding."""
    asked = (*PLACES[word], FEATURES.index(feature))
    shares = (share_of(kind, asked, mask) for mask in (MASK, np.ones_like(MASK)))
    return Numbers(kind, word, feature, asked, float(X[asked]), *shares)


def _statistics(numbers: Numbers, share: Share) -> str:
    if numbers.kind == RMS:
        return f"mean square {in_digits(share.variance)}"
    return f"mean {in_digits(share.mean)}, variance {in_digits(share.variance)}"


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    masked, counted = numbers.masked, numbers.counted
    size, more = int(masked.members.sum()), int(counted.members.sum())
    numbers_share = "1 number has" if size == 1 else f"{size} numbers share"
    asked = f"{numbers.kind}, “{numbers.word}” {numbers.feature}"
    padding = f"; with padding, {more} share {_statistics(numbers, counted)}" if more > size else ""
    return f"{asked}: {numbers_share} {_statistics(numbers, masked)}{padding}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The batch with the set shaded; below it, its statistics and what becomes of the number."""
    figure = sheet(height=272, narrow=narrow, narrow_height=526)
    paper = board(figure)
    cell = (54, 22) if narrow else (40, 27)
    spots = [(70, 42 + 138 * i) for i in range(3)] if narrow else [(62 + 237 * i, 46) for i in range(3)]
    for sentence, spot in enumerate(spots):
        _draw_sentence(paper, spot, cell, numbers, sentence)
    _draw_statistics(paper, numbers, narrow)
    return figure


def _draw_sentence(
    paper: Axes, spot: tuple[float, float], cell: tuple[float, float], numbers: Numbers, sentence: int
) -> None:
    cells = look([[f"{value:g}" for value in row] for row in X[sentence]], ~MASK[sentence])
    members, counted = numbers.masked.members[sentence], numbers.counted.members[sentence]
    cells.fills[members] = SHARED
    cells.inks[~counted] = FAINT
    cells.hatches[counted & ~members] = SHARED_INK
    cells.inks[counted & ~members] = SHARED_INK
    if numbers.asked[0] == sentence:
        cells.fills[numbers.asked[1:]], cells.inks[numbers.asked[1:]] = SHARED_INK, PAPER
    table(paper, *spot, cell, cells, rows_of(sentence), FEATURES)
    label(paper, spot[0], spot[1] - 24, f"sentence {sentence + 1}", size=HEADING)


def _draw_statistics(paper: Axes, numbers: Numbers, narrow: bool) -> None:
    """A row for the tokens alone, and a row with the padding, if the set has any."""
    places, top = ((166, 212, 280, 340), 458) if narrow else ((262, 328, 412, 460), 196)
    becomes = f"{numbers.value:g} →" if narrow else f"“{numbers.word}” {numbers.feature} becomes"
    columns = ("numbers", "mean", "mean sq." if numbers.kind == RMS else "variance")
    for x, name in zip(places, columns, strict=False):
        label(paper, x, top, name, FAINT, ha="right")
    side = "right" if narrow else "left"
    label(paper, places[-1], top, becomes, FAINT, ha=side)
    alike = bool((numbers.masked.members == numbers.counted.members).all())
    for row, share in enumerate((numbers.masked, numbers.counted)):
        y, ink = top + 26 + 26 * row, FAINT if row and alike else SHARED_INK
        swatch = (10.0 if narrow else 62.0, y - 13, 16.0, 16.0)
        _draw_swatch(paper, swatch, row)
        name = (("tokens", "+ padding") if narrow else ("tokens alone", "with padding"))[row]
        label(paper, swatch[0] + 24, y, name, ink, size=TEXT)
        if row and alike:
            words = "the same: none in the set" if narrow else "the same: there is no padding in the set"
            label(paper, places[0] - (38 if narrow else 66), y, words, ink, size=TEXT)
            continue
        mean = "none" if numbers.kind == RMS else in_digits(share.mean)
        for x, word in zip(places, (str(share.members.sum()), mean, in_digits(share.variance)), strict=False):
            label(paper, x, y, word, ink, size=TEXT, ha="right")
        words = in_digits(share.normed) if narrow else _formula(numbers, share)
        label(paper, places[-1], y, words, ink, size=TEXT, ha=side)


def _draw_swatch(paper: Axes, box: Box, row: int) -> None:
    left, top, width, height = box
    colour = (SHARED, PAPER)[row]
    paper.add_patch(Rectangle((left, top), width, height, facecolor=colour, edgecolor=RULE, linewidth=0.75))
    if row:
        paper.add_collection(hatching([box], SHARED_INK))


def _formula(numbers: Numbers, share: Share) -> str:
    value, normed = f"{numbers.value:g}", in_digits(share.normed)
    if numbers.kind == RMS:
        return f"{value} ÷ √{in_digits(share.variance)} = {normed}"
    if share.members.sum() == 1:
        return f"{value} − {in_digits(share.mean)} = 0: it is alone"
    return f"({value} − {in_digits(share.mean)}) ÷ √{in_digits(share.variance)} = {normed}"


shared_mean = Explorer(
    __name__,
    caption=(
        "A batch of three sentences, four features a token, filled up with padding (hatched). Choose a number (dark): "
        "the shaded ones share its mean and variance; if padding counts, the padding hatched in violet does, too."
    ),
    controls={
        "kind": Choice("norm", stops=KINDS),
        "word": Choice("token", stops=("dogs", "cats", "sing", "fish", "slowly")),
        "feature": Choice("feature", stops=FEATURES),
    },
)
