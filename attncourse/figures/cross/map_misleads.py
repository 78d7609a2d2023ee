"""Explorer: the weight of each character beside what it costs to take the character away."""

import itertools
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Choice, Slider, Text
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, KEY_INK, QUERY_INK, RULE, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.cross.removals import DELETED, HIDDEN, SPACE, UNREADABLE, probability_lost
from attncourse.figures.date_readings import date_model, reading, signs, visible
from attnlib.dates.characters import as_known

TEXTS = "7.6.2021", "June 7th, 2021", "2021-06-07"
DIGITS = (1, 2, 3, 4, 6, 7, 9, 10)  # places in an answer; the dashes are always sure
MUCH, LITTLE = 0.15, 0.1  # weight
HALF, NOTHING = 0.5, 0.05  # probability lost
_LISTED = 7  # at most
_GAP = 0.13  # between zero and the bars
_LOW = 16  # CSS pixels of a row on a phone: lower ones would run into each other
_FEWEST = 6  # characters that there is room for: the bars of fewer are no wider


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str
    step: int
    said: list[str]
    way: str
    attn_weights: np.ndarray  # (seq_source,) mean of all layers and heads
    lost: np.ndarray  # (seq_source,) probability that the character of the answer loses


def measure(text: str = TEXTS[0], step: int = 10, way: str = SPACE) -> Numbers:
    """Take away each character in turn, and see what the probability of one character of the answer loses."""
    text = as_known(text)  # a typed letter and its accent are one column
    said = signs(reading(text).said)
    step = min(step, len(said))
    weights = np.mean([layer.mean(axis=0) for layer in reading(text).maps.cross], axis=0)
    return Numbers(text, step, said, way, weights[step - 1], lost_by(text, way)[:, step - 1])


@lru_cache(maxsize=64)
def lost_by(text: str, way: str) -> np.ndarray:
    """(seq_source, steps): what each character of the model's answer loses, after the same characters before it."""
    read = reading(text)
    lost = probability_lost(date_model(), read.source, read.said, way)
    return np.round(lost, 6) + 0.0  # smaller ones are rounding, which is another on other machines


def overlooked(numbers: Numbers) -> list[int]:
    """Characters with little weight that cost more than half the probability, the costliest first."""
    return _sorted(numbers, (numbers.attn_weights < LITTLE) & (numbers.lost > HALF), numbers.lost)


def idle(numbers: Numbers) -> list[int]:
    """Characters with much weight that cost next to nothing, the one with the most weight first."""
    return _sorted(numbers, (numbers.attn_weights > MUCH) & (numbers.lost < NOTHING), numbers.attn_weights)


def _sorted(numbers: Numbers, chosen: np.ndarray, by: np.ndarray) -> list[int]:
    # As printed, and equal ones from the left: the last digits are others on other machines.
    return sorted(np.flatnonzero(chosen).tolist(), key=lambda character: -by[character].round(2))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    most = int(numbers.attn_weights.argmax())
    parts = [
        f"Character {numbers.step}, “{numbers.said[numbers.step - 1]}”: most weight on {_named(numbers, most)} "
        f"({numbers.attn_weights[most]:.2f}), {_lost(numbers, most)} lost if {numbers.way}",
        *(f"{title}: {_listed(numbers, found)}" for title, found in _findings(numbers) if found),
    ]
    return "; ".join(parts) + "."


def _findings(numbers: Numbers) -> tuple[tuple[str, list[int]], tuple[str, list[int]]]:
    return ("little weight, much lost", overlooked(numbers)), ("much weight, little lost", idle(numbers))


def _listed(numbers: Numbers, found: list[int]) -> str:
    """The foremost, with its weight and what is lost without it (if not next to nothing); dots stand for others."""
    first, others = found[0], " …" * (len(found) > 1)
    lost = f", {_lost(numbers, first)}" if numbers.lost[first] > NOTHING else ""
    return f"{_named(numbers, first)} ({numbers.attn_weights[first]:.2f}{lost}){others}"


def _named(numbers: Numbers, character: int) -> str:
    """With its place: a text has some characters twice."""
    return f"“{visible(numbers.text)[character]}” in {character + 1}"


def _lost(numbers: Numbers, character: int) -> str:
    return f"{max(numbers.lost[character], 0):.2f}"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """For each character its weight on one side, and on the other what is lost without it."""
    tall = max(370, _LOW * (len(numbers.text) + 3))  # of the bars on a phone
    figure = sheet(height=372, narrow=narrow, narrow_height=tall + 120)
    paper = board(figure)
    _draw_answer(paper, numbers, 22)
    for i, (title, found) in enumerate(_findings(numbers)):
        words = f"{title}: {' '.join(f'“{visible(numbers.text)[j]}”' for j in found[:_LISTED]) or 'none'}"
        spot = (8, 56 + 22 * i) if narrow else (300, 14 + 22 * i)
        label(paper, *spot, words, size=TEXT, weight="semibold" if found else "normal", va="center_baseline")
    for words, ink, wide, small, side in (
        ("weight", WEIGHT_INK, (8, 136), (158, 110), "right"),
        ("probability\nlost\nwithout it", INK, (8, 296), (186, 110), "left"),
    ):
        if narrow:
            label(
                paper,
                *small,
                words.replace("probability\n", "").replace("\n", " "),
                ink,
                size=TEXT,
                ha=side,
                va="center",
            )
        else:
            label(paper, *wide, words, ink, size=TEXT, va="center")
    _draw_bars(place(figure, *((8, 98, 328, tall) if narrow else (112, 56, 600, 312))), numbers, narrow)
    return figure


