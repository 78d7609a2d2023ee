"""Explorer: build a mask, and see the scores in front of it and the weights behind it."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import Grid, matrix
from attncourse.drawing.palette import (
    FAINT,
    INK,
    KEY,
    KEY_INK,
    NUMBER,
    PAPER,
    QUERY_INK,
    RULE,
    SCORE,
    SCORE_INK,
    WEIGHT,
    WEIGHT_INK,
)
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import attention_weights, causal_mask, padding_mask, scaled_dot_scores

MOST = 4  # queries and keys
_D_K = 4
_rng = np.random.default_rng(12)
_QUERY, _KEY = _rng.normal(size=(2, MOST, _D_K))
KINDS = ("none", "causal", "padding", "causal and padding", "causal, padding in front")


class Numbers(NamedTuple):
    """What the figure shows."""

    kind: str
    scores: np.ndarray  # (seq_q, seq_k)
    real: np.ndarray  # (seq_k,) boolean: which keys are no padding
    mask: np.ndarray  # (seq_q, seq_k) boolean, True = may attend
    attn_weights: np.ndarray  # (seq_q, seq_k)
    later: float  # weight on keys that come later than their query, mean over the queries
    padding: float  # weight on padding, mean over the queries


def measure(kind: str = "causal and padding", seq_q: int = 4, seq_k: int = 4, padded: int = 1) -> Numbers:
    """Scores of the first queries and keys, the mask of this kind, and the weights that both give."""
    query, key = _QUERY[:seq_q], _KEY[:seq_k]
    past = causal_mask(seq_q, seq_k)
    real = padding_mask(seq_k - min(padded, seq_k), seq_k)[0]
    if "in front" in kind:
        real = real[::-1]
    mask = np.ones_like(past)
    if "causal" in kind:
        mask &= past
    if "padding" in kind:
        mask &= real
    weights = attention_weights(query, key, mask)
    later, padding = (float(weights[hidden].sum()) / seq_q for hidden in (~past, np.broadcast_to(~real, past.shape)))
    return Numbers(kind, scaled_dot_scores(query, key), real, mask, weights, later, padding)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    seq_q, seq_k = numbers.mask.shape
    padded = int((~numbers.real).sum())
    later, padding = (in_digits(share, "{:.0%}") for share in (numbers.later, numbers.padding))
    return (
        f"Mask “{numbers.kind}”, {seq_q} × {seq_k}, {padded} of the keys padding: {numbers.mask.sum()} of "
        f"{numbers.mask.size} pairs are allowed; later keys get {later} of the weight, padding {padding}; "
        f"{about_rows(numbers.mask)}."
    )


def about_rows(mask: np.ndarray) -> str:
    """Which rows may attend to nothing; mask-workshop.js says the same of the reader's own mask."""
    empty = [str(i) for i, row in enumerate(mask, start=1) if not row.any()]
    if not empty:
        return "every row sums to 1"
    if len(empty) == 1:
        return f"row {empty[0]} may attend to nothing: its weights are all zero"
    return f"rows {', '.join(empty[:-1])} and {empty[-1]} may attend to nothing: their weights are all zero"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Scores, mask and weights side by side, on a phone the weights below.

    What is masked is hatched, and an empty row lights its lamp.
    """
    figure = sheet(height=236, narrow=narrow, narrow_height=418)
    paper = board(figure)
    cell, spots = (
        ((33, 30), ((28, 56), (188, 56), (28, 264))) if narrow else ((46, 36), ((30, 56), (256, 56), (482, 56)))
    )
    panels = {
        "scores": (SCORE_INK, numbers.scores, SCORE, 1.8, "{:.1f}"),
        "mask": (INK, np.where(numbers.mask, 1.0, np.nan), RULE, 1.7, "✓"),
        "weights": (WEIGHT_INK, np.where(numbers.mask, numbers.attn_weights, np.nan), WEIGHT, 1, "{:.2f}"),
    }
    for (left, top), (name, (ink, cells, colours, reach, form)) in zip(spots, panels.items(), strict=True):
        tell = partial(_tell, name, cells)
        rows, columns = [f"q{i + 1}" for i in range(len(cells))], [f"k{j + 1}" for j in range(cells.shape[1])]
        said: dict[str, Any] = {"rows_said": rows, "columns_said": columns, "what": _WHAT[name], "tell": tell}
        grid = matrix(paper, left, top, cell, cells, colours, reach, form, written=-1, **said)  # written below
        _write(paper, grid, name, cells, form)
        label(paper, left, top - 31, name, ink, size=HEADING)
        _name(paper, grid, numbers)
    left, top = spots[1]
    below = top + grid.box()[3] + 24
    label(paper, left, below, "✓ may attend", FAINT)
    x, y = (left, below + 19) if narrow else (left + 44, top - 31)
    say(label(paper, x, y, numbers.kind, FAINT), note="kind")
    _draw_lamps(paper, grid, numbers)
    return figure


_WHAT = {"scores": "score", "mask": "", "weights": "weight"}


def _tell(name: str, cells: np.ndarray, i: int, j: int) -> dict[str, str]:
    """What mask-workshop.js needs to turn a cell of the mask; pointed at, a pair is lit in all three matrices."""
    linked = {"of": f"pair-{i}-{j} row-{i} column-{j}", "lights": f"pair-{i}-{j}"}
    if name == "mask":
        return linked | {"toggle": f"{i} {j}", "value": "masked" if np.isnan(cells[i, j]) else "may attend"}
    exact = {"value": in_digits(float(cells[i, j]), "{:.4f}")} if name == "scores" else {}
    return linked | {"cell": f"{name} {i} {j}"} | exact


def _write(paper: Axes, grid: Grid, name: str, cells: np.ndarray, form: str) -> None:
    """A number on each cell, which mask-workshop.js can find again."""
    for i, j in np.argwhere(~np.isnan(cells)):
        words = in_digits(float(cells[i, j]), form)
        number = label(paper, *grid.middle(i, j), words, NUMBER, ha="center", va="center_baseline")
        say(number, number=f"{name} {i} {j}")


def _name(paper: Axes, grid: Grid, numbers: Numbers) -> None:
    """Names on the left and above; each lights its row or column in all three matrices."""
    for i in range(grid.shape[0]):
        y = grid.middle(i)[1]
        query = label(paper, grid.left - 5, y, f"q{i + 1}", QUERY_INK, ha="right", va="center_baseline")
        say(query, words=f"query {i + 1}", of=f"row-{i}", lights=f"row-{i}")
    for j, real in enumerate(numbers.real):
        name, ink, words = (f"k{j + 1}", KEY_INK, f"key {j + 1}") if real else ("pad", FAINT, f"key {j + 1}: padding")
        key = label(paper, grid.middle(None, j)[0], grid.top - 7, name, ink, ha="center")
        say(key, words=words, of=f"column-{j}", lights=f"column-{j}")


def _draw_lamps(paper: Axes, grid: Grid, numbers: Numbers) -> None:
    """The sum of every row, and a lamp that is lit where a row may attend to nothing."""
    x = grid.left + grid.box()[2]
    label(paper, x + 8, grid.top - 7, "sum", WEIGHT_INK)
    for i, row in enumerate(numbers.mask):
        y, lit = grid.middle(i)[1], not row.any()
        total = in_digits(numbers.attn_weights[i].sum(), "{:.0f}")
        written = label(paper, x + 21, y, total, size=TEXT, ha="center", va="center_baseline")
        say(written, sum=str(i))
        fill, edge = (KEY, KEY_INK) if lit else (PAPER, RULE)
        lamp = paper.add_patch(Circle((x + 40, y), 6.5, facecolor=fill, edgecolor=edge, linewidth=1.2))
        words = "may attend to nothing: its weights are all zero" if lit else "sums to 1"
        say(lamp, words=f"row {i + 1} {words}", lamp=str(i), lights=f"row-{i}")
    below = grid.top + grid.box()[3] + 12
    empty = not numbers.mask.any(axis=-1).all()
    words, ink = ("no key allowed: zeros, not NaN", KEY_INK) if empty else ("every row sums to 1", FAINT)
    say(label(paper, grid.left, below, words, ink, va="top"), note="rows")


mask_workshop = Explorer(
    __name__,
    caption=(
        "The same scores under one mask after another: what is hatched gets no weight, and a light goes on where a "
        "query may attend to nothing at all. On the website, a click on a cell of the mask makes a mask of your own."
    ),
    controls={
        "kind": Choice("mask", stops=KINDS),
        "seq_q": Slider("queries", stops=(1, 2, 4)),
        "seq_k": Slider("keys", stops=(2, 4)),
        "padded": Slider("padded keys", stops=(0, 1, 2)),
    },
)
