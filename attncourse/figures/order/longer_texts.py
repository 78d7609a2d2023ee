"""Explorer: models trained on twelve tokens read longer texts, beside one that knows twelve places only."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.drawing.canvas import sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT
from attncourse.explorer import Explorer
from attncourse.figures.order.best_guess import SEQ
from attncourse.figures.order.seed_rows import medians_said, seed_rows
from attncourse.results import load_result

WAYS = {  # on the page -> result file, name in it
    "random signs": ("order_controls", "controls: random signs"),
    "waves": ("order", "previous: sinusoidal"),
    "rotary": ("order", "previous: rotary"),
}
LENGTHS = (12, 13, 14, 16, 20, 24, 32, 48)


class Numbers(NamedTuple):
    """What the figure shows: share of right answers to "which token was before this one?"."""

    seq: int
    right: np.ndarray  # (ways, seeds)
    known_places: float  # of a model that is right at the places of the training, and nowhere else


def measure(seq: int = SEQ) -> Numbers:
    """The stored runs at this length; the first token is not asked for."""
    runs = [load_result(file)["arms"][name]["runs"].values() for file, name in WAYS.values()]
    right = np.array([[run["accuracy"][str(seq)] for run in seeds] for seeds in runs])
    return Numbers(seq, right, (SEQ - 1) / (seq - 1))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    shares = medians_said(dict(zip(WAYS, numbers.right, strict=True)))
    return (
        f"On {numbers.seq} tokens, right answers in the median of five seeds: {shares}. A model that is right at the "
        f"twelve known places only would get {numbers.known_places:.2f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A row a way, a dot a seed; dashed is a model that knows the places of the training only."""
    figure = sheet(height=206, narrow=narrow, narrow_height=226)
    spot = (116, 52, 214, 122) if narrow else (190, 52, 500, 102)
    axes = seed_rows(
        figure,
        spot,
        "right answers" if narrow else "share of right answers, a dot a seed",
        dict(zip(WAYS, numbers.right, strict=True)),
        [numbers.known_places] * len(WAYS),
        ["a model that is right at the twelve known places only"] * len(WAYS),
        f"{numbers.seq} tokens",
    )
    side = "right" if numbers.known_places > 0.78 else "left" if numbers.known_places < 0.3 else "center"
    label(axes, numbers.known_places, -0.62, "known places only", FAINT, ha=side, va="bottom")
    return figure


longer_texts = Explorer(
    __name__,
    caption=(
        "Trained for 400 steps on twelve tokens, read on longer texts. Each dot is one seed; dashed is a model that is "
        "right at the twelve places of the training, and nowhere else."
    ),
    controls={"seq": Slider("tokens", stops=LENGTHS, log=True, stops_only=True)},
)
