"""Explorer: pad the source, and forget the padding mask in one place or another."""

from functools import lru_cache
from itertools import product, zip_longest
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix, name_columns
from attncourse.drawing.palette import FAINT, KEY, NUMBER, PAPER, RULE, VALUE, VALUE_INK, shade
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.date_readings import answers_to, date_model, visible
from attnlib.dates.task import PADDING, as_source, as_texts
from attnlib.masks import padding_mask
from attnlib.transformer import encode

DATES = {"June 7th, 2021": "2021-06-07", "le 14 juillet 1989": "1989-07-14", "7.6.21": "2021-06-07"}
MASKS = {  # in the encoder, in the cross-attention
    "nowhere": (False, False),
    "encoder only": (True, False),
    "cross-attention only": (False, True),
    "in both": (True, True),
}
PADDINGS = (0, 1, 3, 6, 12, 24)
_TALL = 36  # CSS pixels for a change of 100 %


class Padded(NamedTuple):
    """What comes out of one padded text."""

    change: np.ndarray  # (seq,) how far the encoder's output for each real character moved, as a share of its length
    answer: str


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str
    mask: str
    padding: int
    change: np.ndarray  # (seq,)
    answer: str
    wrong: np.ndarray  # (masks, paddings) wrong characters of the answer


def measure(mask: str = "nowhere", padding: int = 6, text: str = "June 7th, 2021") -> Numbers:
    """What the model makes of this text with this padding; and how many characters go wrong with any."""
    stops = run(text, tuple(product(MASKS, PADDINGS)))
    here = (stops if padding in PADDINGS else run(text, (("in both", 0), (mask, padding))))[mask, padding]
    wrong = [[wrong_characters(stops[where, n].answer, DATES[text]).sum() for n in PADDINGS] for where in MASKS]
    return Numbers(text, mask, padding, here.change, here.answer, np.array(wrong))


@lru_cache
def run(text: str, cases: tuple[tuple[str, int], ...]) -> dict[tuple[str, int], Padded]:
    """(mask, padding) -> what comes out, for each of the cases, of which one is ("in both", 0), all in one batch.

    The batch is as wide as its widest padding. A forgotten mask hides what lies beyond its own padding only.
    """
    params, (source, _) = date_model(), as_source([text])
    widest = max(padding for _, padding in cases)
    source = np.pad(np.repeat(source, len(cases), axis=0), ((0, 0), (0, widest)), constant_values=PADDING)
    in_encoder, in_cross = (
        padding_mask([len(text) + n * (not MASKS[where][place]) for where, n in cases], source.shape[1])[:, None]
        for place in (0, 1)
    )
    memory, _ = encode(params, source, in_encoder)
    said, _ = answers_to(memory, in_cross)
    outputs = memory[:, : len(text)]
    right = outputs[cases.index(("in both", 0))]
    change = np.linalg.norm(outputs - right, axis=-1) / np.linalg.norm(right, axis=-1)
    change = np.where(change < 1e-10, 0, change)  # rounding
    return {case: Padded(*both) for case, *both in zip(cases, change, as_texts(said), strict=True)}


def wrong_characters(answer: str, wanted: str) -> np.ndarray:
    """Which characters are wrong, missing or too many."""
    return np.array([said != right for said, right in zip_longest(answer, wanted)])


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    wanted = DATES[numbers.text]
    wrong = int(wrong_characters(numbers.answer, wanted).sum())
    verdict = f"{wrong} of {len(wanted)} characters wrong" if wrong else "which is right"
    change = in_digits(numbers.change.mean(), "{:.0%}")
    return (
        f"Mask “{numbers.mask}”, {_padded(numbers.padding)}: the encoder’s outputs change by "
        f"{change} on average, and “{numbers.text}” becomes “{numbers.answer}”, {verdict}."
    )


