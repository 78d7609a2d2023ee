"""Explorer: put the words in another order, and see whether attention notices."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Choice, Switch
from attncourse.digits import ROUNDING
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import FAINT, RULE, VALUE, VALUE_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import MultiHeadParams, causal_mask, multi_head_attention, sinusoidal_positions

WORDS = ("my", "cat", "hid", "its", "toy")
_D_MODEL = 4
_REACH = 3.5
_FEATURES = [f"feature {i + 1}" for i in range(_D_MODEL)]
_rng = np.random.default_rng(4)
_VECTORS = _rng.normal(size=(len(WORDS), _D_MODEL))
_W_Q, _W_K, _W_V, _W_O = _rng.normal(size=(4, _D_MODEL, _D_MODEL)) * 0.6
_LAYER = MultiHeadParams(_W_Q, _W_K, _W_V, _W_O, num_heads=2)
ORDERS = {
    "my cat hid its toy": (0, 1, 2, 3, 4),
    "my toy hid its cat": (0, 4, 2, 3, 1),
    "its cat hid my toy": (3, 1, 2, 0, 4),
    "toy its hid cat my": (4, 3, 2, 1, 0),
}
_FIRST = " ".join(WORDS)


class Numbers(NamedTuple):
    """What the figure shows."""

    order: tuple[int, ...]  # which word comes first, second, … after the shuffle
    before: np.ndarray  # (5, d_model) outputs of "my cat hid its toy"
    after: np.ndarray  # (5, d_model) outputs of the shuffled words, in their new order
    back: np.ndarray  # (5, d_model) the same rows, each put back to the place of its word
    change: np.ndarray  # (5,) largest change of each word's output
    equivariant: bool  # whether every word's output is the same, to rounding
    encoding: bool
    causal: bool


def measure(order: str = _FIRST, encoding: bool = False, causal: bool = False) -> Numbers:
    """Attention with two heads over the sentence, and over the same words in another order."""
    positions = sinusoidal_positions(len(WORDS), _D_MODEL) if encoding else np.zeros((len(WORDS), _D_MODEL))
    mask = causal_mask(len(WORDS), len(WORDS)) if causal else None

    def layer(words: np.ndarray) -> np.ndarray:
        x = words + positions
        return multi_head_attention(_LAYER, x, x, x, mask)[0]

    which = ORDERS[order]
    before, after = layer(_VECTORS), layer(_VECTORS[list(which)])
    back = np.empty_like(after)
    back[list(which)] = after
    change = np.abs(back - before).max(axis=-1)
    change = np.where(change < 1e-12, 0, change)  # the rounding is another on other machines
    return Numbers(which, before, after, back, change, bool((change == 0).all()), encoding, causal)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    shuffled = " ".join(WORDS[word] for word in numbers.order)
    positions, mask = ("with" if on else "without" for on in (numbers.encoding, numbers.causal))
    how = f"{positions.capitalize()} positions and {mask} causal mask"
    if shuffled == _FIRST:
        return f"{how}, the outputs of “{_FIRST}”: choose a new order to compare them with."
    if numbers.equivariant:
        return f"{how}, every word of “{shuffled}” has the output of “{_FIRST}”: the rows only trade places."
    moved = int((numbers.change > ROUNDING).sum())
    return (
        f"{how}, {moved} of {len(WORDS)} words get another output in “{shuffled}” than in “{_FIRST}”, "
        f"by up to {numbers.change.max():.2f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Outputs before, outputs after, and what is left when each row is back in its place."""
    figure = sheet(height=262, narrow=narrow, narrow_height=544)
    paper = board(figure)
    cell = (56, 23) if narrow else (49, 32)
    tops, lefts = ((46, 214, 382), (84, 84, 84)) if narrow else ((56, 56, 56), (40, 278, 516))
    shuffled = [WORDS[word] for word in numbers.order]
    difference = np.where(np.abs(numbers.back - numbers.before) < 1e-12, 0, numbers.back - numbers.before)
    panels = (
        (_FIRST, numbers.before, WORDS, VALUE, VALUE_INK, "output"),
        (" ".join(shuffled), numbers.after, shuffled, VALUE, VALUE_INK, "output"),
        ("change of each word", difference, WORDS, VALUE, VALUE_INK, "change"),
    )
    unmoved = numbers.order == tuple(range(len(WORDS)))
    for left, top, (title, rows, names, colours, ink, what) in zip(lefts, tops, panels, strict=True):
        if unmoved and rows is not numbers.before:
            heading, words = ("new order", "choose one") if what == "output" else (title, "?")
            _leave_open(paper, left, top, cell, heading, words, ink)
            continue
        grid = matrix(paper, left, top, cell, rows, colours, _REACH, "{:.2f}", columns_said=_FEATURES, what=what,
                      rows_said=names, tell=lambda i, j, names=names: {"of": names[i], "lights": names[i]})  # fmt: skip
        for i, name in enumerate(names):
            word = label(paper, left - 5, grid.middle(i)[1], name, ha="right", va="center_baseline")
            say(word, words=f"“{name}”", of=name, lights=name)
        label(paper, left, top - 24, title, ink, size=HEADING)
        label(paper, left, top - 8, "outputs" if what == "output" else "after − before")
        if what == "change":
            _mark_moved(paper, grid, numbers)
    if not unmoved:
        words = "no word has changed" if numbers.equivariant else "framed words changed"
        place = (lefts[2], tops[2] + len(WORDS) * cell[1] + 26)
        label(paper, *place, words, size=TEXT, weight="semibold")
    return figure


def _leave_open(
    paper: Axes, left: float, top: float, cell: tuple[float, float], title: str, words: str, ink: str
) -> None:
    """A table that has nothing to show before a new order is chosen."""
    width, height = cell[0] * _D_MODEL, cell[1] * len(WORDS)
    paper.add_patch(Rectangle((left, top), width, height, facecolor="none", edgecolor=RULE, linewidth=1))
    label(paper, left, top - 24, title, ink, size=HEADING)
    label(paper, left + width / 2, top + height / 2, words, FAINT, size=HEADING, ha="center", va="center_baseline")


def _mark_moved(paper: Axes, grid, numbers: Numbers) -> None:
    for row, change in enumerate(numbers.change):
        if change > 0:
            frame(paper, grid, row=row)


shuffle = Explorer(
    __name__,
    caption=(
        "What attention makes of each word, in the first order and in the new one. In the last table every row is back "
        "at its word, so zeros mean that attention has not noticed the new order."
    ),
    controls={
        "order": Choice("new order", stops=tuple(ORDERS)),
        "encoding": Switch("positions added"),
        "causal": Switch("causal mask"),
    },
)
