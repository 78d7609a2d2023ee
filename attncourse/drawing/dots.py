"""Every seed of an experiment as a dot."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attncourse.drawing.palette import INK


def dots(
    axes: Axes, place: float, values: np.ndarray, reach: float, size: float, row: bool = False, **style: Any
) -> Line2D:
    """A dot for each value in a column (or a row), a little beside each other, so that equal ones are seen.

    Args:
        place: the column's x, or the row's y.
        values: (seeds,)
        reach: how far the outermost dots lie from ``place``.
        size: in points.
        style: Matplotlib's, such as ``marker="s"``.
    """
    beside = place + np.linspace(-reach, reach, len(values))
    x, y = (values, beside) if row else (beside, values)
    look: dict[str, Any] = {"marker": "o", "color": INK, "markeredgewidth": 0, "clip_on": False} | style
    (line,) = axes.plot(x, y, linestyle="none", markersize=size, **look)
    return line
