"""Explorer: edit one token, and see which outputs of a stack of layers move."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from attncourse.controls import Choice, Slider
from attncourse.digits import ROUNDING, in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, KEY, KEY_INK, NUMBER, PAPER, RULE, VALUE, VALUE_INK, shade
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import causal_mask, encoder_layer, init_encoder, sinusoidal_positions

TOKENS = "2021-0"  # the beginning of a date
EDITED = "9"
_SEQ, _D_MODEL, _MOST = len(TOKENS), 16, 3
_rng = np.random.default_rng(0)
_LAYERS = init_encoder(_rng, _MOST, _D_MODEL, num_heads=2, d_ff=32).layers
_VECTORS = {character: _rng.normal(size=_D_MODEL) for character in sorted({*TOKENS, EDITED})}
_HALF = 12  # of a box's height, in CSS pixels
MASKS = ("causal", "none", "turned round")


class Numbers(NamedTuple):
    """What the figure shows."""

    kind: str
    token: int  # edited, counted from 1
    mask: np.ndarray  # (seq, seq) boolean, True = may attend
    changes: np.ndarray  # (layers + 1, seq) largest change of a feature: of the input, then behind each layer


def measure(mask: str = "causal", token: int = 4, layers: int = 2) -> Numbers:
    """What goes in and what comes out of every layer, before and after the edit."""
    past = causal_mask(_SEQ, _SEQ)
    allowed = {"causal": past, "none": np.ones_like(past), "turned round": ~past}[mask]
    edited = TOKENS[: token - 1] + EDITED + TOKENS[token:]
    x = np.array([[_VECTORS[character] for character in text] for text in (TOKENS, edited)])
    x = x + sinusoidal_positions(_SEQ, _D_MODEL)
    changes = [x[1] - x[0]]
    for layer in _LAYERS[:layers]:
        x, _ = encoder_layer(layer, x, allowed)
        changes.append(x[1] - x[0])
    largest = np.abs(changes).max(axis=-1)
    return Numbers(mask, token, allowed, np.where(largest < 1e-12, 0, largest))  # rounding is no change


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    earlier, later = numbers.changes[-1, : numbers.token - 1], numbers.changes[-1, numbers.token :]
    moved = [int((changes > ROUNDING).sum()) for changes in (earlier, later)]
    layers = len(numbers.changes) - 1
    if not len(earlier):
        verdict = "nothing stands before it"
    elif moved[0]:
        verdict = f"the future leaks, by up to {earlier.max():.2f}"
    else:
        verdict = "nothing leaks"
    return (
        f"Mask “{numbers.kind}”, {layers} layer{'s' * (layers > 1)}: editing token {numbers.token} moves "
        f"{moved[0]} of {len(earlier)} earlier and {moved[1]} of {len(later)} later outputs; {verdict}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The tokens below, the outputs above, and the paths on which the edit travels between them."""
    figure = sheet(height=304, narrow=narrow, narrow_height=400)
    paper = board(figure)
    left, step, half = (76, 48, 20) if narrow else (136, 102, 31)
    low, high = (346, 54) if narrow else (258, 50)
    x = left + step * np.arange(_SEQ)
    y = np.linspace(low, high, len(numbers.changes))
    _draw_sides(paper, numbers, x, (high - 18, low + 44), narrow)
    _draw_links(paper, numbers, x, y)
    for row, changes in enumerate(numbers.changes):
        words = _row(row).replace(" ", "\n") if narrow else _row(row)
        label(paper, x[0] - step / 2 - 8, y[row], words, FAINT, ha="right", va="center")
        for place, change in enumerate(changes):
            _draw_node(paper, numbers, (row, place), (x[place], y[row]), half, change)
    for place, character in enumerate(TOKENS):
        here = place + 1 == numbers.token
        words, ink = (f"{character} → {EDITED}", KEY_INK) if here else (character, INK)
        weight = "semibold" if here else "normal"
        token = label(
            paper, x[place], low + 31, words, ink, size=TEXT, ha="center", va="center_baseline", weight=weight
        )
        reached = int((numbers.changes[1:, place] > 0).sum())
        said = f"token {place + 1}: {reached} of its {len(numbers.changes) - 1} outputs move"
        say(token, words=said, of=f"token-{place}", lights=f"token-{place}")
    return figure


def _row(row: int) -> str:
    return f"layer {row}" if row else "input"


def _draw_sides(paper: Axes, numbers: Numbers, x: np.ndarray, ends: tuple[float, float], narrow: bool) -> None:
    """What stands before the edited token must stay as it is."""
    edge, (top, bottom) = x[numbers.token - 1] - (x[1] - x[0]) / 2, ends
    paper.plot([edge, edge], [top - 26, bottom], color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
    before = "must not move" if numbers.token > 2 or not narrow else "fixed"
    if numbers.token > 1:
        label(paper, edge - 10, top - 15, before, ha="right", va="center")
    after = "may move" if numbers.token < _SEQ or not narrow else "may\nmove"
    label(paper, edge + 10, top - 15, after, va="center")


def _draw_links(paper: Axes, numbers: Numbers, x: np.ndarray, y: np.ndarray) -> None:
    """The ways on which the change travels: where the mask lets it, and straight up past the attention.

    A box lights the lines into it, a token those that begin with it.
    """
    for row in range(len(y) - 1):
        for query, key in np.argwhere(numbers.mask | np.eye(_SEQ, dtype=bool)):
            if numbers.changes[row, key] and numbers.changes[row + 1, query]:
                leaks = query + 1 < numbers.token
                ends = [x[key], x[query]], [y[row] - _HALF, y[row + 1] + _HALF]
                line = Line2D(*ends, color=KEY if leaks else VALUE, linewidth=1.4)
                say(paper.add_artist(line), of=f"into-{row + 1}-{query} token-{key}")


def _draw_node(
    paper: Axes, numbers: Numbers, at: tuple[int, int], middle: tuple[float, float], half: float, change: float
) -> None:
    """How much a vector changes: the output of a layer for a token."""
    (row, place), (x, y) = at, middle
    before = place + 1 < numbers.token
    colour, ink = (KEY, KEY_INK) if before else (VALUE, VALUE_INK)
    fill, edge = (shade(1, colour), ink) if change else (PAPER, RULE)
    corner = x - half, y - _HALF
    box = Rectangle(corner, 2 * half, 2 * _HALF, facecolor=fill, edgecolor=edge, linewidth=1.2, zorder=3)
    moves = f"moves by {in_digits(float(change))}{', though it must not' * before}" if change else "does not move"
    links = {"of": f"token-{place}", "lights": f"into-{row}-{place}"}
    say(paper.add_artist(box), words=f"token {place + 1}, {_row(row)}: {moves}", **links)
    words, ink = (f"{change:.1f}", NUMBER) if change else ("0", FAINT)
    label(paper, x, y, words, ink, ha="center", va="center_baseline", zorder=4)


future_leak = Explorer(
    __name__,
    caption=(
        f"One token becomes “{EDITED}”. If an output left of the dashed line changes, it has seen the future. "
        "Boxes: how much each vector changes; lines: how the change travels."
    ),
    controls={
        "mask": Choice("mask", stops=MASKS),
        "token": Slider("edited token", stops=(1, 2, 3, 4, 5, 6)),
        "layers": Slider("layers", stops=(1, 2, 3)),
    },
)
