"""Explorer: change one token, and see which outputs of the whole batch change."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Switch
from attncourse.digits import in_digits
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import frame
from attncourse.drawing.palette import SHARED_INK
from attncourse.explorer import Explorer
from attncourse.figures.norms.batch import FEATURES, MASK, PLACES, X, rows_of
from attncourse.figures.norms.table import draw_sentence
from attnlib import batch_norm, batch_statistics, layer_norm, rms_norm

NONE, LAYER, RMS = "no norm", "LayerNorm", "RMSNorm"
COUNTED, MASKED, INFERENCE = "BatchNorm, padding counted", "BatchNorm, padding masked", "BatchNorm at inference"
NORMS = (NONE, LAYER, RMS, COUNTED, MASKED, INFERENCE)
PADDING = "padding"
_SPOTS = PLACES | {PADDING: (1, 3)}
_CHANGE = np.array([2.0, 3.0, -2.0, 2.0])  # added to the token's features; no output changes by less than 0.005
_REACH = 1.5  # at which a change has the strongest colour
_ONE = 1  # the feature that changes if only one does
_ONES, _ZEROS = np.ones(len(FEATURES)), np.zeros(len(FEATURES))


class Numbers(NamedTuple):
    """What the figure shows."""

    norm: str
    word: str
    one_feature: bool
    changed: tuple[int, int]  # sentence, position
    change: np.ndarray  # (batch, seq, d_model) output after − output before
    moved: int  # numbers of real tokens that change
    others: int  # of these, in other tokens than the changed one


def measure(norm: str = LAYER, word: str = "cats", one_feature: bool = False) -> Numbers:
    """The norm's output before and after one token of the batch is changed."""
    spot = _SPOTS[word]
    change = np.where(np.arange(len(FEATURES)) == _ONE, _CHANGE, 0) if one_feature else _CHANGE
    after = X.copy()
    after[spot] += change
    difference = _output(norm, after) - _output(norm, X)
    difference = np.where(np.abs(difference) < 1e-12, 0, difference)  # the rounding is another on other machines
    moved = (difference != 0) & MASK[..., None]
    others = moved.copy()
    others[spot] = False
    return Numbers(norm, word, one_feature, spot, difference, int(moved.sum()), int(others.sum()))


def _output(norm: str, x: np.ndarray) -> np.ndarray:
    if norm == LAYER:
        return layer_norm(x, _ONES, _ZEROS)
    if norm == RMS:
        return rms_norm(x, _ONES)
    if norm == COUNTED:
        return batch_norm(x, _ONES, _ZEROS)
    if norm == MASKED:
        return batch_norm(x, _ONES, _ZEROS, mask=MASK)
    if norm == INFERENCE:
        return batch_norm(x, _ONES, _ZEROS, running=batch_statistics(X, MASK), mask=MASK)
    return x


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    what = f"feature {FEATURES[_ONE]} of “{numbers.word}”" if numbers.one_feature else f"“{numbers.word}”"
    norm = numbers.norm[0].upper() + numbers.norm[1:]
    outputs, largest = int(MASK.sum()) * len(FEATURES), np.abs(numbers.change).max(where=MASK[..., None], initial=0)
    if numbers.moved == 0:
        return f"{norm}: a change of {what} changes none of the tokens’ {outputs} outputs."
    others = f"{numbers.others} of them in" if numbers.others else "none of them in"
    return (
        f"{norm}: a change of {what} changes {numbers.moved} of the tokens’ {outputs} outputs, "
        f"{others} other tokens, by up to {largest:.2f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The change of every output of the batch; the changed token is framed."""
    figure = sheet(height=190, narrow=narrow, narrow_height=456)
    paper = board(figure)
    cell = (64, 24) if narrow else (42, 29)
    spots = [(70, 46 + 146 * i) for i in range(3)] if narrow else [(62 + 236 * i, 50) for i in range(3)]
    for sentence, spot in enumerate(spots):
        _draw_sentence(paper, spot, cell, numbers, sentence)
    return figure


def _draw_sentence(
    paper: Axes, spot: tuple[float, float], cell: tuple[float, float], numbers: Numbers, sentence: int
) -> None:
    change = np.abs(numbers.change[sentence])
    strengths = np.where(change > 0, 0.35 + 0.65 * np.minimum(change / _REACH, 1), 0)
    masked = ~MASK[sentence, :, None] & (change == 0) & (numbers.norm != COUNTED)
    words = np.array([[in_digits(value) if value else "" for value in row] for row in change])
    rows = rows_of(sentence)

    def tell(i: int, j: int) -> dict[str, str]:
        if masked[i, j]:
            return {"words": "padding"}
        return {
            "words": f"{rows[i]}, {FEATURES[j]}: output {f'changes by {words[i, j]}' if words[i, j] else 'unchanged'}"
        }

    grid = draw_sentence(paper, spot, cell, sentence, np.where(masked, np.nan, strengths), words, tell)
    if numbers.changed[0] == sentence:
        frame(paper, grid, numbers.changed[1], colour=SHARED_INK)
    label(paper, spot[0], spot[1] - 24, f"sentence {sentence + 1}", size=HEADING, weight="semibold")


ripple = Explorer(
    __name__,
    caption=(
        "One token of the batch is changed (framed): the violet outputs change with it, by the numbers in them; "
        "the empty ones stay what they were."
    ),
    controls={
        "norm": Choice("norm", stops=NORMS),
        "word": Choice("change", stops=("dogs", "cats", "sing", "slowly", PADDING)),
        "one_feature": Switch("only feature b"),
    },
)
