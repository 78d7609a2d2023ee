"""Explorer: the score of every key in the plane, for one query and four ways to score."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import headline
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label, label_near
from attncourse.drawing.palette import (
    FAINT,
    INK,
    KEY_INK,
    NEGATIVE,
    NUMBER,
    PAPER,
    QUERY,
    QUERY_INK,
    RULE,
    SCORE,
    SCORE_INK,
    shade,
)
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.compute.vectors import vector
from attnlib import additive_scores, bilinear_scores, cosine_scores, dot_scores

_EDGE = np.linspace(-3, 3, 41)
_PLANE = np.stack(np.meshgrid(_EDGE, _EDGE), axis=-1)  # (41, 41, 2)
_NAMES = ("cold", "mild", "hot")
_KEYS = np.array([[-1.036, 2.113], [0.751, 1.267], [2.538, 0.421]])  # (3, 2), mild halfway between the others
_COLD, _MILD, _HOT = range(3)
_BESIDE = ((5, 6, "left"), (5, 6, "left"), (8, -17, "right"))  # where a name stands: right, above, its near end
_PATH = _KEYS[_COLD] + np.linspace(0, 1, 25)[:, None] * (_KEYS[_HOT] - _KEYS[_COLD])  # (25, 2) from cold to hot
_W = np.array([[0.317, 1.0], [-1.0, 0.411]])  # turns the query by some 70 degrees
_W_Q = np.array([[-2.0, 2.0], [1.0, -1.0]])  # with these three, each key wins at some angle of the query
_W_K = np.array([[1.3, -0.5], [0.5, 1.3]])
_V = np.array([2.0, 2.0])

_SCORES = {
    "dot": dot_scores,
    "cosine": cosine_scores,
    "bilinear": lambda query, key: bilinear_scores(query, key, _W),
    "additive": lambda query, key: additive_scores(query, key, _W_Q, _W_K, _V),
}
_FORMULAS = {
    "dot": "q·k",
    "cosine": "q·k ÷ (‖q‖ ‖k‖)",
    "bilinear": "qW·k",
    "additive": "tanh(qU_q + kU_k)·u",
}
_STEPS = {"dot": 1.0, "cosine": 0.125, "bilinear": 1.0, "additive": 0.5}  # from line to line
_REACH = {"dot": 5.6, "cosine": 1.05, "bilinear": 5.6, "additive": 4.1}  # of bars and colours


class Numbers(NamedTuple):
    """What the figure shows."""

    kind: str
    query: np.ndarray  # (2,)
    landscape: np.ndarray  # (41, 41) the score at every point of the plane
    scores: np.ndarray  # (3,) of the marked keys
    order: np.ndarray  # (3,) the keys from the highest score to the lowest
    along: np.ndarray  # (25,) the score on the way from cold to hot
    parts: np.ndarray  # (25, 2) the summands of an additive score on that way; (25, 0) by the other scores


def measure(kind: str = "dot", angle: int = 45) -> Numbers:
    """Score every key of the plane, and the three marked ones, against one query of norm 1."""
    turn = np.deg2rad(angle)
    query = np.array([np.cos(turn), np.sin(turn)])
    score = _SCORES[kind]
    landscape = score(query[None], _PLANE.reshape(-1, 2)).reshape(_PLANE.shape[:2])
    landscape = landscape.round(9)  # a line through grid points then takes the same path on every machine
    scores = score(query[None], _KEYS)[0]
    along = score(query[None], _PATH)[0]
    parts = _V * np.tanh(query @ _W_Q + _PATH @ _W_K) if kind == "additive" else np.empty((len(_PATH), 0))
    return Numbers(kind, query, landscape, scores, np.argsort(-scores), along, parts)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    ranking = ", ".join(f"{_NAMES[key]} {in_digits(numbers.scores[key])}" for key in numbers.order)
    low, high = sorted(numbers.scores[[_COLD, _HOT]])
    middle = numbers.scores[_MILD]
    place = "above both" if middle > high else "below both" if middle < low else "between"
    x, y = numbers.query
    query = f"the query ({in_digits(x)}, {in_digits(y)})"
    return f"For {query}, the keys rank by {numbers.kind} score {ranking}; mild scores {place} cold and hot."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The plane of keys beside the ranking of the marked ones and the score on the way from cold to hot."""
    figure = sheet(height=376, narrow=narrow, narrow_height=576)
    _draw_plane(place(figure, 48, 48, 228, 228) if narrow else place(figure, 48, 48, 300, 300), numbers)
    _draw_ranking(place(figure, 6, 302, 332, 100) if narrow else place(figure, 410, 36, 306, 122), numbers)
    _draw_way(place(figure, 48, 442, 228, 98) if narrow else place(figure, 424, 210, 230, 116), numbers)
    return figure


