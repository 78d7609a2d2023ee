"""Explorer: exchange one vector of the memory between a text and the same without a separator."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Choice, Slider
from attncourse.drawing.board import arrow, board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, frame
from attncourse.drawing.palette import FAINT, INK, KEY, KEY_INK, QUERY_INK, RULE
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.date_readings import answer_of, answers_to, date_model, signs, visible
from attnlib import encode
from attnlib.dates.task import as_source

TEXTS = "7.6.2021", "6/7/2021"
_SEPARATOR = 1  # index of the one that is blanked out
_ROW = 32  # CSS pixels


class Numbers(NamedTuple):
    """What the figure shows; a row for each of the two texts."""

    texts: tuple[str, str]  # whole, and with a space for its first separator
    exchanged: int  # the last place whose vectors change sides, counted from 1; 0 is none
    answers: tuple[str, str]  # with a memory of its own
    patched: list[list[str]]  # (2, seq_source) with one vector of the other memory


def measure(text: str = TEXTS[0], exchanged: int = 0) -> Numbers:
    """What both texts are read as, and what becomes of it with one vector from the other memory."""
    blank = text[:_SEPARATOR] + " " + text[_SEPARATOR + 1 :]
    answers, patched = exchange_each(text, blank)
    return Numbers((text, blank), exchanged, answers, patched)


@lru_cache
def exchange_each(text: str, other: str) -> tuple[tuple[str, str], list[list[str]]]:
    """The answers to two texts of one length, and those with one memory vector exchanged, for each place."""
    memories, _ = encode(date_model(), as_source([text, other])[0])
    each = np.eye(len(text), dtype=bool)[..., None]
    first, second = write(memories)
    return (first, second), [write(np.where(each, memories[1 - i], memories[i])) for i in range(2)]


def write(memory: np.ndarray) -> list[str]:
    """The likeliest answers to memories (batch, seq_source, d_model), as texts."""
    return [answer_of(signs(said)) for said in answers_to(memory)[0]]


def turns(numbers: Numbers, row: int, place: int) -> bool:
    """Whether this one vector spoils the right answer, or brings it back."""
    right = numbers.answers[0]
    return (numbers.patched[row][place] == right) != (numbers.answers[row] == right)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    (text, blank), (answer, other) = numbers.texts, numbers.answers
    if not numbers.exchanged:
        return f"“{text}” is read as {answer}, “{blank}” as {other}; no vector is exchanged yet."
    place = numbers.exchanged - 1
    now, back = (patched[place] for patched in numbers.patched)
    return (
        f"Vector {numbers.exchanged} exchanged, that of the “{visible(text)[place]}”: “{text}” is read as {now}, "
        f"“{blank}” as {back}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The vectors of both memories one above the other, and outside of each what is written with it exchanged."""
    figure = sheet(height=236, narrow=narrow, narrow_height=362)
    paper = board(figure)
    left, cell = (8, 41) if narrow else (218, 58)
    tops = (104, 196) if narrow else (66, 150)
    for row, top in enumerate(tops):
        _draw_memory(paper, numbers, row, Grid(left, top, (cell, _ROW), (1, len(numbers.texts[0]))), narrow)
    if numbers.exchanged:
        x = left + cell * (numbers.exchanged - 0.5)
        for start, end in (tops, tops[::-1]):
            towards = _ROW + 3 if start < end else -3
            arrow(paper, (x, start + towards), (x, end + _ROW + 3 if start > end else end - 3), color=INK)
    if numbers.exchanged == len(numbers.texts[0]):
        _draw_way(paper, numbers, left, tops[0] + _ROW + 3, cell)
    return figure


