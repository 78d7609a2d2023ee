"""Explorer: the date model writes its answer, one character after the other."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Slider, Text
from attncourse.digits import in_digits
from attncourse.drawing.board import arrow, board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.cells import draw_cells
from attncourse.drawing.label import label
from attncourse.drawing.palette import (
    FAINT,
    INK,
    KEY_INK,
    PAPER,
    QUERY_INK,
    RULE,
    VALUE,
    VALUE_INK,
    WEIGHT,
    WEIGHT_INK,
)
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.date_readings import reading, visible
from attnlib.dates.characters import as_known
from attnlib.dates.task import STEPS, TARGET

EXAMPLES = ("June 7th, 2021", "7.6.21", "6/7/2021", "le 14 juillet 1989", "2. Dez 99", "7 6 21", "hello world")
_LONGEST = 28  # characters of a text that there is room for
_LARGE = 13  # points
_REACH = 0.6  # a weight of which the colour is strongest: few are larger
_PITCH = 16  # CSS pixels from one candidate to the next
CANDIDATES = (*TARGET, "end")


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str
    said: str  # before this step
    step: int  # counted from 1
    self_weights: np.ndarray  # (step, step) last decoder layer, mean of its heads
    cross_weights: np.ndarray  # (step, seq_source)
    probs: np.ndarray  # (candidates,)
    asked: int  # step that was asked for: later than this one if the answer has ended


def measure(text: str = EXAMPLES[0], step: int = 6) -> Numbers:
    """What the model computes at this step of its answer; past the end, the last step again.

    Raises:
        ValueError: if the text is empty or too long.
    """
    text = as_known(text)  # a typed letter and its accent are one column
    if len(text) > _LONGEST:
        raise ValueError(f"here is room for {_LONGEST} characters: got {len(text)}")
    read = reading(text)
    asked, step = step, min(step, len(read.said))
    said = "".join(CANDIDATES[code - 2] for code in read.said[: step - 1])
    own, cross = (layers[-1].mean(axis=0) for layers in (read.maps.decoder, read.maps.cross))
    return Numbers(text, said, step, own[:step, :step], cross[:step], in_order(read.probs[step - 1]), asked)


def in_order(probs: np.ndarray) -> np.ndarray:
    """Digits, stroke, question mark, end; the sign for the beginning is never said."""
    return np.append(probs[2:], probs[1])


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    best, row = int(numbers.probs.argmax()), numbers.cross_weights[-1]
    seen = int(row.argmax())
    after = f"after “{numbers.said}”" if numbers.said else "at the beginning"
    if numbers.asked > numbers.step:
        after = f"the answer “{numbers.said}” has ended at step {numbers.step}, where"
    return (
        f"Step {numbers.asked} for “{numbers.text}”: {after} the likeliest is “{CANDIDATES[best]}” "
        f"({numbers.probs[best]:.0%}); the cross-attention looks most at character {seen + 1}, "
        f"“{visible(numbers.text)[seen]}” ({row[seen]:.0%})."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Text and answer on top; below, a row of both attention maps for each step so far, and the candidates."""
    figure = sheet(height=344, narrow=narrow, narrow_height=534)
    paper = board(figure)
    if narrow:
        _draw_answer(paper, numbers, (14, 24), (44, 42))
        wide = min(14, 282 / len(numbers.text))
        own, cross, candidates = ((30, 134), (15, 15)), ((30, 362), (wide, 15)), ((236, 134), 50)
    else:
        _draw_answer(paper, numbers, (24, 27), (260, 14))
        wide = min(16, 308 / len(numbers.text))
        own, cross, candidates = ((42, 112), (17, 20)), ((260, 112), (wide, 20)), ((612, 112), 66)
    _draw_map(paper, "own", *own, numbers.self_weights, STEPS, numbers, visible("▷" + numbers.said))
    _draw_map(paper, "cross", *cross, numbers.cross_weights, len(numbers.text), numbers, visible(numbers.text))
    for (left, top), words, ink in (
        (own[0], "looks back" if narrow else "looks back at itself", WEIGHT_INK),
        (cross[0], "looks at the source", WEIGHT_INK),
        (candidates[0], "candidates", VALUE_INK),
    ):
        label(paper, left, top - 32, words, ink, size=HEADING)
    _draw_said(paper, numbers, (cross[0][0] + cross[1][0] * len(numbers.text) + 7, cross[0][1]), cross[1][1])
    _draw_candidates(paper, numbers, *candidates)
    return figure


