"""Explorer: a key at right angles to the query scores 0, and still gets a weight."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import headline
from attncourse.drawing.canvas import HEADING, TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import KEY, KEY_INK, PAPER, QUERY, QUERY_INK, RULE, SCORE_INK, WEIGHT, WEIGHT_INK
from attncourse.explorer import Explorer
from attnlib import attention_weights, dot_scores

_QUERY = np.array([[1.0, 0.0]])  # of length 1: a key's score is how far it reaches along the query


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
    plane = place(figure, 6, 40, 332, 126) if narrow else place(figure, 8, 40, 420, 160)
    bars = place(figure, 10, 204, 326, 124) if narrow else place(figure, 456, 40, 256, 140)

    plane.axhline(0, color=RULE, linewidth=1)
    plane.annotate("", (1, 0), (0, 0), arrowprops={"arrowstyle": "-|>", "color": QUERY, "linewidth": 3.4, "shrinkB": 0})
    label(plane, 0.5, -0.16, "query", QUERY_INK, ha="center", va="top")
    for name, (x, y) in zip("ABC", numbers.key, strict=True):
        plane.plot([x, x], [0, y], color=SCORE_INK, linewidth=1, linestyle=":")
        plane.plot(x, 0, "o", color=SCORE_INK, markersize=4)
        plane.annotate(
            "", (x, y), (0, 0), arrowprops={"arrowstyle": "-|>", "color": KEY, "linewidth": 1.4, "shrinkB": 0}
        )
        end, va = (y + 0.1, "bottom") if y > 0 else (y - 0.12, "top")
        label(plane, x, end, name, KEY_INK, size=TEXT, weight="bold", ha="center", va=va)
    plane.set(xlim=(-3.5, 5.5), ylim=(-1.45, 1.95), xticks=[], yticks=[])
    headline(plane, "three keys over the query’s line", KEY_INK)
    plane.axis("off")

    for row, (score, weight) in enumerate(zip(numbers.scores, numbers.attn_weights, strict=True)):
        label(bars, -0.62, row, "ABC"[row], KEY_INK, size=TEXT, weight="bold", va="center_baseline")
        label(bars, -0.14, row, in_digits(score, "{:.3g}"), SCORE_INK, ha="right", va="center_baseline")
        label(bars, weight + 0.04, row, f"{weight:.2f}", WEIGHT_INK, va="center_baseline")
    bars.barh(range(3), numbers.attn_weights, height=0.56, color=WEIGHT, hatch=["//", "", ""], edgecolor=PAPER)
    label(bars, -0.14, -0.72, "score", SCORE_INK, size=HEADING, ha="right")
    label(bars, 0, -0.72, "weight", WEIGHT_INK, size=HEADING)
    bars.set(xlim=(-0.66, 1.26), ylim=(2.5, -1.0), xticks=[], yticks=[])
    bars.axis("off")
    return figure


orthogonal = Explorer(
    __name__,
    caption=(
        "Orthogonal is not ignored: score 0 is one score among others, and only the differences count. "
        "The query has length 1, so a key's score is where it stands over the query's line."
    ),
    controls={"along": Slider("score of key C", stops=(-3, -2, -1, 0, 1, 2, 3, 4, 5))},
)
