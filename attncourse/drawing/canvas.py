"""The sheet that figures are drawn on: fixed widths, readable type, and small files.

A figure is drawn twice: 720 CSS pixels wide with panels side by side, and 344 wide with panels below
each other for phones. Both are shown at their own size, so text is never scaled below the page's captions.
"""

import io
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from attncourse.drawing.palette import INK, PAPER, ROLES, RULE
from attncourse.drawing.typeface import families

WIDE, NARROW = 720, 344  # CSS pixels
CSS_DPI = 96  # by definition: 96 CSS pixels to the inch, so that 11 points are 14.7 pixels
_DENSITY = 2  # image pixels to a CSS pixel: crisp on a 2× screen

TEXT = 11.0  # points; the page's captions are 10.5
SMALL = 10.5  # tick labels and cell numbers: never below this
HEADING = 11.5


def sheet(height: float, narrow: bool = False, narrow_height: float | None = None) -> Figure:
    """An empty figure.

    Args:
        height: of the wide figure, in CSS pixels.
        narrow: draw the phone's width instead.
        narrow_height: of the phone's figure; default ``height``.
    """
    width, tall = (NARROW, narrow_height or height) if narrow else (WIDE, height)
    figure = Figure(figsize=(width / CSS_DPI, tall / CSS_DPI), dpi=CSS_DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)  # no pyplot: nothing is remembered between figures
    return figure


def place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place given in CSS pixels from the sheet's top left corner (a layout engine would cost 50 ms)."""
    sheet_width, sheet_height = figure.get_size_inches() * CSS_DPI
    axes = figure.add_axes(
        (left / sheet_width, 1 - (top + height) / sheet_height, width / sheet_width, height / sheet_height)
    )
    quiet: dict[str, Any] = {
        "labelsize": SMALL,
        "labelcolor": INK,
        "color": RULE,
        "length": 3,
        "labelfontfamily": families(),
    }
    axes.tick_params(**quiet)  # once: each call goes through all ticks there are
    return axes


def to_png(figure: Figure, most: int = 24_000) -> bytes:
    """The figure as a PNG with a palette, for a notebook: a quarter of the bytes, and no difference that can be seen.

    Args:
        figure: drawn on a ``sheet``.
        most: bytes; a figure that takes more gets fewer shades. (Much grey on many slanting edges is what takes room.)
    """
    canvas = figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
    figure.set_dpi(CSS_DPI * _DENSITY)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())
    for edges in (48, 24, 12, 8):
        stream = io.BytesIO()
        _with_palette(pixels, edges).save(stream, "PNG", optimize=True)
        if stream.tell() <= most:
            break
    return stream.getvalue()


def _with_palette(pixels: np.ndarray, edges: int) -> Image.Image:
    """Areas and the roles' inks keep their exact colours; the many shades at the edges of lines share a few more.

    (A median cut gives up the colours of thin things: the blue name of a query came out in the green of values.)
    """
    found, which, counts = np.unique(pixels.view(np.uint32), return_inverse=True, return_counts=True)
    shades = found.view(np.uint8).reshape(-1, 4)[:, :3]  # (n, 3) red, green, blue; the fourth byte says opaque
    areas = shades[np.argsort(-counts, kind="stable")][: min(int((counts > 800).sum()), 150)]
    rest = Image.fromarray(shades[None]).quantize(edges, method=Image.Quantize.MAXCOVERAGE)
    inks = [np.rint(255 * np.array(to_rgb(role.light))).astype(np.uint8) for role in ROLES]
    palette = np.concatenate([areas, inks, np.unique(np.asarray(rest.convert("RGB"))[0], axis=0)])
    nearest = ((shades[:, None].astype(int) - palette) ** 2).sum(axis=-1).argmin(axis=-1).astype(np.uint8)
    picture = Image.frombytes("P", pixels.shape[1::-1], nearest[which].tobytes())
    picture.putpalette(palette.tobytes())
    return picture
