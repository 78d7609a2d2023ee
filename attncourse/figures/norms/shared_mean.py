"""Explorer: choose a number of the batch, and see which numbers share its mean and variance."""

from functools import partial
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
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import FAINT, SHARED, SHARED_INK
from attncourse.explorer import Explorer
from attncourse.figures.norms.batch import FEATURES, MASK, PLACES, X
from attncourse.figures.norms.sharing import KINDS, RMS, TOKEN, Share, said_share, share_of, tell_share
from attncourse.figures.norms.table import draw_sentence


class Numbers(NamedTuple):
    """What the figure shows."""

    kind: str
    word: str
    feature: str
    asked: tuple[int, int, int]  # sentence, position, feature
    value: float
    masked: Share  # among the real tokens
    counted: Share  # as if padding were tokens too


def measure(kind: str = TOKEN, word: str = "dogs", feature: str = "b") -> Numbers:
    """The set that the number belongs to, its statistics, and the norm's own output; without and with padding."""
    asked = (*PLACES[word], FEATURES.index(feature))
    shares = (share_of(kind, asked, mask) for mask in (MASK, np.ones_like(MASK)))
    return Numbers(kind, word, feature, asked, float(X[asked]), *shares)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    masked, counted = (said_share(numbers.kind, share) for share in (numbers.masked, numbers.counted))
    padding = f"; with padding, {counted}" if counted != masked else ""
    return f"{numbers.kind}, “{numbers.word}” {numbers.feature}: {masked}{padding}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The batch with the set coloured; below it, its statistics and what becomes of the number."""
    figure = sheet(height=272, narrow=narrow, narrow_height=476)
    paper = board(figure)
    cell = (54, 20) if narrow else (40, 27)
    spots = [(70, 42 + 130 * i) for i in range(3)] if narrow else [(62 + 237 * i, 46) for i in range(3)]
    for sentence, spot in enumerate(spots):
        _draw_sentence(paper, spot, cell, numbers, sentence)
    _draw_statistics(paper, numbers, narrow)
    return figure


def _draw_sentence(
    paper: Axes, spot: tuple[float, float], cell: tuple[float, float], numbers: Numbers, sentence: int
) -> None:
    members, counted = numbers.masked.members[sentence], numbers.counted.members[sentence]
    strengths = np.where(MASK[sentence, :, None], members, np.nan)
    words = X[sentence].astype(int).astype(str)
    grid = draw_sentence(paper, spot, cell, sentence, strengths, words, partial(tell_share, numbers.kind, sentence))
    for i, j in np.argwhere(counted & ~members):
        _lay_below(paper, grid.box(i, j))
    if numbers.asked[0] == sentence:
        frame(paper, grid, *numbers.asked[1:])
    label(paper, spot[0], spot[1] - 24, f"sentence {sentence + 1}", size=HEADING, weight="semibold")


def _lay_below(paper: Axes, box: tuple[float, float, float, float]) -> None:
    """The colour of the set under the hatching of padding that would join it."""
    left, top, width, height = box
    paper.add_patch(Rectangle((left, top), width, height, facecolor=(SHARED, 0.5), zorder=-1))


def _draw_statistics(paper: Axes, numbers: Numbers, narrow: bool) -> None:
    """A row for the tokens alone, and a row with the padding, if the set has any."""
    places, top = ((166, 212, 280, 338), 412) if narrow else ((262, 328, 412, 460), 196)
    becomes = f"{numbers.value:g} →" if narrow else f"“{numbers.word}” {numbers.feature} becomes"
    columns = ("numbers", "mean", "mean sq." if numbers.kind == RMS else "variance")
    for x, name in zip(places, columns, strict=False):
        label(paper, x, top, name, FAINT, ha="right")
    side = "right" if narrow else "left"
    label(paper, places[-1], top, becomes, FAINT, ha=side)
    alike = bool((numbers.masked.members == numbers.counted.members).all())
    for row, share in enumerate((numbers.masked, numbers.counted)):
        y, ink = top + 26 + 26 * row, FAINT if row and alike else SHARED_INK
        left = 10 if narrow else 62
        _draw_swatch(paper, left, y - 13, padding=row == 1)
        name = (("tokens", "+ padding") if narrow else ("tokens alone", "with padding"))[row]
        label(paper, left + 24, y, name, ink, size=TEXT)
        if row and alike:
            words = "the same: none in the set" if narrow else "the same: there is no padding in the set"
            label(paper, places[0] - (38 if narrow else 66), y, words, ink, size=TEXT)
            continue
        mean = "none" if numbers.kind == RMS else in_digits(share.mean)
        for x, word in zip(places, (str(share.members.sum()), mean, in_digits(share.variance)), strict=False):
            label(paper, x, y, word, ink, size=TEXT, ha="right")
        words = in_digits(share.normed) if narrow else _formula(numbers, share)
        label(paper, places[-1], y, words, ink, size=TEXT, ha=side)


def _draw_swatch(paper: Axes, left: float, top: float, padding: bool) -> None:
    size, strength = (16.0, 16.0), np.array([[np.nan if padding else 1.0]])
    matrix(paper, left, top, size, strength, SHARED, 1, written=-1, tell=lambda *_: {"value": ""})
    if padding:
        _lay_below(paper, (left, top, *size))


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
        "All numbers in violet share one mean and variance with the framed one; padding in violet (hatched) joins them "
        "only if padding counts. A closed section below explains the other three norms; RMSNorm has no mean."
    ),
    controls={
        "kind": Choice("norm", stops=KINDS),
        "word": Choice("token", stops=("dogs", "cats", "sing", "fish", "slowly")),
        "feature": Choice("feature", stops=FEATURES),
    },
)
