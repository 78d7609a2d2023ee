"""Picture: BatchNorm beside LayerNorm and RMSNorm: which numbers of a batch share their statistics."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid
from attncourse.drawing.palette import FAINT, INK, SHARED, SHARED_INK
from attncourse.explorer import Explorer
from attncourse.figures.norms.batch import FEATURES, MASK, SEQ, X, rows_of
from attncourse.figures.norms.table import look, table
from attnlib import Statistics, batch_statistics

_FEATURE, _TOKEN = 1, (0, 1)  # whose sets are shaded


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
    """The same batch twice: a column shaded, with the statistics below; a row shaded, with the statistics beside it."""
    figure = sheet(height=368, narrow=narrow, narrow_height=640)
    paper = board(figure)
    if narrow:
        _draw_batch_norm(paper, (70, 44), (42, 19), numbers)
        _draw_layer_norm(paper, (70, 390), (26, 19), numbers, (216, 264, 340))
    else:
        _draw_batch_norm(paper, (70, 48), (42, 21), numbers)
        _draw_layer_norm(paper, (356, 48), (36, 21), numbers, (550, 622, 712))
    return figure


def _draw_batch(paper: Axes, spot: tuple[float, float], cell: tuple[float, float], shaded: np.ndarray) -> list[Grid]:
    """Three sentences below each other."""
    grids = []
    for sentence, members in enumerate(shaded):
        cells = look([[f"{value:g}" for value in row] for row in X[sentence]], ~MASK[sentence])
        cells.words[~MASK[sentence]] = ""
        cells.fills[members] = SHARED
        top = spot[1] + sentence * (SEQ * cell[1] + 8)
        grids.append(table(paper, spot[0], top, cell, cells, rows_of(sentence), FEATURES if sentence == 0 else ()))
    return grids


def _draw_batch_norm(paper: Axes, spot: tuple[float, float], cell: tuple[float, float], numbers: Numbers) -> None:
    shaded = np.zeros(X.shape, dtype=bool)
    shaded[..., _FEATURE] = MASK
    grids = _draw_batch(paper, spot, cell, shaded)
    _title(paper, spot[0], spot[1], "BatchNorm: down a column")
    bottom = grids[-1].top + grids[-1].box()[3]
    for row, (name, statistics) in enumerate(zip(("mean", "variance"), numbers.features, strict=True)):
        y = bottom + 16 + 18 * row
        label(paper, spot[0] - 6, y, name, FAINT, ha="right", va="center_baseline")
        for feature, value in enumerate(statistics):
            _write(paper, grids[-1].middle(None, feature)[0], y, value, "center", feature == _FEATURE)


def _draw_layer_norm(
    paper: Axes, spot: tuple[float, float], cell: tuple[float, float], numbers: Numbers, places: tuple[float, ...]
) -> None:
    shaded = np.zeros(X.shape, dtype=bool)
    shaded[_TOKEN] = True
    grids = _draw_batch(paper, spot, cell, shaded)
    _title(paper, spot[0], spot[1], "LayerNorm: along a row")
    _title(paper, places[-1], spot[1], "RMSNorm", "right")
    names = ("mean", "variance" if places[1] - places[0] > 60 else "var.", "mean sq.")
    statistics = (*numbers.tokens, numbers.mean_square)
    for x, name, values in zip(places, names, statistics, strict=True):
        label(paper, x, spot[1] - 6, name, FAINT, ha="right")
        for at in zip(*MASK.nonzero(), strict=True):
            y = grids[at[0]].middle(at[1])[1]
            _write(paper, x, y, values[at], "right", at == _TOKEN)


def _title(paper: Axes, x: float, top: float, words: str, side: str = "left") -> None:
    label(paper, x, top - 25, words, size=HEADING, ha=side)


def _write(paper: Axes, x: float, y: float, value: float, side: str, shaded: bool) -> None:
    ink, weight = (SHARED_INK, "bold") if shaded else (INK, "normal")
    label(paper, x, y, f"{value:.2f}", ink, weight=weight, ha=side, va="center_baseline")


norm_grid = Explorer(
    __name__,
    caption=(
        "Nine tokens in three sentences, four features each. BatchNorm takes a mean and a variance down each column, "
        "LayerNorm along each row; RMSNorm needs only the mean square of the row."
    ),
)
