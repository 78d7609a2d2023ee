"""Explorer: the row of one token whose query and keys are random, and what their width does to its weights."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider, Switch
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.label import label_near
from attncourse.drawing.palette import FAINT, NEGATIVE, RULE, SCORE, SCORE_INK, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.scaling.scales import WIDTHS
from attncourse.figures.sentence import TOKENS
from attnlib import attention_weights, scaled_dot_scores

ASKING = "its"  # whose query it is
_KEYS = range(len(TOKENS))
_SEEDS = (4, 304, 71, 378)  # picked: at width 4, too, one token in some draws takes nearly all, and in these none does
_REACH = 70  # scores are drawn from −70 to 70: two standard deviations at the largest width, and their numbers


class Numbers(NamedTuple):
    """What the figure shows."""

    d_k: int
    divided: bool
    scores: np.ndarray  # (seq_k,) as the softmax gets them
    attn_weights: np.ndarray  # (seq_k,)


def measure(d_k: int = 4, divided: bool = False, draw: int = 1) -> Numbers:
    """One random query and five random keys of so many components; a smaller width is the beginning of a larger one."""
    query, key = _vectors(draw)
    query, key = query[:, :d_k], key[:, :d_k]
    scale = None if divided else 1.0
    scores, attn_weights = (f(query, key, scale=scale)[0] for f in (scaled_dot_scores, attention_weights))
    return Numbers(d_k, divided, scores, attn_weights)


@lru_cache(maxsize=8)
def _vectors(draw: int) -> tuple[np.ndarray, np.ndarray]:
    query, *key = np.random.default_rng(_SEEDS[draw - 1]).normal(size=(1 + len(TOKENS), WIDTHS[-1]))
    return query[None], np.array(key)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    first = int(numbers.attn_weights.argmax())
    low, high = (in_digits(score, "{:.1f}") for score in (numbers.scores.min(), numbers.scores.max()))
    kind = f", divided by √{numbers.d_k}," if numbers.divided else ""
    return (
        f"With {numbers.d_k} random numbers a vector, the scores of “{ASKING}”{kind} lie between {low} and {high}, "
        f"and its largest weight is {numbers.attn_weights[first]:.2f}, on “{TOKENS[first]}”."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The five scores, and the five weights that the softmax makes of them."""
    figure = sheet(height=250, narrow=narrow, narrow_height=440)
    places = [(40, 34, 290, 150), (40, 254, 290, 150)] if narrow else [(40, 38, 300, 178), (404, 38, 300, 178)]
    scores, weights = (place(figure, *spot) for spot in places)
    divisor = f" ÷ √{numbers.d_k}" if numbers.divided else ""
    dress(scores, f"scores of “{ASKING}”: q·k{divisor}", colour=SCORE_INK)
    dress(weights, f"attention weights of “{ASKING}”", colour=WEIGHT_INK)
    _draw_scores(scores, numbers.scores)
    _draw_weights(weights, numbers.attn_weights)
    for axes in (scores, weights):
        axes.set_xticks(_KEYS, TOKENS)
        axes.tick_params(axis="x", length=0)
        axes.set_xlim(-0.6, len(_KEYS) - 0.4)
    return figure


def _draw_scores(axes: Axes, scores: np.ndarray) -> None:
    bars = axes.bar(_KEYS, scores, color=[SCORE if score >= 0 else NEGATIVE for score in scores])
    axes.axhline(0, color=FAINT, linewidth=0.8)
    for bar, key, score in zip(bars, _KEYS, scores, strict=True):
        words = in_digits(score, "{:.1f}")
        say(bar, words=f"score {words} · {ASKING} → {TOKENS[key]}", of=f"key{key}", lights=f"key{key}")
        up, va = (2, "bottom") if score >= 0 else (-2, "top")
        label_near(axes, (key, score), (0, up), words, SCORE_INK, ha="center", va=va)
    axes.set(ylim=(-_REACH, _REACH), yticks=(-50, 0, 50))
    axes.spines["bottom"].set_color(RULE)


def _draw_weights(axes: Axes, attn_weights: np.ndarray) -> None:
    bars = axes.bar(_KEYS, attn_weights, color=WEIGHT)
    for bar, key, weight in zip(bars, _KEYS, attn_weights, strict=True):
        words = in_digits(weight)
        say(bar, words=f"weight {words} · {ASKING} → {TOKENS[key]}", of=f"key{key}", lights=f"key{key}")
        label_near(axes, (key, weight), (0, 2), words, WEIGHT_INK, ha="center", va="bottom")
    axes.set(ylim=(0, 1.15), yticks=(0, 0.5, 1))


wide_row = Explorer(
    __name__,
    caption=(
        "Query and keys of “its” are random, and widening them only adds numbers at the end. The four draws are picked "
        "so that the tokens share when vectors have 4 numbers."
    ),
    controls={
        "d_k": Slider("numbers in a vector, d_k", stops=(4, 16, 64, 256, 1024), log=True),
        "divided": Switch("divide the scores by √d_k"),
        "draw": Slider("random draw", stops=tuple(range(1, 1 + len(_SEEDS))), stops_only=True),
    },
)