def _draw_answer(paper: Axes, numbers: Numbers, y: float) -> None:
    """The answer, the character in hand framed."""
    for i, sign in enumerate(numbers.said[:10]):
        x, here, wide = 20 + 22 * i, i == numbers.step - 1, 32 if sign == "end" else 22
        x += (wide - 22) // 2
        ink, weight = (QUERY_INK, "semibold") if here else (FAINT, "normal")
        label(paper, x, y, sign, ink, size=TEXT, weight=weight, ha="center", va="center_baseline")
        if here:
            paper.add_patch(
                Rectangle((x - wide // 2, y - 13), wide, 26, fill=False, edgecolor=QUERY_INK, linewidth=1.6)
            )


def _draw_bars(axes: Axes, numbers: Numbers, narrow: bool) -> None:
    """Weights up, what is lost down; on a phone to the left and to the right. Between them stand the names."""
    names, marked = visible(numbers.text), overlooked(numbers) + idle(numbers)
    count = max(len(names), _FEWEST)
    up = -1 if narrow else 1
    for heights, sign, fill, ink, what in (
        (numbers.attn_weights, up, WEIGHT, WEIGHT_INK, "weight on “{}”: {:.2f}"),
        (np.clip(numbers.lost, 0, 1), -up, FAINT, INK, "probability lost without “{}”: {:.2f}"),
    ):
        bars = (axes.barh if narrow else axes.bar)(np.arange(len(names)), sign * heights, 0.6, sign * _GAP, color=fill)
        for i, bar in enumerate(bars):
            say(bar, words=what.format(names[i], heights[i]), of=f"character{i}", lights=f"character{i}")
        if len(names) <= 16:  # else there is no room
            _write_heights(axes, heights, sign, ink, narrow, zeros=ink == INK)
    for i, name in enumerate(names):
        spot = (0, i) if narrow else (i, 0)
        words = label(axes, *spot, name, KEY_INK, size=TEXT, ha="center", va="center_baseline")
        both = f"weight {numbers.attn_weights[i]:.2f}, lost {_lost(numbers, i)}"
        say(words, words=f"“{name}”: {both}", of=f"character{i}", lights=f"character{i}")
        if i in marked:
            size = min(16, 450 / len(names))
            axes.plot(*spot, "s", markersize=size, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.5)
    if narrow:
        axes.set(xlim=(-1.5, 1.5), ylim=(count - 0.4, -1.2 if count < 20 else -2))
    else:
        axes.set(xlim=(-0.6, count - 0.4), ylim=(-1.36, 1.36))
    axes.set(xticks=[], yticks=[])
    axes.axis("off")
    _draw_scale(axes, count, narrow)


def _draw_scale(axes: Axes, count: int, narrow: bool) -> None:
    """Thin lines at 0, ½ and 1 on both sides of the names."""
    for side, amount in itertools.product((-1, 1), (0, 0.5, 1)):
        at, number = side * (_GAP + amount), f"{amount:g}"
        if narrow:
            axes.vlines(at, -0.5, count - 0.5, color=RULE, linewidth=0.8, zorder=0)
            label(axes, at, count - 0.3, number, FAINT, ha="center", va="top")
        else:
            axes.hlines(at, -0.5, count - 0.5, color=RULE, linewidth=0.8, zorder=0)
            label(axes, -0.6, at, number, FAINT, ha="right", va="center_baseline")


def _write_heights(axes: Axes, heights: np.ndarray, sign: int, ink: str, narrow: bool, zeros: bool) -> None:
    """At the end of each bar that is one, the largest in bold; and, pale, where there is none if zeros count."""
    for i, height in enumerate(heights):
        seen = height >= 0.015
        if not seen and not zeros:
            continue
        end, weight = sign * (_GAP + height + 0.03), "semibold" if seen and height > heights.max() - 0.01 else "normal"
        if narrow:
            spot, across, down = (end, i), "left" if sign > 0 else "right", "center_baseline"
        else:
            spot, across, down = (i, end), "center", "bottom" if sign > 0 else "top"
        label(axes, *spot, f"{height:.2f}", ink if seen else FAINT, weight=weight, ha=across, va=down)


map_misleads = Explorer(
    __name__,
    caption=(
        "For each character of the text: its weight (mean of all layers and heads), and what the framed digit of the "
        "answer loses without it (the digits before it given). A box marks where the map misleads: the weight is below "
        f"{LITTLE}, but more than half is lost, or the weight is above {MUCH}, but hardly anything is lost."
    ),
    controls={
        "text": Text("date", stops=TEXTS),
        "step": Slider("character of the answer", stops=DIGITS, stops_only=True),
        "way": Choice("each character in turn is", stops=(SPACE, HIDDEN, DELETED, UNREADABLE)),
    },
)
