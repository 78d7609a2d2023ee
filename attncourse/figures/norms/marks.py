"""What the figures on trained norms mark alike: the level of guessing, and every seed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, SHARED_INK
from attncourse.drawing.touch import say


def mark_guessing(axes: Axes, level: float, at: tuple[float, float], said: str = "", **align: Any) -> None:
    """A dotted line at this level, named at a place of its own, with its number if it is given."""
    axes.axhline(level, color=FAINT, linewidth=1.2, linestyle=(0, (1, 1.5)))
    label(axes, *at, f"guessing {said}".rstrip(), FAINT, **align)


def mark_seeds(axes: Axes, x: Sequence[float] | np.ndarray, values: np.ndarray, words: list[str]) -> None:
    """A dot for each of the values (groups, seeds), above the x of its group; words for all of them, in that order."""
    at = np.repeat(x, values.shape[1])
    (dots,) = axes.plot(at, values.ravel(), "o", color=SHARED_INK, markersize=4, markeredgewidth=0, clip_on=False)
    say(dots, words=words)
