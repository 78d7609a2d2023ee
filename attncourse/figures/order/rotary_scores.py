"""Explorer: scores of one query and one key at every pair of positions; only some depend on the offset alone."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.cells import draw_cells
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, KEY_INK, QUERY_INK, RULE, SCORE, SCORE_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib import rotate, scaled_dot_scores, sinusoidal_positions

_SEQ, _D_K = 16, 8
_REACH = 3.5
_rng = np.random.default_rng(8)
_CONTENT_Q, _CONTENT_K = _rng.normal(size=(2, _D_K)) * 1.5
_W_Q, _W_K = _rng.normal(size=(2, _D_K, _D_K)) * _D_K**-0.5


class Numbers(NamedTuple):
    """What the figure shows."""

    scheme: str
    back: int  # the key stands so many positions before the query
    scores: np.ndarray  # (16, 16) of the query at each position, with the key at each
    along: np.ndarray  # (16 − back,) the scores at this offset, from the first pair of positions to the last
    relative: bool  # whether every score depends on the offset alone, to rounding


def measure(scheme: str = "rotary", back: int = 3) -> Numbers:
    """The same two words at all positions, with the positions told in one of three ways."""
    query, key = (np.tile(content, (_SEQ, 1)) for content in (_CONTENT_Q, _CONTENT_K))
    if scheme == "added sinusoids":
        positions = sinusoidal_positions(_SEQ, _D_K)
        query, key = query + positions, key + positions
    query, key = query @ _W_Q, key @ _W_K
    if scheme == "rotary":
        query, key = rotate(query), rotate(key)
    scores = scaled_dot_scores(query, key)
    spreads = [np.ptp(np.diagonal(scores, offset)) for offset in range(1 - _SEQ, _SEQ)]
    return Numbers(scheme, back, scores, np.diagonal(scores, -back), bool(max(spreads) < 1e-12))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    low, high = (in_digits(score) for score in (numbers.along.min(), numbers.along.max()))
    if numbers.scheme == "no encoding":
        return f"No encoding: with the key {numbers.back} positions back, as at every other offset, the score is {low}."
    says = f"Positions told by {numbers.scheme}"
    if numbers.relative:
        return (
            f"{says}: with the key {numbers.back} positions back, the score is {low} wherever the pair stands; "
            "all scores depend on the offset alone."
        )
    return (
        f"{says}: with the key {numbers.back} positions back, the score runs from {low} to {high}, by where it stands."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """All pairs of positions as a table, and the scores along one of its diagonals."""
    figure = sheet(height=330, narrow=narrow, narrow_height=562)
    table, line = [(52, 32, 250, 250), (52, 362, 270, 152)] if narrow else [(56, 40, 246, 246), (400, 40, 300, 246)]
    _draw_table(
        dress(place(figure, *table), "scores", x="position of the key", y="position of the query", colour=SCORE_INK),
        numbers,
    )
    axes = dress(
        place(figure, *line), f"scores on the dashed line, {numbers.back} positions back", x="position of the key"
    )
    axes.plot(range(len(numbers.along)), numbers.along, color=SCORE, linewidth=2)
    [points] = axes.plot(range(len(numbers.along)), numbers.along, "o", color=SCORE_INK, markersize=6)
    said = [f"query at {j + numbers.back}, key at {j}: {in_digits(s)}" for j, s in enumerate(numbers.along)]
    say(points, words=said)
    axes.axhline(0, color=RULE, linewidth=1)
    axes.set(xlim=(-0.5, _SEQ - 0.5), ylim=(-_REACH, _REACH), yticks=(-3, -2, -1, 0, 1, 2, 3), xticks=(0, 5, 10, 15))
    words = "the same everywhere" if numbers.relative else "depends on where the pair stands"
    label(axes, _SEQ - 0.6, 3.15, words, ha="right", va="center")
    return figure


def _draw_table(axes: Axes, numbers: Numbers) -> None:
    queries, keys = ([f"{what} at {place}" for place in range(_SEQ)] for what in ("query", "key"))
    draw_cells(axes, numbers.scores, SCORE, _REACH, rows=queries, columns=keys, what="score", form="{:.2f}",
               tell=lambda i, j: {"of": f"d{i - j}", "lights": f"d{i - j}"})  # a cell lights its diagonal  # fmt: skip
    start, end = numbers.back, _SEQ - 1
    axes.plot([-0.5, end - start + 0.5], [start - 0.5, end + 0.5], color=INK, linewidth=1.2, linestyle=(0, (3, 2)))
    axes.set(xticks=(0, 5, 10, 15), yticks=(0, 5, 10, 15), xlim=(-0.5, _SEQ - 0.5), ylim=(_SEQ - 0.5, -0.5))
    axes.xaxis.label.set_color(KEY_INK)
    axes.yaxis.label.set_color(QUERY_INK)
    axes.spines[:].set(color=FAINT, visible=True)


rotary_scores = Explorer(
    __name__,
    caption=(
        "One query and one key are moved to every pair of positions. Under rotary encoding each diagonal, one "
        "offset, has one colour: the score depends on the offset alone."
    ),
    controls={
        "scheme": Choice("positions told by", stops=("no encoding", "added sinusoids", "rotary")),
        "back": Slider("positions back", stops=(0, 1, 2, 3, 4, 6, 8, 10)),
    },
)
