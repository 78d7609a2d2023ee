"""Words on a figure: small and in ink, from the left on their baseline; a call says only what is its own."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from attncourse.drawing.canvas import SMALL
from attncourse.drawing.palette import INK, PAPER
from attncourse.drawing.typeface import font

CLEAR: dict[str, Any] = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.5}  # a bbox: words hide what lies beneath


def label(
    where: Axes | Figure,
    x: float,
    y: float,
    words: str,
    colour: str = INK,
    size: float = SMALL,
    weight: str = "normal",
    **style: Any,
) -> Text:
    """Words at a place in the coordinates of the axes or the figure; ``style`` is Matplotlib's: ``ha``, ``va``, …"""
    look: dict[str, Any] = {"color": colour, "fontproperties": font(size, weight)} | style
    return where.text(x, y, words, **look)


def label_near(
    axes: Axes,
    place: tuple[float, float],
    offset: tuple[float, float],
    words: str,
    colour: str = INK,
    size: float = SMALL,
    weight: str = "normal",
    **style: Any,
) -> Text:
    """Words some points to the right of a place in the axes, and above it."""
    look: dict[str, Any] = {"color": colour, "fontproperties": font(size, weight)} | style
    return axes.annotate(words, place, offset, textcoords="offset points", **look)