def _draw_answer(paper: Axes, numbers: Numbers, text: tuple[float, float], answer: tuple[float, float]) -> None:
    """The text, and a box for each character of the answer; the newest is filled."""
    long = len(numbers.text) > 20
    label(paper, *text, numbers.text, KEY_INK, size=TEXT if long else _LARGE, va="center_baseline")
    left, top = answer
    said = numbers.said + CANDIDATES[int(numbers.probs.argmax())].replace("end", "")  # which takes no box
    arrow(paper, (left - 30, top + 13), (left - 8, top + 13))
    for place in range(STEPS - 1):
        newest = place == len(said) - 1 == numbers.step - 1
        fill, edge = (VALUE_INK, VALUE_INK) if newest else (PAPER, RULE)
        x = left + 22 * place
        box = paper.add_artist(Rectangle((x, top), 22, 26, facecolor=fill, edgecolor=edge, linewidth=0.8))
        if place < len(said):
            ink = PAPER if newest else INK
            label(paper, x + 11, top + 13, said[place], ink, size=_LARGE, ha="center", va="center_baseline")
            say(box, words=f"step {place + 1} writes “{said[place]}”", of=_row(place), lights=_row(place))
    ended = numbers.asked > numbers.step
    words = f"ended at step {numbers.step}{f', before step {numbers.asked}' * (not long)}"
    words = words if ended else f"step {numbers.step}"
    right = paper.get_xlim()[1] - 12
    label(paper, right, text[1], words, FAINT, ha="right", va="center_baseline")


def _row(step: int) -> str:
    """What the row of a step is called in either map, counted from 0."""
    return f"step-{step}"


def _draw_map(
    paper: Axes,
    part: str,
    at: tuple[float, float],
    cell: tuple[float, float],
    weights: np.ndarray,
    wide: int,
    numbers: Numbers,
    columns: list[str],
) -> None:
    """A row of weights for each step so far; room is left for those to come. A character lights its weights."""
    (left, top), (width, height), (steps, keys) = at, cell, weights.shape
    said = visible("▷" + numbers.said)
    names = {"rows": [f"step {step + 1}" for step in range(steps)], "columns": columns, "what": "weight"}
    draw_cells(
        paper,
        weights,
        WEIGHT,
        _REACH,
        corner=at,
        cell=cell,
        form="{:.2f}",
        **names,
        tell=lambda i, j: {"of": f"{_row(i)} {part}-{j}", "lights": f"{part}-name-{i} {part}-key-{j}"},
    )
    paper.add_artist(Rectangle(at, width * wide, height * STEPS, fill=False, edgecolor=RULE, linewidth=0.8))
    newest = left, top + height * (steps - 1)
    paper.add_artist(Rectangle(newest, width * keys, height, fill=False, edgecolor=INK, linewidth=1.8))
    for step, character in enumerate(said):
        ink = QUERY_INK if step == steps - 1 else FAINT
        y = top + height * (step + 0.5)
        query = label(paper, left - 6, y, character, ink, ha="right", va="center_baseline")
        say(query, words=f"step {step + 1} has read “{character}”", of=f"{part}-name-{step}", lights=_row(step))
    for key, character in enumerate(columns):
        x = left + width * (key + 0.5)
        name = label(paper, x, top - 6, character, KEY_INK, ha="center")
        most = int(weights[:, key].argmax())
        words = f"“{character}” gets most from step {most + 1}: {in_digits(float(weights[most, key]))}"
        say(name, words=words, of=f"{part}-key-{key}", lights=f"{part}-{key}")


def _draw_said(paper: Axes, numbers: Numbers, at: tuple[float, float], height: float) -> None:
    """At the end of each row the character that it said."""
    (left, top), newest = at, CANDIDATES[int(numbers.probs.argmax())]
    for step, character in enumerate([*numbers.said, newest]):
        ink, weight = (VALUE_INK, "semibold") if step == numbers.step - 1 else (FAINT, "normal")
        y = top + height * (step + 0.5)
        said = label(paper, left, y, character, ink, weight=weight, va="center_baseline")
        say(said, words=f"step {step + 1} writes “{character}”", of=_row(step), lights=_row(step))


def _draw_candidates(paper: Axes, numbers: Numbers, at: tuple[float, float], wide: float) -> None:
    """A bar for each character that could come next."""
    left, top = at
    best = int(numbers.probs.argmax())
    for place, (name, prob) in enumerate(zip(CANDIDATES, numbers.probs, strict=True)):
        y = top + _PITCH * (place + 0.5)
        ink, weight = (VALUE_INK, "semibold") if place == best else (INK, "normal")
        colour, said = VALUE_INK if place == best else VALUE, f"“{name}”: {in_digits(float(prob), '{:.1%}')}"
        written = label(paper, left + 24, y, name, ink, weight=weight, ha="right", va="center_baseline")
        bar = paper.add_artist(Rectangle((left + 30, y - 7), wide * prob, 14, facecolor=colour, linewidth=0))
        say(written, words=said)
        say(bar, words=said)
        if prob > 0.02:
            end = left + 30 + wide * prob
            x, ink, side = (end - 3, PAPER, "right") if prob > 0.6 else (end + 3, ink, "left")
            label(paper, x, y, f"{prob:.0%}", ink, ha=side, va="center_baseline")


decoding = Explorer(
    __name__,
    caption=(
        "The trained date model writes its answer, one character a step: it looks back at what it has read itself, "
        "from the start symbol ▷, then at the source, and writes the likeliest candidate. "
        "Rows are queries; both maps are means of the last layer’s heads."
    ),
    controls={
        "text": Text("date", stops=EXAMPLES),
        "step": Slider("step", stops=tuple(range(1, STEPS + 1))),
    },
)
