"""Explorer: put the memory, or the queries, in another order, and see what moves along."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Switch
from attncourse.digits import ROUNDING
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, matrix
from attncourse.drawing.palette import INK, KEY_INK, VALUE, VALUE_INK, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import MultiHeadParams, multi_head_attention, sinusoidal_positions

QUERIES, MEMORY = ("Hund", "beißt", "Mann"), ("the", "dog", "bites", "man")
_D_MODEL = 4
_REACH = 2.0
# Features: article, animal, action, human
_X = np.array([[0.3, 2, 0, 0.4], [0, 0.2, 2, 0], [0.2, 0.3, 0, 2]])
_VECTORS = np.array([[2, 0, 0.1, 0], [0.1, 2, 0, 0.3], [0, 0.1, 2, 0.2], [0.2, 0.3, 0, 2]])
_W_V = np.array([[0.3, 0.1, -0.2, 0], [0.9, -0.3, 0, 0.4], [0.1, 0.8, -0.5, 0], [-0.4, 0.2, 0.3, 0.9]])
_LAYER = MultiHeadParams(1.1 * np.eye(_D_MODEL), np.eye(_D_MODEL), _W_V, np.eye(_D_MODEL), num_heads=1)
SHUFFLED = ("nothing", "the memory", "the queries", "both", "the keys, not the values")
_QUERIES_ORDER, _MEMORY_ORDER = (2, 0, 1), (2, 0, 3, 1)


class Numbers(NamedTuple):
    """What the figure shows; the shuffled queries keep their names."""

    shuffled: str
    encoding: bool
    queries: tuple[int, ...]  # which query stands first, second, third after the shuffle
    memory: tuple[int, ...]  # which word of the memory
    before: np.ndarray  # (3, 4) weights
    after: np.ndarray  # (3, 4) in the new order
    output: np.ndarray  # (3, d_model) before
    shuffled_output: np.ndarray  # (3, d_model) after
    change: np.ndarray  # (3, d_model) after − before of each query, wherever it stands now


def measure(shuffled: str = SHUFFLED[0], encoding: bool = False) -> Numbers:
    """Attention of three queries to four words, and the same with one side or both in another order."""
    same = [tuple(range(len(words))) for words in (QUERIES, MEMORY)]
    queries = _QUERIES_ORDER if shuffled in ("the queries", "both") else same[0]
    memory = same[1] if shuffled in ("nothing", "the queries") else _MEMORY_ORDER
    values = same[1] if shuffled == SHUFFLED[-1] else memory
    positions = sinusoidal_positions(len(MEMORY), _D_MODEL) * encoding
    key, value = _VECTORS[list(memory)] + positions, _VECTORS[list(values)] + positions
    whole = _VECTORS + positions
    output, before = multi_head_attention(_LAYER, _X, whole, whole)
    moved, after = multi_head_attention(_LAYER, _X[list(queries)], key, value)
    change = moved - output[list(queries)]
    change = np.where(np.abs(change) < 1e-12, 0, change)  # the rounding is another on other machines
    return Numbers(shuffled, encoding, queries, memory, before[0], after[0], output, moved, change)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    (queries, memory), (weights, outputs) = _names(numbers), _verdicts(numbers)
    positions = "; positions added after the shuffle" if numbers.encoding else ""
    return f"Queries {', '.join(queries)}; memory {', '.join(memory)}{positions}: {weights}; {outputs}."


def _names(numbers: Numbers) -> tuple[list[str], list[str]]:
    return [QUERIES[i] for i in numbers.queries], [MEMORY[j] for j in numbers.memory]


def _verdicts(numbers: Numbers) -> tuple[str, str]:
    """Of the weights, and of the outputs."""
    same = np.allclose(numbers.after, numbers.before[list(numbers.queries)][:, list(numbers.memory)], atol=1e-12)
    largest = np.abs(numbers.change).max()
    rows, columns = numbers.queries == _QUERIES_ORDER, numbers.memory == _MEMORY_ORDER
    moved = ", in the new order"
    return (
        f"weights: the same{moved * (rows or columns)}" if same else "weights: not the same",
        f"outputs: changed by up to {largest:.2f}" if largest > ROUNDING else f"outputs: the same{moved * rows}",
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Weights and outputs before and after, and the change of each query's output."""
    figure = sheet(height=300, narrow=narrow, narrow_height=476)
    paper = board(figure)
    tall, weight, number = 28, 40, 32 if narrow else 34  # of the cells
    places = ((44, 58), (44, 202), (44, 324)) if narrow else ((48, 58), (412, 58), (412, 202))
    whole = range(len(QUERIES)), range(len(MEMORY))
    panels = (
        ("before", numbers.before, numbers.output, *whole),
        ("after", numbers.after, numbers.shuffled_output, numbers.queries, numbers.memory),
    )
    for (left, top), (title, weights, output, queries, memory) in zip(places, panels, strict=False):
        grid = matrix(
            paper, left, top, (weight, tall), weights, WEIGHT, 1, "{:.2f}", **_said("weight", queries, memory)
        )
        _name_queries(paper, grid, queries)
        for column, j in enumerate(memory):
            name = label(paper, grid.middle(None, column)[0], top - 6, MEMORY[j], ha="center")
            say(name, words=MEMORY[j], of=f"word{j}", lights=f"word{j}")
        right = left + 4 * weight + 8
        matrix(paper, right, top, (number, tall), output, VALUE, _REACH, "{:.1f}", **_said("output", queries))
        label(paper, left, top - 26, f"weights {title}", WEIGHT_INK, size=HEADING)
        label(paper, right, top - 26, f"outputs {title}", VALUE_INK, size=HEADING)
    left, top = places[2]
    right = left + 4 * weight + 8
    label(paper, right, top - 10, "after − before", VALUE_INK, size=HEADING)
    said = _said("change of the output", numbers.queries)
    grid = matrix(paper, right, top, (number, tall), numbers.change, VALUE, _REACH, "{:.1f}", **said)
    _name_queries(paper, grid, numbers.queries)
    for i, words in enumerate(_verdicts(numbers)):
        changed = "not" in words or "changed" in words
        spot = (8, 436 + 26 * i) if narrow else (48, 232 + 30 * i)
        label(paper, *spot, words, KEY_INK if changed else INK, size=TEXT, weight="semibold")
    return figure


