"""Explorer: how similar the encodings of two positions are, by the distance between them."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider, Switch
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, POSITION, POSITION_INK, RULE
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import sinusoidal_positions

_SEQ = 128
_NEAR = 24  # offsets that the zoom shows, to either side


class Numbers(NamedTuple):
    """What the figure shows."""

    position: int
    d_model: int
    reach: int  # offsets up to which the panel goes
    offsets: np.ndarray  # (128,) r, so that position + r runs over all positions
    similarity: np.ndarray  # (128,) PE(p) · PE(p + k), divided by its value at r = 0
    first_rise: int  # the smallest r at which the similarity is larger than at r − 1
    even: bool  # whether r and −r give the same, to rounding
    alike: bool  # whether the curve is that of every other position, to rounding


def measure(position: int = 64, d_model: int = 128, zoom: bool = False) -> Numbers:
    """Inner products of one encoding with all others, as a share of its own squared norm d_model/2."""
    encoding = sinusoidal_positions(2 * _SEQ, d_model)
    similarity = encoding[:_SEQ] @ encoding[position] / (d_model / 2)
    ahead = encoding @ encoding[0] / (d_model / 2)  # (256,) by offset from position 0
    both_ways = min(position, _SEQ - 1 - position)
    behind, before = similarity[position : position + both_ways + 1], similarity[position - both_ways : position + 1]
    offsets = np.arange(_SEQ) - position
    return Numbers(
        position,
        d_model,
        _NEAR if zoom else _SEQ,
        offsets,
        similarity,
        int(np.flatnonzero(np.diff(ahead) > 0)[0]) + 1,
        bool(np.abs(behind - before[::-1]).max() < 1e-12),
        bool(np.abs(similarity - ahead[np.abs(offsets)]).max() < 1e-12),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    even = "the same to both sides, " if numbers.even else "not the same to both sides, "
    if numbers.position in (0, _SEQ - 1):
        even = ""  # there is one side only
    alike = "the same curve as at every other position" if numbers.alike else "another curve than elsewhere"
    near, far = numbers.similarity[numbers.offsets == _one_step(numbers)][0], numbers.first_rise
    nearby = f"; only the {_NEAR} nearest on each side are shown" if numbers.reach == _NEAR else ""
    return (
        f"From position {numbers.position} at d_model = {numbers.d_model}: similarity {near:.2f} one step away, "
        f"{even}{alike}; it first rises again at a distance of {far}{nearby}."
    )


def _one_step(numbers: Numbers) -> int:
    return 1 if numbers.position < _SEQ - 1 else -1


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The curve over all offsets, and where it first rises."""
    figure = sheet(height=300, narrow=narrow, narrow_height=330)
    spot = (46, 40, 286, 226) if narrow else (52, 40, 650, 204)
    axes = dress(place(figure, *spot), "PE(pos) · PE(pos + r) / ‖PE(pos)‖²", x="offset r", colour=POSITION_INK)
    axes.axhline(0, color=RULE, linewidth=1)
    axes.plot([0, 0], [-0.75, 1], color=RULE, linewidth=1)
    seen = np.abs(numbers.offsets) <= numbers.reach
    offsets, similarity = numbers.offsets[seen], numbers.similarity[seen]
    if numbers.reach == _NEAR:
        axes.fmt_xdata, axes.fmt_ydata = "{:+.0f}".format, in_digits
        axes.plot(offsets, similarity, "o", color=POSITION)
        axes.plot(offsets, similarity, color=POSITION, linewidth=2.2, label=f"position {numbers.position}")
    else:
        [curve] = axes.plot(offsets, similarity, color=POSITION, linewidth=2.2)
        ends = " and ".join(f"{in_digits(similarity[end])} at offset {offsets[end]:+d}" for end in (0, -1))
        say(curve, words=f"position {numbers.position}: {ends}; zoom in for every number")
    axes.plot(0, 1, "o", color=POSITION_INK, markersize=8, clip_on=False)
    label(axes, 0, 1.07, f"position {numbers.position}", POSITION_INK, ha="center", va="bottom")
    _mark_first_rise(axes, numbers)
    axes.set(xlim=(-numbers.reach, numbers.reach), ylim=(-0.75, 1.25), yticks=(-0.5, 0, 0.5, 1))
    return figure


def _mark_first_rise(axes: Axes, numbers: Numbers) -> None:
    """An arrow to the first offset that is more similar than the one before it, on the side where it exists."""
    side = 1 if numbers.position + numbers.first_rise < _SEQ else -1
    offset = side * numbers.first_rise
    if numbers.first_rise > numbers.reach or offset not in numbers.offsets:
        return
    height = float(numbers.similarity[numbers.offsets == offset][0])
    axes.plot([offset, offset], [-0.55, height - 0.03], color=FAINT, linewidth=1)
    [rise] = axes.plot(offset, height, "D", color=INK, markersize=6)
    say(rise, words=[f"first rise: similarity {height:.3f} at offset {offset}"])
    align = "center" if numbers.first_rise > numbers.reach / 4 else "left" if side > 0 else "right"
    label(axes, offset, -0.57, f"first rise, at {numbers.first_rise}", ha=align, va="top")


similarity_by_offset = Explorer(
    __name__,
    caption=(
        "Move the position and the width. Each similarity is an inner product of two encodings, as a share of the "
        "first one’s with itself; at the diamond it rises for the first time."
    ),
    controls={
        "position": Slider("position pos", stops=(0, 16, 32, 48, 64, 80, 96, 112, 127)),
        "d_model": Slider("width d_model", stops=(4, 16, 64, 128, 512), stops_only=True),
        "zoom": Switch("zoom in"),
    },
)
