"""Picture P4: the whole Transformer; choose a part, and see its shapes and what it has to learn."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from attncourse.controls import Choice
from attncourse.digits import product_of
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE, WASH, WEIGHT
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.transformer.blueprint import draw_blueprint
from attnlib import TransformerParams, count_parameters, decode, encode, init_transformer
from attnlib.dates.task import BEGIN, SOURCE_VOCAB, TARGET_CODES, TARGET_VOCAB, as_source

D_MODEL, NUM_HEADS, D_FF, LAYERS = 64, 4, 128, 2  # of the date model
SOURCE, TARGET = "June 7th, 2021", "2021-0"
NORMS = {"before (pre-LN)": True, "after (post-LN)": False}
PARTS = {  # and what each does
    "source embedding": "one vector for each character that the source may have",
    "target embedding": "one vector for each character that the target may have",
    "positions": "waves that tell places apart, computed and not learned",
    "encoder self-attention": "every source token looks at every source token",
    "encoder feed-forward": "a small network, the same for every token by itself",
    "decoder self-attention": "every target token looks at itself and those before it",
    "cross-attention": "queries from the target, keys and values from the memory",
    "decoder feed-forward": "a small network, the same for every token by itself",
    "norms": "each token’s features get mean 0 and variance 1, then a gain and a bias",
    "logits": "the target’s table once more, read the other way",
    "encoder": "reads all of the source at once; with its last norm it makes the memory",
    "decoder": "looks back, looks across, reworks each token by itself, and predicts one token more",
}


CODE = {  # in the library
    "source embedding": "vectors(params.source_tokens, source)",
    "target embedding": "vectors(params.target_tokens, target)",
    "positions": "looked_up * root + positions",
    "encoder self-attention": "multi_head_attention(params.attention, x, x, x, mask)",
    "encoder feed-forward": "feed_forward(params.feed_forward, x)",
    "decoder self-attention": "multi_head_attention(params.self_attention, x, x, x, mask)",
    "cross-attention": "multi_head_attention(params.cross_attention, x, memory, memory, memory_mask)",
    "decoder feed-forward": "feed_forward(params.feed_forward, x)",
    "norms": "layer_norm(x, *norm)",
    "logits": "linear(x, output_map(params))",
    "encoder": "encoder(params.encoder, vectors(params.source_tokens, source), source_mask)",
    "decoder": "decoder(params.decoder, x, memory, source_mask, target_mask)",
}


class Numbers(NamedTuple):
    """What the figure shows."""

    part: str
    norm_first: bool
    flow: tuple[tuple[str, tuple[int, ...]], ...]  # name and shape of what goes in and comes out
    learned: tuple[tuple[str, str], ...]  # name and shape of one copy's arrays; of a whole stack: its parts' counts
    copies: int
    parameters: int  # of all copies
    total: int  # of the whole model


def measure(part: str = "encoder self-attention", norm: str = "before (pre-LN)") -> Numbers:
    """The shapes are those of a real run, and the arrays of this part are counted."""
    norm_first = NORMS[norm]
    params, shapes = model(norm_first)
    copies = copies_of(params)[part]
    parameters = sum(count_parameters(copy) for copy in copies)
    learned = learned_by(copies[0]) if copies else ()
    return Numbers(part, norm_first, shapes[part], learned, len(copies), parameters, count_parameters(params))


@lru_cache
def model(norm_first: bool) -> tuple[TransformerParams, dict[str, tuple]]:
    """A Transformer with the date model's sizes; and for each part the shapes of one run over both texts."""
    rng = np.random.default_rng(0)
    sizes = D_MODEL, NUM_HEADS, D_FF, LAYERS, LAYERS
    params = init_transformer(rng, SOURCE_VOCAB, TARGET_VOCAB, *sizes, norm_first=norm_first)
    source, target = as_source([SOURCE])[0][0], np.array([BEGIN, *(TARGET_CODES[character] for character in TARGET)])
    memory, encoder_maps = encode(params, source)
    logits, decoder_maps = decode(params, target, memory)
    own, cross = decoder_maps[0]
    read, said = memory.shape, (len(target), D_MODEL)
    hidden = params.encoder.layers[0].feed_forward.w_in.shape[1:]
    return params, {
        "source embedding": (("tokens", source.shape), ("vectors", read)),
        "target embedding": (("tokens", target.shape), ("vectors", said)),
        "positions": (("source", read), ("target", said)),
        "encoder self-attention": (("in", read), ("weights", encoder_maps[0].shape), ("out", read)),
        "encoder feed-forward": (("in", read), ("hidden", read[:1] + hidden), ("out", read)),
        "decoder self-attention": (("in", said), ("weights", own.shape), ("out", said)),
        "cross-attention": (("in", said), ("memory", read), ("weights", cross.shape), ("out", said)),
        "decoder feed-forward": (("in", said), ("hidden", said[:1] + hidden), ("out", said)),
        "norms": (("encoder", read), ("decoder", said)),
        "logits": (("in", said), ("out", logits.shape)),
        "encoder": (("in", read), ("memory", read)),
        "decoder": (("in", said), ("memory", read), ("out", said)),
    }


