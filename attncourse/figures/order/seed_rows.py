"""A row for each way of telling the order, with a dot for the right answers of every seed."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place
from attncourse.drawing.dots import dots
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE
from attncourse.drawing.touch import say


def seed_rows(
    figure: Figure,
    spot: tuple[float, float, float, float],
    x: str,
    right: dict[str, np.ndarray],
    ceilings: Sequence[float],
    ceilings_said: Sequence[str],
    state: str,
) -> Axes:
    """Draw the rows, and across each a dashed line to compare with.

    Args:
        spot: left, top, width and height.
        x: what the axis says.
        right: way → share of right answers of each seed.
        ceilings: a share for each row.
        ceilings_said: what a pointer on the dashed line tells, without the number.
        state: what the slider says, beside the first row's head.
    """
    axes = dress(place(figure, *spot), x=x)
    axes.set_ylim(len(right) - 0.5, -0.5)
    axes.set_yticks(range(len(right)), list(right))
    axes.tick_params(axis="y", length=0, pad=8, labelsize=TEXT, labelcolor=INK)
    axes.spines["left"].set_visible(False)
    for edge in range(len(right) + 1):
        axes.axhline(edge - 0.5, color=RULE, linewidth=0.5)
    for row, (ceiling, said) in enumerate(zip(ceilings, ceilings_said, strict=True)):
        [line] = axes.plot([ceiling] * 2, [row - 0.5, row + 0.5], color=FAINT, linewidth=1.6, linestyle=(0, (4, 2)))
        say(line, words=f"{said}: {ceiling:.1%} right")
    for row, (way, seeds) in enumerate(right.items()):
        every = dots(axes, row, seeds, reach=0.26, size=4.6, row=True, zorder=3)
        say(every, words=[f"{way}: {in_digits(share, '{:.1%}')} right, one seed" for share in seeds])
    axes.set_xlim(-0.02, 1.03)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    label(axes, -0.035, -0.62, state, INK, ha="right", va="bottom", weight="semibold")
    return axes


def medians_said(right: dict[str, np.ndarray]) -> str:
    """Each way with the median of its seeds, for a sentence."""
    return ", ".join(f"{way} {in_digits(np.median(seeds), '{:.2f}')}" for way, seeds in right.items())
