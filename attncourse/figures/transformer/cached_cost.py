"""Explorer: what each generated token costs with and without a cache of keys and values, counted and measured."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import INK, RULE
from attncourse.explorer import Explorer
from attncourse.results import load_result

_WAYS = ("cached", "uncached")
_DASHES = {"cached": "solid", "uncached": (0, (4, 1.6))}


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
    counted, measured = numbers.saved
    return (
        f"Saying {numbers.tokens} tokens without the cache takes {counted:.0f} times the multiply-adds, "
        f"and {measured:.1f} times the measured time, for the same text."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Cost of each token, counted and measured."""
    figure = sheet(height=280, narrow=narrow, narrow_height=540)
    places = [(46, 38, 212, 176), (46, 304, 212, 176)] if narrow else [(46, 38, 226, 188), (410, 38, 226, 188)]
    titles = ("multiply-adds a token", "measured time a token")
    for spot, title, costs in zip(places, titles, (numbers.counted, numbers.measured), strict=True):
        axes = dress(place(figure, *spot), title, x="tokens said")
        axes.axvspan(0, numbers.tokens, color="#EDEDED", linewidth=0)
        axes.axvline(numbers.tokens, color=RULE, linewidth=1.4)
        for way, curve in zip(_WAYS, np.log10(costs), strict=True):
            axes.plot(numbers.steps, curve, color=INK, linewidth=2.2, linestyle=_DASHES[way])
            label(axes, 262, curve[-1], way, size=TEXT, va="center")
        axes.set_xlim(0, 256)
        axes.set_xticks([0, 128, 256])
        axes.set_ylim(-0.3, 2.6)
        axes.set_yticks([0, 1, 2], ["1", "10", "100"])
    return figure


cached_cost = Explorer(
    __name__,
    caption=(
        "Two decoder layers of width 256 say 256 tokens twice: with the keys and values of the past kept, and computed "
        "again at every step. Units: a mean token with the cache."
    ),
    controls={"tokens": Slider("tokens", stops=(8, 16, 32, 64, 128, 256), log=True)},
)
