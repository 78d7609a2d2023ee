"""Explorer: a layer with one head and one with two learn to name both neighbours; the training step is the control."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.drawing.attention_map import attention_map
from attncourse.drawing.axes import dress
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import INK
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
    accuracy: np.ndarray  # (2, steps, 2) share of right answers at every step: the token before, the token after


def measure(step: int = 60) -> Numbers:
    """Run the stored parameters of this step on one sequence, and those of all steps on fresh sequences."""
    one, two = (run(heads, step, SEQUENCE)[1] for heads in (0, 1))
    return Numbers(step, one[0], two, right_answers())


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
    left, top, wide, tall, step = (220, 38, 74, 72, 104) if narrow else (566, 42, 96, 80, 112)
    for i, title in enumerate(("% right, one head", "% right, two heads")):
        axes = dress(place(figure, left, top + i * step, wide, tall), title, x="training step" if i else "")
        _draw_accuracy(axes, numbers.accuracy[i], STEPS.index(numbers.step))
        axes.set_xticks([0, STEPS.index(60), len(STEPS) - 1], ["0", "60", "600"] if i else [])
    return figure


def _draw_map(paper: Axes, left: float, top: float, attn_weights: np.ndarray, title: str, part: str) -> None:
    names = list(text_of(SEQUENCE))
    attention_map(paper, left, top, (18, 18), attn_weights, names, names, part)
    label(paper, left, top - 27, title, size=TEXT, weight="semibold")


def _draw_accuracy(axes: Axes, shares: np.ndarray, here: int) -> None:
    """The token before and the token after, up to this step: what comes later is to be predicted."""
    axes.fmt_xdata, axes.fmt_ydata = lambda x: f"{STEPS[round(x)]}", "{:.0%}".format
    x = np.arange(len(STEPS))
    gap = shares[here, 1] - shares[here, 0]
    half = np.copysign(max(abs(gap), 0.26), gap) / 2  # so that the two words do not touch
    middle = np.clip(shares[here].mean(), 0.26, 1 - abs(half))  # nor the title
    named = ("before", middle - half, (0, (3, 1.5))), ("after", middle + half, "-")
    for curve, (words, y, line) in zip(shares.T, named, strict=True):
        axes.plot(x[: here + 1], curve[: here + 1], color=INK, linewidth=1.6, linestyle=line, label=f"token {words}")
        axes.plot(here, curve[here], "o", color=INK, markersize=5, clip_on=False, label=f"token {words}")
        label(axes, here + 0.7, y, words, va="center_baseline")
    axes.set(xlim=(0, x[-1]), ylim=(0, 1.15), yticks=(0, 0.5, 1), yticklabels=("0", "50", "100"))


one_or_two_heads = Explorer(
    __name__,
    caption=(
        "Rows are the tokens that ask, columns those they look at. Percentages are of 128 other "
        "sequences. (One run, steps not to scale. A vector for the place is added to each token’s, see chapter 4.)"
    ),
    controls={"step": Slider("training step", stops=STEPS, stops_only=True)},
)
