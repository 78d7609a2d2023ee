"""Explorer: a sequence longer than any seen in training, with statistics per position, per feature, or its own."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import Statistics, batch_norm, layer_norm, padding_mask, start_statistics, update_statistics
from attnlib.course.controls import Choice, Slider, Switch
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import dress, place, sheet
from attnlib.figures.norms.batch import SHARED_INK
from attnlib.figures.palette import FAINT

PER_POSITION, PER_FEATURE, LAYER = "BatchNorm, per position", "BatchNorm, per feature", "LayerNorm"
LONGEST, _SHORTEST = 16, 4  # tokens of a training sentence
LENGTHS = (8, 12, 16, 17, 20, 24, 32)
_D_MODEL = 32
_BATCHES, _BATCH_SIZE = 60, 8
_MEAN, _SLOPE = 1.0, 0.1  # mean of every feature at position 1, and by how much it grows a position
_ONES, _ZEROS = np.ones(_D_MODEL), np.zeros(_D_MODEL)


class Numbers(NamedTuple):
    """What the figure shows."""

    norm: str
    seq: int
    drifts: bool
    seen: np.ndarray  # (32,) training tokens at each position
    mean: np.ndarray  # (positions with an output,) of each token's normalised features
    deviation: np.ndarray  # the same, their standard deviation
    refused: bool  # whether the library raised ValueError for the whole sequence


def measure(norm: str = PER_POSITION, seq: int = 24, drifts: bool = True) -> Numbers:
    """Train the running statistics, then normalise one sequence; if it is too long, as much of it as there are any."""
    seen, per_position, per_feature = _trained(drifts)
    x = _tokens(np.random.default_rng(1), 1, drifts)[:, :seq]
    refused = False
    if norm == LAYER:
        output = layer_norm(x, _ONES, _ZEROS)
    else:
        running = per_position if norm == PER_POSITION else per_feature
        try:
            output = batch_norm(x, _ONES, _ZEROS, running)
        except ValueError:
            refused = True
            output = batch_norm(x[:, :LONGEST], _ONES, _ZEROS, running)
    return Numbers(norm, seq, drifts, seen, output[0].mean(axis=-1), output[0].std(axis=-1), refused)


def _tokens(rng: np.random.Generator, batch_size: int, drifts: bool) -> np.ndarray:
    """(batch_size, 32, d_model)"""
    mean = _MEAN + _SLOPE * np.arange(LENGTHS[-1]) if drifts else np.full(LENGTHS[-1], _MEAN)
    return mean[:, None] + rng.normal(size=(batch_size, LENGTHS[-1], _D_MODEL))


@lru_cache
def _trained(drifts: bool) -> tuple[np.ndarray, Statistics, Statistics]:
    """Training tokens at each position, and running statistics per position and per feature after all batches."""
    rng = np.random.default_rng(0)
    seen = np.zeros(LENGTHS[-1])
    per_position, per_feature = start_statistics(_D_MODEL, LONGEST), start_statistics(_D_MODEL)
    for _ in range(_BATCHES):
        lengths = np.floor(_SHORTEST + (LONGEST + 1 - _SHORTEST) * rng.random(_BATCH_SIZE) ** 3).astype(int)
        x = _tokens(rng, _BATCH_SIZE, drifts)[:, :LONGEST]
        mask = padding_mask(lengths, LONGEST)[:, 0]
        seen[:LONGEST] += mask.sum(axis=0)
        per_position = update_statistics(per_position, x, mask)
        per_feature = update_statistics(per_feature, x, mask)
    return seen, per_position, per_feature


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    start = f"{numbers.norm}, a sequence of {numbers.seq}:"
    last = f"{numbers.mean[-1] + 0.0:.2f}".replace("-", "−")
    if numbers.refused:
        return f"{start} no statistics for positions {LONGEST + 1} to {numbers.seq}, ValueError."
    return f"{start} every token is normalised; the last one has mean {last} and deviation {numbers.deviation[-1]:.2f}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """How many tokens training saw at each position, and the mean of each token after the norm."""
    figure = sheet(height=320, narrow=narrow, narrow_height=440)
    axes = place(figure, 50, 30, 260, 100)
    dress(axes, "tokens seen in training", x="position")
    axes.bar(np.arange(LENGTHS[-1]) + 1, numbers.seen, color=FAINT)
    below = place(figure, 50, 180, 260, 100)
    dress(below, "mean of each token", x="position")
    below.plot(np.arange(len(numbers.mean)) + 1, numbers.mean, "o", color=SHARED_INK)
    return figure


long_sequence = Explorer(
    name="long-sequence",
    source="attnlib.figures.norms.long_sequence:long_sequence",
    caption=(
        "Training saw sentences of 4 to 16 tokens, few of them long. Then one sequence is normalised: with running "
        "statistics for each position, with one set for all, or with each token's own."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "norm": Choice("norm", stops=(PER_POSITION, PER_FEATURE, LAYER), default=PER_POSITION),
        "seq": Slider("tokens in the sequence", stops=LENGTHS, default=24),
        "drifts": Switch("features grow with the position", default=True),
    },
)
