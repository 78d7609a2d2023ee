"""Picture P4: the whole Transformer, and what each part has to learn."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import count_parameters, tree_leaves
from attnlib.course.controls import Choice
from attnlib.course.explorer import Explorer
from attnlib.dates import SOURCE_VOCAB, TARGET_VOCAB
from attnlib.figures.canvas import SMALL, sheet
from attnlib.figures.compute.matrix import board
from attnlib.figures.palette import INK
from attnlib.transformer import TransformerParams, init_transformer

D_MODEL, NUM_HEADS, D_FF, LAYERS = 64, 4, 128, 2
PLACES = {"pre-LN": True, "post-LN": False}
PARTS = (
    "source tokens",
    "target tokens",
    "positions",
    "encoder self-attention",
    "encoder feed-forward",
    "decoder self-attention",
    "cross-attention",
    "decoder feed-forward",
    "norms",
    "logits",
)


class Numbers(NamedTuple):
    """What the figure shows."""

    part: str
    norm: str
    shapes: tuple[tuple[str, tuple[int, ...]], ...]  # arrays of one copy of the part
    copies: int
    parameters: int  # of all copies
    total: int  # of the whole model


@lru_cache
def model(norm: str) -> TransformerParams:
    """A Transformer with the date model's sizes; its numbers are random, only their count matters."""
    rng = np.random.default_rng(0)
    sizes = (SOURCE_VOCAB, TARGET_VOCAB, D_MODEL, NUM_HEADS, D_FF, LAYERS, LAYERS)
    return init_transformer(rng, *sizes, norm_first=PLACES[norm])


def measure(part: str = "cross-attention", norm: str = "pre-LN") -> Numbers:
    """The arrays of this part, counted."""
    params = model(norm)
    copies = pieces(params)[part]
    arrays = tuple((name, leaf.shape) for name, leaf in named(copies[0])) if copies else ()
    return Numbers(part, norm, arrays, len(copies), sum(map(count_parameters, copies)), count_parameters(params))


def pieces(params: TransformerParams) -> dict[str, list]:
    """Part -> its copies, one a layer."""
    coders = params.encoder.layers, params.decoder.layers
    final = [norm for norm in (params.encoder.norm, params.decoder.norm) if norm is not None]
    norms = [getattr(layer, name) for layers in coders for layer in layers for name in layer._fields if "norm" in name]
    return {
        "source tokens": [(params.source_tokens,)],
        "target tokens": [(params.target_tokens,)],
        "positions": [],
        "encoder self-attention": [layer.attention for layer in coders[0]],
        "encoder feed-forward": [layer.feed_forward for layer in coders[0]],
        "decoder self-attention": [layer.self_attention for layer in coders[1]],
        "cross-attention": [layer.cross_attention for layer in coders[1]],
        "decoder feed-forward": [layer.feed_forward for layer in coders[1]],
        "norms": norms + final,
        "logits": [] if params.w_out is None else [(params.w_out,)],
    }


def named(part) -> list[tuple[str, np.ndarray]]:
    """The arrays of a part with their names."""
    names = getattr(part, "_fields", ("table",))
    return [(name, leaf) for name, leaf in zip(names, tree_leaves(part), strict=False)]


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    share = numbers.parameters / numbers.total
    return (
        f"{numbers.part.capitalize()}, {numbers.norm}: {numbers.copies} × {len(numbers.shapes)} arrays, "
        f"{numbers.parameters:,} of {numbers.total:,} parameters ({share:.1%})."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Encoder on the left, decoder on the right, and the part in hand."""
    figure = sheet(height=460, narrow=narrow, narrow_height=700)
    paper = board(figure)
    paper.text(20, 20, numbers.part, fontsize=SMALL, color=INK)
    return figure


anatomy = Explorer(
    name="anatomy",
    source="attnlib.figures.transformer.anatomy:anatomy",
    caption="The whole Transformer, with the date model's sizes: encoder on the left, decoder on the right.",
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "part": Choice("part", stops=PARTS, default="cross-attention"),
        "norm": Choice("norms", stops=tuple(PLACES), default="pre-LN"),
    },
)
