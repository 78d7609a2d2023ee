"""Explorer: the whole table of encodings, a row a position and a column a feature."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label_near
from attncourse.drawing.palette import FAINT, INK, POSITION_INK, POSITION_SIGNED
from attncourse.explorer import Explorer
from attnlib import sinusoidal_positions, wave_angles

_PARTS = 3  # columns whose wavelength is written: the first, a middle and the last pair


class Numbers(NamedTuple):
    """What the figure shows."""

    encoding: np.ndarray  # (seq, d_model)
    waves: np.ndarray  # (d_model / 2,) positions in one wave of each pair
    base: float
    norm: float  # of every row
    still: int  # pairs that do not finish a quarter of their wave within the sequence


def measure(seq: int = 64, d_model: int = 64, base: float = 10000) -> Numbers:
    """The table for so many positions and features."""
    encoding = sinusoidal_positions(seq, d_model, base)
    waves = 2 * np.pi / wave_angles(1, d_model, base)
    norms = np.linalg.norm(encoding, axis=-1)
    return Numbers(encoding, waves, base, float(norms.mean()), int((waves > 4 * seq).sum()))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    seq, d_model = numbers.encoding.shape
    waves = f"waves from {numbers.waves[0]:.2f} to {numbers.waves[-1]:.0f} positions long"
    return (
        f"{seq} positions by {d_model} features, base {numbers.base:g}: {waves}; {numbers.still} of {d_model // 2} "
        f"pairs finish less than a quarter of a wave; every row has norm {numbers.norm:.2f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The table as a picture, the length of a few waves above their columns."""
    figure = sheet(height=340, narrow=narrow, narrow_height=340)
    spot = (62, 62, 266, 226) if narrow else (58, 62, 630, 226)
    axes = dress(place(figure, *spot), x="feature: sine, cosine, sine, cosine, …", y="position")
    seq, d_model = numbers.encoding.shape
    axes.imshow(numbers.encoding, cmap=POSITION_SIGNED, vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    axes.spines[:].set_visible(False)
    axes.set_xticks([0, d_model - 1], ["0", str(d_model - 1)])
    axes.set_yticks([0, seq // 4, seq - 1], ["0", str(seq // 4), str(seq - 1)])
    axes.axhspan(seq // 4 - 0.5, seq // 4 + 0.5, fill=False, edgecolor=INK, linewidth=1.1, clip_on=False)
    _write_waves(axes, numbers)
    return figure


def _write_waves(axes: Axes, numbers: Numbers) -> None:
    """How long the waves of the first, a middle and the last pair are, above the pair."""
    pairs = np.linspace(0, len(numbers.waves) - 1, _PARTS).astype(int)
    for pair, side in zip(pairs, ("left", "center", "right"), strict=True):
        length = numbers.waves[pair]
        column = {"left": -0.5, "center": 2 * pair + 0.5, "right": len(numbers.waves) * 2 - 0.5}[side]
        words = f"{length:.1f}" if length < 100 else f"{length:.0f}"
        label_near(axes, (column, -0.5), (0, 7), words, POSITION_INK, ha=side, va="bottom")
    label_near(axes, (-0.5, -0.5), (0, 24), "positions in one wave", size=TEXT, va="bottom")
    if numbers.still:
        first = 2 * (len(numbers.waves) - numbers.still)
        axes.plot([first - 0.5, len(numbers.waves) * 2 - 0.5], [-0.5, -0.5], color=FAINT, linewidth=3, clip_on=False,
                  solid_capstyle="butt")  # fmt: skip


encoding_heatmap = Explorer(
    __name__,
    caption=(
        "Every row, such as the framed one, encodes one position: brown is 1, white 0, grey-blue −1. "
        "Waves grow longer to the right. "
        "A grey line above marks the pairs that hardly move within the sequence."
    ),
    controls={
        "seq": Slider("number of positions", stops=(16, 64, 128), log=True),
        "d_model": Slider("width d_model", stops=(8, 32, 64), log=True),
        "base": Slider("base", stops=(10, 100, 1000, 10000, 100000), log=True),
    },
)
