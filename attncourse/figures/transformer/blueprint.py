"""The drawing of a Transformer: boxes, the lines between them, and one part picked out."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle

from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, KEY_INK, PAPER, POSITION_INK, QUERY_INK, VALUE_INK, WEIGHT

# All sizes in CSS pixels.
_HALF = 64  # of a box's width
_SIDE = 75  # from the middle of a stack to the edge of its layer
_BOX, _NORM = 25, 20  # heights
_LEAD, _FAN, _GAP, _PLUS = 9, 12, 6, 7  # below a norm; below an attention; between two things; radius of ⊕
_TINTS = {  # of a box at rest, and when it is picked
    "attention": ("#FBF0D9", WEIGHT),
    "forward": ("#E1F2EC", "#66C5A9"),
    "norm": ("#F0F0F0", "#BBBBBB"),
    "table": ("#F2EBE0", "#C9AE80"),
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

    def line(self, x, y, colour=INK, level=1):
        """A thin line through these places."""
        self.paper.plot(x, y, color=colour, linewidth=1.3, zorder=level)

    def frame(
        self, corner: tuple[float, float], size: tuple[float, float], fill: str, picked: bool, level: int
    ) -> None:
        """A rectangle; the picked one has a strong outline."""
        edge, width = (INK, 2) if picked else (FAINT, 0.8)
        box = Rectangle(corner, *size, facecolor=fill, edgecolor=edge, linewidth=width, zorder=level)
        self.paper.add_patch(box)

    def box(self, at: tuple[float, float], tall: float, words: str, kind: str, part: str, icon=None) -> None:
        """A box around its middle; the picked one is strong in colour and outline."""
        (x, y), picked = at, part == self.picked
        self.frame((x - _HALF, y - tall / 2), (2 * _HALF, tall), _TINTS[kind][picked], picked, level=3)
        if icon is not None:
            _draw_icon(self.paper, (x - _HALF + 4, y), icon)
        x += 0 if icon is None else 7
        label(self.paper, x, y, words, ha="center", va="center_baseline", zorder=4)

    def plus(self, x: float, y: float) -> None:
        """⊕: what comes from below and from the side is added."""
        circle = Circle((x, y), _PLUS, facecolor=PAPER, edgecolor=INK, linewidth=1.2, zorder=3)
        self.paper.add_patch(circle)
        self.line([x - 4, x + 4], [y, y], level=4)
        self.line([x, x], [y - 4, y + 4], level=4)


def draw_blueprint(
    paper: Axes,
    picked: str,
    norm_first: bool,
    layers: int,
    centres: tuple[float, float],
    bottom: float,
    texts: tuple[str, str],
) -> None:
    """The encoder on the left, the decoder on the right.

    Args:
        picked: the part to pick out.
        norm_first: where the norms stand.
        layers: on each side.
        centres: x of both stacks.
        bottom: y of the lowest words.
        texts: what the encoder and what the decoder reads.
    """
    pen = Pen(paper, picked, norm_first, layers)
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
    pen.plus(x, bottom - 58)
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
            y = _draw_norm(pen, x, y)
        y -= _FAN if attention else _GAP
        places[part] = y - _BOX / 2
        words = part.removeprefix("encoder ").removeprefix("decoder ")
        kind = "attention" if attention else "forward"
        pen.box((x, places[part]), _BOX, words, kind, part, icon=_ICONS.get(part))
        if attention:
            _draw_fan(pen, x, y, part == "cross-attention")
        y -= _BOX + _GAP + _PLUS
        pen.plus(x, y)
        last = y
        way = x + stack.side * (_HALF + 6)
        pen.line([x, way, way, x + stack.side * _PLUS], [start - 4, start - 4, y, y], FAINT)
        y -= _PLUS
        if not pen.norm_first:
            y = _draw_norm(pen, x, y - 5)
    top = y - 6
    picked = stack.name == pen.picked
    pen.frame((x - _SIDE, top), (2 * _SIDE, bottom - top), "#FFF7E6" if picked else "#FBFBFB", picked, level=0)
    label(pen.paper, x - stack.side * 44, last, f"× {pen.layers}", ha="center", va="center_baseline")
    pen.line([x, x], [bottom, top - 6])
    return top, places


def _draw_norm(pen: Pen, x: float, bottom: float) -> float:
    pen.box((x, bottom - _NORM / 2), _NORM, "norm", "norm", "norms")
    return bottom - _NORM


def _draw_fan(pen: Pen, x: float, y: float, cross: bool) -> None:
    """Query, key and value go in from below; in cross-attention the query alone."""
    ways = ((0, QUERY_INK),) if cross else ((-34, QUERY_INK), (0, KEY_INK), (34, VALUE_INK))
    if not cross:
        pen.line([x - 34, x + 34], [y + _FAN - 3] * 2)
    for away, colour in ways:
        pen.line([x + away] * 2, [y + _FAN - 3, y + 3], colour, level=2)
        pen.paper.plot(x + away, y + 4, "^", color=colour, markersize=5, zorder=4, markeredgewidth=0)


def _draw_last_norm(pen: Pen, stack: Stack, top: float) -> float:
    """Pre-LN has one more norm behind the last layer."""
    if not pen.norm_first:
        return top
    pen.line([stack.middle] * 2, [top, top - 8])
    return _draw_norm(pen, stack.middle, top - 8)


def _draw_output(pen: Pen, stack: Stack, top: float) -> None:
    x = stack.middle
    pen.line([x, x], [top, top - 38])
    pen.box((x, top - 19), 22, "logits", "table", "logits")
    pen.paper.plot(x, top - 37, "^", color=INK, markersize=6, markeredgewidth=0)
    label(pen.paper, x, top - 44, "next character", VALUE_INK, ha="center")


def _draw_memory(pen: Pen, start: tuple[float, float], turn: float, end: tuple[float, float]) -> None:
    """From the encoder's output to the keys and values of the cross-attention."""
    (x, y), (edge, crossing) = start, end
    up = y - 10
    pen.line([x, x, turn, turn], [y, up, up, crossing + 6])
    label(pen.paper, (x + turn) / 2, up - 5, "memory", ha="center")
    for away, colour in ((-5, KEY_INK), (5, VALUE_INK)):
        pen.line([turn, edge - 4], [crossing + away] * 2, colour, level=2)
        pen.paper.plot(edge - 4, crossing + away, ">", color=colour, markersize=5, zorder=4, markeredgewidth=0)


def _draw_positions(pen: Pen, centres: tuple[float, float], y: float) -> None:
    """One table of waves for both sides."""
    middle, picked = float(np.mean(centres)), pen.picked == "positions"
    pen.line([centres[0] + _PLUS, centres[1] - _PLUS], [y, y], POSITION_INK)
    pen.frame((middle - 35, y - 11), (70, 22), _TINTS["table"][picked], picked, level=3)
    label(pen.paper, middle, y, "positions", ha="center", va="center_baseline", zorder=4)


_ICONS = {  # who may look at whom: rows are queries, columns keys
    "encoder self-attention": np.ones((3, 3)),
    "decoder self-attention": np.tri(3),
    "cross-attention": np.ones((2, 3)),
}


def _draw_icon(paper: Axes, at: tuple[float, float], mask: np.ndarray) -> None:
    (left, middle), cell = at, 4
    top = middle - cell * len(mask) / 2
    for i, j in np.ndindex(mask.shape):
        fill = INK if mask[i, j] else PAPER
        corner = left + cell * j, top + cell * i
        paper.add_patch(Rectangle(corner, cell, cell, facecolor=fill, edgecolor=FAINT, linewidth=0.5, zorder=4))
