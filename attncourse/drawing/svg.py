"""Writes a figure as SVG: one short line a shape, colours by role, text as text, and what each shape says.

Matplotlib's own SVG repeats the style in every element, and clips by ids, which two figures on one page would share.
Here a colour is a class, which the page's theme fills in; what lies outside its axes is cut off before it is written;
and where two states of a figure look the same, their lines are equal, so that all states pack into a small bundle.
"""

import json
from functools import cache
from html import escape
from typing import Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from attncourse.drawing.canvas import CSS_DPI, SMALL
from attncourse.drawing.palette import role_of
from attncourse.drawing.path_data import Box, as_box, both, digits, hatching, path_data, rectangle
from attncourse.drawing.touch import in_words, name_curves

_POINT = CSS_DPI / 72  # CSS pixels
_ANCHOR = {"left": 0.0, "center": 0.5, "right": 1.0}


_measured: dict[tuple, tuple[float, float, float]] = {}  # width, height and depth of words


def to_svg(figure: Figure, alone: bool = False) -> list[str]:
    """The lines of a figure's SVG: the opening tag, a line for each shape from back to front, the closing tag.

    Args:
        figure: drawn on a ``sheet``.
        alone: without the page's script and font. What a shape says is a ``<title>``, which a browser shows beside the
            pointer, and words take the width that they were measured to have, in whatever font there is.
    """
    name_curves(figure)
    _leave_empty_labels(figure)
    figure.set_dpi(CSS_DPI)
    width, height = (round(side) for side in figure.get_size_inches() * CSS_DPI)
    writer = _Writer(width, height, alone)
    figure.patch.set_visible(False)  # the page is the paper
    figure.draw(writer)
    return [f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}">', *writer.shapes, "</svg>"]


