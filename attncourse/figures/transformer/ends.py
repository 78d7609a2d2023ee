"""Names at the right ends of curves, kept apart where the ends meet."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attncourse.drawing.label import label

_APART, _GAP = 16, 7  # CSS pixels: from name to name; from the curves
_SAMPLE = 16, 36, 5  # CSS pixels: from the curves to a sample, to its end, and on to the name


def name_ends(
    axes: Axes, ends: Mapping[str, tuple[float, Mapping[str, Any]]], x: float | None = None, samples: bool = False
) -> None:
    """Write the names of curves beside the axes, from the highest end to the lowest.

    Args:
        axes: with their final limits.
        ends: name -> the height at which the curve ends, and its look as Matplotlib takes it.
        x: where the curves end; default: at the right edge of the axes.
        samples: a sample of each line before its name, where the ends do not tell; one of dots would be a dot more.
    """
    box, (left, right), (low, high) = axes.get_window_extent(), axes.get_xlim(), axes.get_ylim()
    across, up = (right - left) / box.width, (high - low) / box.height  # a pixel, in the units of the axes
    edge, names = right if x is None else x, sorted(ends, key=lambda name: -ends[name][0])
    start, end, gap = _SAMPLE
    floor, height = low + _APART * up * (len(names) - 1), high + _APART * up
    for name in names:
        height = max(min(ends[name][0], height - _APART * up), floor)
        floor -= _APART * up
        look = ends[name][1]
        if samples and look.get("linestyle") != "none":
            places = [edge + place * across for place in (start, end)]
            axes.add_artist(Line2D(places, [height] * 2, clip_on=False, **look))
        words = edge + (end + gap if samples else _GAP) * across
        label(axes, words, height, name, look["color"], va="center_baseline")
