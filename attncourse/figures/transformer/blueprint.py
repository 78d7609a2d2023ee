"""The drawing of a Transformer: boxes, the lines between them, and one part picked out."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from attncourse.drawing.label import label
from attncourse.drawing.palette import (
    FAINT,
    INK,
    KEY_INK,
    PAPER,
    POSITION,
    POSITION_INK,
    QUERY_INK,
    VALUE,
    VALUE_INK,
    WASH,
    WEIGHT,
    Shade,
)
from attncourse.drawing.touch import say

# All sizes in CSS pixels.
_HALF = 64  # of a box's width
_SIDE = 75  # from the middle of a stack to the edge of its layer
_BOX, _NORM = 25, 20  # heights
_LEAD, _FAN, _GAP, _PLUS = 9, 18, 6, 7  # below a norm; below an attention; between two things; radius of ⊕
_LIT = {  # part -> what is lit with it: parts of its kind; the logits use the target's table once more
    "encoder self-attention": "attention",
    "decoder self-attention": "attention",
    "cross-attention": "attention",
    "encoder feed-forward": "feed-forward",
    "decoder feed-forward": "feed-forward",
    "target embedding": "target-table",
    "logits": "target-table",
}
_TINTS: dict[str, tuple[str | Shade, str | Shade]] = {  # of a box at rest, and when it is picked
    "attention": ((WEIGHT, 0.14), (WEIGHT, 0.75)),
    "forward": ((VALUE, 0.12), (VALUE, 0.6)),
    "norm": (WASH, (INK, 0.3)),
    "table": ((POSITION, 0.16), (POSITION, 0.6)),
}


class Stack(NamedTuple):
    """One side of the drawing."""

    name: str
    middle: float
    side: int  # −1: its residual connections run on the left; 1: on the right
    parts: tuple[str, ...]  # of a layer, from below


class Pen(NamedTuple):
    """What to draw on, and what to pick out."""

    paper: Axes
    picked: str
    norm_first: bool
    layers: int
    said: Mapping[str, str]  # what each part says when it is pointed at
    aside: Mapping[str, float]  # and where there is room for it

    def line(self, x, y, colour=INK, level=1, width=1.3):
        """A line through these places."""
        self.paper.add_artist(Line2D(x, y, color=colour, linewidth=width, zorder=level))

    def head(self, x: float, y: float, marker: str, colour=INK, size=5) -> None:
        """The head of an arrow."""
        look = {"color": colour, "markersize": size, "markeredgewidth": 0, "zorder": 4}
        self.paper.add_artist(Line2D([x], [y], linestyle="none", marker=marker, **look))

    def frame(
        self,
        corner: tuple[float, float],
        size: tuple[float, float],
        fill: str | Shade,
        part: str,
        stack: str,
        level: int,
    ) -> None:
        """A rectangle through which no line shines; that of the picked part has a strong outline."""
        edge, width = (INK, 2) if part == self.picked else (FAINT, 0.8 * bool(level))  # level 0: an area alone
        self.paper.add_artist(Rectangle(corner, *size, facecolor=PAPER, linewidth=0, zorder=level))
        box = Rectangle(corner, *size, facecolor=fill, edgecolor=edge, linewidth=width, zorder=level)
        lit = _LIT.get(part, part.replace(" ", "-"))
        say(self.paper.add_artist(box), words=self.said[part], of=f"{lit} {stack}".rstrip(), lights=lit, **self.aside)

    def box(
        self, at: tuple[float, float], tall: float, words: str, kind: str, part: str, stack: str = "", wide=2 * _HALF
    ) -> None:
        """A box around its middle; the picked one is strong in colour and outline."""
        (x, y), fill, icon = at, _TINTS[kind][part == self.picked], _ICONS.get(part)
        self.frame((x - wide / 2, y - tall / 2), (wide, tall), fill, part, stack, level=3)
        if icon is not None:
            _draw_icon(self.paper, (x - wide / 2 + 3, y), icon)
        x += 0 if icon is None else 12
        label(self.paper, x, y, words, ha="center", va="center_baseline", zorder=4)

    def plus(self, x: float, y: float, words: str) -> None:
        """⊕: what comes from below and from the side is added."""
        circle = Circle((x, y), _PLUS, facecolor=PAPER, edgecolor=INK, linewidth=1.2, zorder=3)
        say(self.paper.add_artist(circle), words=words, of="sum", lights="sum", **self.aside)
        self.line([x - 4, x + 4, np.nan, x, x], [y, y, np.nan, y - 4, y + 4], level=4)


def draw_blueprint(
    paper: Axes,
    picked: str,
    norm_first: bool,
    layers: int,
    said: Mapping[str, str],
    centres: tuple[float, float],
    bottom: float,
    texts: tuple[str, str],
    aside: float | None = None,
) -> None:
    """The encoder on the left, the decoder on the right.

    Args:
        picked: the part to pick out.
        norm_first: where the norms stand.
        layers: on each side.
        said: what each part says when it is pointed at.
        centres: x of both stacks.
        bottom: y of the lowest words.
        texts: what the encoder and what the decoder reads.
        aside: x beside the drawing from which on there is room for what a part says.
    """
    pen = Pen(paper, picked, norm_first, layers, said, {} if aside is None else {"aside": aside})
    encoder = Stack("encoder", centres[0], -1, ("encoder self-attention", "encoder feed-forward"))
    parts = "decoder self-attention", "cross-attention", "decoder feed-forward"
    decoder = Stack("decoder", centres[1], 1, parts)
    _draw_positions(pen, centres, bottom - 58)
    tops, crossing = {}, 0.0
    for stack, text in ((encoder, texts[0]), (decoder, texts[1])):
        layer = _draw_input(pen, stack, text, bottom)
        top, attentions = _draw_layer(pen, stack, layer)
        tops[stack.name] = _draw_last_norm(pen, stack, top)
        crossing = attentions.get("cross-attention", crossing)
    _draw_output(pen, decoder, tops["decoder"])
    _draw_memory(pen, (encoder.middle, tops["encoder"]), float(np.mean(centres)), (decoder.middle - _HALF, crossing))


def _draw_input(pen: Pen, stack: Stack, text: str, bottom: float) -> float:
    """Text, embedding, ⊕ with the positions; returns the y where the layer begins."""
    x = stack.middle
    label(pen.paper, x, bottom - 4, text, KEY_INK, ha="center")
    pen.line([x, x], [bottom - 20, bottom - 78])
    table = "source embedding" if stack.side < 0 else "target embedding"
    pen.box((x, bottom - 31), 22, "embedding", "table", table)
    pen.plus(x, bottom - 58, "adds the wave of each position to the vector of its token")
    outside = "right" if stack.side < 0 else "left"
    label(pen.paper, x + 12 * stack.side, bottom - 58, stack.name, ha=outside, va="center_baseline")
    return bottom - 76


def _draw_layer(pen: Pen, stack: Stack, bottom: float) -> tuple[float, dict[str, float]]:
    """The parts of one layer in their frame; returns the y above it, and the y of each part."""
    x, y, places, last = stack.middle, bottom, {}, bottom
    for part in stack.parts:
        attention, start = "attention" in part, y
        y -= _LEAD
        if pen.norm_first:
            y = _draw_norm(pen, stack, y)
        y -= _FAN if attention else _GAP
        places[part] = y - _BOX / 2
        words = part.removeprefix("encoder ").removeprefix("decoder ")
        kind = "attention" if attention else "forward"
        pen.box((x, places[part]), _BOX, words, kind, part, stack.name)
        if attention:
            _draw_fan(pen, x, y, part == "cross-attention")
        y -= _BOX + _GAP + _PLUS
        pen.plus(x, y, f"residual connection: adds what came in to what {words} makes of it")
        last = y
        way = x + stack.side * (_HALF + 6)
        pen.line([x, way, way, x + stack.side * _PLUS], [start - 4, start - 4, y, y], width=1.6)
        y -= _PLUS
        if not pen.norm_first:
            y = _draw_norm(pen, stack, y - 5)
    top = y - 6
    fill = (WEIGHT, 0.08) if stack.name == pen.picked else (INK, 0.05)
    pen.frame((x - _SIDE, top), (2 * _SIDE, bottom - top), fill, stack.name, "", level=0)
    label(pen.paper, x - stack.side * 44, last, f"× {pen.layers}", ha="center", va="center_baseline")
    pen.line([x, x], [bottom, top - 6])
    return top, places


def _draw_norm(pen: Pen, stack: Stack, bottom: float) -> float:
    pen.box((stack.middle, bottom - _NORM / 2), _NORM, "norm", "norm", "norms", stack.name)
    return bottom - _NORM


def _draw_fan(pen: Pen, x: float, y: float, cross: bool) -> None:
    """Query, key and value go in from below; in cross-attention the query alone."""
    ways = ((0, "q", QUERY_INK),) if cross else ((-34, "q", QUERY_INK), (0, "k", KEY_INK), (34, "v", VALUE_INK))
    if not cross:
        pen.line([x - 34, x + 34], [y + _FAN - 3] * 2)
    for away, letter, colour in ways:
        pen.line([x + away] * 2, [y + _FAN - 3, y + 3], colour, level=2)
        pen.head(x + away, y + 4, "^", colour)
        label(pen.paper, x + away + 6, y + 7, letter, colour, va="center_baseline", zorder=4)


def _draw_last_norm(pen: Pen, stack: Stack, top: float) -> float:
    """Pre-LN has one more norm behind the last layer."""
    if not pen.norm_first:
        return top
    pen.line([stack.middle] * 2, [top, top - 8])
    return _draw_norm(pen, stack, top - 8)


def _draw_output(pen: Pen, stack: Stack, top: float) -> None:
    x = stack.middle
    pen.line([x, x], [top, top - 38])
    pen.box((x, top - 19), 22, "logits", "table", "logits")
    pen.head(x, top - 37, "^", size=6)
    label(pen.paper, x, top - 44, "next character", VALUE_INK, ha="center")


def _draw_memory(pen: Pen, start: tuple[float, float], turn: float, end: tuple[float, float]) -> None:
    """From the encoder's output to the keys and values of the cross-attention."""
    (x, y), (edge, crossing) = start, end
    up = y - 10
    pen.line([x, x, turn, turn], [y, up, up, crossing + 6])
    label(pen.paper, (x + turn) / 2, up - 5, "memory", ha="center")
    for away, letter, colour in ((-5, "k", KEY_INK), (5, "v", VALUE_INK)):
        pen.line([turn, edge - 4], [crossing + away] * 2, colour, level=2)
        pen.head(edge - 4, crossing + away, ">", colour)
        label(pen.paper, edge - 14, crossing + 3 * away - 1, letter, colour, ha="center", va="center_baseline")


def _draw_positions(pen: Pen, centres: tuple[float, float], y: float) -> None:
    """One table of waves for both sides."""
    pen.line([centres[0] + _PLUS, centres[1] - _PLUS], [y, y], POSITION_INK)
    pen.box((float(np.mean(centres)), y), 22, "positions", "table", "positions", wide=70)


_ICONS = {  # who may look at whom: rows are queries, columns keys
    "encoder self-attention": np.ones((3, 3)),
    "decoder self-attention": np.tri(3),
    "cross-attention": np.ones((2, 3)),
}


def _draw_icon(paper: Axes, at: tuple[float, float], mask: np.ndarray) -> None:
    (left, middle), cell = at, 7
    top = middle - cell * len(mask) / 2
    for fill, cells in ((PAPER, mask == 0), (INK, mask == 1)):
        squares = [Path.unit_rectangle().transformed(Affine2D().translate(j, i)) for i, j in np.argwhere(cells)]
        if squares:
            outline = Path.make_compound_path(*squares).transformed(Affine2D().scale(cell).translate(left, top))
            paper.add_artist(PathPatch(outline, facecolor=fill, edgecolor=FAINT, linewidth=0.5, zorder=4))
