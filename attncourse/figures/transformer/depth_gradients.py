"""Explorer: how long the gradient is in each layer of a new model, with the norms before or behind."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE
from attncourse.explorer import Explorer
from attncourse.figures.transformer.placements import BANDS, DASHES, PLACEMENTS
from attncourse.results import load_result

_PARTS = {"feed-forward network": "feed_forward", "attention": "attention"}  # on the page -> in the file
_DEPTHS = (2, 4, 8, 12, 16, 24)


class Numbers(NamedTuple):
    """What the figure shows; the first axis is that of the placements."""

    part: str
    num_layers: int
    norms: np.ndarray  # (2, layers) length of the gradient by a layer's maps, mean of ten seeds
    spread: np.ndarray  # (2, layers) standard deviation of the seeds
    depths: np.ndarray  # (depths,) numbers of layers
    last: np.ndarray  # (2, depths) mean length in the last layer


def measure(layers: int = 12, part: str = "feed-forward network") -> Numbers:
    """Sum up the gradients in the experiment's result file."""
    gradients = load_result("norm_placement")["gradients"]

    def seeds(placement: str, depth: int) -> np.ndarray:
        stored = gradients[f"{placement}, {depth} layers"].values()
        return np.array([seed[_PARTS[part]] for seed in stored])

    chosen = np.array([seeds(placement, layers) for placement in PLACEMENTS])
    return Numbers(
        part=part,
        num_layers=layers,
        norms=chosen.mean(axis=1),
        spread=chosen.std(axis=1, ddof=1),
        depths=np.array(_DEPTHS),
        last=np.array([[seeds(name, depth)[:, -1].mean() for depth in _DEPTHS] for name in PLACEMENTS]),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    pre, post = numbers.norms
    return (
        f"{numbers.num_layers} new layers, gradient by the {numbers.part}, first to last layer: "
        f"pre-LN {pre[0]:.2f} to {pre[-1]:.2f}, post-LN {post[0]:.2f} to {post[-1]:.2f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """By layer at the chosen depth; then the last layer at every depth."""
    figure = sheet(height=290, narrow=narrow, narrow_height=560)
    by_layer = place(figure, *((40, 38, 224, 190) if narrow else (46, 38, 288, 198)))
    by_depth = place(figure, *((40, 314, 224, 190) if narrow else (436, 38, 208, 198)))
    dress(by_layer, "gradient in each layer", x=f"layer, of {numbers.num_layers}")
    x = np.arange(1, numbers.num_layers + 1)
    for name, norms, spread in zip(PLACEMENTS[::-1], numbers.norms[::-1], numbers.spread[::-1], strict=True):
        by_layer.fill_between(x, norms - spread, norms + spread, color=BANDS[name], linewidth=0)
    for name, norms in zip(PLACEMENTS, numbers.norms, strict=True):
        _draw_line(by_layer, x, norms, name)
    by_layer.set_xlim(1, numbers.num_layers)
    by_layer.set_xticks(sorted({1, numbers.num_layers // 2, numbers.num_layers}))
    _name_lines(by_layer, numbers.num_layers, numbers.norms[:, -1], (numbers.num_layers - 1) * 0.03)
    dress(by_depth, "in the last layer", x="number of layers")
    for name, last in zip(PLACEMENTS, numbers.last, strict=True):
        _draw_line(by_depth, numbers.depths, last, name)
    falling = numbers.last[0, 0] * (numbers.depths[0] / numbers.depths) ** 0.5
    by_depth.plot(numbers.depths, falling, color=FAINT, linewidth=1.4, linestyle=(0, (1, 1.5)))
    label(by_depth, 24.66, 0.05, "1/√layers", FAINT, va="center")
    by_depth.axvline(numbers.num_layers, color=RULE, linewidth=1.4, zorder=0)
    by_depth.set_xlim(2, 24)
    by_depth.set_xticks([2, 8, 16, 24])
    _name_lines(by_depth, 24, numbers.last[:, -1], 0.66)
    return figure


def _draw_line(axes: Axes, x: np.ndarray, y: np.ndarray, name: str) -> None:
    axes.plot(x, y, "o", color=INK, linewidth=2.2, linestyle=DASHES[name], markersize=3.6, clip_on=False)


def _name_lines(axes: Axes, end: float, heights: np.ndarray, gap: float) -> None:
    axes.set(ylim=(0, 2), yticks=(0, 1, 2))
    for name, height in zip(PLACEMENTS, heights, strict=True):
        label(axes, end + gap, height, name, size=TEXT, va="center")


depth_gradients = Explorer(
    __name__,
    caption=(
        "Length of the loss's gradient in each layer of a new encoder, before any training: mean of ten seeds, and one "
        "standard deviation in the bands. Norms before each sublayer (pre-LN) or behind each sum (post-LN)."
    ),
    controls={
        "layers": Slider("layers", stops=_DEPTHS),
        "part": Choice("gradient by the", stops=tuple(_PARTS)),
    },
)
