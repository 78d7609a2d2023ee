"""Explorer: one date on its way through the date model, array by array, with real numbers and their shapes."""

from functools import lru_cache
from itertools import pairwise
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
from attncourse.drawing.matrix import Grid, name_columns
from attncourse.drawing.palette import FAINT, INK, KEY_INK, NUMBER, RULE, SCORE, VALUE, WEIGHT
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.date_readings import date_model, visible
from attnlib import decoder_layer, encoder_layer
from attnlib.dates.task import BEGIN, TARGET, TARGET_CODES, as_source
from attnlib.residual import last_norm
from attnlib.transformer import vectors

TEXT, SAID = "June 7th, 2021", "2021-0"
CANDIDATES = ("▷", "end", *TARGET)
_ABOVE = {"weights": visible(TEXT), "logits": list(CANDIDATES)}  # names of columns
_BELOW = 4  # the place of “looks across”: its weights are a by-product, so they hang below the line
_LOOKS = {  # colour, reach
    "vectors": (VALUE, 3.0),
    "sums": (VALUE, 12.0),  # vectors that have grown
    "weights": (WEIGHT, 0.6),
    "logits": (SCORE, 12.0),
}


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


def measure(stop: int = 6) -> Numbers:
    """The arrays of one pass over the source and the six characters written so far."""
    return Numbers(stop, tuple(box.array for box in boxes()))


