"""Explorer: whom one token of the sentence attends to, and what its vector becomes."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from attncourse.controls import Choice
from attncourse.digits import in_digits
from attncourse.drawing import palette
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import matrix
from attncourse.drawing.palette import FAINT, QUERY_INK, VALUE_INK, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.sentence import FEATURES, KEY, QUERY, TOKENS, VALUE, X
from attnlib import attention


class Numbers(NamedTuple):
    """What the figure shows."""

    token: str
    attn_weights: np.ndarray  # (5,) of this token
    before: np.ndarray  # (d_model,) its vector
    after: np.ndarray  # (d_model,) the same with the output added: its features are the first d_v


def measure(token: str = "hid") -> Numbers:
    """Self-attention of the sentence; one token's row of it."""
    row = TOKENS.index(token)
    output, attn_weights = attention(QUERY, KEY, VALUE)
    after = X[row].copy()
    after[: VALUE.shape[-1]] += output[row]
    return Numbers(token, attn_weights[row], X[row], after)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    gained = [
        f"{feature} from {in_digits(old, '{:g}')} to {in_digits(new)}"
        for feature, old, new in zip(FEATURES, numbers.before, numbers.after, strict=True)
        if not np.isclose(new, old, atol=1e-6)
    ]
    return f"“{numbers.token}” attends {most_attended(numbers.attn_weights)}; these features grow: {', '.join(gained)}."


def most_attended(attn_weights: np.ndarray) -> str:
    """Whom a row of weights names: "most to “cat” (weight 0.91)"; a tie names all who share it."""
    highest = attn_weights.max()
    best = [f"“{token}”" for token, weight in zip(TOKENS, attn_weights, strict=True) if np.isclose(weight, highest)]
    if len(best) == len(TOKENS):
        return f"to all five tokens alike (weight {in_digits(highest)} each)"
    each = " each" if len(best) > 1 else ""
    return f"most to {' and '.join(best)} (weight {in_digits(highest)}{each})"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The sentence twice, with lines as wide as the weights; beside it, the token's vector before and after."""
    figure = sheet(height=190, narrow=narrow, narrow_height=370)
    paper = board(figure)
    _draw_weights(paper, numbers, 46, 63 if narrow else 88)
    left, top = (156, 236) if narrow else (560, 50)
    label(paper, left, top - 32, f"“{numbers.token}”", VALUE_INK, size=HEADING, weight="semibold")
    for column, (name, form) in enumerate({"before": "{:g}", "after": "{:.2f}"}.items()):
        features = getattr(numbers, name)
        matrix(paper, left + 74 * column, top, (72, 24), features[:, None], palette.VALUE, 1.0, form, columns=[name],
               rows=() if column else FEATURES, rows_said=FEATURES, what=f"“{numbers.token}”:")  # fmt: skip
    return figure


def _draw_weights(paper: Axes, numbers: Numbers, left: float, step: float) -> None:
    """Above, every token as one that can be attended to; below, the one that attends."""
    row, high, low = TOKENS.index(numbers.token), 62, 152
    head = [left + row * step + across for across in (-11, 11, 0)], [low - 16, low - 16, low]
    paper.add_patch(Polygon(np.transpose(head), facecolor=WEIGHT_INK, edgecolor="none", zorder=3))
    label(paper, 4, 18, f"whom “{numbers.token}” attends to, and how much", WEIGHT_INK, size=HEADING, weight="semibold")
    for j, (token, weight) in enumerate(zip(TOKENS, numbers.attn_weights, strict=True)):
        x, said = left + j * step, {"of": token, "lights": token}
        words = f"weight {in_digits(weight)} · {numbers.token} → {token}"
        line = paper.plot([left + row * step, x], [low - 12, high + 12], color=WEIGHT, linewidth=12 * weight)[0]
        line.set_solid_capstyle("butt")
        say(line, words=words, **said)
        say(label(paper, x, high - 18, token, size=TEXT, weight="semibold", ha="center"), words=words, **said)
        label(paper, x, high, in_digits(weight), WEIGHT_INK, ha="center")
        ink, heavy = (QUERY_INK, "semibold") if j == row else (FAINT, "normal")
        label(paper, x, low + 18, token, ink, size=TEXT, weight=heavy, ha="center")


attends_to = Explorer(
    __name__,
    caption=(
        "The wider a line, the larger its weight (rounded), which is a share of attention. "
        "The token at the arrowhead adds what it receives, from itself too, to the first three features: "
        "only these are handed over."
    ),
    controls={"token": Choice("token", stops=tuple(TOKENS))},
)
