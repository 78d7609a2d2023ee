"""Explorer: every head of a trained model of two layers, and one of them enlarged."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Choice, Slider
from attncourse.drawing.axes import headline
from attncourse.drawing.canvas import SMALL, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import INK, KEY_INK, QUERY_INK, RULE, WEIGHT, WEIGHT_INK, WEIGHT_MAP
from attncourse.explorer import Explorer
from attncourse.figures.heads.head_probes import places_looked_at, share_of_weight, tokens_of
from attncourse.results import load_result
from attncourse.results.models import from_stored
from attnlib.attention_model import ModelParams, attention_model
from attnlib.masks import causal_mask

SEQUENCES = "a3c1b7d3c1a3d3b7", "f2h5e2g8e2f2g8h5", "b4d4a6h1h1a6d4b4"
MODELS = {"first": "digit", "second": "elsewhere"}  # how they are called here and in the result file
_SHADES = WEIGHT_MAP.resampled(9)  # few enough to stay apart in a small file
_GAP = 2  # cells between two thumbnails
_VISIBLE = 0.3  # links with less weight are not drawn


class Numbers(NamedTuple):
    """What the figure shows."""

    tokens: str  # (seq) names
    layer: int  # counted from 1, as the head
    head: int
    attn_weights: np.ndarray  # (layers, heads, seq, seq) on this sequence
    place: str  # where the chosen head looks
    share: float  # of its weight, on average over many sequences


def measure(model: str = "first", tokens: str = SEQUENCES[0], layer: int = 2, head: int = 2) -> Numbers:
    """Run the stored model on the sequence; and on many others, to say where its heads look."""
    attn_weights = np.array(run(stored_model(MODELS[model]), tokens_of(tokens)))
    place_of_head, share = looked_at(model)[layer - 1][head - 1]
    return Numbers(tokens, layer, head, attn_weights, place_of_head, share)


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
    """The trained parameters."""
    return from_stored(stored_result()["models"][kind])


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
    last = numbers.attn_weights[numbers.layer - 1, numbers.head - 1, -1]
    key = int(last.argmax())
    return (
        f"Layer {numbers.layer}, head {numbers.head} looks most at {numbers.place}: {numbers.share:.2f} of its weight"
        f"{seen} (mean of {len(fresh_tokens())} sequences); here the last token puts {last[key]:.2f} on "
        f"“{numbers.tokens[key]}”, {len(last) - 1 - key} before."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Thumbnails of all heads with the chosen one framed; its map, and its strongest links."""
    figure = sheet(height=346, narrow=narrow, narrow_height=566)
    thumbnails, enlarged = (
        place(figure, *spot)
        for spot in ([(44, 34, 284, 140), (30, 262, 290, 290)] if narrow else [(54, 60, 133, 272), (248, 60, 272, 272)])
    )
    _draw_thumbnails(thumbnails, numbers, layers_are_rows=narrow)
    chosen = numbers.attn_weights[numbers.layer - 1, numbers.head - 1]
    _draw_enlarged(enlarged, chosen, numbers.tokens)
    words = f"{numbers.share:.2f} of the weight on{chr(10) if narrow else ' '}{numbers.place}"
    headline(enlarged, words, WEIGHT_INK, gap=10)
    if not narrow:
        _draw_links(place(figure, 568, 60, 122, 272), chosen, numbers.tokens)
    return figure


def _draw_thumbnails(axes: Axes, numbers: Numbers, layers_are_rows: bool) -> None:
    """All maps in one image, with gaps between them."""
    maps, chosen = numbers.attn_weights, (numbers.layer - 1, numbers.head - 1)
    names = ["layer {}".format, "head {}".format]
    if not layers_are_rows:
        maps, chosen, names = maps.swapaxes(0, 1), chosen[::-1], names[::-1]
    rows, columns, seq, _ = maps.shape
    step = seq + _GAP
    mosaic = np.full((rows * step - _GAP, columns * step - _GAP), np.nan)
    for i, j in np.ndindex(rows, columns):
        mosaic[i * step : i * step + seq, j * step : j * step + seq] = maps[i, j]
        ink, width, level = (INK, 2.6, 3) if (i, j) == chosen else (RULE, 1, 2)
        corner = j * step - 0.5, i * step - 0.5
        axes.add_patch(
            Rectangle(corner, seq, seq, fill=False, clip_on=False, edgecolor=ink, linewidth=width, zorder=level)
        )
    axes.imshow(mosaic, cmap=_SHADES, vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    middle = (seq - 1) / 2
    axes.set_yticks([i * step + middle for i in range(rows)], [names[0](i + 1).replace(" ", "\n") for i in range(rows)])
    axes.set_xticks([j * step + middle for j in range(columns)], [names[1](j + 1) for j in range(columns)])
    axes.xaxis.tick_top()
    axes.tick_params(labelsize=SMALL, labelcolor=INK, length=0, pad=3)
    axes.spines[:].set_visible(False)


def _draw_enlarged(axes: Axes, attn_weights: np.ndarray, tokens: str) -> None:
    axes.imshow(attn_weights, cmap=_SHADES, vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    axes.set_xticks(range(len(tokens)), list(tokens))
    axes.set_yticks(range(len(tokens)), list(tokens))
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", labelsize=SMALL, length=0, labelcolor=KEY_INK, pad=1)
    axes.tick_params(axis="y", labelsize=SMALL, length=0, labelcolor=QUERY_INK, pad=2)
    axes.spines[:].set_color(RULE)


def _draw_links(axes: Axes, attn_weights: np.ndarray, tokens: str) -> None:
    """From each query on the left to its keys on the right; thicker means more weight."""
    visible = np.argwhere(attn_weights > _VISIBLE)
    lines = [[(0, i), (1, j)] for i, j in visible]
    widths = [3.2 * attn_weights[i, j] for i, j in visible]
    axes.add_collection(LineCollection(lines, linewidths=widths, colors=WEIGHT, antialiaseds=False))  # a smaller file
    axes.set(xlim=(0, 1), ylim=(len(tokens) - 0.5, -0.5), xticks=[], yticks=[])
    for row, token in enumerate(tokens):
        label(axes, -0.06, row, token, QUERY_INK, ha="right", va="center_baseline")
        label(axes, 1.06, row, token, KEY_INK, va="center_baseline")
    axes.spines[:].set_visible(False)


head_maps = Explorer(
    __name__,
    caption=(
        "Every head of two trained models: rows are queries, columns keys, darker is more weight. "
        "No token sees what comes later. "
        "Where there is room, lines join each query with its keys; weights below 0.3 have none."
    ),
    controls={
        "model": Choice("trained model", stops=tuple(MODELS)),
        "tokens": Choice("sequence", stops=SEQUENCES),
        "layer": Slider("layer", stops=(1, 2)),
        "head": Slider("head", stops=(1, 2, 3, 4)),
    },
)
