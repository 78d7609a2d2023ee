"""Explorer: every pair of sine and cosine is the hand of a clock, and each clock runs slower than the one before."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Arc, Circle

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, POSITION, POSITION_INK, RULE
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.order.wave_length import wave_length
from attnlib import sinusoidal_positions, wave_angles

_D_MODEL = 12
_RADIUS = 44.0


class Numbers(NamedTuple):
    """What the figure shows."""

    position: int
    step: int
    hands: np.ndarray  # (6, 2) sine and cosine of each pair at the position
    ahead: np.ndarray  # (6, 2) the same, so many steps later
    turned: np.ndarray  # (6,) radians by which the step turns each hand
    turns: np.ndarray  # (6,) positions that a hand needs for a whole turn


def measure(position: int = 5, step: int = 50) -> Numbers:
    """The hands at a position, and after a step."""
    pairs = sinusoidal_positions(position + step + 1, _D_MODEL).reshape(-1, _D_MODEL // 2, 2)
    turns = 2 * np.pi / wave_angles(1, _D_MODEL)
    return Numbers(position, step, pairs[position], pairs[position + step], wave_angles(step, _D_MODEL), turns)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    angles = ", ".join(in_digits(angle, "{:.2f}" if angle >= 0.005 else "{:.1g}") for angle in numbers.turned[:4])
    return (
        f"From position {numbers.position}, {numbers.step} steps turn the four fastest of six hands by {angles} "
        f"radians; a whole turn takes {numbers.turns[0]:.2f} to {numbers.turns[-1]:.0f} positions."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Six dials, fast to slow: where the hand is, and where it is after the step."""
    figure = sheet(height=218, narrow=narrow, narrow_height=388)
    paper = board(figure)
    columns = 3 if narrow else 6
    for pair in range(len(numbers.turns)):
        x = (57 + 115 * (pair % columns)) if narrow else 60 + 120 * pair
        y = 84 + 182 * (pair // columns)
        _draw_dial(paper, x, y, numbers, pair)
    start, end = numbers.position, numbers.position + numbers.step
    label(paper, 13 if narrow else 16, 380 if narrow else 210, f"solid: position {start}; dashed: position {end}")
    return figure


def _short(angle: float) -> str:
    if angle >= 9.95:
        return f"{angle:.1f}"
    return f"{angle:.2f}" if angle >= 0.095 or angle == 0 else f"{angle:.1g}"


def _draw_dial(paper, x: float, y: float, numbers: Numbers, pair: int) -> None:
    paper.add_patch(Circle((x, y), _RADIUS, facecolor="none", edgecolor=RULE, linewidth=1.4))
    paper.plot([x, x], [y - _RADIUS, y - _RADIUS + 5], color=FAINT, linewidth=1.2)
    now, then, name = numbers.hands[pair], numbers.ahead[pair], f"pair {pair}"
    # The paper's y axis points down: cosine 1 is twelve o'clock, and the hands turn clockwise.
    # The dashed hand is the longer one, so that it is seen where a slow hand has hardly moved.
    for (sine, cosine), place, length, colour, style, width in (
        (then, numbers.position + numbers.step, 1.12 * _RADIUS, INK, (0, (3, 2)), 1.8),
        (now, numbers.position, 0.84 * _RADIUS, POSITION_INK, "solid", 3.0),
    ):
        [hand] = paper.plot([x, x + length * sine], [y, y - length * cosine], color=colour,
                            linewidth=width, linestyle=style, solid_capstyle="round")  # fmt: skip
        say(hand, words=f"{name} at position {place}: sine {in_digits(sine)}, cosine {in_digits(cosine)}")
    paper.plot(x, y, "o", color=POSITION_INK, markersize=5)
    if numbers.turned[pair] > 0.06:  # a full ring for a turn or more
        start, size = np.degrees(np.arctan2(-now[1], now[0])), 1.1 * _RADIUS
        end = start + min(np.degrees(numbers.turned[pair]), 360)
        arc = Arc((x, y), size, size, theta1=start, theta2=end, color=POSITION, linewidth=2)
        say(paper.add_patch(arc), words=f"{numbers.step} steps turn {name} by {_short(numbers.turned[pair])} radians")
    label(paper, x, y - _RADIUS - 16, name if pair else f"{name}, fastest", size=TEXT, ha="center")
    label(paper, x, y + _RADIUS + 22, f"{wave_length(numbers.turns[pair])} steps a turn", FAINT, ha="center")
    label(paper, x, y + _RADIUS + 42, f"turned {_short(numbers.turned[pair])} rad", ha="center")


clock_hands = Explorer(
    __name__,
    caption=(
        "One position as six clocks: sine is to the right, cosine upwards. "
        "Solid hands show the chosen position, dashed ones the position r steps later."
    ),
    controls={
        "position": Slider("position pos", stops=(0, 1, 2, 3, 4, 5, 6, 10, 20, 50, 100, 200, 500, 1000)),
        "step": Slider("steps ahead r", stops=(0, 1, 2, 3, 10, 50)),
    },
)
