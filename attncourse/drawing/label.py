"""Words on a figure: small and in ink, from the left on their baseline; a call says only what is its own."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.drawing.canvas import SMALL
from attncourse.drawing.palette import INK


def label(
    where: Axes | Figure, x: float, y: float, words: str, colour: str = INK, size: float = SMALL, **style: Any
) -> None:
    """Words at a place in the coordinates of the axes or the figure; ``style`` is Matplotlib's: ``ha``, ``va``, …"""
    where.text(x, y, words, color=colour, fontsize=size, **style)


def label_near(
    axes: Axes,
    place: tuple[float, float],
    offset: tuple[float, float],
    words: str,
    colour: str = INK,
    size: float = SMALL,
    **style: Any,
) -> None:
    """Words some points to the right of a place in the axes, and above it."""
    axes.annotate(words, place, offset, textcoords="offset points", color=colour, fontsize=size, **style)