def _leave_empty_labels(figure: Figure) -> None:
    """A label without words needs no place: Matplotlib would measure the words of all ticks to find one beyond them."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if not axis.label.get_text():
                axis.set_label_coords(0, 0)


def as_image(picture: list[str], sentence: str) -> list[str]:
    """The same lines, as an image that says one sentence to a screen reader.

    The shapes stand in a hidden group: browsers hand the words inside an image on, and each would be read out.
    """
    opening, *shapes, closing = picture
    opening = opening.replace("<svg ", f'<svg role="img" aria-label="{escape(sentence)}" ', 1)
    return [opening, '<g aria-hidden="true">', *shapes, "</g>", closing]


class _Writer(RendererBase):
    """A Matplotlib renderer whose canvas is a list of elements."""

    def __init__(self, width: int, height: int, alone: bool) -> None:
        super().__init__()
        self.size, self.alone = (width, height), alone
        self.down = Affine2D().scale(1, -1).translate(0, height)  # Matplotlib counts from the bottom, SVG from the top
        self.shapes: list[str] = []
        self.said: list[dict[str, Any]] = [{}]  # by the artists that are being drawn, outermost first

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self.size

    def flipy(self) -> bool:
        return True

    def points_to_pixels(self, points):
        return points * _POINT

    def get_text_width_height_descent(self, s, prop, ismath):
        key = s, prop.get_size_in_points(), prop.get_weight(), tuple(prop.get_family()), ismath
        if key not in _measured:  # the same words stand in many states, and a font takes its time
            _measured[key] = super().get_text_width_height_descent(s, prop, ismath)
        return _measured[key]

    def _get_font_height_metrics(self, prop):  # Matplotlib 3.11 would read the font's tables for every word
        return _line_heights(tuple(prop.get_family()), prop.get_size_in_points(), prop.get_weight())

    def open_group(self, s: str, gid: str | None = None) -> None:
        self.said.append(json.loads(gid) if gid else {})

    def close_group(self, s: str) -> None:
        self.said.pop()

    def draw_path(self, gc: GraphicsContextBase, path: Path, transform, rgbFace=None) -> None:  # noqa: N803
        outline, clip = path.transformed(transform + self.down), self._clip(gc)
        box = as_box(outline)
        if box is None:
            self._add("path", path_data(outline, clip, rgbFace is not None, "x" in self.said[-1]), _look(gc, rgbFace))
        elif clip is None or (box := both(box, clip)) is not None:
            self._add("rect", rectangle(box), _look(gc, rgbFace))
            if gc.get_hatch():
                self._add("path", hatching(box), [*_paint("line", gc.get_hatch_color(), 1.0)], {})

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None) -> None:  # noqa: N803
        if not trans.transform(path.vertices).any():  # so Matplotlib passes on a lone area, such as a band
            self.draw_path(gc, marker_path, marker_trans, rgbFace)
            return
        marker, clip, look = marker_path.transformed(marker_trans), self._clip(gc), _look(gc, rgbFace)
        extent = marker.get_extents()
        circle = len(marker.vertices) > 20 and abs(extent.width - extent.height) < 0.01
        for i, (x, y) in enumerate((trans + self.down).transform(path.vertices)):
            if not np.isfinite([x, y]).all() or (
                clip and not (clip.left - 1 <= x <= clip.right + 1 and clip.top - 1 <= y <= clip.bottom + 1)
            ):
                continue
            said = {
                key: words[i] if isinstance(words, list) and key != "names" else words
                for key, words in self.said[-1].items()
            }
            if circle:
                self._add("circle", f'cx="{digits(x)}" cy="{digits(y)}" r="{digits(extent.width / 2)}"', look, said)
            else:
                self._add("path", path_data(marker.transformed(Affine2D().scale(1, -1).translate(x, y))), look, said)

    def draw_image(self, gc, x, y, im, transform=None) -> None:
        raise NotImplementedError("an image keeps its colours in every theme and says no numbers: draw cells instead")

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:
        look = _paint("fill", gc.get_rgb(), gc.get_alpha() or 1.0)
        if ismath:  # signs of several fonts: drawn
            vertices, codes = self._text2path.get_text_path(prop, s, ismath=True)
            scale = self.points_to_pixels(prop.get_size_in_points()) / self._text2path.FONT_SCALE
            formula = Path(vertices, codes).transformed(Affine2D().scale(scale, -scale).translate(x, y))
            self._add("path", path_data(formula), look)
            return
        align = mtext.get_ha() if mtext is not None and not angle else "left"
        width, _, _ = self.get_text_width_height_descent(s, prop, False)
        if _ANCHOR[align]:
            x += width * _ANCHOR[align]
            look.append(f'text-anchor="{"middle" if align == "center" else "end"}"')
        if angle:
            look.append(f'transform="rotate({-angle:g} {digits(x)} {digits(y)})"')
        if (size := prop.get_size_in_points()) != SMALL:
            look.append(f'font-size="{digits(size * _POINT)}"')
        if prop.get_weight() == "semibold":
            look.append('font-weight="600"')
        if self.alone:
            look.append(f'textLength="{digits(width)}" lengthAdjust="spacingAndGlyphs"')
        self._add("text", f'x="{digits(x)}" y="{digits(y)}"', look, words=escape(s, quote=False))

    def _add(self, tag: str, place: str, look: list[str], said: dict[str, Any] | None = None, words: str = "") -> None:
        """One element; nothing if nothing of it can be seen."""
        said = self.said[-1] if said is None else said
        if not place or not (look or said):
            return
        classes = " ".join(part for part in look if "=" not in part)
        if tag != "text" and not classes.startswith("fill"):
            classes = f"none {classes}".strip()
        rest = [part for part in look if "=" in part]
        if self.alone:
            words += f"<title>{escape(in_words(said))}</title>" if said else ""
            said = {}
        about = [f'data-{name}="{escape(_joined(value))}"' for name, value in said.items()]
        inside = " ".join([tag, place, f'class="{classes}"', *rest, *about])
        self.shapes.append(f"<{inside}>{words}</{tag}>" if words else f"<{inside}/>")

    def _clip(self, gc) -> Box | None:
        box = gc.get_clip_rectangle()
        if box is None:
            return None
        return Box(box.x0, self.size[1] - box.y1, box.x1, self.size[1] - box.y0)


@cache
def _line_heights(family: tuple[str, ...], size: float, weight: str | int) -> tuple[float, float, float]:
    """How far a font goes above and below its baseline, and the gap between two lines, in CSS pixels."""
    table: Any = get_font(findfont(FontProperties(family=family, size=size, weight=weight))).get_sfnt_table
    line, scale = table("OS/2"), 1 / table("head")["unitsPerEm"] * size * CSS_DPI / 72
    return line["sTypoAscender"] * scale, -line["sTypoDescender"] * scale, line["sTypoLineGap"] * scale


def _look(gc: GraphicsContextBase, fill) -> list[str]:
    """Classes and attributes of a shape: its fill, its line."""
    alpha = gc.get_alpha() if gc.get_forced_alpha() else None
    look = []
    if fill is not None:
        strength = alpha if alpha is not None else fill[3] if len(fill) > 3 else 1.0
        look += _paint("fill", fill, strength)
    width, strength = gc.get_linewidth() * _POINT, alpha if alpha is not None else gc.get_rgb()[3]
    if width and strength:
        look += _paint("line", gc.get_rgb(), strength)
        if width != 1:
            look.append(f'stroke-width="{width:.3g}"')
        if (dashes := gc.get_dashes()[1]) is not None:
            look.append(f'stroke-dasharray="{" ".join(digits(part * _POINT) for part in np.asarray(dashes, float))}"')
    return look


def _paint(kind: str, colour, strength: float) -> list[str]:
    """The class of a role's colour, as "fill-query"; a colour of no role as an attribute."""
    role, attribute = role_of(colour[:3]), "fill" if kind == "fill" else "stroke"
    if not strength:
        return []
    look = [f"{kind}-{role}"] if not role.startswith("#") else [f"{kind}-own", f'{attribute}="{role}"']
    return look if strength == 1 else [*look, f'{attribute}-opacity="{strength:.2g}"']


def _joined(words: Any) -> str:
    return "|".join(map(str, words)) if isinstance(words, list) else str(words)
