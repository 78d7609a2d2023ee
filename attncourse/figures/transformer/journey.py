"""Explorer: one date on its way through the date model, array by array, with real numbers and their shapes."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Slider
from attncourse.digits import in_digits, product_of
from attncourse.drawing.board import arrow, board
from attncourse.drawing.canvas import HEADING, sheet
from attncourse.drawing.cells import Cells
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, name_columns, name_rows
from attncourse.drawing.palette import FAINT, INK, KEY_INK, NUMBER, RULE, SCORE, VALUE, WEIGHT
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.date_readings import date_model, visible
from attnlib import decoder_layer, encoder_layer
from attnlib.dates.task import BEGIN, TARGET, TARGET_CODES, as_source
from attnlib.residual import last_norm
from attnlib.transformer import vectors

TEXT, SAID = "June 7th, 2021", "2021-"
CANDIDATES = ("▷", "end", *TARGET)
_ABOVE = {"weights": visible(TEXT), "logits": list(CANDIDATES)}  # names of columns
_LOOKS = {"vectors": (VALUE, 3.0), "weights": (WEIGHT, 0.6), "logits": (SCORE, 12.0)}  # colour, reach


class Box(NamedTuple):
    """An array on the way."""

    name: str
    side: int  # 0: encoder, 1: decoder
    kind: str  # of what
    about: str  # what has just happened
    array: np.ndarray


class Numbers(NamedTuple):
    """What the figure shows."""

    stop: int  # counted from 1
    arrays: tuple[np.ndarray, ...]  # of all stops


def measure(stop: int = 5) -> Numbers:
    """The arrays of one pass over the source and the five characters written so far."""
    return Numbers(stop, tuple(box.array for box in boxes()))


@lru_cache
def boxes() -> tuple[Box, ...]:
    """Every stop of the way, in order."""
    params, source = date_model(), as_source([TEXT])[0][0]
    target = np.array([BEGIN, *(TARGET_CODES[character] for character in SAID)])
    looked_up = params.source_tokens[source] * params.source_tokens.shape[1] ** 0.5
    read = vectors(params.source_tokens, source)
    first, _ = encoder_layer(params.encoder.layers[0], read)
    second, _ = encoder_layer(params.encoder.layers[1], first)
    memory = last_norm(params.encoder.norm, second)
    written = vectors(params.target_tokens, target)
    back, _ = decoder_layer(params.decoder.layers[0], written, memory)
    across, (_, cross) = decoder_layer(params.decoder.layers[1], back, memory)
    out = last_norm(params.decoder.norm, across)
    return (
        Box("embedding", 0, "vectors", "each character has become its vector", looked_up),
        Box("+ positions", 0, "vectors", "the wave of its place is added to each vector", read),
        Box("layer 1", 0, "vectors", "every character has looked at all the others", first),
        Box("memory", 0, "vectors", "a second layer and a norm, and the reading is done", memory),
        Box("input", 1, "vectors", "the start symbol and five characters, with their places", written),
        Box("layer 1", 1, "vectors", "each has looked back, and across at the memory", back),
        Box(
            "looks across",
            1,
            "weights",
            "who looks where in the source, layer 2, mean of its heads",
            cross.mean(axis=0),
        ),
        Box("output", 1, "vectors", "layer 2 and a norm, and the writing is done", out),
        Box("logits", 1, "logits", "a number for each symbol that could come next", out @ params.target_tokens.T),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    box = boxes()[numbers.stop - 1]
    more = ""
    if box.kind == "logits":
        more = f"; the last row is highest at “{CANDIDATES[int(box.array[-1].argmax())]}”"
    if box.kind == "weights":
        most = int(box.array[-1].argmax())
        more = f"; the last row looks most at “{visible(TEXT)[most]}” ({in_digits(float(box.array[-1, most]))})"
    side = ("encoder", "decoder")[box.side]
    return f"Stop {numbers.stop}, {side}, {box.name}: {product_of(box.array.shape)} numbers; {box.about}{more}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """All stops as small pictures in two rows, to scale; below, the chosen one with its names."""
    figure = sheet(height=452, narrow=narrow, narrow_height=444)
    paper = board(figure)
    plan = _plan(narrow)
    for stop, box in enumerate(boxes(), start=1):
        _draw_small(paper, box, stop, plan, stop == numbers.stop, not narrow)
    _draw_ways(paper, plan)
    for side, words in enumerate(("encoder", "decoder")):
        x, y = (6, (20, 104)[side]) if narrow else (72, (57, 151)[side])
        where: dict[str, Any] = {"ha": "left" if narrow else "right", "va": "center_baseline"}
        label(paper, x, y, words, size=HEADING, weight="semibold", **where)
    _draw_large(paper, numbers, 222 if narrow else 236, narrow)
    return figure


def _plan(narrow: bool) -> list[Grid]:
    """Where the small pictures lie: those of one side in a row, on one middle line."""
    cell, pitch, left, middles = ((0.7, 2.4), 68, 6, (53, 134)) if narrow else ((1.0, 3.0), 122, 92, (57, 151))
    plan = []
    for place, box in enumerate(boxes()):
        rows, columns = box.array.shape
        column = place - 4 * box.side
        x = left + pitch * column + cell[0] * (64 - columns) / 2
        plan.append(Grid(x, middles[box.side] - cell[1] * rows / 2, cell, (rows, columns)))
    return plan


def _draw_small(paper: Axes, box: Box, stop: int, plan: list[Grid], chosen: bool, named: bool) -> None:
    grid = plan[stop - 1]
    colour, reach = _LOOKS[box.kind]
    left, top, wide, tall = grid.box()
    few = np.rint(box.array / reach * 2) / 2 * reach  # two shades of each sign are enough for so small a picture
    paper.add_artist(Cells(few, colour, reach, (left, top), grid.cell, quiet=True))
    edge, width = (INK, 2.4) if chosen else (RULE, 0.9)
    frame = Rectangle((left - 1.5, top - 1.5), wide + 3, tall + 3, fill=False, edgecolor=edge, linewidth=width)
    say(paper.add_artist(frame), words=f"stop {stop}, {box.name}: {product_of(box.array.shape)}")
    ink, weight = (INK, "semibold") if chosen else (FAINT, "normal")
    label(paper, left + wide / 2, top + tall + 16, product_of(box.array.shape), ink, weight=weight, ha="center")
    if named:
        label(paper, left + wide / 2, top - 8, box.name, ink, weight=weight, ha="center")


def _draw_ways(paper: Axes, plan: list[Grid]) -> None:
    """From each array to the next; and from the memory down to the decoder."""
    for place in (*range(3), *range(4, 8)):
        left, _, wide, _ = plan[place].box()
        y = plan[place].middle()[1]
        arrow(paper, (left + wide + 5, y), (plan[place + 1].left - 6, y), linewidth=1)
    left, top, wide, tall = plan[3].box()
    end, down, across, _ = plan[6].box()
    named = 22 if plan[0].cell[0] == 1 else 5  # where the name of the lower one stands
    arrow(paper, (left + wide / 2, top + tall + 21), (end + across, down - named), color=KEY_INK, linewidth=1)


def _draw_large(paper: Axes, numbers: Numbers, top: float, narrow: bool) -> None:
    """The chosen array: a row for each token, named; columns named where they have names."""
    box = boxes()[numbers.stop - 1]
    colour, reach = _LOOKS[box.kind]
    rows, columns = box.array.shape
    title = f"{box.name}: {product_of(box.array.shape)}"
    label(paper, 6 if narrow else 92, top - 20, title, size=HEADING, weight="semibold")
    if not narrow:
        label(paper, 92 + 576, top - 20, box.about, FAINT, ha="right")
    names, above = visible(TEXT) if box.side == 0 else visible("▷" + SAID), _ABOVE.get(box.kind, [])
    corner = (26 if narrow else 92), top + 14 * bool(above)
    cell = (312 if narrow else 576) / columns, 14 if rows > 6 else 24
    what = "" if box.kind == "vectors" else box.kind.removesuffix("s")
    called: dict[str, Any] = {"rows": names, "columns": above, "what": what, "form": "{:.2f}", "part": "large"}
    cells = Cells(box.array, colour, reach, corner, cell, **called)
    paper.add_artist(cells)
    grid = Grid(*corner, cell, (rows, columns))
    paper.add_artist(Rectangle(corner, *grid.box()[2:], fill=False, edgecolor=RULE, linewidth=0.8))
    name_rows(paper, grid, names, KEY_INK if box.side == 0 else INK, gap=7)
    name_columns(paper, grid, above, FAINT)
    if above and not narrow:
        for i, j in np.argwhere(box.array >= (0.05 if box.kind == "weights" else 0.5)):
            words = in_digits(float(box.array[i, j]), "{:.2f}" if box.kind == "weights" else "{:.1f}")
            label(paper, *grid.middle(i, j), words, NUMBER, ha="center", va="center_baseline")


journey = Explorer(
    __name__,
    caption=(
        "“June 7th, 2021” on its way through the trained model, which has written 2021- so far: a row for each token, "
        "64 columns at most stops, and at stops 7 and 9 columns that have names. Small pictures are to scale."
    ),
    controls={"stop": Slider("stop", stops=tuple(range(1, 10)))},
)
