"""Explorer: every head of a trained model of two layers, and one of them enlarged."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Choice, Slider
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.cells import Cells
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame, matrix
from attncourse.drawing.palette import FAINT, INK, KEY_INK, QUERY_INK, RULE, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.heads.head_probes import (
    BEHIND,
    DIGIT,
    places_looked_at,
    reorder_heads,
    share_of_weight,
    tokens_of,
)
from attncourse.results import load_result
from attncourse.results.models import from_stored
from attnlib.attention_model import ModelParams, attention_model
from attnlib.masks import causal_mask

SEQUENCES = "b7d7a2h1h1a2d7b7", "a3c1b7d3c1a3d3b7", "f2h5e2g8g8f2e2h5"
AGAIN = 12  # where a letter stands that was there before, with a digit that follows another letter too
FINDER = 2  # the head of layer 2 that helps that letter find its digit, in both models
MODELS = {"first": "digit", "second": "elsewhere"}  # how they are called here and in the result file
_ORDER = {  # of the heads of each layer: head 2 is that of the digit in layer 2, and in layer 1 it looks one token back
    "digit": ((1, 0, 2, 3), (0, 1, 2, 3)),
    "elsewhere": ((0, 1, 2, 3), (0, 2, 1, 3)),
}
_SHORT = {  # places, below a thumbnail
    "itself": "itself",
    "the token before": "token before",
    "the token two before": "two back",
    "the first token": "first token",
    "the same letter": "same letter",
    DIGIT: "the digit",
    BEHIND: "past the digit",
}


class Numbers(NamedTuple):
    """What the figure shows."""

    tokens: str  # (seq) names
    layer: int  # counted from 1, as the head
    head: int
    attn_weights: np.ndarray  # (layers, heads, seq, seq) on this sequence
    looks: list[list[tuple[str, float]]]  # (layers, heads): where a head looks most, and with what share of its weight

    @property
    def place(self) -> str:
        """Where the chosen head looks."""
        return self.looks[self.layer - 1][self.head - 1][0]

    @property
    def framed(self) -> tuple[int, int]:
        """The row that is framed in each layer, from 0: the token at which layer 2 finds the digit, and the letter."""
        return int(self.attn_weights[1, FINDER - 1, AGAIN].argmax()), AGAIN

    @property
    def share(self) -> float:
        """Of its weight, on average over many sequences."""
        return self.looks[self.layer - 1][self.head - 1][1]


def measure(tokens: str = SEQUENCES[0], layer: int = 2, head: int = 2, model: str = "first") -> Numbers:
    """Run a stored model, on the page the first, on the sequence; and on many others, to say where its heads look."""
    attn_weights = np.array(run(stored_model(MODELS[model]), tokens_of(tokens)))
    return Numbers(tokens, layer, head, attn_weights, looked_at(model))


def run(params: ModelParams, tokens: np.ndarray) -> tuple[np.ndarray, ...]:
    """The weights of every layer, (..., heads, seq, seq): no token sees what comes later."""
    seq = tokens.shape[-1]
    return attention_model(params, tokens, mask=causal_mask(seq, seq))[1]


@lru_cache
def stored_result() -> dict:
    """The experiment's result file."""
    return load_result("head_maps")


@lru_cache
def stored_model(kind: str) -> ModelParams:
    """The trained parameters, with heads in an order of their own: the one that finds the digit in the same place."""
    params = from_stored(stored_result()["models"][kind])
    for layer, order in enumerate(_ORDER[kind]):
        params = reorder_heads(params, layer, order)
    return params


@lru_cache
def fresh_tokens() -> np.ndarray:
    """(sequences, seq) that no model was trained on."""
    return np.array([tokens_of(text) for text in stored_result()["sequences"]])