def _padded(count: int) -> str:
    return f"{count} padded character{'s' * (count != 1)}"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The padded text with the change of every output above it; the answer; and the damage with any padding."""
    figure = sheet(height=266, narrow=narrow, narrow_height=390)
    paper = board(figure)
    _draw_text(paper, numbers, (20, 110), (13.5, 3) if narrow else (16, 16))
    _draw_answer(paper, numbers, (20, 174))
    _draw_row(paper, numbers, *(((20, 348), 46) if narrow else ((424, 210), 42)))
    return figure


def _draw_text(paper: Axes, numbers: Numbers, at: tuple[float, float], widths: tuple[float, float]) -> None:
    """A bar above each real character; the padding behind them is hatched."""
    (left, top), (cell, padded) = at, widths
    changed = f"encoder outputs change by {numbers.change.mean():.0%}"
    title = changed if numbers.change.any() else "no encoder output changes"
    label(paper, left, 20, title, VALUE_INK, size=HEADING)
    x, end = left + cell * np.arange(len(numbers.text)), left + cell * len(numbers.text)
    paper.plot([left, end], [top - 6] * 2, color=FAINT, linewidth=1)
    paper.plot([left, end], [top - 6 - _TALL] * 2, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
    label(paper, end + 5, top - 6 - _TALL, "100%", FAINT, va="center_baseline")
    for place, (character, change) in enumerate(zip(visible(numbers.text), numbers.change, strict=True)):
        said = f"“{character}”: its output changes by {in_digits(float(change), '{:.0%}')}"
        about = {"words": said, "of": f"character-{place}", "lights": f"character-{place}"}
        bar = Rectangle((x[place] + 0.5, top - 6), cell - 1, -_TALL * change, facecolor=VALUE, linewidth=0)
        say(paper.add_artist(bar), **about)
        middle = x[place] + cell / 2, top + 11
        say(label(paper, *middle, character, size=TEXT, ha="center", va="center_baseline"), **about)
    if numbers.padding:
        size = padded * numbers.padding, 22
        box = Rectangle((end + 2, top), *size, fill=False, edgecolor=RULE, hatch="////", linewidth=0.8)
        say(paper.add_artist(box), words=_padded(numbers.padding))
        label(paper, end + 2, top - 14, f"{numbers.padding} × padding", FAINT, va="center_baseline")


def _draw_answer(paper: Axes, numbers: Numbers, at: tuple[float, float]) -> None:
    """What was asked and what was said, with the wrong characters filled."""
    left, top = at
    wrong = wrong_characters(numbers.answer, DATES[numbers.text])
    label(paper, left, top, "answer", size=HEADING)
    for row, (name, characters) in enumerate((("wanted", DATES[numbers.text]), ("written", numbers.answer))):
        y = top + 38 + 36 * row
        label(paper, left, y, name, size=TEXT, va="center_baseline")
        for place, character in enumerate(characters):
            amiss = bool(row and wrong[place])
            box = _box(paper, (left + 58 + 21 * place, y - 14), (21, 28), character, amiss)
            words = f"character {place + 1}: “{character}” {name}{', which is wrong' * amiss}"
            say(box, words=words, of=f"answer-{place}", lights=f"answer-{place}")


def _box(paper: Axes, corner: tuple[float, float], size: tuple[float, float], words: str, wrong: bool) -> Rectangle:
    fill = shade(1, KEY) if wrong else PAPER
    box = Rectangle(corner, *size, facecolor=fill, edgecolor=RULE, linewidth=0.8)
    x, y = np.add(corner, np.divide(size, 2))
    label(paper, x, y, words, NUMBER, size=13, ha="center", va="center_baseline")
    paper.add_artist(box)
    return box


def _draw_row(paper: Axes, numbers: Numbers, at: tuple[float, float], cell: float) -> None:
    """Wrong characters with this mask, a column for each padding; the case in hand is framed."""
    left, top = at
    here = list(MASKS).index(numbers.mask)
    label(paper, left, top - 46, "wrong characters of the answer", size=HEADING)
    label(paper, left, top - 25, "padding after the text:", FAINT)
    said: dict[str, Any] = {"rows_said": [f"mask {numbers.mask}"], "columns_said": [f"padding {n}" for n in PADDINGS]}
    row = numbers.wrong[[here]]
    grid = matrix(paper, left, top, (cell, 26), row, KEY, 5, what="wrong characters", part="wrong", **said)
    name_columns(paper, grid, [str(n) for n in PADDINGS], FAINT, part="wrong")
    if numbers.padding in PADDINGS:
        frame(paper, grid, 0, PADDINGS.index(numbers.padding))


padding_damage = Explorer(
    __name__,
    caption=(
        "Padding after a text, as in a batch with longer ones, and what the trained model then writes, with its mask "
        "in one place or another. Bars: how far padding moves each output vector of the encoder, in % of the vector's "
        "length."
    ),
    controls={
        "mask": Choice("padding mask", stops=tuple(MASKS)),
        "padding": Slider("padding after the text", stops=PADDINGS),
        "text": Choice("date", stops=tuple(DATES)),
    },
)
