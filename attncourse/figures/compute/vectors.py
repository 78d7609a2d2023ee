"""Queries and keys of two components, drawn as arrows."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch

from attncourse.drawing.touch import say


def vector(axes: Axes, tip: tuple[float, float], colour: str, linewidth: float, **said: Any) -> None:
    """An arrow from the origin to its tip, which says this when it is pointed at (see ``say``)."""
    arrow = FancyArrowPatch((0, 0), tip, arrowstyle="-|>", mutation_scale=10, shrinkA=0, shrinkB=0)
    arrow.set(color=colour, linewidth=linewidth, zorder=2)
    axes.add_patch(arrow)
    say(arrow, **said)
