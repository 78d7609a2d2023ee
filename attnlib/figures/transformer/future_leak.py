"""Explorer: edit one token, and see which outputs of a stack of layers move."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import causal_mask, encoder, init_encoder, sinusoidal_positions
from attnlib.course.controls import Choice, Slider
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import SMALL, sheet
from attnlib.figures.compute.matrix import board
from attnlib.figures.palette import INK

TOKENS = ("the", "dog", "bites", "the", "old", "man")
_SEQ, _D_MODEL, _MOST = len(TOKENS), 16, 3
_rng = np.random.default_rng(0)
_STACK = init_encoder(_rng, _MOST, _D_MODEL, num_heads=2, d_ff=32)
_VECTORS = {word: _rng.normal(size=_D_MODEL) for word in (*dict.fromkeys(TOKENS), "cat")}
MASKS = ("causal", "none", "flipped by mistake")


class Numbers(NamedTuple):
    """What the figure shows."""

    mask_kind: str
    token: int  # edited, counted from 1
    mask: np.ndarray  # (seq, seq) boolean, True = may attend
    changes: np.ndarray  # (layers + 1, seq) largest change of a feature: of the input, then behind each layer


def measure(mask: str = "causal", token: int = 4, layers: int = 2) -> Numbers:
    """The stack's outputs before and after the token becomes “cat”."""
    past = causal_mask(_SEQ, _SEQ)
    allowed = {"causal": past, "none": np.ones_like(past), "flipped by mistake": ~past}[mask]
    edited = [word if i + 1 != token else "cat" for i, word in enumerate(TOKENS)]
    before, after = (every_layer(words, allowed, layers) for words in (TOKENS, edited))
    changes = np.abs(after - before).max(axis=-1)
    return Numbers(mask, token, allowed, np.where(changes < 1e-12, 0, changes))  # rounding is no change


def every_layer(words, mask: np.ndarray, layers: int) -> np.ndarray:
    """(layers + 1, seq, d_model): the vectors that go in, and those behind each layer."""
    x = np.stack([_VECTORS[word] for word in words]) + sinusoidal_positions(_SEQ, _D_MODEL)
    rows = [x]
    for layer in _STACK.layers[:layers]:
        rows.append(encoder(_STACK._replace(layers=(layer,), norm=None), rows[-1], mask)[0])
    return np.stack(rows)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    moved = numbers.changes[-1] > 0
    earlier, later = int(moved[: numbers.token - 1].sum()), int(moved[numbers.token :].sum())
    verdict = (
        "no leak" if not earlier else f"the future leaks, by up to {numbers.changes[-1, : numbers.token - 1].max():.2f}"
    )
    return (
        f"Mask “{numbers.mask_kind}”, {len(numbers.changes) - 1} layers: editing token {numbers.token} moves "
        f"{earlier} of {numbers.token - 1} earlier and {later} of {_SEQ - numbers.token} later outputs; {verdict}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Tokens below, outputs above, and how much each moved."""
    figure = sheet(height=300, narrow=narrow, narrow_height=420)
    paper = board(figure)
    step = 54 if narrow else 100
    for row, changes in enumerate(numbers.changes):
        for i, change in enumerate(changes):
            paper.text(40 + i * step, 260 - 60 * row, f"{change:.2f}", fontsize=SMALL, color=INK, ha="center")
    return figure


future_leak = Explorer(
    name="future-leak",
    source="attnlib.figures.transformer.future_leak:future_leak",
    caption="One token becomes “cat”. Which outputs move? With a causal mask none that stands before it.",
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "mask": Choice("mask", stops=MASKS, default="causal"),
        "token": Slider("edited token", stops=(1, 2, 3, 4, 5, 6), default=4),
        "layers": Slider("layers", stops=(1, 2, 3), default=2),
    },
)
