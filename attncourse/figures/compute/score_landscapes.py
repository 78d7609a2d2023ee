"""Explorer: the score of every key in the plane, for one query and five ways to score."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import headline
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, KEY_INK, PAPER, QUERY, QUERY_INK, SCORE, SCORE_INK, SCORE_SIGNED
from attncourse.explorer import Explorer
from attnlib import additive_scores, bilinear_scores, cosine_scores, dot_scores, scaled_dot_scores

_EDGE = np.linspace(-3, 3, 41)
_PLANE = np.stack(np.meshgrid(_EDGE, _EDGE), axis=-1)  # (41, 41, 2)
_NAMES = "ABCDE"
_KEYS = np.array([[0.446, 1.057], [2.538, 0.421], [-1.036, 2.113], [0.818, -1.624], [-2.307, -1.129]])  # (5, 2)
_W = np.array([[0.317, 1.0], [-1.0, 0.411]])  # turns the query by some 70 degrees
_W_Q = np.array([[1.0, 0.2, -0.8], [0.1, 1.1, 0.9]])
_W_K = np.array([[0.9, -0.3, 0.5], [0.2, 1.0, -0.9]])
_V = np.array([1.2, 0.9, -0.8])

_SCORES = {
    "dot": dot_scores,
    "scaled dot": scaled_dot_scores,
    "cosine": cosine_scores,
    "bilinear": lambda query, key: bilinear_scores(query, key, _W),
    "additive": lambda query, key: additive_scores(query, key, _W_Q, _W_K, _V),
}


_STEPS = {"dot": 1.0, "scaled dot": 0.5, "cosine": 0.25, "bilinear": 1.0, "additive": 0.5}  # from line to line
_REACH = {"dot": 5.6, "scaled dot": 5.6, "cosine": 1.05, "bilinear": 5.6, "additive": 2.9}  # of the bars


class Numbers(NamedTuple):
    """What the figure shows."""

    kind: str
    query: np.ndarray  # (2,)
    landscape: np.ndarray  # (41, 41) the score at every point of the plane
    scores: np.ndarray  # (5,) of the marked keys
    order: np.ndarray  # (5,) the keys from the highest score to the lowest
    order_by_dot: np.ndarray  # (5,) the same, had the score been the dot product


def measure(kind: str = "dot", angle: int = 45, length: float = 1.0) -> Numbers:
    """Score every key of the plane, and the five marked ones, against one query."""
    turn = np.deg2rad(angle)
    query = length * np.array([np.cos(turn), np.sin(turn)])
    score = _SCORES[kind]
    landscape = score(query[None], _PLANE.reshape(-1, 2)).reshape(_PLANE.shape[:2])
    landscape = landscape.round(9)  # a line through grid points then takes the same path on every machine
    scores, by_dot = score(query[None], _KEYS)[0], dot_scores(query[None], _KEYS)[0]
    return Numbers(kind, query, landscape, scores, np.argsort(-scores), np.argsort(-by_dot))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    ranking = ", ".join(f"{_NAMES[key]} {in_digits(numbers.scores[key])}" for key in numbers.order)
    moved = [key for key in range(5) if (numbers.order == key).argmax() != (numbers.order_by_dot == key).argmax()]
    compared = (
        f"the dot product ranks {', '.join(_NAMES[key] for key in moved)} otherwise"
        if moved
        else (
            "the dot product ranks them the same"
            if numbers.kind != "dot"
            else "the highest score gets the largest weight"
        )
    )
    return f"By {numbers.kind} score the marked keys rank {ranking}; {compared}."


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The plane of keys beside the ranking of the marked ones."""
    figure = sheet(height=376, narrow=narrow, narrow_height=560)
    _draw_plane(place(figure, 48, 48, 244, 244) if narrow else place(figure, 48, 48, 300, 300), numbers)
    _draw_ranking(place(figure, 6, 346, 332, 190) if narrow else place(figure, 410, 76, 306, 220), numbers)
    return figure


