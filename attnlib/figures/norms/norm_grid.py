"""Picture: BatchNorm beside LayerNorm and RMSNorm: which numbers of a batch share their statistics."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import Statistics, batch_statistics
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import sheet
from attnlib.figures.compute.matrix import board
from attnlib.figures.norms.batch import FEATURES, MASK, SHARED, X, cells, plain, rows_of
from attnlib.figures.palette import FAINT, INK

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
    """A column is shaded, or a row."""
    figure = sheet(height=340, narrow=narrow, narrow_height=640)
    paper = board(figure)
    fills = plain((*MASK.shape, 4))
    fills[..., _FEATURE] = SHARED
    for sentence in range(3):
        words = np.array([[f"{value:g}" for value in row] for row in X[sentence]])
        hatched = np.broadcast_to(~MASK[sentence][:, None], words.shape)
        inks = plain(words.shape, INK if narrow else FAINT)
        cells(paper, 70, 30 + 100 * sentence, (30, 22), words, fills[sentence], inks, hatched, rows_of(sentence))
    return figure


norm_grid = Explorer(
    name="norm-grid",
    source="attnlib.figures.norms.norm_grid:norm_grid",
    caption=(
        "Nine tokens in three sentences, four features each. BatchNorm takes a mean and a variance down each column, "
        "LayerNorm along each row; RMSNorm needs only the mean square of the row."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
)
