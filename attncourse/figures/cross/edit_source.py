"""Explorer: change one character of a text, and see which weights and which outputs move."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider, Text
from attncourse.digits import ROUNDING
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, frame, matrix, name_columns, name_rows
from attncourse.drawing.palette import FAINT, INK, KEY, KEY_INK, QUERY_INK, RULE, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.date_readings import answer_of, answers_to, date_model, reading, signs, visible
from attnlib import decode, encode
from attnlib.dates.characters import plain
from attnlib.dates.task import BEGIN, as_source

SOURCE = "7. Juni 2021"
_REACH = 0.25  # at which a change of weight has the strongest colour
_TALL = 24  # CSS pixels for a change as long as the vector itself
READ_AGAIN, ALONE = "the encoder reads the new text", "its memory vector alone"


class Edited(NamedTuple):
    """What becomes of a text, or of a memory; the maps belong to the old answer, so that rows can be compared."""

    answer: np.ndarray  # (steps,) what is said now
    probability: np.ndarray  # (steps,) of each
    memory: np.ndarray  # (seq_source, d_model)
    cross: np.ndarray  # (layers, steps, seq_source) mean of the heads


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str  # as edited
    edit: int  # index of the edited character
    alone: bool
    layer: int
    said: list[str]  # before the edit
    says: list[str]  # after
    probability: np.ndarray  # (steps,) of each, after
    memory_change: np.ndarray  # (seq_source,) length of each memory vector's change, by its own length
    weight_change: np.ndarray  # (steps, seq_source)


def measure(character: int = 4, new: str = "9", scope: str = READ_AGAIN, layer: int = 1) -> Numbers:
    """Edit the text, or only the memory vector of the character, and compare with the text as it was.

    Raises:
        ValueError: if ``new`` is not one character.
    """
    edit, alone = character - 1, scope == ALONE
    text = plain(SOURCE[:edit] + new + SOURCE[edit + 1 :])
    if len(new) != 1 or len(text) != len(SOURCE):  # an accent alone would join its neighbour
        raise ValueError(f"new must be one character: got {new!r}")
    before, after = edited(SOURCE, None), edited(text, edit if alone else None)
    moved = np.linalg.norm(after.memory - before.memory, axis=-1)
    change = after.cross[layer - 1] - before.cross[layer - 1]
    return Numbers(
        text,
        edit,
        alone,
        layer,
        signs(before.answer),
        up_to_end(signs(after.answer)),
        after.probability,
        np.where(moved < 1e-9, 0, moved) / np.linalg.norm(before.memory, axis=-1),
        np.where(np.abs(change) < 1e-9, 0, change),
    )


@lru_cache(maxsize=64)
def edited(text: str, place: int | None) -> Edited:
    """What becomes of this text; with a place, of the memory of the text as it was, with this one vector of it."""
    memory, _ = encode(date_model(), as_source([text])[0])
    if place is not None:
        whole, _ = encode(date_model(), as_source([SOURCE])[0])
        memory = np.where(np.arange(len(text))[:, None] == place, memory, whole)
    answer, probability = answers_to(memory)
    target = np.insert(reading(SOURCE).said[:-1], 0, BEGIN)
    _, maps = decode(date_model(), target[None], memory)
    cross = np.concatenate([across.mean(axis=1) for _, across in maps])
    return Edited(answer[0], probability[0], memory[0], cross)


def up_to_end(says: list[str]) -> list[str]:
    """What is said behind the end has no meaning: nothing is shown there."""
    end = [*says, "end"].index("end") + 1
    return says[:end] + [""] * (len(says) - end)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    old, new = answer_of(numbers.said), answer_of(numbers.says)
    columns = int((np.abs(numbers.weight_change).max(axis=0) > 0.01).sum())
    moved = int((numbers.memory_change > ROUNDING).sum())
    return (
        f"“{numbers.text}”: {moved} of {len(numbers.memory_change)} memory vectors change, and layer {numbers.layer}’s "
        f"weights by more than 0.01 in {columns} columns; {old} {'stays' if old == new else f'becomes {new}'}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """How far each memory vector moves, below it the change of its weights, and on the right the answers."""
    figure = sheet(height=410, narrow=narrow, narrow_height=434)
    paper = board(figure)
    left, top, cell = (44, 160, (18, 22)) if narrow else (52, 136, (38, 22))
    characters = visible(numbers.text)
    change = numbers.weight_change.round(2)  # equal cells of several states are one line of the bundle
    grid = matrix(
        paper, left, top, cell, change, WEIGHT, _REACH, "{:.2f}", least=np.inf if narrow else 0.015,
        rows_said=numbers.said, columns_said=characters, what="change of weight", part="change",
    )  # fmt: skip
    name_rows(paper, grid, numbers.said, QUERY_INK, gap=8, part="change")
    name_columns(paper, grid, characters, KEY_INK, gap=8, part="change")
    frame(paper, grid, column=numbers.edit, colour=KEY_INK)
    edit = f"“{visible(SOURCE)[numbers.edit]}” becomes “{characters[numbers.edit]}”"
    old, new = answer_of(numbers.said), answer_of(numbers.says)
    answer = f"{old} {'stays' if old == new else f'becomes {new}'}"
    label(paper, 8, 20, edit, KEY_INK, size=HEADING, weight="semibold")
    label(paper, *((8, 42) if narrow else (200, 20)), answer, QUERY_INK, size=HEADING, weight="semibold")
    label(paper, 8 if narrow else left, top - 92, "how far each memory vector moves, in % of its length", KEY_INK)
    _draw_memory(paper, grid, numbers, top - 28)
    label(paper, left, top + 11 * cell[1] + 18, f"change of the weights, layer {numbers.layer}", WEIGHT_INK)
    _draw_answers(paper, grid, numbers, narrow)
    return figure


def _draw_memory(paper: Axes, grid: Grid, numbers: Numbers, floor: float) -> None:
    """A bar above each column, and in numbers how many percent it is."""
    middles = [grid.middle(None, j)[0] for j in range(len(numbers.memory_change))]
    bars = paper.bar(middles, -_TALL * numbers.memory_change, bottom=floor, width=grid.cell[0] * 0.6, color=KEY)
    paper.hlines(floor, grid.left, grid.left + grid.box()[2], color=RULE, linewidth=0.8)
    for j, (x, bar, change) in enumerate(zip(middles, bars, numbers.memory_change, strict=True)):
        percent = f"{100 * change:.0f}"
        if change:
            label(paper, x, floor - _TALL * change - 3, percent, KEY_INK, ha="center")
        words = f"memory vector of “{visible(numbers.text)[j]}”: moves by {percent} % of its length"
        say(bar, words=words, of=f"change-c{j}", lights=f"change-c{j}")


def _draw_answers(paper: Axes, grid: Grid, numbers: Numbers, narrow: bool) -> None:
    """What was said, what is said now, and how probable that is."""
    right = grid.left + grid.box()[2]
    columns = (right + 24, right + 62) if narrow else (right + 40, right + 96)
    for x, name in zip(columns, ("old", "new"), strict=True):
        label(paper, x, grid.top - 8, name, FAINT, ha="center")
    for i, (old, new) in enumerate(zip(numbers.said, numbers.says, strict=True)):
        y, moved, chance = grid.middle(i)[1], old != new, f"{numbers.probability[i]:.2f}"
        label(paper, columns[0], y, old, size=TEXT, ha="center", va="center_baseline")
        ink, weight = (KEY_INK, "semibold") if moved else (INK, "normal")
        words = label(paper, columns[1], y, new, ink, size=TEXT, weight=weight, ha="center", va="center_baseline")
        if new:
            say(words, words=f"“{new}” with probability {chance}", of=f"change-r{i}", lights=f"change-r{i}")
        if new and not narrow:
            label(paper, right + 158, y, chance, FAINT, ha="center", va="center_baseline")
    if not narrow:
        label(paper, right + 158, grid.top - 8, "probability", FAINT, ha="center")


edit_source = Explorer(
    __name__,
    caption=(
        f"One character of “{SOURCE}” is changed (framed): read by the encoder, it moves every memory vector, its own "
        "most. The answer may change where the weights hardly do, and stay where they change. Map: cross-attention "
        "after the edit minus before (grey: less weight), mean of the heads, while the decoder is given the old answer."
    ),
    controls={
        "character": Slider("character", stops=tuple(range(1, len(SOURCE) + 1))),
        "new": Text("becomes", stops=("9", "l")),
        "scope": Choice("what changes", stops=(READ_AGAIN, ALONE)),
        "layer": Slider("layer", stops=(1, 2)),
    },
)
