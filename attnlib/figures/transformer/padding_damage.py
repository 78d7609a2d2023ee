"""Explorer: pad the source, and forget the padding mask in one place or another."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib.course.controls import Choice, Slider
from attnlib.course.explorer import Explorer
from attnlib.dates import BEGIN, END, PADDING, STEPS, as_source, as_texts
from attnlib.figures.canvas import SMALL, sheet
from attnlib.figures.compute.matrix import board
from attnlib.figures.palette import INK
from attnlib.figures.transformer.trained import date_model
from attnlib.greedy import decode_next, start_cache
from attnlib.masks import padding_mask
from attnlib.transformer import encode

DATES = {"June 7th, 2021": "2021-06-07", "le 14 juillet 1989": "1989-07-14", "7.6.21": "2021-06-07"}
MASKS = {
    "encoder and cross-attention": (True, True),
    "encoder only": (True, False),
    "cross-attention only": (False, True),
    "nowhere": (False, False),
}
PADDINGS = (0, 1, 2, 4, 8, 16, 32)


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str
    mask: str
    padding: int
    answer: str
    wanted: str
    change: np.ndarray  # (seq,) how far each real token's encoder output moved, relative to its length


def measure(mask: str = "nowhere", padding: int = 8, text: str = "June 7th, 2021") -> Numbers:
    """Encode and translate the padded text."""
    memory, answer = translated(text, mask, padding)
    right, _ = translated(text, "encoder and cross-attention", 0)
    change = np.linalg.norm(memory[: len(text)] - right, axis=-1) / np.linalg.norm(right, axis=-1)
    return Numbers(text, mask, padding, answer, DATES[text], np.where(change < 1e-12, 0, change))


@lru_cache
def translated(text: str, mask: str, padding: int) -> tuple[np.ndarray, str]:
    """The encoder's output, and the answer."""
    source, lengths = as_source([text])
    source = np.pad(source, ((0, 0), (0, padding)), constant_values=PADDING)
    real = padding_mask(lengths, source.shape[1])
    in_encoder, in_cross = (real if on else None for on in MASKS[mask])
    params = date_model()
    memory, _ = encode(params, source, in_encoder)
    said, caches = np.full((1, 1), BEGIN), start_cache(params, memory)
    for _ in range(STEPS):
        logits, caches = decode_next(params, said, caches, in_cross)
        said = np.append(said, logits[:, -1].argmax(axis=-1)[:, None], axis=1)
        if said[0, -1] == END:
            break
    return memory[0], as_texts(said[:, 1:])[0]


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    verdict = "right" if numbers.answer == numbers.wanted else f"wrong: {numbers.wanted} was asked"
    return (
        f"{numbers.padding} padded characters, masked {numbers.mask}: the encoder's outputs move by "
        f"{numbers.change.mean():.0%} on average, and “{numbers.text}” becomes “{numbers.answer}”, {verdict}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The text, how far its outputs moved, and the answer."""
    figure = sheet(height=300, narrow=narrow, narrow_height=520)
    paper = board(figure)
    paper.text(20, 20, numbers.answer, fontsize=SMALL, color=INK)
    return figure


padding_damage = Explorer(
    name="padding-damage",
    source="attnlib.figures.transformer.padding_damage:padding_damage",
    caption="The same text with padding behind it, as in a batch with longer texts; the mask is there, or forgotten.",
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "mask": Choice("padding mask", stops=tuple(MASKS), default="nowhere"),
        "padding": Slider("padding", stops=PADDINGS, default=8),
        "text": Choice("date", stops=tuple(DATES), default="June 7th, 2021"),
    },
)
