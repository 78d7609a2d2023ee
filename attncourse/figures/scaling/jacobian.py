"""Explorer: one row of weights, and the matrix of its derivatives."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.cells import draw_cells
from attncourse.drawing.label import label
from attncourse.drawing.numerals import in_words
from attncourse.drawing.palette import FAINT, INK, NUMBER, RULE, SCORE, SCORE_INK, WEIGHT, WEIGHT_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.scaling.scales import WIDTHS, WITHOUT_AND_WITH, divided_by, scale_factor
from attncourse.figures.scaling.wide_row import ASKING
from attncourse.figures.sentence import TOKENS
from attnlib import scaled_dot_scores, softmax, softmax_jacobian

# How far each key reaches along the query's direction, in standard deviations: five numbers as a standard normal gives
# them, picked so that ‖J‖ is close to the median of random rows at every width. This row is a typical one.
_ALONG = np.array([-0.5, 1.7, -1.0, -0.2, 1.2])
_KEYS = range(len(TOKENS))
_PUSHED = TOKENS.index("cat")  # the score that the chapter has pushed before it shows the whole matrix
_LARGEST = 0.25  # of a (1 − a), at a = 1/2: the ends of the colours, whatever the state


class Numbers(NamedTuple):
    """What the figure shows."""

    d_k: int
    scale: str
    attn_weights: np.ndarray  # (seq_k,)
    jacobian: np.ndarray  # (seq_k, seq_k): derivative of weight i by score j


def measure(d_k: int = 1, scale: str = "none") -> Numbers:
    """One query, that of "its", against five keys.

    The axes are turned so that the query lies along the first one; random components of variance 1 make it √d_k long.
    What the keys have along the other axes does not count, and is left out.
    """
    query, key = np.zeros((1, d_k)), np.zeros((len(_ALONG), d_k))
    query[0, 0] = np.sqrt(d_k)
    key[:, 0] = _ALONG
    attn_weights = softmax(scaled_dot_scores(query, key, scale_factor(scale, d_k)))[0]
    return Numbers(d_k, scale, attn_weights, softmax_jacobian(attn_weights))


def jacobian_norm(attn_weights: np.ndarray) -> np.ndarray:
    """‖diag(a) − a aᵀ‖, the Frobenius norm, for each row a of weights.

    The rows of the matrix sum to zero, so an entry of the diagonal is minus the sum of the others in its row.
    Taken so, it keeps its digits where a weight is close to 1 and a − a² would lose them.

    Args:
        attn_weights: (..., n)

    Returns:
        (...) from 0, one weight of 1, to 1/2, two weights of 1/2.
    """
    jacobian = softmax_jacobian(attn_weights)
    others = jacobian * (1 - np.eye(attn_weights.shape[-1]))
    diagonal = others.sum(axis=-1)
    return np.sqrt((others**2).sum(axis=(-2, -1)) + (diagonal**2).sum(axis=-1))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    return (
        f"At d_k = {numbers.d_k}, {divided_by(numbers.scale)}, the largest weight of “{ASKING}” is "
        f"{numbers.attn_weights.max():.3f}, on “{TOKENS[numbers.attn_weights.argmax()]}”; "
        f"the largest of the 25 derivatives is {in_words(np.abs(numbers.jacobian).max())}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The weights, and below or beside them their Jacobian: entry (i, j) belongs to weight i and score j."""
    figure = sheet(height=340, narrow=narrow, narrow_height=480)
    if narrow:
        weights, matrix = place(figure, 26, 36, 312, 96), place(figure, 48, 192, 290, 232)
        _weights_above(weights, numbers)
    else:
        weights, matrix = place(figure, 50, 38, 190, 248), place(figure, 330, 38, 380, 248)
        _weights_beside(weights, numbers)
    divisor = "" if numbers.scale == "none" else f" ÷ √{numbers.d_k}"
    dress(weights, f"weights a = softmax(q·k{divisor})", colour=WEIGHT_INK)
    dress(matrix, "J: how far each weight moves", x="pushed score", y="weight", colour=SCORE_INK)
    _draw_matrix(matrix, numbers)
    return figure


def _weights_beside(axes: Axes, numbers: Numbers) -> None:
    _say_weights(axes.barh(_KEYS, numbers.attn_weights, color=WEIGHT, height=0.78), numbers)
    for key, weight in enumerate(numbers.attn_weights):
        label(axes, weight + 0.03, key, f"{weight:.2f}", WEIGHT_INK, va="center")
    axes.set(xlim=(0, 1), ylim=(len(_KEYS) - 0.5, -0.5), xticks=(0, 0.5, 1))
    axes.set_yticks(_KEYS, TOKENS)


def _weights_above(axes: Axes, numbers: Numbers) -> None:
    _say_weights(axes.bar(_KEYS, numbers.attn_weights, color=WEIGHT, width=0.78), numbers)
    for key, weight in enumerate(numbers.attn_weights):
        label(axes, key, weight + 0.03, f"{weight:.2f}", WEIGHT_INK, ha="center")
    axes.set(xlim=(-0.5, len(_KEYS) - 0.5), ylim=(0, 1.2), yticks=(0, 1))
    axes.set_xticks(_KEYS, TOKENS)


def _say_weights(bars: BarContainer, numbers: Numbers) -> None:
    """A weight lights its row of the Jacobian, and an entry the two weights that it is made of."""
    for key, (bar, weight) in enumerate(zip(bars, numbers.attn_weights, strict=True)):
        say(
            bar,
            words=f"weight {in_words(weight)} · {ASKING} → {TOKENS[key]}",
            of=f"weight{key}",
            lights=f"weight{key} row{key}",
        )


def _draw_matrix(axes: Axes, numbers: Numbers) -> None:
    a = numbers.attn_weights

    def tell(i: int, j: int) -> dict[str, str]:
        made = f"{in_words(a[i])} × {in_words(1 - a[i])}" if i == j else f"−{in_words(a[i])} × {in_words(a[j])}"
        words = f"weight of {TOKENS[i]} by score of {TOKENS[j]}: {made} = {_signed(numbers.jacobian[i, j])}"
        own = f"entry{i}{j}"
        return {"words": words, "of": f"row{i} {own}", "lights": f"weight{i} weight{j} {own}"}

    draw_cells(axes, numbers.jacobian, SCORE, _LARGEST, tell=tell)
    for (i, j), entry in np.ndenumerate(numbers.jacobian):
        words, ink = in_digits(entry), NUMBER
        if abs(entry) < 0.005:
            words, ink = "0", FAINT
        label(axes, j, i, words, ink, ha="center", va="center")
    axes.set_xticks(_KEYS, TOKENS)
    axes.set_yticks(_KEYS, TOKENS)
    axes.tick_params(length=0)
    column = (_PUSHED - 0.5, -0.5), 1, len(_KEYS)
    axes.add_patch(Rectangle(*column, fill=False, edgecolor=INK, linewidth=2, clip_on=False))
    axes.spines[:].set(visible=True, color=RULE)


def _signed(number: float) -> str:
    return f"−{in_words(-number)}" if number <= -1e-30 else in_words(abs(number))


jacobian = Explorer(
    __name__,
    caption=(
        "How far each weight of “its” moves if one score is pushed: a row for the weight, a column for the score. "
        "Here wider vectors stretch the same five scores by √d_k."
    ),
    controls={
        "d_k": Slider("width d_k", stops=WIDTHS, log=True),
        "scale": Choice("scores divided by", stops=WITHOUT_AND_WITH),
    },
)
