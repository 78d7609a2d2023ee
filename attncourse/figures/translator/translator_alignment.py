"""Explorer: the cross-attention of a real translator beside the words that a person would link."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame
from attncourse.drawing.palette import KEY_INK, QUERY_INK, WEIGHT_INK
from attncourse.explorer import Explorer
from attncourse.figures.translator.stored import CROSS_LAYERS, HEADS, as_told, result, sentence, sentences, thousandths
from attncourse.figures.translator.token_map import cell_for, token_map

SENTENCES = sentences()


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str
    layer: int  # counted from 1, as the head
    head: int
    translation: str
    source: list[str]
    said: list[str]
    attn_weights: np.ndarray  # (steps, seq_source)
    links: list[list[int]]  # for each said token the source's that a person links with it; none for full stop and end
    agreed: int  # how many linked tokens have the largest weight on a link
    everywhere: int  # the same of 100 tokens, over all the sentences that were linked by hand


def measure(text: str = SENTENCES[2], layer: int = 1, head: int = 1) -> Numbers:
    """Take the stored map of one head, and count where its largest weights agree with the links."""
    found = sentence(text)
    weights = as_told(thousandths(text, "cross")[layer - 1, head - 1])
    agreed = sum(int(row.argmax()) in links for row, links in zip(weights, found.links, strict=True))
    everywhere = round(100 * result()["found"]["alignment"]["heads"][layer - 1][head - 1])
    return Numbers(
        text, layer, head, found.translation, found.source, found.said, weights, found.links, agreed, everywhere
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    linked = sum(map(bool, numbers.links))
    return (
        f"“{numbers.text}” becomes “{numbers.translation}” Layer {numbers.layer}, head {numbers.head}: for "
        f"{numbers.agreed} of {linked} tokens the largest weight lies where a person would link; over "
        f"{result()['found']['alignment']['sentences']} sentences for {numbers.everywhere} of 100."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The map, with a frame around each cell that a person would link."""
    figure = sheet(height=460, narrow=narrow, narrow_height=500)
    paper = board(figure)
    label(paper, 8, 20, f"layer {numbers.layer}, head {numbers.head}", size=HEADING, weight="semibold")
    weights = numbers.attn_weights
    corner, cell = (86, 136), cell_for(weights, 250, 340, (25, 27))
    if not narrow:
        corner, cell = (110, 112), cell_for(weights, 380, 335, (38, 28))
    grid = token_map(paper, corner, cell, weights, numbers.said, numbers.source, "map")
    for i, links in enumerate(numbers.links):
        for j in links:
            frame(paper, grid, i, j)
    linked = sum(map(bool, numbers.links))
    words = f"{numbers.agreed} of {linked} largest weights", "lie where a person", "would link (framed)"
    if narrow:
        label(paper, 8, 40, f"{words[0]} are framed", WEIGHT_INK, size=TEXT)
        return figure
    for i, line in enumerate(words):
        label(paper, 510, 150 + 20 * i, line, WEIGHT_INK, size=TEXT)
    label(paper, 510, 230, "rows: what is written", QUERY_INK)
    label(paper, 510, 250, "columns: what is read", KEY_INK)
    return figure


translator_alignment = Explorer(
    __name__,
    caption=(
        "Where each head of the cross-attention looks while a token of the translation is written (a row). A low line "
        "marks the beginning of a word. Frames: the tokens that a person would link, drawn by hand. Both layers of the "
        "decoder have eight heads."
    ),
    controls={
        "text": Choice("sentence", stops=SENTENCES),
        "layer": Slider("layer", stops=tuple(range(1, CROSS_LAYERS + 1))),
        "head": Slider("head", stops=tuple(range(1, HEADS + 1))),
    },
)