def _said(what: str, queries: Sequence[int], memory: Sequence[int] | None = None) -> dict[str, Any]:
    """What the cells say: numbers of one query, and of one word, are lit together wherever they stand."""

    def tell(i: int, j: int) -> dict[str, str]:
        of = f"query{queries[i]}" + (f" word{memory[j]}" if memory else "")
        return {"of": of, "lights": of}

    columns = [MEMORY[j] for j in memory] if memory else [f"number {j + 1}" for j in range(_D_MODEL)]
    return {"what": what, "rows_said": [QUERIES[i] for i in queries], "columns_said": columns, "tell": tell}


def _name_queries(paper: Axes, grid: Grid, queries: Sequence[int]) -> None:
    for row, i in enumerate(queries):
        name = label(paper, grid.left - 5, grid.middle(row)[1], QUERIES[i], ha="right", va="center_baseline")
        say(name, words=QUERIES[i], of=f"query{i}", lights=f"query{i}")


shuffle_memory = Explorer(
    __name__,
    caption=(
        "Three German words ask four English ones (vectors made up for the picture), before a shuffle and after it. "
        "Positions, if they are added, belong to the places and do not move along; shuffling the keys without their "
        "values is a mistake, made on purpose."
    ),
    controls={
        "shuffled": Choice("shuffle", stops=SHUFFLED),
        "encoding": Switch("positions added after the shuffle"),
    },
)
