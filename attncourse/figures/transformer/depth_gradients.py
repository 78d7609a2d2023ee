"""Explorer: how long the gradient is in each layer of a new model, with the norms before or after."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.palette import FAINT, RULE
from attncourse.explorer import Explorer
from attncourse.figures.transformer.ends import name_ends
from attncourse.figures.transformer.placements import BANDS, LOOKS, PLACEMENTS
from attncourse.results import load_result

_PARTS = {"feed-forward network": "feed_forward", "attention": "attention"}  # on the page -> in the file
_DEPTHS = (2, 4, 8, 12, 16, 24)


class Numbers(NamedTuple):
    """What the figure shows; the first axis is that of the placements."""

    part: str
    num_layers: int
    norms: np.ndarray  # (2, layers) length of the gradient of a layer's maps, mean of ten seeds
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
        f"{numbers.num_layers} new layers, gradient of the {numbers.part}, first to last layer: "
        f"pre-LN {pre[0]:.2f} to {pre[-1]:.2f}, post-LN {post[0]:.2f} to {post[-1]:.2f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """By layer at the chosen depth; then the last layer at every depth."""
    figure = sheet(height=290, narrow=narrow, narrow_height=536)
    by_layer = place(figure, *((28, 38, 244, 178) if narrow else (30, 38, 284, 198)))
    by_depth = place(figure, *((28, 302, 240, 178) if narrow else (412, 38, 232, 198)))
    dress(by_layer, f"size of the gradient in {numbers.num_layers} layers", x="layer")
    x = np.arange(1, numbers.num_layers + 1)
    for name, norms, spread in zip(PLACEMENTS[::-1], numbers.norms[::-1], numbers.spread[::-1], strict=True):
        by_layer.fill_between(x, norms - spread, norms + spread, color=BANDS[name], linewidth=0)
    _draw_lines(by_layer, x, numbers.norms)
    by_layer.set_xticks(sorted({1, numbers.num_layers // 2, numbers.num_layers}))
    dress(by_depth, "size in the last layer", x="number of layers")
    by_depth.axvline(numbers.num_layers, color=RULE, linewidth=1.4, zorder=0)
    falling = numbers.last[0, 0] * (numbers.depths[0] / numbers.depths) ** 0.5
    look: dict[str, Any] = {"color": FAINT, "linewidth": 1.4, "linestyle": (0, (1, 1.5))}
    by_depth.plot(numbers.depths, falling, **look)
    _draw_lines(by_depth, numbers.depths, numbers.last, {"1/√layers": (falling[-1], look)})
    by_depth.set_xticks([2, 8, 16, 24])
    return figure


def _draw_lines(axes: Axes, x: np.ndarray, lengths: np.ndarray, more: dict | None = None) -> None:
    """A line for each placement, named at its end, together with more."""
    ends = more or {}
    for name, y in zip(PLACEMENTS, lengths, strict=True):
        look = LOOKS[name] | {"marker": "o", "markersize": 3.6}
        axes.plot(x, y, label=name, clip_on=False, **look)
        ends[name] = y[-1], look
    axes.set(xlim=(x[0], x[-1]), ylim=(0, 2), yticks=(0, 1, 2))
    axes.fmt_ydata = lambda length: in_digits(float(length))
    name_ends(axes, ends)


depth_gradients = Explorer(
    __name__,
    caption=(
        "Before any training, gradients shrink towards the last layer with norms before each sublayer (pre-LN), and in "
        "deeper models grow with norms after each sum (post-LN). Means of ten new encoders, one standard deviation in "
        "the bands."
    ),
    controls={
        "layers": Slider("layers", stops=_DEPTHS, stops_only=True),
        "part": Choice("gradient of the", stops=tuple(_PARTS)),
    },
)
