"""Explorer: how far the statistics of a batch stray from those of all sentences."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import batch_statistics, padding_mask
from attnlib.course.controls import Slider, Switch
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import dress, place, sheet
from attnlib.figures.norms.batch import SHARED_INK
from attnlib.figures.palette import INK

MEAN, VARIANCE = 2.0, 1.0  # of one feature, over all tokens of all sentences
_ALIKE = 0.3  # share of the variance that the tokens of one sentence have in common
_LENGTH = 12  # tokens of a sentence, on average
_DRAWS = 100  # batches
SIZES = (2, 4, 8, 16, 32)
SPREADS = (0, 2, 4, 8, 11)


class Numbers(NamedTuple):
    """What the figure shows."""

    batch_size: int
    spread: int
    counted: bool
    lengths: np.ndarray  # (batch_size,) tokens of each sentence in the first batch
    means: np.ndarray  # (draws,) of each batch
    variances: np.ndarray  # (draws,)
    stray: np.ndarray  # (2,) root mean square distance of the means and of the variances from the population's
    masked_curve: np.ndarray  # (sizes,) the means' distance by batch size, padding masked
    counted_curve: np.ndarray  # (sizes,) the same, padding counted


def measure(batch_size: int = 8, spread: int = 8, counted: bool = True) -> Numbers:
    """Draw batches, take their statistics, and compare them with those of the population."""
    lengths, statistics = _batches(batch_size, spread)
    means, variances = statistics[int(counted)]
    stray = _distance(np.array([means - MEAN, variances - VARIANCE]))
    curves = np.array([[_distance(kept[0] - MEAN) for kept in _batches(size, spread)[1]] for size in SIZES])
    return Numbers(batch_size, spread, counted, lengths, means, variances, stray, curves[:, 0], curves[:, 1])


def _distance(differences: np.ndarray) -> np.ndarray:
    return np.sqrt((differences**2).mean(axis=-1))


@lru_cache
def _batches(batch_size: int, spread: int) -> tuple[np.ndarray, np.ndarray]:
    """Lengths in the first batch; and (2, 2, draws): masked and counted, mean and variance of each batch."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(_LENGTH - spread, _LENGTH + spread, endpoint=True, size=(_DRAWS, batch_size))
    sentences = rng.normal(size=(_DRAWS, batch_size, 1, 1))
    tokens = rng.normal(size=(_DRAWS, batch_size, _LENGTH + spread, 1))
    x = MEAN + np.sqrt(_ALIKE * VARIANCE) * sentences + np.sqrt((1 - _ALIKE) * VARIANCE) * tokens
    found = np.empty((2, 2, _DRAWS))
    for draw, (rows, seqs) in enumerate(zip(x, lengths, strict=True)):
        longest = int(seqs.max())  # a batch is as long as its longest sentence
        mask = padding_mask(seqs, longest)[:, 0]
        padded = np.where(mask[..., None], rows[:, :longest], 0)
        for how, kept in enumerate((mask, None)):
            found[how, :, draw] = np.ravel(batch_statistics(padded, kept))
    return lengths[0], found


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    padding = "counted" if numbers.counted else "masked"
    lengths = f"{_LENGTH - numbers.spread} to {_LENGTH + numbers.spread}" if numbers.spread else f"{_LENGTH}"
    return (
        f"Batches of {numbers.batch_size}, {lengths} tokens, padding {padding}: the mean is {numbers.stray[0]:.2f} "
        f"away from {MEAN:g}, the variance {numbers.stray[1]:.2f} from {VARIANCE:g} (root mean square)."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """One batch, the statistics of many, and their distance by batch size."""
    figure = sheet(height=280, narrow=narrow, narrow_height=620)
    axes = place(figure, 50, 30, 240, 200)
    dress(axes, "statistics of 100 batches", x="mean", y="variance")
    axes.plot(numbers.means, numbers.variances, ".", color=SHARED_INK)
    axes.plot(MEAN, VARIANCE, "P", color=INK)
    return figure


drift = Explorer(
    name="drift",
    source="attnlib.figures.norms.drift:drift",
    caption=(
        "One feature, 100 batches drawn from the same sentences. "
        "Each dot is the mean and variance of one batch; the cross is that of all sentences."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "batch_size": Slider("sentences in a batch", stops=SIZES, default=8, log=True),
        "spread": Slider("lengths: 12 ±", stops=SPREADS, default=8),
        "counted": Switch("padding counted", default=True),
    },
)
