"""Explorer: models trained on twelve tokens read longer texts, beside one that knows twelve places only."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.dots import dots
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.order.best_guess import SEQ
from attncourse.figures.order.four_ways import medians_said
from attncourse.results import load_result

WAYS = {  # on the page -> result file, name in it
    "random signs": ("order_controls", "controls: random signs"),
    "waves": ("order", "previous: sinusoidal"),
    "rotary": ("order", "previous: rotary"),
}
LENGTHS = (12, 13, 14, 16, 20, 24, 32, 48)
_TICKS = (12, 16, 24, 32, 48)
_APART = 0.085  # of two names beside the curves


class Numbers(NamedTuple):
    """What the figure shows: share of right answers to "which token was before this one?"."""

    seq: int
    read: tuple[int, ...]  # the lengths up to this one
    right: np.ndarray  # (ways, read, seeds)
    known_places: np.ndarray  # (lengths,) of a model that is right at the places of the training, and nowhere else


def measure(seq: int = SEQ) -> Numbers:
    """The stored runs up to this length; the first token is not asked for."""
    read = tuple(length for length in LENGTHS if length <= seq)
    runs = [load_result(file)["arms"][name]["runs"].values() for file, name in WAYS.values()]
    right = np.array([[[run["accuracy"][str(length)] for run in seeds] for length in read] for seeds in runs])
    return Numbers(seq, read, right, (SEQ - 1) / (np.array(LENGTHS) - 1))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    shares = medians_said(dict(zip(WAYS, numbers.right[:, -1], strict=True)))
    known = numbers.known_places[len(numbers.read) - 1]
    return (
        f"On {numbers.seq} tokens, right answers in the median of five seeds: {shares}. A model that is right at the "
        f"twelve known places only would get {known:.2f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A curve a way, as far as has been read, with a dot a seed; dashed is a model that knows twelve places only."""
    figure = sheet(height=300, narrow=narrow, narrow_height=330)
    axes = place(figure, *((44, 36, 206, 238) if narrow else (56, 36, 540, 210)))
    dress(axes, "share of right answers", x="tokens (12 in training)")
    axes.set_xlim(np.log2(11.6), np.log2(LENGTHS[-1]))
    axes.set_xticks(np.log2(_TICKS), [str(length) for length in _TICKS])
    axes.set(ylim=(0, 1.28), yticks=(0, 0.25, 0.5, 0.75, 1), yticklabels=("0", "0.25", "0.5", "0.75", "1"))
    axes.fmt_xdata, axes.fmt_ydata = lambda x: f"{2**x:.0f}", lambda share: in_digits(share, "{:.1%}")
    axes.plot(
        np.log2(LENGTHS),
        numbers.known_places,
        color=FAINT,
        linewidth=1.6,
        linestyle=(0, (4, 2)),
        label="known places only",
    )
    beside = (np.log2(12.4), 0.3) if narrow else (np.log2(14.2), 0.5)
    label(axes, *beside, "known places only", FAINT, va="center_baseline")
    x = np.log2(numbers.read)
    for way, right in zip(WAYS, numbers.right, strict=True):
        axes.plot(x, np.median(right, axis=-1), color=INK, linewidth=1.4, label=way)
        for length, at, seeds in zip(numbers.read, x, right, strict=True):
            every = dots(axes, at, seeds, reach=0.012, size=4.2, zorder=3)
            words = [f"{way}, {length} tokens: {in_digits(share, '{:.1%}')} right, one seed" for share in seeds]
            say(every, words=words)
    _name_curves(axes, numbers, x[-1] + (0.09 if narrow else 0.04))
    return figure


def _name_curves(axes: Axes, numbers: Numbers, x: float) -> None:
    """Each at its curve's end so far, above the dashed line and not on the name below."""
    ends = dict(zip(WAYS, np.median(numbers.right[:, -1], axis=-1), strict=True))
    height = 0.0
    for way, end in sorted(ends.items(), key=lambda pair: pair[1]):
        height = max(end + 0.05, height + _APART)
        label(axes, x, height, way, weight="semibold", va="center_baseline")


longer_texts = Explorer(
    __name__,
    caption=(
        "Trained for 400 steps on twelve tokens, read on longer texts. Each dot is one seed, and a curve joins the "
        "medians; dashed is a model that is right at the twelve places of the training, and nowhere else."
    ),
    controls={"seq": Slider("tokens", stops=LENGTHS, log=True, stops_only=True)},
)
