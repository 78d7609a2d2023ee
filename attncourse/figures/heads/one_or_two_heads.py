"""Explorer: a layer with one head and one with two learn to name both neighbours; the training step is the control."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.drawing.axes import dress
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import matrix, name_columns, name_rows
from attncourse.drawing.palette import INK, KEY_INK, QUERY_INK, RULE, WEIGHT
from attncourse.explorer import Explorer
from attncourse.figures.heads.head_probes import text_of
from attncourse.results import load_result
from attncourse.results.models import from_stored
from attnlib.attention_model import attention_model
from attnlib.cross_entropy import accuracy
from attnlib.tasks import previous_and_next

STEPS = (0, 10, 20, 40, 60, 80, 100, 150, 200, 300, 400, 600)
SEQUENCE = np.array([2, 0, 5, 4, 1, 7, 6, 3])
_FRESH = 128  # sequences on which accuracy is measured


class Numbers(NamedTuple):
    """What the figure shows; the first axis of accuracy says how many heads: one, two."""

    step: int
    one: np.ndarray  # (seq, seq) weights of the only head
    two: np.ndarray  # (2, seq, seq) weights of the two heads
    ahead: int  # in how many rows that have both neighbours the only head gives more to the token after
    accuracy: np.ndarray  # (2, steps, 2) share of right answers at every step: the token before, the token after


def measure(step: int = 600) -> Numbers:
    """Run the stored parameters of this step on one sequence, and those of all steps on fresh sequences."""
    one, two = (run(heads, step, SEQUENCE)[1] for heads in (0, 1))
    return Numbers(step, one[0], two, looks_ahead(one[0]), right_answers())


def looks_ahead(attn_weights: np.ndarray) -> int:
    """In how many rows the token after has more weight than the token before, of the tokens that have both."""
    before, after = np.diagonal(attn_weights, -1)[:-1], np.diagonal(attn_weights, 1)[1:]
    return int((after > before).sum())


def run(heads: int, step: int, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits (..., seq, 2, vocab) and weights (..., num_heads, seq, seq) of a stored model; ``heads`` is 0 or 1."""
    params = models()[heads][STEPS.index(step)]
    logits, [attn_weights] = attention_model(params, tokens)
    return logits.reshape(*tokens.shape, 2, -1), attn_weights


@lru_cache(1)
def models() -> list[list]:
    """The parameters at all steps, with one head and with two."""
    stored = load_result("one_or_two_heads")
    if tuple(stored["settings"]["kept_steps"]) != STEPS:
        raise ValueError(
            f"the stored models are of other steps than the figure shows: {stored['settings']['kept_steps']}"
        )
    return [[from_stored(model) for model in stored["models"][heads]] for heads in ("1", "2")]


@lru_cache(1)
def right_answers() -> np.ndarray:
    """(2, steps, 2) the share of right answers on sequences that neither model was trained on."""
    batch = next(previous_and_next(np.random.default_rng(1), _FRESH, len(SEQUENCE), 8))
    logits = [[run(heads, step, batch.tokens)[0] for step in STEPS] for heads in (0, 1)]
    return np.array(
        [[[accuracy(x[..., i, :], batch.targets[..., i]) for i in (0, 1)] for x in of_step] for of_step in logits]
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    (one_before, one_after), (two_before, two_after) = numbers.accuracy[:, STEPS.index(numbers.step)]
    return (
        f"After {numbers.step} steps one head names {one_before:.0%} of the tokens before and {one_after:.0%} of "
        f"those after; two heads name {two_before:.0%} and {two_after:.0%}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Where one head and two heads look, what they answer right, and how many answers were right up to this step."""
    figure = sheet(height=280, narrow=narrow, narrow_height=510)
    paper = board(figure)
    spots = [(26, 56), (26, 314), (194, 314)] if narrow else [(26, 60), (206, 60), (370, 60)]
    titles = "one head", "two heads: head 1", "head 2"
    for i, (spot, title, attn_weights) in enumerate(zip(spots, titles, [numbers.one, *numbers.two], strict=True)):
        _draw_map(paper, *spot, attn_weights, title, f"map{i}")
    shares_now = numbers.accuracy[:, STEPS.index(numbers.step)]
    for (left, top), who, shares in zip(spots, ("", "both heads, "), shares_now, strict=False):
        for line, (which, share) in enumerate(zip(("before", "after"), shares, strict=True)):
            label(paper, left, top + 164 + 18 * line, f"{who}token {which}: {share:.0%} right", size=TEXT)
    more = f"more weight after: {numbers.ahead} of {len(SEQUENCE) - 2} rows"
    label(paper, spots[0][0], spots[0][1] + 200, more, size=TEXT)
    _draw_accuracy(place(figure, *((220, 38, 116, 162) if narrow else (578, 42, 132, 180))), numbers)
    return figure


def _draw_map(paper: Axes, left: float, top: float, attn_weights: np.ndarray, title: str, part: str) -> None:
    names = list(text_of(SEQUENCE))
    grid = matrix(paper, left, top, (18, 18), attn_weights, WEIGHT, 1, "{:.2f}", written=-1,
                  rows_said=names, columns_said=names, what="weight", part=part)  # fmt: skip
    name_rows(paper, grid, names, QUERY_INK, part=part)
    name_columns(paper, grid, names, KEY_INK, part=part)
    label(paper, left, top - 27, title, size=TEXT, weight="semibold")


def _draw_accuracy(axes: Axes, numbers: Numbers) -> None:
    """Up to this step, and from here on."""
    dress(axes, "answers right", x="training step")
    axes.fmt_xdata, axes.fmt_ydata = lambda x: f"{STEPS[round(x)]}", "{:.0%}".format
    here, x = STEPS.index(numbers.step), np.arange(len(STEPS))
    for curve, words in zip(numbers.accuracy.mean(axis=-1), ("one head", "two heads"), strict=True):
        axes.plot(x[here:], curve[here:], color=RULE, linewidth=1.6, label=words)
        axes.plot(x[: here + 1], curve[: here + 1], color=INK, linewidth=2.4, label=words)
        axes.plot(here, curve[here], "o", color=INK, markersize=7, clip_on=False, label=words)
        beside, va = (0.08, "bottom") if words == "two heads" else (-0.1, "top")
        label(axes, x[-1] + 0.3, curve[-1] + beside, words, ha="right", va=va)
    axes.set(xlim=(0, x[-1] + 0.3), ylim=(0, 1.25), yticks=(0, 0.5, 1), yticklabels=("0%", "50%", "100%"))
    axes.set_xticks([0, 4, 8, 11], ["0", "60", "200", "600"])


one_or_two_heads = Explorer(
    __name__,
    caption=(
        "At step 600 one head divides its weight between the neighbours, with more on the one after (from another "
        "start it may be the one before); two heads take a side each. “c” has none before it, “d” none after. Rows are "
        "the tokens that ask, columns those they look at; each letter’s vector also carries its place (chapter 4)."
    ),
    controls={"step": Slider("training step", stops=STEPS, stops_only=True)},
)
