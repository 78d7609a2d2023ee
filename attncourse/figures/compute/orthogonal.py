"""Explorer: a key at right angles to the query scores 0, and still gets a weight."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import headline
from attncourse.drawing.canvas import HEADING, TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, KEY, KEY_INK, QUERY, QUERY_INK, RULE, SCORE_INK, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.compute.vectors import vector
from attnlib import attention_weights, dot_scores

_NAMES = "ABC"
_QUERY = np.array([[1.0, 0.0]])  # of norm 1: a key's score is how far it reaches along the query


class Numbers(NamedTuple):
    """What the figure shows."""

    key: np.ndarray  # (3, 2) A orthogonal to the query, B behind, C at the reader's hand
    scores: np.ndarray  # (3,)
    attn_weights: np.ndarray  # (3,)


def measure(along: float = 2) -> Numbers:
    """Weights of three keys with scores 0, −1 and ``along``; the scores are not scaled."""
    key = np.array([[0.0, 1.4], [-1.0, -0.9], [along, 0.6]])
    return Numbers(key, dot_scores(_QUERY, key)[0], attention_weights(_QUERY, key, scale=1.0)[0])


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    scores = [in_digits(score, "{:.3g}") for score in numbers.scores]
    weights = [f"{weight:.2f}" for weight in numbers.attn_weights]
    return (
        f"Key A is orthogonal to the query: it scores {scores[0]} and gets weight {weights[0]}, "
        f"beside B with score {scores[1]} and weight {weights[1]}, "
        f"and C with score {scores[2]} and weight {weights[2]}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The keys over the line on which the score is read, beside their weights."""
    figure = sheet(height=224, narrow=narrow, narrow_height=340)
    _draw_keys(place(figure, 6, 40, 332, 126) if narrow else place(figure, 8, 40, 420, 160), numbers)
    _draw_weights(place(figure, 10, 204, 326, 124) if narrow else place(figure, 456, 40, 256, 140), numbers)
    return figure


def _draw_keys(plane: Axes, numbers: Numbers) -> None:
    plane.axhline(0, color=RULE, linewidth=1)
    plane.plot(range(-3, 6), np.zeros(9), "|", color=FAINT, markersize=6)  # whole scores
    plane.plot([-0.3, -0.3, 0], [0, 0.3, 0.3], color=KEY_INK, linewidth=1)  # A's right angle
    vector(plane, (1, 0), QUERY, 3.4, words="query (1, 0)")
    label(plane, 0.5, -0.16, "query", QUERY_INK, ha="center", va="top")
    for name, (x, y), words in zip(_NAMES, numbers.key, _said(numbers), strict=True):
        plane.plot([x, x], [0, y], color=SCORE_INK, linewidth=1, linestyle=":")
        foot = plane.plot(x, 0, "o", color=SCORE_INK, markersize=4)
        say(foot[0], words=words, of=name, lights=name)
        vector(plane, (x, y), KEY, 1.4, words=words, of=name, lights=name)
        above, va = (0.1, "bottom") if y > 0 else (-0.12, "top")
        aside = 0.25 if name == "C" and x == 0 else 0  # from A's arrow, under which it lies
        label(plane, x + aside, y + above, name, KEY_INK, size=TEXT, weight="semibold", ha="center", va=va)
    plane.set(xlim=(-3.5, 5.5), ylim=(-1.45, 1.95), xticks=[], yticks=[])
    headline(plane, "three keys over the query’s line", KEY_INK)
    plane.axis("off")


def _draw_weights(axes: Axes, numbers: Numbers) -> None:
    bars = axes.barh(range(3), numbers.attn_weights, height=0.56, color=WEIGHT)
    bars[0].set(edgecolor=INK, linewidth=1.6)  # the key in question
    rows = zip(_NAMES, bars, _said(numbers), numbers.scores, numbers.attn_weights, strict=True)
    for row, (name, bar, words, score, weight) in enumerate(rows):
        say(bar, words=words, of=name, lights=name)
        label(axes, -0.62, row, name, KEY_INK, size=TEXT, weight="semibold", va="center_baseline")
        label(axes, -0.14, row, in_digits(score, "{:.3g}"), SCORE_INK, ha="right", va="center_baseline")
        label(axes, weight + 0.04, row, f"{weight:.2f}", WEIGHT_INK, va="center_baseline")
    label(axes, -0.14, -0.72, "score", SCORE_INK, size=HEADING, ha="right")
    label(axes, 0, -0.72, "weight", WEIGHT_INK, size=HEADING)
    axes.set(xlim=(-0.66, 1.26), ylim=(2.5, -1.0), xticks=[], yticks=[])
    axes.axis("off")


def _said(numbers: Numbers) -> list[str]:
    return [
        f"key {name}: score {in_digits(score, '{:.3g}')}, weight {in_digits(weight)}"
        for name, score, weight in zip(_NAMES, numbers.scores, numbers.attn_weights, strict=True)
    ]


orthogonal = Explorer(
    __name__,
    caption=(
        "Key A (its bar is framed) is orthogonal and not ignored: score 0 is one score among others, and only "
        "differences count. Scores are not divided by √d_k here. The query has norm 1, so a key's score is where it "
        "stands over the query's line."
    ),
    controls={"along": Slider("score of key C", stops=(-3, -2, -1, 0, 1, 2, 3, 4, 5))},
)
