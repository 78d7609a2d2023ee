"""Training: a layer with one, two or four heads learns to name both neighbours of every token."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.drawing.attention_map import attention_map
from attncourse.drawing.axes import dress
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.curve import draw_curve, name_earlier, thinned
from attncourse.drawing.label import label
from attncourse.figures.heads.head_probes import text_of
from attncourse.figures.heads.one_or_two_heads import SEQUENCE
from attncourse.training import Training, one_step
from attnlib.adam import AdamState, adam_start
from attnlib.attention_model import ModelParams, attention_model, attention_model_vjp, init_attention_model
from attnlib.cross_entropy import accuracy, cross_entropy_vjp
from attnlib.tasks import Batch, previous_and_next

VOCAB, D_MODEL, BATCH, STEPS = 8, 16, 16, 600
HEADS = (1, 2, 4)
LOOK_EVERY = 10  # steps from one measurement of right answers to the next
_FRESH = next(previous_and_next(np.random.default_rng(1), 128, len(SEQUENCE), VOCAB))  # sequences for it


class Run(NamedTuple):
    """A training as it stands."""

    heads: int
    learning_rate: float
    seed: int
    params: ModelParams
    state: AdamState
    losses: tuple[float, ...]  # one a step
    right: tuple[tuple[float, float], ...]  # every LOOK_EVERY steps: share of the tokens before, and of those after


class Numbers(NamedTuple):
    """What the figure shows; what begins with ``earlier`` is of the run to compare with, and 0 or empty without one."""

    step: int
    heads: int
    attn_weights: np.ndarray  # (heads, seq, seq)
    loss: np.ndarray  # (2, points) step, mean loss around it
    right: np.ndarray  # (looks, 2) share of right answers: the token before, the token after
    earlier_heads: int
    earlier_loss: np.ndarray
    earlier_right: np.ndarray


def start(heads: int = 2, learning_rate: float = 0.01, seed: int = 1) -> Run:
    """A layer that has learnt nothing; all numbers of heads have equally many parameters."""
    rng = np.random.default_rng([seed, 0])
    params = init_attention_model(rng, VOCAB, D_MODEL, heads, outputs=2 * VOCAB, max_seq=len(SEQUENCE))
    return Run(heads, learning_rate, seed, params, adam_start(params), (), (right_answers(params),))


def step(run: Run) -> Run:
    """The run after one more batch of new sequences."""
    rng = np.random.default_rng([run.seed, 1 + len(run.losses)])
    run = one_step(run, loss_vjp, next(previous_and_next(rng, BATCH, len(SEQUENCE), VOCAB)))
    if len(run.losses) % LOOK_EVERY:
        return run
    return run._replace(right=(*run.right, right_answers(run.params)))


def loss_vjp(params: ModelParams, batch: Batch):
    """Mean cross-entropy of both questions, and its pullback to the parameters."""
    logits, back_model = attention_model_vjp(params, batch.tokens)
    loss, back_loss = cross_entropy_vjp(logits.reshape(*batch.targets.shape, VOCAB), batch.targets)
    return loss, lambda grad_loss: back_model(back_loss(grad_loss).reshape(logits.shape))


def right_answers(params: ModelParams) -> tuple[float, float]:
    """The share of right answers on sequences that were not trained on: the token before, the token after."""
    logits = attention_model(params, _FRESH.tokens)[0].reshape(*_FRESH.targets.shape, VOCAB)
    before, after = (float(accuracy(logits[..., i, :], _FRESH.targets[..., i])) for i in (0, 1))
    return before, after


def measure(run: Run, before: Run | None = None) -> Numbers:
    """Both curves so far, and where each head looks in one sequence."""
    _, [attn_weights] = attention_model(run.params, SEQUENCE)
    earlier = ((), ()) if before is None else (before.losses, before.right)
    return Numbers(
        len(run.losses),
        run.heads,
        attn_weights,
        thinned(run.losses),
        np.array(run.right),
        0 if before is None else before.heads,
        thinned(earlier[0]),
        np.array(earlier[1]).reshape(-1, 2),
    )


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    sentence = f"After {numbers.step} steps {_shares(numbers.heads, numbers.right)}"
    if numbers.earlier_heads:
        steps = LOOK_EVERY * (len(numbers.earlier_right) - 1)
        sentence += f"; in the run before, after {steps} steps, {_shares(numbers.earlier_heads, numbers.earlier_right)}"
    return f"{sentence}."


def _shares(heads: int, right: np.ndarray) -> str:
    before, after = right[-1]
    return f"{_named(heads)} named {before:.0%} of the tokens before and {after:.0%} of those after"


def _named(heads: int) -> str:
    return f"{heads} head{'s' * (heads > 1)}"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The loss and the right answers so far, an earlier run's faint, and where each head looks now."""
    maps = 154 * ((numbers.heads + 1) // 2)  # CSS pixels; on a phone the curves stand below, where the buttons are
    figure = sheet(height=330, narrow=narrow, narrow_height=maps + 332)
    paper = board(figure)
    curves = (
        [(44, maps + 56, 284, 84), (44, maps + 192, 284, 84)] if narrow else [(44, 36, 290, 92), (44, 186, 290, 92)]
    )
    loss, right = (place(figure, *box) for box in curves)
    dress(loss, f"loss, {_named(numbers.heads)}")
    _draw_losses(loss, numbers)
    dress(right, "% right on other sequences", x="training step")
    _draw_right(right, numbers)
    left, top = (30 if narrow else 404), 52
    cell = 16 if numbers.heads < 3 else 13 if narrow else 14
    for head, attn_weights in enumerate(numbers.attn_weights):
        spot = left + 162 * (head % 2), top + 154 * (head // 2)
        _draw_map(paper, *spot, cell, attn_weights, f"head {head + 1}" if numbers.heads > 1 else "the only head", head)
    return figure


def _draw_losses(axes: Axes, numbers: Numbers) -> None:
    other = numbers.earlier_heads != numbers.heads
    before = _named(numbers.earlier_heads) if other else "the run before"
    draw_curve(axes, numbers.earlier_loss, f"{_named(numbers.earlier_heads)}, the run before", earlier=True)
    draw_curve(axes, numbers.loss, _named(numbers.heads))
    name_earlier(axes, numbers.earlier_loss, before, STEPS)
    axes.set(xlim=(0, STEPS), ylim=(0, 2.5), xticks=(0, 200, 400, 600), yticks=(0, 1, 2))
    axes.fmt_xdata, axes.fmt_ydata = "{:.0f}".format, "{:.2f}".format


def _draw_right(axes: Axes, numbers: Numbers) -> None:
    for name, shares, earlier in (("the run before", numbers.earlier_right, True), ("", numbers.right, False)):
        for question, line in enumerate(((0, (3, 1.5)), "-")):
            which = f"token {('before', 'after')[question]}" + f", {name}" * bool(name)
            curve = np.array([LOOK_EVERY * np.arange(len(shares)), shares[:, question]])
            draw_curve(axes, curve, which, earlier, line)
    x, ends = (numbers.step + 14, "left") if numbers.step < 0.7 * STEPS else (numbers.step - 10, "right")
    before, after = numbers.right[-1]
    if abs(after - before) < 0.1:
        named = {f"{_named(numbers.heads)}: before and after": min(before, after) - 0.26}
    else:
        named = {"before": before - 0.14, "after": after - 0.14}
    for words, y in named.items():
        label(axes, x, max(y, 0.05), words, ha=ends, va="center_baseline")
    axes.set(xlim=(0, STEPS), ylim=(0, 1.05), xticks=(0, 200, 400, 600), yticks=(0, 0.5, 1))
    axes.set_yticklabels(["0", "50", "100"])
    axes.fmt_xdata, axes.fmt_ydata = "{:.0f}".format, "{:.0%}".format


def _draw_map(paper: Axes, left: float, top: float, cell: float, attn_weights: np.ndarray, title: str, head: int):
    names, part = list(text_of(SEQUENCE)), f"head{head}"
    attention_map(paper, left, top, (cell, cell), attn_weights, names, names, part, gap=5)
    label(paper, left, top - 20, title, size=TEXT, weight="semibold")


one_or_two_heads_training = Training(
    __name__,
    caption=(
        "Loss and right answers as the model learns, and where each head looks: rows ask, columns are looked at. "
        "Dashed: the token before. The run before stays as a faint line. All have equally many parameters."
    ),
    steps=STEPS,
    effect=150,
    pace=45,
    stride=20,
    settings={
        "heads": Slider("heads", HEADS, stops_only=True),
        "seed": Slider("random start", tuple(range(1, 9))),
    },
    live={"learning_rate": Slider("learning rate", (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1), log=True)},
    against={"heads": 1},
)
