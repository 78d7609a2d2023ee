"""The sheet that figures are drawn on: fixed widths, readable type, and small files.

A figure is drawn twice: 720 CSS pixels wide with panels side by side, and 344 wide with panels below
each other for phones. Both are shown at their own size, so text is never scaled below the page's captions.
"""

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from attncourse.drawing.palette import INK, INKS, PAPER, RULE

WIDE, NARROW = 720, 344  # CSS pixels
_CSS_DPI = 96  # by definition: 96 CSS pixels to the inch, so that 11 points are 14.7 pixels
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
    figure = Figure(figsize=(width / _CSS_DPI, tall / _CSS_DPI), dpi=_CSS_DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)  # no pyplot: nothing is remembered between figures
    return figure


def place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place given in CSS pixels from the sheet's top left corner (a layout engine would cost 50 ms)."""
    sheet_width, sheet_height = figure.get_size_inches() * _CSS_DPI
    return figure.add_axes(
        (left / sheet_width, 1 - (top + height) / sheet_height, width / sheet_width, height / sheet_height)
    )


def dress(axes: Axes, title: str = "", x: str = "", y: str = "", colour: str = INK) -> Axes:
    """Quiet axes: no box, grey ticks, a title in the colour of what is shown."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(RULE)
    axes.tick_params(labelsize=SMALL, labelcolor=INK, color=RULE, length=3)
    if title:
        axes.set_title(title, fontsize=HEADING, color=colour, loc="left", pad=7)
    axes.set_xlabel(x, fontsize=TEXT, color=INK)
    axes.set_ylabel(y, fontsize=TEXT, color=INK)
    return axes


def grid_of_numbers(
    axes: Axes,
    numbers: np.ndarray,
    colours,
    low: float,
    high: float,
    title: str = "",
    colour: str = INK,
    form: str | None = "{:.2f}",
    rows: list[str] | None = None,
    columns: list[str] | None = None,
    row: int | None = None,
) -> Axes:
    """A heatmap with its numbers written in the cells.

    Args:
        numbers: (rows, columns); NaN cells are left blank and hatched (masked).
        colours: a colour map; ``low`` and ``high`` are its ends.
        form: how a number is written, or ``None`` to write none.
        row: a row to frame, such as that of the query in hand.
    """
    height, width = numbers.shape
    axes.imshow(numbers, cmap=colours, vmin=low, vmax=high, aspect="auto", interpolation="nearest")
    for i, j in np.ndindex(height, width):
        if np.isnan(numbers[i, j]):
            axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=RULE, hatch="////", linewidth=0))
        elif form is not None:
            ink = ink_on(colours((numbers[i, j] - low) / ((high - low) or 1.0)))
            number = form.format(numbers[i, j] + 0.0).replace("-", "−")
            axes.text(j, i, number, ha="center", va="center_baseline", fontsize=SMALL, color=ink)
    axes.set_xticks(range(width), columns if columns is not None else [""] * width)
    axes.set_yticks(range(height), rows if rows is not None else [""] * height)
    axes.tick_params(labelsize=SMALL, labelcolor=INK, length=0)
    axes.spines[:].set_visible(False)
    if title:
        axes.set_title(title, fontsize=HEADING, color=colour, loc="left", pad=7)
    if row is not None:
        axes.axhspan(row - 0.5, row + 0.5, fill=False, edgecolor=INK, linewidth=1.8, clip_on=False)
    return axes


def ink_on(background: tuple[float, ...]) -> str:
    """Black or white, whichever has more contrast on this colour (WCAG 2.2, relative luminance)."""
    rgb = np.asarray(background[:3])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return PAPER if linear @ (0.2126, 0.7152, 0.0722) < 0.2 else INK


def to_png(figure: Figure, most: int = 24_000) -> bytes:
    """The figure as a PNG with a palette: a quarter of the bytes, and no difference that can be seen.

    Args:
        figure: drawn on a ``sheet``.
        most: bytes; a figure that takes more gets fewer shades. (Much grey on many slanting edges is what takes room.)
    """
    return _encode(figure, most, "PNG", optimize=True)


def to_webp(figure: Figure, most: int = 14_000) -> bytes:
    """The figure in a file a third smaller than its PNG, for the page; notebooks keep to PNG.

    Args:
        figure: drawn on a ``sheet``.
        most: bytes, as for ``to_png``; less, because a page opens with ten figures.
    """
    return _encode(figure, most, "WEBP", lossless=True, method=1)


def _encode(figure: Figure, most: int, form: str, **options) -> bytes:
    canvas = figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
    figure.set_dpi(_CSS_DPI * _DENSITY)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())
    for edges in (48, 24, 12, 8):
        stream = io.BytesIO()
        _with_palette(pixels, edges).save(stream, form, **options)
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
    inks = [np.rint(255 * np.array(to_rgb(ink))).astype(np.uint8) for ink in INKS]
    palette = np.concatenate([areas, inks, np.unique(np.asarray(rest.convert("RGB"))[0], axis=0)])
    nearest = ((shades[:, None].astype(int) - palette) ** 2).sum(axis=-1).argmin(axis=-1).astype(np.uint8)
    picture = Image.frombytes("P", pixels.shape[1::-1], nearest[which].tobytes())
    picture.putpalette(palette.tobytes())
    return picture
