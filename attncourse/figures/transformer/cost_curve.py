"""Explorer: what attention costs against the length n and the width d, counted and measured."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.palette import FAINT, INK
from attncourse.explorer import Explorer
from attncourse.figures.transformer.ends import name_ends
from attncourse.results import load_result

_PARTS, _WIDTHS = ("attention", "encoder layer"), (32, 64, 128, 256)
_LOOKS: tuple[dict[str, Any], ...] = (  # measured, counted, another count
    {"color": INK, "marker": "o", "markersize": 5.5, "markeredgewidth": 0, "linestyle": "none"},
    {"color": INK, "linewidth": 1.8, "linestyle": (0, (4, 1.6))},
    {"color": FAINT, "linewidth": 1.4, "linestyle": (0, (1, 1.5))},
)
_AT = 1024  # tokens, at which the widths are compared


class Numbers(NamedTuple):
    """What the figure shows, in units of the cost of attention at n = 256 and d = 64."""

    part: str
    width: int  # d
    lengths: np.ndarray  # (lengths,) n
    counted: np.ndarray  # (lengths,) multiply-adds
    measured: np.ndarray  # (3, lengths) times: lower quartile, median and upper quartile of the rounds
    other: np.ndarray  # (lengths,) counted: a recurrent layer, or the layer's attention alone
    widths: np.ndarray  # (widths,)
    counted_at: np.ndarray  # (widths,) at n = 1024
    measured_at: np.ndarray  # (3, widths)


def measure(part: str = "attention", width: int = 64) -> Numbers:
    """Sum up the rounds in the experiment's result file."""
    result = load_result("cost")
    settings = result["settings"]
    longest = {"attention": max(settings["lengths"]), "encoder layer": settings["longest_layer"]}
    sizes = [
        (name, n, d) for name in _PARTS for d in settings["widths"] for n in settings["lengths"] if n <= longest[name]
    ]
    count = dict(zip(sizes, result["multiply_adds"], strict=True))
    unit = count[("attention", *settings["reference"])]
    quartiles = dict(zip(sizes, np.quantile(result["rounds"], (0.25, 0.5, 0.75), axis=0).T, strict=True))
    lengths = [n for name, n, d in sizes if (name, d) == (part, width)]
    other = [2 * n * width**2 for n in lengths] if part == "attention" else [2 * n**2 * width for n in lengths]
    return Numbers(
        part=part,
        width=width,
        lengths=np.array(lengths),
        counted=np.array([count[part, n, width] for n in lengths]) / unit,
        measured=np.array([quartiles[part, n, width] for n in lengths]).T,
        other=np.array(other) / unit,
        widths=np.array(_WIDTHS),
        counted_at=np.array([count[part, _AT, d] for d in _WIDTHS]) / unit,
        measured_at=np.array([quartiles[part, _AT, d] for d in _WIDTHS]).T,
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    first, last = (numbers.lengths.tolist().index(n) for n in (256, _AT))
    counted = numbers.counted[last] / numbers.counted[first]
    measured = numbers.measured[1, last] / numbers.measured[1, first]
    name = numbers.part[0].upper() + numbers.part[1:]
    return (
        f"{name}, d = {numbers.width}: from 256 to {_AT} tokens the multiply-adds grow {counted:.1f} times, "
        f"the measured time {measured:.0f} times."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Against n at the chosen width, then against d at 1024 tokens; both axes in powers of two and ten."""
    figure = sheet(height=300, narrow=narrow, narrow_height=536)
    by_length = place(figure, *((44, 38, 164, 178) if narrow else (44, 38, 218, 206)))
    by_width = place(figure, *((44, 302, 150, 178) if narrow else (430, 38, 152, 206)))
    name = "attention" if numbers.part == "attention" else "a layer"
    dress(by_length, f"cost of {name}, d = {numbers.width}", x="tokens, n")
    by_length.set(xlim=(5, 11), ylim=(-2.2, 2.7))
    by_length.set_xticks(range(5, 12, 2), [str(2**n) for n in range(5, 12, 2)])
    by_length.set_yticks([-2, -1, 0, 1, 2], ["0.01", "0.1", "1", "10", "100"])
    other = "recurrent layer" if numbers.part == "attention" else "attention alone"
    curves = {"measured": numbers.measured, "counted": numbers.counted, other: numbers.other}
    _draw_costs(by_length, numbers.lengths, curves)
    dress(by_width, f"cost at n = {_AT}", x="width, d")
    by_width.set(xlim=(4.8, 8.2), ylim=(0.8, 2.7))
    by_width.set_xticks(range(5, 9), [str(d) for d in numbers.widths])
    by_width.set_yticks([1, 2], ["10", "100"])
    by_width.get_xticklabels()[_WIDTHS.index(numbers.width)].set_fontweight("semibold")
    counted, measured = (costs[-1] / costs[0] for costs in (numbers.counted_at, numbers.measured_at[1]))
    grown = {f"measured, × {measured:.1f}": numbers.measured_at, f"counted, × {counted:.0f}": numbers.counted_at}
    _draw_costs(by_width, numbers.widths, grown)
    return figure


def _draw_costs(axes: Axes, sizes: np.ndarray, curves: dict[str, np.ndarray]) -> None:
    """What is counted as lines; what is measured as dots, with strokes between its quartiles."""
    x, ends = np.log2(sizes), {}
    axes.fmt_xdata, axes.fmt_ydata = lambda power: f"{2**power:.0f}", lambda power: in_digits(10**power, "{:.3g}")
    for (name, costs), look in zip(curves.items(), _LOOKS, strict=False):
        if costs.ndim == 2:
            low, costs, high = costs
            axes.vlines(x, np.log10(low), np.log10(high), color=INK, linewidth=1.4)
        y = np.log10(costs)
        axes.plot(x, y, label=name.partition(",")[0], clip_on=False, zorder=3, **look)
        ends[name] = y[-1], look
    name_ends(axes, ends, x[-1], samples=True)


cost_curve = Explorer(
    __name__,
    caption=(
        "Four times the tokens are sixteen times the multiply-adds of attention (lines), and nearly as many times the "
        "time in NumPy (dots; strokes hold the middle half of nine rounds). Unit: attention over 256 tokens of width "
        "64; × is the growth from width 32 to 256."
    ),
    controls={
        "part": Choice("part", stops=_PARTS),
        "width": Slider("width d", stops=_WIDTHS, stops_only=True),
    },
)