def _draw_way(paper: Axes, numbers: Numbers, left: float, below: float, cell: float) -> None:
    """An arc under the whole text, from its separator to each vector that decides."""
    start = left + cell * (_SEPARATOR + 0.5)
    for place in range(len(numbers.texts[0])):
        if turns(numbers, 0, place):
            end = left + cell * (place + 0.5)
            bend = 0.5 if end > start else -0.5
            arrow(paper, (start, below), (end, below), color=KEY_INK, connectionstyle=f"arc3,rad={bend}")
            right = max(start, end) + 6
            label(paper, right, below + 16, "encoder’s self-attention", KEY_INK, va="center_baseline")


def _draw_memory(paper: Axes, numbers: Numbers, row: int, grid: Grid, narrow: bool) -> None:
    """A box for each vector with its character, and the answers so far on the side that is turned away."""
    outside = grid.top - 16 if row == 0 else grid.top + _ROW + 18
    for place, name in enumerate(visible(numbers.texts[row])):
        x, y = grid.middle(0, place)
        box_left, top, wide, tall = grid.box(0, place)
        done, turned = place < numbers.exchanged, turns(numbers, row, place)
        fill: dict[str, Any] = {"facecolor": (KEY, 0.35)} if done and turned else {"fill": False}
        paper.add_patch(Rectangle((box_left, top), wide, tall, edgecolor=RULE, linewidth=1, **fill))
        words = label(paper, x, y, name, KEY_INK, HEADING, "semibold", ha="center", va="center_baseline")
        of = f"vector{place}"
        say(words, words=f"memory vector of “{name}” in “{numbers.texts[row]}”", of=of, lights=of)
        if done:
            answer = numbers.patched[row][place]
            changed = INK if answer != numbers.answers[row] else FAINT
            ink, weight = (KEY_INK, "semibold") if turned else (changed, "normal")
            found = label(paper, x, outside, answer[5:], ink, weight=weight, ha="center", va="center_baseline")
            say(found, words=f"“{numbers.texts[row]}” with this vector exchanged: {answer}", of=of, lights=of)
    if numbers.exchanged:
        frame(paper, grid, 0, numbers.exchanged - 1)
    whose, own = f"memory of “{''.join(visible(numbers.texts[row]))}”", f"read as {numbers.answers[row]}"
    if narrow:
        y = 20 if row == 0 else outside + 72
        label(paper, 8, y, whose, KEY_INK, size=TEXT, va="center_baseline")
        label(paper, 8, y + 22, own, QUERY_INK, size=TEXT, va="center_baseline")
        if numbers.exchanged:
            under = y + 46 if row == 0 else outside + 22
            label(paper, 8, under, "with one vector exchanged", FAINT, va="center_baseline")
    else:
        label(paper, 8, grid.top + 8, whose, KEY_INK, size=TEXT, va="center_baseline")
        label(paper, 8, grid.top + 28, own, QUERY_INK, size=TEXT, va="center_baseline")
        if numbers.exchanged:
            label(paper, 8, outside, "with one vector exchanged:", FAINT, va="center_baseline")
    if astray := _astray(numbers, row):
        x, y = (8, outside + 44) if narrow else (grid.left, outside + 24)
        label(paper, x, y, f"{', '.join(astray)}: still wrong", INK, va="center_baseline")


def _astray(numbers: Numbers, row: int) -> list[str]:
    """Month and day of the answers so far that one vector changes, but from one wrong answer to another."""
    done = numbers.patched[row][: numbers.exchanged]
    return [answer[5:] for answer in dict.fromkeys(done) if answer not in numbers.answers]


patching = Explorer(
    __name__,
    caption=(
        "Each box is a memory vector. Above or below it: the month and day that the model writes if this vector alone "
        "comes from the other text. Colour: it spoils the right answer, or brings it back. “Still wrong”: it makes "
        "another wrong date, so it bears a trace of the dot, too. The arc at the end, drawn from these results, leads "
        "from the dot or slash to the vector that decides, perhaps by way of others."
    ),
    controls={
        "text": Choice("date", stops=TEXTS),
        "exchanged": Slider("exchange vector", stops=tuple(range(len(TEXTS[0]) + 1))),
    },
)
