"""Picture: BatchNorm beside LayerNorm and RMSNorm: which numbers of a batch share their statistics."""

from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid
from attncourse.drawing.palette import FAINT, INK, SHARED_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.norms.batch import FEATURES, MASK, PLACES, SEQ, X
from attncourse.figures.norms.sharing import PER_FEATURE, TOKEN, tell_share
from attncourse.figures.norms.table import draw_sentence
from attnlib import Statistics, batch_statistics

_FEATURE, _TOKEN = 1, (0, 1)  # whose sets are coloured


class Numbers(NamedTuple):
    """What the picture shows."""

    x: np.ndarray  # (batch, seq, d_model)
    features: Statistics  # (d_model,) BatchNorm: of each feature, over the tokens of the batch
    tokens: Statistics  # (batch, seq) LayerNorm: of each token, over its features
    mean_square: np.ndarray  # (batch, seq) RMSNorm


def measure() -> Numbers:
    """The statistics of each feature over the batch, and of each token over its features."""
    by_token = batch_statistics(X.reshape(-1, len(FEATURES)).T)  # one column a token
    tokens = Statistics(*(part.reshape(MASK.shape) for part in by_token))
    return Numbers(X, batch_statistics(X, MASK), tokens, tokens.variance + tokens.mean**2)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    tokens, d_model = int(MASK.sum()), numbers.x.shape[-1]
    return (
        f"BatchNorm: the {tokens} tokens share one mean and variance in each of {d_model} features. "
        f"LayerNorm: the {d_model} features of each of {tokens} tokens share theirs; "
        "RMSNorm: the same, mean square only."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The same batch twice: a column in colour, its statistics below; a row in colour, its statistics beside it."""
    figure = sheet(height=368, narrow=narrow, narrow_height=640)
    paper = board(figure)
    if narrow:
        _draw_batch_norm(paper, (70, 44), (42, 19), numbers)
        _draw_layer_norm(paper, (70, 390), (26, 19), numbers, (216, 264, 340))
    else:
        _draw_batch_norm(paper, (70, 48), (42, 21), numbers)
        _draw_layer_norm(paper, (356, 48), (36, 21), numbers, (550, 622, 712))
    return figure


def _draw_batch(
    paper: Axes, spot: tuple[float, float], cell: tuple[float, float], kind: str, chosen: np.ndarray
) -> list[Grid]:
    """Three sentences below each other."""
    strengths = np.where(MASK[..., None], chosen, np.nan)
    words = np.where(MASK[..., None], X.astype(int).astype(str), "")
    return [
        draw_sentence(
            paper, (spot[0], spot[1] + i * (SEQ * cell[1] + 8)), cell, i, strengths[i], words[i],
            partial(tell_share, kind, i), FEATURES if i == 0 else (),
        )
        for i in range(len(X))
    ]  # fmt: skip


def _draw_batch_norm(paper: Axes, spot: tuple[float, float], cell: tuple[float, float], numbers: Numbers) -> None:
    chosen = np.zeros(X.shape, dtype=bool)
    chosen[..., _FEATURE] = True
    grids = _draw_batch(paper, spot, cell, PER_FEATURE, chosen)
    _title(paper, spot[0], spot[1], "BatchNorm: down a column")
    bottom = grids[-1].top + grids[-1].box()[3]
    for row, (name, statistics) in enumerate(zip(("mean", "variance"), numbers.features, strict=True)):
        y = bottom + 16 + 18 * row
        label(paper, spot[0] - 6, y, name, FAINT, ha="right", va="center_baseline")
        for feature, value in enumerate(statistics):
            words = _write(paper, grids[-1].middle(None, feature)[0], y, value, "center", feature == _FEATURE)
            of = tell_share(PER_FEATURE, 0, 0, feature)["of"]
            say(words, words=f"{name} of feature {FEATURES[feature]}: {value:.2f}", of=of, lights=of)


def _draw_layer_norm(
    paper: Axes, spot: tuple[float, float], cell: tuple[float, float], numbers: Numbers, places: tuple[float, ...]
) -> None:
    chosen = np.zeros(X.shape, dtype=bool)
    chosen[_TOKEN] = True
    grids = _draw_batch(paper, spot, cell, TOKEN, chosen)
    _title(paper, spot[0], spot[1], "LayerNorm: along a row")
    _title(paper, places[-1], spot[1], "RMSNorm", "right")
    names = ("mean", "variance", "mean square")
    headings = names if places[1] - places[0] > 60 else ("mean", "var.", "mean sq.")
    statistics = (*numbers.tokens, numbers.mean_square)
    for x, name, heading, values in zip(places, names, headings, statistics, strict=True):
        label(paper, x, spot[1] - 6, heading, FAINT, ha="right")
        for word, (i, j) in PLACES.items():
            words = _write(paper, x, grids[i].middle(j)[1], values[i, j], "right", (i, j) == _TOKEN)
            of = tell_share(TOKEN, i, j, 0)["of"]
            say(words, words=f"{name} of “{word}”: {values[i, j]:.2f}", of=of, lights=of)


def _title(paper: Axes, x: float, top: float, words: str, side: str = "left") -> None:
    label(paper, x, top - 25, words, size=HEADING, weight="semibold", ha=side)


def _write(paper: Axes, x: float, y: float, value: float, side: str, chosen: bool) -> Text:
    ink, weight = (SHARED_INK, "semibold") if chosen else (INK, "normal")
    return label(paper, x, y, f"{value:.2f}", ink, weight=weight, ha=side, va="center_baseline")


norm_grid = Explorer(
    __name__,
    caption=(
        "BatchNorm takes a mean and a variance down each column, LayerNorm along each row; RMSNorm needs only the mean "
        "square of the row. Nine tokens in three sentences, four features each; padding is hatched and masked."
    ),
)
