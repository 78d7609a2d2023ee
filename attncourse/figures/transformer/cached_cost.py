"""Explorer: what each generated token costs with and without a cache of keys and values, counted and measured."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress, headline
from attncourse.drawing.board import arrow
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import INK, VALUE_INK
from attncourse.explorer import Explorer
from attncourse.figures.transformer.ends import name_ends
from attncourse.results import load_result

_WAYS = ("cached", "uncached")
_LOOKS: dict[str, dict[str, Any]] = {
    "cached": {"color": INK, "linewidth": 2.2},
    "uncached": {"color": INK, "linewidth": 2.2, "linestyle": (0, (4, 1.6))},
}


class Numbers(NamedTuple):
    """What the figure shows; the first axis is that of the ways, cached and uncached."""

    tokens: int
    steps: np.ndarray  # (blocks,) middle of each block of steps
    counted: np.ndarray  # (2, blocks) multiply-adds a token, in units of a mean cached one
    measured: np.ndarray  # (2, blocks) times, in units of a mean cached one; median of the rounds
    saved: np.ndarray  # (2,) counted and measured: cost of the whole text without the cache, over that with it


def measure(tokens: int = 64) -> Numbers:
    """Sum up the rounds in the experiment's result file."""
    result = load_result("cost")
    block = result["settings"]["block"]
    counted = np.array([result["step_multiply_adds"][way] for way in _WAYS], dtype=float)
    counted = counted.reshape(len(_WAYS), -1, block).mean(axis=-1) / counted[0].mean()
    measured = np.array([np.median([found[way] for found in result["decoding"]], axis=0) for way in _WAYS])
    first = tokens // block
    totals = np.array([costs[:, :first].sum(axis=1) for costs in (counted, measured)])
    return Numbers(
        tokens=tokens,
        steps=(np.arange(counted.shape[1]) + 0.5) * block,
        counted=counted,
        measured=measured,
        saved=totals[:, 1] / totals[:, 0],
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    counted, measured = map(_times, numbers.saved)
    return (
        f"Writing {numbers.tokens} tokens without the cache takes {counted} times the multiply-adds, "
        f"and {measured} times the measured time, for the same text."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """What a text costs as it gets longer, counted and measured, both axes in powers."""
    figure = sheet(height=280, narrow=narrow, narrow_height=540)
    places = [(56, 38, 212, 176), (56, 304, 212, 176)] if narrow else [(56, 38, 224, 188), (424, 38, 224, 188)]
    counted, measured = (dress(place(figure, *spot), x="tokens written") for spot in places)
    headline(counted, "multiply-adds of a text")
    _draw_costs(counted, numbers, numbers.counted, numbers.saved[0])
    headline(measured, "measured time of a text")
    _draw_costs(measured, numbers, numbers.measured, numbers.saved[1])
    return figure


def _draw_costs(axes: Axes, numbers: Numbers, costs: np.ndarray, saved: float) -> None:
    """The cost of all tokens so far, both ways; and how many times as much it is without the cache."""
    block = 2 * numbers.steps[0]
    ends = block * np.arange(1, len(numbers.steps) + 1)
    curves = dict(zip(_WAYS, np.log10(block * costs.cumsum(axis=1)), strict=True))
    for way, curve in curves.items():
        axes.plot(np.log2(ends), curve, label=way, zorder=3, **_LOOKS[way])
    axes.set(xlim=(3, 8), ylim=(0.6, 5))
    axes.set_xticks(range(3, 9), [str(2**power) for power in range(3, 9)])
    axes.set_yticks(range(1, 5), [f"{10**power:,}" for power in range(1, 5)])
    axes.fmt_xdata, axes.fmt_ydata = lambda power: f"{2**power:.0f}", lambda power: f"{10**power:,.0f}"
    name_ends(axes, {way: (curve[-1], _LOOKS[way]) for way, curve in curves.items()})
    x, (low, high) = np.log2(numbers.tokens), [curve[ends == numbers.tokens][0] for curve in curves.values()]
    arrow(axes, (x, low), (x, high), color=VALUE_INK, linewidth=1.6)
    side, above = ("left", 0.55) if x == 3 else ("right", 0.18)  # beside the curve, which rises
    words = f"× {_times(saved)}"
    label(axes, x, high + above, words, VALUE_INK, size=TEXT, weight="semibold", ha=side)


def _times(saved: float) -> str:
    """How many times as much, in two digits or three."""
    return in_digits(saved, "{:.1f}" if saved < 10 else "{:.0f}")


cached_cost = Explorer(
    __name__,
    caption=(
        "The longer the text, the more a cache of keys and values saves. "
        "Two decoder layers of width 256; unit, in each picture: the mean cost of one token with the cache."
    ),
    controls={"tokens": Slider("tokens", stops=(8, 16, 32, 64, 128, 256), stops_only=True)},
)