@lru_cache
def looked_at(model: str) -> list[list[tuple[str, float]]]:
    """(layers, heads): the place that a head looks at most, and how much of its weight that place gets."""
    places = places_looked_at(fresh_tokens())
    layers = [share_of_weight(weights, places) for weights in run(stored_model(MODELS[model]), fresh_tokens())]
    return [[max(zip(places, head, strict=True), key=lambda pair: pair[1]) for head in layer] for layer in layers]


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    seen = " at repeated letters" if "letter" in numbers.place else ""
    query = numbers.framed[numbers.layer - 1]
    row = numbers.attn_weights[numbers.layer - 1, numbers.head - 1, query]
    key = int(row.argmax())
    name = numbers.tokens[query]
    asks = f"the second “{name}”" if query == AGAIN else f"the “{name}” at token {query + 1}"
    return (
        f"Layer {numbers.layer}, head {numbers.head} looks most at {numbers.place}: {numbers.share:.2f} of its weight"
        f"{seen} (mean of {len(fresh_tokens())}); here {asks} puts {row[key]:.2f} on the "
        f"“{numbers.tokens[key]}” at token {key + 1}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A thumbnail of each head, with the place where it looks most; and the chosen head's map, enlarged."""
    figure = sheet(height=380, narrow=narrow, narrow_height=442)
    paper = board(figure)
    for at in np.ndindex(numbers.attn_weights.shape[:2]):
        _draw_thumbnail(paper, at, numbers, narrow)
    _draw_enlarged(paper, numbers, narrow)
    return figure


def _draw_thumbnail(paper: Axes, at: tuple[int, int], numbers: Numbers, narrow: bool) -> None:
    """With its layer, its head, its place and share: around it, or on a phone mostly beside it.

    Those of layer 1 are blank until that layer is chosen.
    """
    layer, head = at
    looked_at, share = numbers.looks[layer][head]
    side = 32 if narrow else 70
    told = layer + 1 >= numbers.layer  # what layer 1 does is to be predicted from layer 2
    x, y = (4 + 85 * head, 20 + 80 * layer) if narrow else (10 + 84 * head, 62 + 160 * layer)
    chosen = (layer + 1, head + 1) == (numbers.layer, numbers.head)
    row = side / len(numbers.tokens)
    name, weight = f"layer {layer + 1}, head {head + 1}", "semibold" if chosen else "normal"
    outline = Rectangle((x, y), side, side, fill=False, edgecolor=INK if chosen else RULE, linewidth=2 if chosen else 1)
    say(paper.add_patch(outline), words=f"{name}: {share:.2f} of the weight on {looked_at}" if told else name)
    if told:
        paper.add_artist(Cells(numbers.attn_weights[at], WEIGHT, 1, (x, y), (row, row), quiet=True))
    around = max(0.0, 4 - row) / 2  # a frame of a thin row leaves it room
    corner = x - around, y + numbers.framed[layer] * row - around
    paper.add_patch(Rectangle(corner, side + 2 * around, row + 2 * around, fill=False, edgecolor=INK, linewidth=0.8))
    if head == 0:
        label(paper, x, y - (7 if narrow else 27), f"layer {layer + 1}", size=TEXT, weight="semibold")
    middle, right, end = x + side / 2, x + side + 5, y + side
    places = (
        ((right, y + 12, "left"), (x, end + 16, "left"), (right, y + 30, "left"))
        if narrow
        else ((middle, y - 7, "center"), (middle, end + 17, "center"), (middle, end + 34, "center"))
    )
    place, weighs = (_SHORT[looked_at], f"{share:.2f}") if told else ("?", "")
    words = ((f"head {head + 1}", INK), (place, WEIGHT_INK), (weighs, WEIGHT_INK))
    for (left, baseline, align), (said, ink) in zip(places, words, strict=True):
        label(paper, left, baseline, said, ink, ha=align, weight=weight)


def _draw_enlarged(paper: Axes, numbers: Numbers, narrow: bool) -> None:
    """The chosen head's map. A token shows its row, as a query, and its column, as a key."""
    left, top, side = (32.0, 190.0, 15.6) if narrow else (404.0, 60.0, 18.5)
    tokens = numbers.tokens
    allowed = causal_mask(len(tokens), len(tokens))
    attn_weights = np.where(allowed, numbers.attn_weights[numbers.layer - 1, numbers.head - 1], np.nan)
    names = [f"{token}, token {i}" for i, token in enumerate(tokens, start=1)]
    grid = matrix(paper, left, top, (side, side), attn_weights, WEIGHT, 1, "{:.2f}", written=-1,
                  rows_said=names, columns_said=names, what="weight", part="map")  # fmt: skip
    for i, token in enumerate(tokens):
        x, y = grid.middle(i, i)
        row = label(paper, left - 5, y, token, QUERY_INK, ha="right", va="center_baseline")
        column = label(paper, x, top - 5, token, KEY_INK, ha="center")
        for name in (row, column):
            say(name, words=f"{names[i]}: its row as a query, its column as a key",
                of=f"map-r{i} map-c{i}", lights=f"map-r{i} map-c{i}")  # fmt: skip
    for i in numbers.framed:
        x, y = grid.middle(i, i)
        label(paper, left - 17, y, f"{i + 1}", FAINT, ha="right", va="center_baseline")
        label(paper, x, top - 19, f"{i + 1}", FAINT, ha="center")
    frame(paper, grid, numbers.framed[numbers.layer - 1])
    right, end = left + len(tokens) * side, top + len(tokens) * side
    if narrow:
        label(paper, right + 8, top + 12, f"layer {numbers.layer},\nhead {numbers.head}", size=HEADING,
              weight="semibold", va="center")  # fmt: skip
        label(paper, right + 8, top + 70, "columns:\nkeys", KEY_INK, va="center")
        label(paper, right + 8, end - 18, "rows:\nqueries", QUERY_INK, va="center")
    else:
        label(paper, left, top - 34, f"layer {numbers.layer}, head {numbers.head}", size=HEADING, weight="semibold")
        label(paper, right, top - 34, "columns: keys", KEY_INK, ha="right")
        label(paper, left, end + 17, "rows: queries", QUERY_INK)


head_maps = Explorer(
    __name__,
    caption=(
        "Below each small picture stands where its head looks most, and with what share of its weight (mean of 64 "
        "sequences). Frames mark the letter that asks (layer 2) and the digit that it finds (layer 1). Hatched keys "
        "are masked: in this model no token may look ahead."
    ),
    controls={
        "tokens": Choice("sequence", stops=SEQUENCES),
        "layer": Slider("layer", stops=(1, 2)),
        "head": Slider("head", stops=(1, 2, 3, 4)),
    },
)