def copies_of(params: TransformerParams) -> dict[str, list]:
    """Part -> its parameters, once for each copy."""
    encoder, decoder = params.encoder, params.decoder
    layers: list[Any] = [*encoder.layers, *decoder.layers]
    norms = [getattr(layer, name) for layer in layers for name in layer._fields if name.endswith("norm")]
    return {
        "source embedding": [params.source_tokens],
        "target embedding": [params.target_tokens],
        "positions": [],
        "encoder self-attention": [layer.attention for layer in encoder.layers],
        "encoder feed-forward": [layer.feed_forward for layer in encoder.layers],
        "decoder self-attention": [layer.self_attention for layer in decoder.layers],
        "cross-attention": [layer.cross_attention for layer in decoder.layers],
        "decoder feed-forward": [layer.feed_forward for layer in decoder.layers],
        "norms": norms + [coder.norm for coder in (encoder, decoder) if coder.norm is not None],
        "logits": [] if params.w_out is None else [params.w_out],
        "encoder": [encoder],
        "decoder": [decoder],
    }


def learned_by(part) -> tuple[tuple[str, str], ...]:
    """The arrays of one copy and their shapes; of a stack of layers, how much each kind of part learns."""
    if isinstance(part, np.ndarray):
        return (("table", product_of(part.shape)),)
    if not hasattr(part, "layers"):
        return tuple((name, product_of(x.shape)) for name, x in part._asdict().items() if isinstance(x, np.ndarray))
    kinds = [name for name in part.layers[0]._fields if name.endswith(("attention", "feed_forward"))]
    counts = {name: sum(count_parameters(getattr(layer, name)) for layer in part.layers) for name in kinds}
    norms = "norms" if part.norm is None else "norms, the last too"
    counts[norms] = count_parameters(part) - sum(counts.values())
    return tuple((name.removesuffix("_attention").replace("_", "-"), f"{count:,}") for name, count in counts.items())


@lru_cache
def words_of_parts(norm_first: bool) -> dict[str, str]:
    """What each part says when it is pointed at: its shapes, its parameters, its line of code."""
    params, shapes = model(norm_first)
    words = {}
    for part, copies in copies_of(params).items():
        flow = ", ".join(f"{name} {product_of(shape)}" for name, shape in shapes[part])
        each = f" in {len(copies)} copies" if len(copies) > 1 else ""
        count = sum(count_parameters(copy) for copy in copies)
        learns = f"{count:,} parameters{each}" if count else "no parameters of its own"
        words[part] = f"{part}: {flow} · {learns} · {CODE[part]}"
    return words


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    norms = "before" if numbers.norm_first else "after"
    if numbers.parameters:
        share = numbers.parameters / numbers.total
        learns = f"{numbers.parameters:,} of {numbers.total:,} parameters ({share:.1%})"
    else:
        learns = f"no parameters of its own, of {numbers.total:,}"
    return f"{numbers.part.capitalize()}: {PARTS[numbers.part]}; {learns}, with norms {norms} each part."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Encoder on the left, decoder on the right, and what is known about the chosen part."""
    figure = sheet(height=448, narrow=narrow, narrow_height=544)
    paper = board(figure)
    centres, bottom = ((77, 267), 434) if narrow else ((106, 318), 442)
    said = words_of_parts(numbers.norm_first)
    texts, aside = (SOURCE, "▷" + TARGET), None if narrow else 416
    draw_blueprint(paper, numbers.part, numbers.norm_first, LAYERS, said, centres, bottom, texts, aside)
    flow = [(name, product_of(shape)) for name, shape in numbers.flow]
    learned = list(numbers.learned) or [("nothing", "")]
    each = f"× {numbers.copies} {'norms' if numbers.part == 'norms' else 'layers'}" if numbers.copies > 1 else ""
    places = ((8, 18), (8, 40), (8, 456), (186, 483)) if narrow else ((462, 76), (462, 122), (462, 248), (462, 400))
    name, shapes, arrays, share = places
    wide = 150 if narrow else 240
    label(paper, *name, numbers.part, size=HEADING + 1, weight="semibold")
    _draw_list(paper, shapes, ("shapes", ""), flow, wide)
    _draw_list(paper, arrays, ("to learn", each), learned, wide)
    _draw_share(paper, numbers, share, wide)
    return figure


def _draw_list(
    paper: Axes, at: tuple[float, float], title: tuple[str, str], rows: list[tuple[str, str]], wide: float
) -> None:
    """Names on the left, what belongs to them on the right; above them, fainter, the title does the same."""
    (left, top), pitch = at, 19
    paper.add_artist(Line2D([left, left + wide], [top + 6, top + 6], color=RULE, linewidth=0.8))
    for i, (name, value) in enumerate([title, *rows]):
        y, ink = (top + 4 + pitch * i, INK) if i else (top, FAINT)
        label(paper, left, y, name, ink)
        label(paper, left + wide, y, value, ink, ha="right")


def _draw_share(paper: Axes, numbers: Numbers, at: tuple[float, float], wide: float) -> None:
    """How many of the model's parameters are in this part."""
    (left, top), share = at, numbers.parameters / numbers.total
    label(paper, left, top - 27, "parameters", FAINT)
    label(paper, left, top - 7, f"{numbers.parameters:,} of {numbers.total:,}")
    label(paper, left + wide, top - 7, f"{share:.1%}", ha="right")
    paper.add_artist(Rectangle((left, top), wide, 11, facecolor=WASH, edgecolor=RULE, linewidth=0.8))
    bar = paper.add_artist(Rectangle((left, top), wide * share, 11, facecolor=WEIGHT, linewidth=0))
    say(bar, words=f"{share:.1%} of the model’s parameters")


anatomy = Explorer(
    __name__,
    caption=(
        "The whole Transformer, in the sizes of the date model. Each attention takes queries q, keys k and values v; "
        "⊕ adds. A small square is a mask, filled where a token may look (a full one hides nothing). "
        "Point at a box for its shapes and the library's line of code, where x is what it reads."
    ),
    controls={
        "part": Choice("part", stops=tuple(PARTS)),
        "norm": Choice("norm placement", stops=tuple(NORMS)),
    },
)