def _draw_plane(plane: Axes, numbers: Numbers) -> None:
    step = _STEPS[numbers.kind]
    levels = step * np.arange(np.ceil(np.abs(numbers.landscape).max() / step))  # from 0 up, and mirrored below
    _draw_levels(plane, numbers, levels)
    ends = _ends_of_zero(numbers.landscape)
    for x, y in sorted(ends)[-1:]:
        across = "left" if x == 3 else "right" if x == -3 else "center"  # outside the border
        along = "center_baseline" if across != "center" else "bottom" if y == 3 else "top"
        label(plane, 1.03 * x, 1.02 * y, "score 0", SCORE_INK, weight="semibold", ha=across, va=along)
    x, y = numbers.query
    vector(plane, (x, y), QUERY, 3, words=f"query ({in_digits(x)}, {in_digits(y)})")
    beyond = 1 + 0.22 / np.hypot(x, y)
    label(plane, beyond * x, beyond * y, "q", QUERY_INK, size=TEXT, weight="semibold", ha="center", va="center")
    plane.plot(*_KEYS[[_COLD, _HOT]].T, color=KEY_INK, linewidth=1.2, linestyle="--")
    spots = plane.plot(*_KEYS.T, "o", color=KEY_INK, markersize=10, markeredgecolor=PAPER)
    say(spots[0], words=_said(numbers, range(3)), of=list(_NAMES), lights=list(_NAMES))
    for name, spot, (right, above, end) in zip(_NAMES, _KEYS, _BESIDE, strict=True):
        label_near(plane, spot, (right, above), name, NUMBER, weight="semibold", ha=end)
    headline(plane, f"{numbers.kind} score: {_FORMULAS[numbers.kind]}", SCORE_INK, gap=22)
    plane.set(xlim=(-3, 3), ylim=(-3, 3), xticks=[], yticks=[])
    plane.spines[:].set_color(INK)


def _draw_levels(plane: Axes, numbers: Numbers, levels: np.ndarray) -> None:
    """A shape for all keys that score more than a level, and one for those that score less than minus the level.

    The higher lie on the lower and let them shine through, so that each line is written once; together they are as
    strong as ``shade`` says.
    """
    ground = contour_generator(_EDGE, _EDGE, numbers.landscape, fill_type="OuterCode")
    highest, middles = levels[-1] + 1e3, levels + _STEPS[numbers.kind] / 2
    for sign in (1, -1):
        beneath = 0.0
        for level, middle in zip(levels, middles, strict=True):
            colour, strength = shade(sign * middle, SCORE, _REACH[numbers.kind])
            fill = colour, 1 - (1 - strength) / (1 - beneath)
            beneath = strength
            for outline in zip(*ground.filled(*sorted((sign * level, sign * highest))), strict=True):
                plane.add_patch(PathPatch(Path(*outline), facecolor=fill, edgecolor=INK, linewidth=0.6))
    plane.contour(_EDGE, _EDGE, numbers.landscape, [0], colors=[INK], linewidths=2.2)


def _said(numbers: Numbers, keys: Iterable[int]) -> list[str]:
    return [f"{_NAMES[key]}: score {in_digits(numbers.scores[key])}" for key in keys]