@lru_cache
def boxes() -> tuple[Box, ...]:
    """Every stop of the way, in order."""
    params, source = date_model(), as_source([TEXT])[0][0]
    target = np.array([BEGIN, *(TARGET_CODES[character] for character in SAID)])
    read = vectors(params.source_tokens, source)
    first, _ = encoder_layer(params.encoder.layers[0], read)
    second, _ = encoder_layer(params.encoder.layers[1], first)
    memory = last_norm(params.encoder.norm, second)
    written = vectors(params.target_tokens, target)
    back, _ = decoder_layer(params.decoder.layers[0], written, memory)
    across, (_, cross) = decoder_layer(params.decoder.layers[1], back, memory)
    out = last_norm(params.decoder.norm, across)
    return (
        Box("source", 0, "vectors", "characters with their places: both rows of 2 look alike", read),
        Box("memory", 0, "vectors", "the reading is done: the rows of 2 differ more", memory),
        Box("written", 1, "vectors", "the start symbol and six characters, with places", written),
        Box("after layer 1", 1, "sums", "each has looked back, and across at the memory", back),
        Box(
            "looks across",
            1,
            "weights",
            "who looks where in the source, layer 2, mean of its heads",
            cross.mean(axis=0),
        ),
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
    figure = sheet(height=458, narrow=narrow, narrow_height=470)
    paper = board(figure)
    plan = _plan(narrow)
    for stop, box in enumerate(boxes(), start=1):
        _draw_small(paper, box, stop, plan, stop == numbers.stop, narrow)
    _draw_ways(paper, plan)
    for side, words in enumerate(("encoder", "decoder")):
        x, y = (6, (12, 124)[side]) if narrow else (72, (57, 152)[side])
        where: dict[str, Any] = {"ha": "left" if narrow else "right", "va": "center_baseline"}
        label(paper, x, y, words, size=HEADING, weight="semibold", **where)
    _draw_large(paper, numbers, 266 if narrow else 256, narrow)
    return figure


def _plan(narrow: bool) -> list[Grid]:
    """Where the small pictures lie: those of one side in a row, on one middle line; what is looked at, below it."""
    cell, pitch, left, middles = ((0.9, 2.4), 125, 12, (62, 165)) if narrow else ((1.5, 3.0), 190, 92, (57, 152))
    plan: list[Grid] = []
    for place, box in enumerate(boxes()):
        rows, columns = box.array.shape
        x, y = left + pitch * (0, 2, 0, 1, 0, 2)[place] + cell[0] * 32, middles[box.side]
        if place == _BELOW:
            x, y = _between(plan, 2, 3) + pitch, y + 45
        plan.append(Grid(x - cell[0] * columns / 2, y - cell[1] * rows / 2, cell, (rows, columns)))
    return plan


def _between(plan: list[Grid], here: int, there: int) -> float:
    """The x halfway from one array to the next."""
    left, _, wide, _ = plan[here].box()
    return (left + wide + plan[there].left) / 2


def _draw_small(paper: Axes, box: Box, stop: int, plan: list[Grid], chosen: bool, narrow: bool) -> None:
    grid = plan[stop - 1]
    colour, reach = _LOOKS[box.kind]
    left, top, wide, tall = grid.box()
    few = np.rint(box.array / reach * 2) / 2 * reach  # two shades of each sign are enough for so small a picture
    paper.add_artist(Cells(few, colour, reach, (left, top), grid.cell, quiet=True))
    edge, width = (INK, 2.4) if chosen else (RULE, 0.9)
    frame = Rectangle((left - 1.5, top - 1.5), wide + 3, tall + 3, fill=False, edgecolor=edge, linewidth=width)
    shape = product_of(box.array.shape)
    say(paper.add_artist(frame), words=f"stop {stop}, {box.name}: {shape}")
    ink, weight = (INK, "semibold") if chosen else (FAINT, "normal")
    if stop - 1 == _BELOW:
        where: dict[str, Any] = {"ha": "right" if narrow else "left", "va": "center_baseline", "weight": weight}
        x = left - 8 if narrow else left + wide + 8
        label(paper, x, top + tall / 2, f"{stop}: {box.name}, {shape}", ink, **where)
    else:
        label(paper, left + wide / 2, top + tall + 16, shape, ink, weight=weight, ha="center")
        label(paper, left + wide / 2, top - 8, f"{stop}: {box.name}", ink, weight=weight, ha="center")


def _draw_ways(paper: Axes, plan: list[Grid]) -> None:
    """From each array to the next; from the memory into both layers of the decoder; and a thread to the weights."""
    line = [place for place in range(len(plan)) if place != _BELOW]
    for here, following in pairwise(line):
        if following != 2:  # the decoder starts anew
            left, _, wide, _ = plan[here].box()
            y = plan[here].middle()[1]
            arrow(paper, (left + wide + 5, y), (plan[following].left - 6, y), linewidth=1)
    left, top, wide, tall = plan[1].box()
    start, rail = left + wide / 2, top + tall + 26
    ends, line_y = [_between(plan, 2, 3), plan[_BELOW].middle()[0]], plan[3].middle()[1]
    paper.plot([start, start, ends[0]], [top + tall + 21, rail, rail], color=KEY_INK, linewidth=1)
    for layer, end in enumerate(ends, start=1):
        arrow(paper, (end, rail), (end, line_y - 1), color=KEY_INK, linewidth=1)
        label(paper, end + 6, rail + 13, f"layer {layer}", KEY_INK, va="center_baseline")
    paper.plot([ends[1]] * 2, [line_y, plan[_BELOW].top - 2], color=FAINT, linewidth=1, linestyle=(0, (3, 2)))


def _draw_large(paper: Axes, numbers: Numbers, top: float, narrow: bool) -> None:
    """The chosen array: a row for each token, named; columns named where they have names."""
    box = boxes()[numbers.stop - 1]
    colour, reach = _LOOKS[box.kind]
    rows, columns = box.array.shape
    title = f"{numbers.stop}: {box.name}, {product_of(box.array.shape)}"
    label(paper, 6 if narrow else 92, top - 20, title, size=HEADING, weight="semibold")
    if not narrow:
        label(paper, 92 + 576, top - 20, box.about, FAINT, ha="right")
    names, above = list(visible(TEXT) if box.side == 0 else visible("▷" + SAID)), _ABOVE.get(box.kind, [])
    if above:
        names[-1] += "→6"  # what was read, and what is written next
    if box.kind != "weights":
        at: tuple[float, str] = (338, "right") if narrow else (252, "left")
        hue = "pink" if box.kind == "logits" else "green"
        label(paper, at[0], top - 20, f"{hue} +{reach:.0f}, grey −{reach:.0f}", FAINT, ha=at[1])
    left, wide = ((26, 312), (46, 292))[bool(above)] if narrow else (92, 576)
    corner = left, top + 14 * bool(above)
    cell = wide / columns, 14 if rows > len(SAID) + 1 else 24
    what = box.kind.removesuffix("s") if above else ""
    called: dict[str, Any] = {"rows": names, "columns": above, "what": what, "form": "{:.2f}", "part": "large"}
    cells = Cells(box.array, colour, reach, corner, cell, **called)
    paper.add_artist(cells)
    grid = Grid(*corner, cell, (rows, columns))
    paper.add_artist(Rectangle(corner, *grid.box()[2:], fill=False, edgecolor=RULE, linewidth=0.8))
    if numbers.stop in (1, 2):
        _draw_alike(paper, grid)
    raised = [grid.middle(row)[1] - (3 if name == "␣" else 0) for row, name in enumerate(names)]
    for name, y in zip(names, raised, strict=True):  # the sign for a space hangs below its line
        where: dict[str, Any] = {"ha": "right", "va": "center_baseline"}
        label(paper, grid.left - 7, y, name, KEY_INK if box.side == 0 else INK, **where)
    name_columns(paper, grid, above, FAINT)
    if above and not narrow:
        for i, j in np.argwhere(box.array >= (0.05 if box.kind == "weights" else 0.5)):
            words = in_digits(float(box.array[i, j]), "{:.2f}" if box.kind == "weights" else "{:.1f}")
            label(paper, *grid.middle(i, j), words, NUMBER, ha="center", va="center_baseline")


def _draw_alike(paper: Axes, grid: Grid) -> None:
    """Both rows of 2 in frames, and a bracket from one to the other."""
    twos = TEXT.index("2"), TEXT.rindex("2")
    for row in twos:
        left, top, wide, tall = grid.box(row)
        paper.add_artist(Rectangle((left, top), wide, tall, fill=False, edgecolor=INK, linewidth=1.4))
    right, ends = left + wide, [grid.middle(row)[1] for row in twos]
    paper.plot([right, right + 4, right + 4, right], np.repeat(ends, 2), color=INK, linewidth=1.4)


journey = Explorer(
    __name__,
    caption=(
        "“June 7th, 2021” on its way through the trained model. Each row is a token; its columns are the 64 numbers of "
        "a vector, at stop 5 the source's 14 characters, at stop 6 the answer's 14 symbols."
    ),
    controls={"stop": Slider("stop", stops=tuple(range(1, 7)))},
)
