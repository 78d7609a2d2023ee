"""Explorer: put the words in another order, and see whether attention notices."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Switch
from attncourse.digits import ROUNDING
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import VALUE, VALUE_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import MultiHeadParams, causal_mask, multi_head_attention, sinusoidal_positions

WORDS = ("dog", "bites", "man")
_D_MODEL = 4
_REACH = 3.5
_FEATURES = [f"feature {i + 1}" for i in range(_D_MODEL)]
_rng = np.random.default_rng(4)
_VECTORS = _rng.normal(size=(len(WORDS), _D_MODEL))
_W_Q, _W_K, _W_V, _W_O = _rng.normal(size=(4, _D_MODEL, _D_MODEL)) * 0.8
_LAYER = MultiHeadParams(_W_Q, _W_K, _W_V, _W_O, num_heads=2)
ORDERS = {"man bites dog": (2, 1, 0), "bites dog man": (1, 0, 2), "dog man bites": (0, 2, 1)}


class Numbers(NamedTuple):
    """What the figure shows."""

    order: tuple[int, ...]  # which word comes first, second, third after the shuffle
    before: np.ndarray  # (3, d_model) outputs of "dog bites man"
    after: np.ndarray  # (3, d_model) outputs of the shuffled words, in their new order
    back: np.ndarray  # (3, d_model) the same rows, each put back to the place of its word
    change: np.ndarray  # (3,) largest change of each word's output
    equivariant: bool  # whether every word's output is the same, to rounding
    encoding: bool
    causal: bool


def measure(order: str = "man bites dog", encoding: bool = False, causal: bool = False) -> Numbers:
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
    encoding, mask = ("with" if on else "without" for on in (numbers.encoding, numbers.causal))
    how = f"{encoding.capitalize()} encoding and {mask} causal mask"
    if numbers.equivariant:
        return f"{how}, every word of “{shuffled}” has the output of “dog bites man”: the rows only trade places."
    moved = int((numbers.change > ROUNDING).sum())
    return (
        f"{how}, {moved} of 3 words get another output in “{shuffled}” than in “dog bites man”, "
        f"by up to {numbers.change.max():.2f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Outputs before, outputs after, and what is left when each row is back in its place."""
    figure = sheet(height=240, narrow=narrow, narrow_height=494)
    paper = board(figure)
    cell = (56, 30) if narrow else (48, 38)
    tops, lefts = ((46, 200, 354), (84, 84, 84)) if narrow else ((66, 66, 66), (48, 284, 520))
    shuffled = [WORDS[word] for word in numbers.order]
    difference = np.where(np.abs(numbers.back - numbers.before) < 1e-12, 0, numbers.back - numbers.before)
    panels = (
        ("dog bites man", numbers.before, WORDS, VALUE, VALUE_INK, "output"),
        (" ".join(shuffled), numbers.after, shuffled, VALUE, VALUE_INK, "output"),
        ("change of each word", difference, WORDS, VALUE, VALUE_INK, "change"),
    )
    for left, top, (title, rows, names, colours, ink, what) in zip(lefts, tops, panels, strict=True):
        grid = matrix(paper, left, top, cell, rows, colours, _REACH, "{:.2f}", columns_said=_FEATURES, what=what,
                      rows_said=names, tell=lambda i, j, names=names: {"of": names[i], "lights": names[i]})  # fmt: skip
        for i, name in enumerate(names):
            word = label(paper, left - 5, grid.middle(i)[1], name, ha="right", va="center_baseline")
            say(word, words=f"“{name}”", of=name, lights=name)
        label(paper, left, top - 24, title, ink, size=HEADING)
        label(paper, left, top - 8, "outputs" if what == "output" else "after − before")
        if what == "change":
            _mark_moved(paper, grid, numbers)
    words = "nothing has changed" if numbers.equivariant else "the framed words changed"
    place = (lefts[2], tops[2] + 3 * cell[1] + 30)
    label(paper, *place, words, size=TEXT, weight="semibold")
    return figure


def _mark_moved(paper: Axes, grid, numbers: Numbers) -> None:
    for row, change in enumerate(numbers.change):
        if change > 0:
            frame(paper, grid, row=row)


shuffle = Explorer(
    __name__,
    caption=(
        "Attention with two heads gives the same three words the same outputs in another order, unless a position "
        "encoding or a causal mask tells them apart. In the last table every row is back at the place of its word: "
        "zeros mean that attention did not notice."
    ),
    controls={
        "order": Choice("new order", stops=tuple(ORDERS)),
        "encoding": Switch("position encoding"),
        "causal": Switch("causal mask"),
    },
)