def _ends_of_zero(landscape: np.ndarray) -> list[tuple[float, float]]:
    """Where the line of score zero meets the border."""
    border = np.concatenate([landscape[0, :-1], landscape[:-1, -1], landscape[-1, :0:-1], landscape[::-1, 0]])
    x, y = (np.concatenate([p[0, :-1], p[:-1, -1], p[-1, :0:-1], p[::-1, 0]]) for p in np.moveaxis(_PLANE, -1, 0))
    crossed = np.flatnonzero((border[:-1] < 0) != (border[1:] < 0))
    part = border[crossed] / (border[crossed] - border[crossed + 1])
    return [
        (float(x[i] + share * (x[i + 1] - x[i])), float(y[i] + share * (y[i + 1] - y[i])))
        for i, share in zip(crossed, part, strict=True)
    ]


def _draw_ranking(axes: Axes, numbers: Numbers) -> None:
    reach = _REACH[numbers.kind]
    scores = numbers.scores[numbers.order]
    bars = axes.barh(range(3), scores, color=[SCORE if score >= 0 else NEGATIVE for score in scores], height=0.62)
    for bar, key, words in zip(bars, numbers.order, _said(numbers, numbers.order), strict=True):
        say(bar, words=words, of=_NAMES[key], lights=_NAMES[key])
    axes.axvline(0, color=INK, linewidth=0.8)
    for rank, key in enumerate(numbers.order):
        score = numbers.scores[key]
        words, side = in_digits(score), "left" if score >= 0 else "right"
        beside = score + (0.03 if score >= 0 else -0.03) * reach
        label(axes, beside, rank, words, SCORE_INK, ha=side, va="center_baseline")
        label(axes, -2.5 * reach, rank, _NAMES[key], KEY_INK, size=TEXT, weight="semibold", va="center_baseline")
    label(axes, -2.5 * reach, -0.75, "best first", FAINT)
    axes.set(xlim=(-2.6 * reach, 1.7 * reach), ylim=(2.6, -1.2), xticks=[], yticks=[])
    axes.axis("off")


def _draw_way(axes: Axes, numbers: Numbers) -> None:
    reach, way = _REACH[numbers.kind], np.linspace(0, 1, len(_PATH))
    axes.axhline(0, color=RULE, linewidth=0.8)
    label(axes, -0.09, 0, "0", FAINT, ha="right", va="center_baseline")
    close = numbers.parts.size and abs(np.subtract(*numbers.parts[-1])) < 1  # at their ends, where their names stand
    names = (("step 1", (4, 2), 8), ("step 2", (1, 1.5), -8))
    for part, (name, dashes, aside) in zip(numbers.parts.T, names, strict=False):
        line = axes.plot(way, part, color=FAINT, linewidth=1.4, linestyle=(0, dashes))
        said = f"{name}, a tanh times its number in u: {in_digits(part[0])} at cold, {in_digits(part[-1])} at hot"
        say(line[0], words=said)
        label_near(axes, (1, part[-1]), (9, aside if close else 0), name, FAINT, va="center_baseline")
    axes.plot(way, numbers.along, color=SCORE, linewidth=2.4)
    for key, (x, name) in enumerate(zip((0, 0.5, 1), _NAMES, strict=True)):
        spot = axes.plot(x, numbers.scores[key], "o", color=KEY_INK, markersize=8, markeredgecolor=PAPER)
        say(spot[0], words=_said(numbers, [key])[0], of=name, lights=name)
        label_near(
            axes, (x, 0), (0, -16), name, KEY_INK, weight="semibold", ha="center", xycoords=axes.get_xaxis_transform()
        )
    words = "score on the dashed line" + (", and its two steps" if numbers.parts.size else "")
    headline(axes, words, SCORE_INK)
    axes.set(xlim=(-0.06, 1.06), ylim=(-1.05 * reach, 1.05 * reach), xticks=[], yticks=[])
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(RULE)


score_landscapes = Explorer(
    __name__,
    caption=(
        "How much a key would score at each place. Lines join keys of equal score, in equal steps; "
        "the heavy one is score 0. On the dashed line, mild lies halfway between cold and hot; "
        "the curve shows the score along that line. An additive score is the sum of two steps, drawn beside it."
    ),
    controls={
        "kind": Choice("score", stops=tuple(_SCORES)),
        "angle": Slider("angle of the query (°)", stops=tuple(range(0, 360, 45))),
    },
)
