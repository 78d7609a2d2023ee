"""Explorer: blank out one character of a date, and compare what the model then says with the weight it had."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider, Text
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, KEY_INK, QUERY_INK, RULE, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.date_readings import answer_of, reading, signs, visible
from attnlib.dates.characters import as_known
from attnlib.dates.model import is_date

TEXTS = "7.6.2021", "6/7/2021"  # the same day, as in Europe and as in the United States
_LONGEST = len(TEXTS[0])  # characters of a text
_LAST = 9  # index of the last digit of an answer
_TALL = 100  # CSS pixels for a weight of 1
_NUMBER = 16  # CSS pixels that the number above a bar needs


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str
    blanked: int  # the character's place, counted from 1; 0 is none
    attn_weights: np.ndarray  # (seq_source,) of the last digit of the whole text's answer, mean of all layers and heads
    weights_now: np.ndarray  # (seq_source,) the same, with the blank
    answer: str  # to the whole text
    says: str  # now
    probability: float  # of what it says


def measure(text: str = TEXTS[0], blanked: int = 0) -> Numbers:
    """Put a space for one character, and read again; behind the end of a short text, for its last.

    Raises:
        ValueError: if the text is empty or too long, or the model reads no date in it.
    """
    text = as_known(text)
    if len(text) > _LONGEST:
        raise ValueError(f"here is room for {_LONGEST} characters: got {len(text)}")
    blanked = min(blanked, len(text))
    whole, now = reading(text), reading(text[: blanked - 1] + " " + text[blanked:] if blanked else text)
    answer, says = (answer_of(signs(read.said)) for read in (whole, now))
    if not is_date(answer):
        raise ValueError(f"the model must read a date: it writes “{answer}” for “{text}”")
    before, after = (
        np.mean([layer.mean(axis=0) for layer in read.maps.cross], axis=0)[min(_LAST, len(said) - 1)]
        for read, said in ((whole, answer), (now, says))
    )
    probability = float(now.probs[np.arange(len(now.said)), now.said].prod())
    return Numbers(text, blanked, before, after, answer, says, probability)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    if not numbers.blanked:
        most = int(numbers.attn_weights.argmax())
        return (
            f"“{numbers.text}”, with nothing blanked out, is read as {numbers.answer}, probability "
            f"{numbers.probability:.2f}; the largest weight is {numbers.attn_weights[most]:.2f}, on "
            f"“{numbers.text[most]}” in place {most + 1}."
        )
    place, most = numbers.blanked - 1, int(numbers.weights_now.argmax())
    return (
        f"“{numbers.text}” without “{numbers.text[place]}” in place {numbers.blanked}, whose weight is "
        f"{numbers.attn_weights[place]:.2f}: {numbers.answer} {_change(numbers)}, probability "
        f"{numbers.probability:.2f}; now most weight on “{numbers.text[most]}”, {numbers.weights_now[most]:.2f}."
    )


def _change(numbers: Numbers) -> str:
    return "stays" if numbers.says == numbers.answer else f"becomes {numbers.says}"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A bar for each character of the text, and below what is said with and without the one that is blanked out."""
    figure = sheet(height=288, narrow=narrow, narrow_height=296)
    paper = board(figure)
    left, cell = (64, 34) if narrow else (150, 58)
    floor = 150
    label(paper, 8, 18, "weight while the last digit is written", WEIGHT_INK, size=HEADING)
    if numbers.blanked:
        label(paper, *((8, 38) if narrow else (290, 18)), "outlined: with the blank", INK)
    _draw_scale(paper, left, left + cell * len(numbers.text), floor)
    for i in range(len(numbers.text)):
        _draw_character(paper, numbers, i, left + cell * (i + 0.5), floor)
    _draw_answers(paper, numbers, 8 if narrow else left, floor + 70, narrow)
    return figure


def _draw_scale(paper: Axes, left: float, right: float, floor: float) -> None:
    for weight in (0, 0.5, 1):
        y = floor - _TALL * weight
        paper.hlines(y, left, right, color=RULE, linewidth=0.8)
        label(paper, left - 6, y, f"{weight:g}", FAINT, ha="right", va="center_baseline")


def _draw_character(paper: Axes, numbers: Numbers, i: int, x: float, floor: float) -> None:
    """Its bar with its number, that of the text with a blank, and the character or the space that stands for it."""
    name, weight, now = numbers.text[i], float(numbers.attn_weights[i]), float(numbers.weights_now[i])
    of, gone = f"character{i}", i + 1 == numbers.blanked
    (bar,) = paper.bar([x], [-_TALL * weight], 28, floor, color=WEIGHT, zorder=2)
    say(bar, words=f"weight {weight:.2f} on “{name}”", of=of, lights=of)
    crossed = numbers.blanked and weight < now < weight + _NUMBER / _TALL
    over = now if crossed else weight
    label(paper, x, floor - _TALL * over - 4, f"{weight:.2f}", WEIGHT_INK, ha="center", zorder=3)
    if numbers.blanked and now >= 0.005:
        (outline,) = paper.bar([x], [-_TALL * now], 31, floor, fill=False, edgecolor=INK, linewidth=1.2, zorder=2)
        say(outline, words=f"with the blank: weight {now:.2f} on “{name}”", of=of, lights=of)
        if now > weight + 2 * _NUMBER / _TALL:  # else there is no room for a second number
            label(paper, x, floor - _TALL * now - 4, f"{now:.2f}", INK, ha="center", zorder=3)
    seen = visible(" ")[0] if gone else name
    words = label(
        paper, x, floor + 20, seen, KEY_INK, size=HEADING, weight="semibold", ha="center", va="center_baseline"
    )
    say(words, words=f"“{name}”, blanked out" if gone else f"“{name}”", of=of, lights=of)
    if gone:
        paper.plot(x, floor + 20, "s", markersize=17, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.5)


def _draw_answers(paper: Axes, numbers: Numbers, left: float, top: float, narrow: bool) -> None:
    """What is said to the whole text, and what now; characters that have changed stand out."""
    rows = ("whole text", numbers.answer), ("with a blank", numbers.says if numbers.blanked else "")
    across, step = (92, 15) if narrow else (110, 20)
    for row, (name, answer) in enumerate(rows):
        y = top + 32 * row
        label(paper, left, y, name, FAINT, va="center_baseline")
        for i, sign in enumerate(answer):
            changed = sign != numbers.answer[i : i + 1]
            ink, weight = (KEY_INK, "semibold") if changed else (QUERY_INK, "normal")
            label(paper, left + across + step * i, y, sign, ink, HEADING, weight, ha="center", va="center_baseline")
    if numbers.blanked:
        words = f"probability of the answer {numbers.probability:.2f}"
        spot = (left + across - 5, top + 54) if narrow else (left + across + step * 11, top + 32)
        label(paper, *spot, words, FAINT, size=TEXT, va="center_baseline")
    else:
        label(paper, left + across - 5, top + 32, "nothing is blanked out yet", FAINT, va="center_baseline")


blank_out = Explorer(
    __name__,
    caption=(
        "How much of its attention the trained model gives to each character of the text while it writes the last "
        "digit of its answer (mean of all layers and heads). Blank out one, and compare its bar with what happens."
    ),
    controls={
        "text": Text("date", stops=TEXTS),
        "blanked": Slider("blank out character", stops=tuple(range(len(TEXTS[0]) + 1))),
    },
)
