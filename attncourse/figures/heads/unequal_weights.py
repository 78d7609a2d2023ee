"""Explorer: one head's output for four neighbourhoods on a line, and what can be read off it by cutting the line."""

from itertools import product
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from attncourse.controls import Choice, Slider
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, PAPER, VALUE, VALUE_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer

VALUES = {"toy": 0.0, "cat": 1.0}
PAIRS = tuple(product(VALUES, VALUES))  # the token before and the token after
ASKED = "before", "after"
READERS = {"a linear map: one cut": 1, "with a feed-forward network: several cuts": 3}
_STOPS = tuple(step / 10 for step in range(11))


class Numbers(NamedTuple):
    """What the figure shows; pairs in the order of PAIRS, questions in that of ASKED."""

    weight: float  # on the token before; the rest is on the token after
    cuts: int  # that the reader may make at most
    output: np.ndarray  # (pairs,) of the head
    edges: tuple[np.ndarray, ...]  # a question: where the answer changes
    answers: np.ndarray  # (questions, pairs) what is read off: the value of "toy" or of "cat"
    right: np.ndarray  # (questions, pairs) whether that is so


def measure(weight: float = 0.5, reader: str = next(iter(READERS))) -> Numbers:
    """Mix the two values, and cut the line so that as many answers as can be are right."""
    values = np.array([[VALUES[token] for token in pair] for pair in PAIRS])
    output = values @ [weight, 1 - weight]
    cuts = READERS[reader]
    found = [best_cuts(output, truth, cuts) for truth in values.T]
    answers = np.array([answer for _, answer in found])
    return Numbers(weight, cuts, output, tuple(edges for edges, _ in found), answers, answers == values.T)


def best_cuts(output: np.ndarray, truth: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Where to cut the line, ``most`` times at most, and the answers then: as many right as can be, with few cuts."""
    places = np.unique(output.round(9))
    middles = (places[1:] + places[:-1]) / 2
    best: tuple[tuple[int, int], np.ndarray, np.ndarray] | None = None
    for said in product((0.0, 1.0), repeat=len(places)):  # one answer for each place on the line
        edges = middles[np.diff(said) != 0]
        answers = np.array(said)[np.searchsorted(places, output.round(9))]
        rank = (int((answers != truth).sum()), len(edges))
        if len(edges) <= most and (best is None or rank < best[0]):
            best = rank, edges, answers
    if best is None:
        raise ValueError("one answer everywhere takes no cut, and must have been found")
    return best[1], best[2]


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    before, after = (int(right.sum()) for right in numbers.right)
    way = "one cut for each question reads" if numbers.cuts == 1 else "several cuts for each question read"
    return (
        f"With weight {numbers.weight:g} on the token before and {1 - numbers.weight:.1g} on the token after, {way} "
        f"the token before rightly in {before} of 4 cases, the token after in {after} of 4."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The same line twice, cut for each of the two questions."""
    figure = sheet(height=280, narrow=narrow, narrow_height=306)
    paper = board(figure)
    left, length = (40, 262) if narrow else (196, 400)
    for row, which in enumerate(ASKED):
        y = (92, 222)[row] if narrow else (74, 198)[row]
        words = f"token {which}?"
        by, right = _cut_by(numbers, row), f"{numbers.right[row].sum()} of 4 right"
        if narrow:
            label(paper, 12, y - 62, words, size=TEXT, weight="semibold")
            label(paper, 336, y - 62, f"{' '.join(by)}: {right}", size=TEXT, ha="right")
        else:
            label(paper, 20, y, words, size=TEXT, weight="semibold", va="center")
            label(paper, 628, y, "\n".join(by) + f":\n{right}", size=TEXT, va="center")
        _draw_line(paper, left, y, length, numbers, row)
    for i, want in enumerate(VALUES):
        x, y = left + 140 * i, 292 if narrow else 266
        _draw_dot(paper, x, y, want)
        label(paper, x + 12, y, f"“{want}” is right", size=TEXT, va="center")
    return figure


def _cut_by(numbers: Numbers, row: int) -> tuple[str, ...]:
    """How often the line is cut for this question, or that cutting it more often is no help: a word or two a line."""
    made = len(numbers.edges[row])
    if made == 1 < numbers.cuts and not numbers.right[row].all():
        return "no second", "cut helps"
    return (("no cut helps", "one cut", "several cuts")[min(made, 2)],)


def _draw_line(paper: Axes, left: float, y: float, length: float, numbers: Numbers, row: int) -> None:
    """Where "cat" is read off, the line lies on colour; a dot is filled if "cat" would be right."""
    low, high = left - 24, left + length + 24
    edges = [low, *(left + length * edge for edge in numbers.edges[row]), high]
    order = np.argsort(numbers.output, kind="stable")
    said = [numbers.answers[row][order[0]]]
    said += [1 - said[0] if i % 2 else said[0] for i in range(1, len(edges) - 1)]
    for start, end, answer in zip(edges, edges[1:], said, strict=False):
        name = "cat" if answer else "toy"
        band = Rectangle((start, y - 17), end - start, 34, facecolor=(VALUE, 0.3) if answer else PAPER,
                         edgecolor=FAINT, linewidth=0.8)  # fmt: skip
        say(paper.add_patch(band), words=f"outputs here are read as “{name}”")
        if end - start > 34:
            label(paper, (start + end) / 2, y + 32, f"read as {name}" if end - start > 80 else name,
                  VALUE_INK if answer else FAINT, ha="center", va="center")  # fmt: skip
    paper.hlines(y, low, high, color=FAINT, linewidth=1)
    places = np.unique(numbers.output.round(9))
    crowded = np.diff(places).min() * length < 72  # the words of neighbours would touch: every other one stands higher
    met: dict[float, int] = {}
    for pair, output, right in zip(PAIRS, numbers.output.round(9), numbers.right[row], strict=True):
        x, level = left + length * output, met.get(output, 0)
        met[output] = level + 1
        want = pair[row]
        dot = _draw_dot(paper, x, y - 9 * level, want)
        say(dot, words=[f"{pair[0]} hid {pair[1]}: output {output:.1f}, and “{want}” would be right"])
        higher = level + int(crowded) * int(np.searchsorted(places, output) % 2)
        label(paper, x, y - 24 - 15 * higher, f"{pair[0]} hid {pair[1]}" + ("" if right else " ✗"), INK,
              ha="center", va="bottom", weight="normal" if right else "semibold")  # fmt: skip


def _draw_dot(paper: Axes, x: float, y: float, want: str) -> Line2D:
    [dot] = paper.plot(x, y, "o", color=VALUE if want == "cat" else PAPER, markersize=9, markeredgecolor=INK,
                       markeredgewidth=1.4)  # fmt: skip
    return dot


unequal_weights = Explorer(
    __name__,
    caption=(
        "One number must answer two questions. The value of “toy” is 0 and that of “cat” is 1, and the head’s output "
        "for “hid” lies between its neighbours’ values; a cross marks a wrong answer."
    ),
    controls={
        "weight": Slider("weight on the token before", stops=_STOPS),
        "reader": Choice("read off by", stops=tuple(READERS)),
    },
)
