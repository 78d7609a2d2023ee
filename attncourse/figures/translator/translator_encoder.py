"""Explorer: every head of a real translator's encoder, and where its tokens look."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame
from attncourse.drawing.palette import FAINT, INK, NUMBER, RULE, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.translator.stored import HEADS, LAYERS, as_told, plain, sentence, sentences, thousandths
from attncourse.figures.translator.token_map import cell_for, token_map

SENTENCES = sentences(with_encoder=True)
ASKING = {"_bank": 0, "_its": 1, "_red": 2}  # the token of a sentence that is framed: the first of these that it has
LEAST = 0.1  # the smallest weight that is written in its row


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str
    layer: int  # counted from 1, as the head
    head: int
    tokens: list[str]
    attn_weights: np.ndarray  # (seq, seq)
    asking: int  # the framed token, and where it looks most
    most: int
    shares: dict[str, float]  # of the weights of all tokens, by place


def measure(text: str = SENTENCES[0], layer: int = 1, head: int = 1) -> Numbers:
    """Take the stored map of one head."""
    tokens = sentence(text).source
    weights = as_told(thousandths(text, "encoder")[layer - 1, head - 1])
    asking = min((i for i, token in enumerate(tokens) if token in ASKING), key=lambda i: ASKING[tokens[i]])
    return Numbers(text, layer, head, tokens, weights, asking, int(weights[asking].argmax()), shares(weights))


def shares(weights: np.ndarray) -> dict[str, float]:
    """How much of all weight lies on the token itself, on its neighbours, on full stop and end, and elsewhere."""
    seq = len(weights)
    i, j = np.indices(weights.shape)
    signs = j >= seq - 2
    places = {
        "itself": (j == i) & ~signs,
        "the one before": (j == i - 1) & ~signs,
        "the one after": (j == i + 1) & ~signs,
        "full stop and end": signs,
    }
    found = {name: round(float(weights[where].sum() / weights.sum()), 2) for name, where in places.items()}
    return found | {"elsewhere": round(1 - sum(found.values()), 2)}


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    asking, most = plain(numbers.tokens[numbers.asking]), plain(numbers.tokens[numbers.most])
    place = max(numbers.shares.items(), key=lambda item: round(item[1], 2))
    return (
        f"“{numbers.text}” Layer {numbers.layer}, head {numbers.head}: “{asking}” looks most at “{most}” "
        f"({numbers.attn_weights[numbers.asking, numbers.most]:.2f}); over all tokens the largest share lies on "
        f"{place[0]} ({place[1]:.2f})."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The map, the asking token's row framed and its larger weights written, and the shares of five places as bars."""
    figure = sheet(height=420, narrow=narrow, narrow_height=560)
    paper = board(figure)
    label(paper, 8, 22, f"layer {numbers.layer}, head {numbers.head}", size=HEADING, weight="semibold")
    weights = numbers.attn_weights
    corner, cell = (86, 122), cell_for(weights, 250, 270, (25, 27))
    if not narrow:
        corner, cell = (96, 116), cell_for(weights, 340, 290, (34, 29))
    grid = token_map(paper, corner, cell, weights, numbers.tokens, numbers.tokens, "map")
    frame(paper, grid, numbers.asking)
    for j, weight in enumerate(weights[numbers.asking].tolist()):
        if weight >= LEAST:
            words = in_digits(weight, "{:.2f}")
            words = words.removeprefix("0") if narrow else words
            label(paper, *grid.middle(numbers.asking, j), words, NUMBER, ha="center", va="center_baseline")
    _draw_shares(paper, numbers, (8, 424) if narrow else (476, 136))
    return figure


def _draw_shares(paper: Axes, numbers: Numbers, corner: tuple[float, float]) -> None:
    """One bar under the other, its number behind it."""
    left, top = corner
    label(paper, left, top, "of all weight lies on", FAINT, size=TEXT)
    for i, (place, share) in enumerate(numbers.shares.items()):
        y = top + 26 + 24 * i
        label(paper, left + 104, y, place, INK, ha="right", va="center_baseline")
        paper.hlines(y, left + 112, left + 212, color=RULE, linewidth=0.8, zorder=0)
        (bar,) = paper.barh([y], [100 * max(share, 0)], 14, left + 112, color=WEIGHT)
        say(bar, words=f"{share:.2f} of all weight on {place}")
        label(paper, left + 218, y, f"{max(share, 0):.2f}", WEIGHT_INK, va="center_baseline")


translator_encoder = Explorer(
    __name__,
    caption=(
        "Where each token of an English sentence (a row) looks, in any of the 48 heads of a real translator's encoder. "
        f"The framed row is that of the word to watch; its weights from {LEAST} on are written."
    ),
    controls={
        "text": Choice("sentence", stops=SENTENCES),
        "layer": Slider("layer", stops=tuple(range(1, LAYERS + 1))),
        "head": Slider("head", stops=tuple(range(1, HEADS + 1))),
    },
)