def _draw_plane(plane: Axes, numbers: Numbers) -> None:
    step = _STEPS[numbers.kind]
    most = np.ceil(np.abs(numbers.landscape).max() / step)
    levels = step * np.arange(-most, most + 1)
    reach = 1.6 * step * 5.5
    plane.contourf(_EDGE, _EDGE, numbers.landscape, levels, cmap=SCORE_SIGNED, vmin=-reach, vmax=reach)
    levels = levels[1:-1]  # no line runs through the ends, except where the cosine is exactly 1
    bold = np.where(levels == 0, 2.2, 0.6)
    plane.contour(_EDGE, _EDGE, numbers.landscape, levels, colors=[INK], linewidths=bold.tolist(), linestyles="solid")
    for level, x, y in _line_ends(numbers.landscape, levels):
        words, weight = in_digits(level, "{:g}"), "bold" if level == 0 else "normal"
        across = "left" if x == 3 else "right" if x == -3 else "center"  # outside the border
        along = "center_baseline" if across != "center" else "bottom" if y == 3 else "top"
        label(plane, 1.03 * x, 1.02 * y, words, weight=weight, ha=across, va=along)
    tip, beyond = numbers.query, numbers.query * (1 + 0.22 / np.linalg.norm(numbers.query))
    plane.annotate("", (tip[0], tip[1]), (0, 0), arrowprops={"arrowstyle": "-|>", "color": QUERY, "linewidth": 3})
    label(plane, beyond[0], beyond[1], "q", QUERY_INK, size=TEXT, weight="bold", ha="center", va="center")
    plane.scatter(_KEYS[:, 0], _KEYS[:, 1], s=190, color=PAPER, edgecolors=KEY_INK, linewidths=1.6, zorder=3)
    for name, (x, y) in zip(_NAMES, _KEYS, strict=True):
        label(plane, x, y, name, KEY_INK, weight="bold", ha="center", va="center_baseline")
    headline(plane, f"{numbers.kind} score of a key", SCORE_INK, gap=22)
    plane.set(xlim=(-3, 3), ylim=(-3, 3), xticks=[], yticks=[])


def _line_ends(landscape: np.ndarray, levels: np.ndarray) -> list[tuple[float, float, float]]:
    """Level, x and y wherever a line of equal score meets the border; ends too close to another are left out."""
    border = np.concatenate([landscape[0, :-1], landscape[:-1, -1], landscape[-1, :0:-1], landscape[::-1, 0]])
    x, y = (np.concatenate([p[0, :-1], p[:-1, -1], p[-1, :0:-1], p[::-1, 0]]) for p in np.moveaxis(_PLANE, -1, 0))
    ends: list[tuple[float, float, float]] = []
    for level in levels[np.argsort(np.abs(levels), kind="stable")]:
        for i in np.flatnonzero((border[:-1] < level) != (border[1:] < level)):
            part = (level - border[i]) / (border[i + 1] - border[i])
            here = x[i] + part * (x[i + 1] - x[i]), y[i] + part * (y[i + 1] - y[i])
            if all(np.hypot((here[0] - a) / 0.9, (here[1] - b) / 0.5) > 1 for _, a, b in ends):
                ends.append((float(level), *here))
    return ends


def _draw_ranking(axes: Axes, numbers: Numbers) -> None:
    reach = _REACH[numbers.kind]
    ranks = range(5)
    axes.barh(ranks, numbers.scores[numbers.order], color=SCORE, height=0.62)
    axes.axvline(0, color=INK, linewidth=0.8)
    for rank, key in enumerate(numbers.order):
        score = numbers.scores[key]
        words, side = in_digits(score), "left" if score >= 0 else "right"
        beside = score + (0.03 if score >= 0 else -0.03) * reach
        label(axes, beside, rank, words, SCORE_INK, ha=side, va="center_baseline")
        label(axes, -1.9 * reach, rank, _NAMES[key], KEY_INK, size=TEXT, weight="bold", va="center_baseline")
        by_dot = int((numbers.order_by_dot == key).argmax())
        weight = "bold" if by_dot != rank else "normal"
        label(axes, 1.7 * reach, rank, f"{by_dot + 1}", weight=weight, ha="center", va="center_baseline")
    label(axes, -1.9 * reach, -0.75, "best first", FAINT)
    label(axes, 1.7 * reach, -0.75, "rank by dot", FAINT, ha="center")
    axes.set(xlim=(-2 * reach, 2.3 * reach), ylim=(4.6, -1.2), xticks=[], yticks=[])
    axes.axis("off")


score_landscapes = Explorer(
    __name__,
    caption="Which keys does a query like? Lines join keys of equal score; the heavy line is score zero.",
    controls={
        "kind": Choice("score", stops=tuple(_SCORES)),
        "angle": Slider("angle of the query (degrees)", stops=tuple(range(0, 360, 45))),
        "length": Slider("length of the query", stops=(0.5, 1.0, 1.5, 2.0)),
    },
)
