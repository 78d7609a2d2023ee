"""Training: a small Transformer learns to read dates, and reads the reader's own while it learns."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider, Text
from attncourse.drawing.attention_map import attention_map
from attncourse.drawing.axes import dress
from attncourse.drawing.board import board
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.curve import draw_curve, name_earlier, thinned
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, QUERY_INK
from attncourse.figures.date_readings import answer_of, reading, signs, visible
from attncourse.figures.transformer.ends import name_ends
from attncourse.training import Training, one_step
from attnlib.adam import AdamState, adam_start
from attnlib.dates.characters import as_known
from attnlib.dates.model import Reading, date_loss_vjp, read
from attnlib.dates.task import SOURCE_VOCAB, TARGET_VOCAB, DateBatch, as_batch, date_batches
from attnlib.dates.train import PEAK, held_out_dates, learning_rate
from attnlib.masks import padding_mask
from attnlib.transformer import TransformerParams, init_transformer, transformer

D_MODEL, D_FF, LAYERS, BATCH, STEPS = 32, 64, 1, 32, 1500  # half as wide as the stored model, and half as deep
_SCHEDULE = learning_rate(STEPS)  # as the stored model was trained: a straight rise, then a straight fall
HEADS = (1, 2, 4, 8)
LOOK_EVERY = 20  # steps from one measurement on held-out dates to the next
EXAMPLES = ("June 7th, 2021", "7.6.21", "le 7 juin 2021", "Montag, 7. Juni 2021", "the 31st of May 1999")


class Run(NamedTuple):
    """A training as it stands."""

    heads: int
    learning_rate: float
    text: str  # what it reads when it is looked at
    seed: int
    params: TransformerParams
    state: AdamState
    losses: tuple[float, ...]  # one a step
    right: tuple[tuple[float, float], ...]  # every LOOK_EVERY steps: share of right characters, and of whole dates


class Numbers(NamedTuple):
    """What the figure shows; what begins with ``earlier`` is of the run to compare with, and empty without one."""

    step: int
    text: str
    said: list[str]  # a sign for each step of the answer
    probability: float  # the model's own, of the whole answer
    attn_weights: np.ndarray  # (steps, seq_source) cross-attention, mean of the heads
    stored_answer: str  # of the trained model that comes with the library
    stored_probability: float
    loss: np.ndarray  # (2, points) step, mean loss around it
    right: np.ndarray  # (looks, 2) on held-out dates: share of right characters, and of whole dates
    earlier_loss: np.ndarray
    earlier_right: np.ndarray


def start(heads: int = 4, learning_rate: float = 0.01, text: str = EXAMPLES[0], seed: int = 0) -> Run:
    """A model that has learnt nothing."""
    rng = np.random.default_rng(seed)
    params = init_transformer(rng, SOURCE_VOCAB, TARGET_VOCAB, D_MODEL, heads, D_FF, LAYERS, LAYERS, dtype=np.float32)
    return Run(heads, learning_rate, text, seed, params, adam_start(params), (), (right_answers(params),))


def step(run: Run) -> Run:
    """The run after one more batch of texts: those that the stored model has learnt from."""
    number = len(run.losses) + 1
    batch = next(date_batches(run.seed, BATCH, first_step=number))
    run = one_step(run, date_loss_vjp, batch, rate=_SCHEDULE(number) / PEAK)
    if number % LOOK_EVERY:
        return run
    return run._replace(right=(*run.right, right_answers(run.params)))


def right_answers(params: TransformerParams) -> tuple[float, float]:
    """Of held-out dates, the share of characters that are right after the right ones, and of dates where all are.

    A date of which all are right is the one that the model writes, when it reads its own characters.
    """
    batch = held_out()
    logits, _ = transformer(params, batch.source, batch.target, padding_mask(batch.lengths, batch.source.shape[1]))
    right = logits.argmax(axis=-1) == batch.wanted
    return float(right.mean()), float(right.all(axis=1).mean())


@lru_cache(1)
def held_out() -> DateBatch:
    """128 texts of days that training never sees; each answer has the same length."""
    return as_batch(held_out_dates(128))


def measure(run: Run, before: Run | None = None) -> Numbers:
    """Both curves so far, and what the model makes of the text.

    Raises:
        ValueError: if the text is empty or too long.
    """
    text = as_known(run.text)
    read_now, stored = read(run.params, text), reading(text)
    return Numbers(
        len(run.losses),
        text,
        signs(read_now.said),
        probability_of(read_now),
        read_now.maps.cross[-1].mean(axis=0),
        answer_of(signs(stored.said)),
        probability_of(stored),
        thinned(run.losses),
        np.array(run.right),
        thinned(() if before is None else before.losses),
        np.array(() if before is None else before.right).reshape(-1, 2),
    )


def beforehand(text: str, **_: Any) -> str:
    """What the stored model makes of a text, while none has been trained here.

    Raises:
        ValueError: if the text is empty or too long.
    """
    text = as_known(text)
    stored = reading(text)
    return (
        f"The stored model reads “{text}” as {_or_nothing(answer_of(signs(stored.said)))}, probability "
        f"{probability_of(stored):.2f}. The picture is of a recorded run; press Start, and the model that learns here "
        "reads your text as it goes on."
    )


def probability_of(found: Reading) -> float:
    """The model's own, of the whole answer."""
    return float(found.probs[np.arange(len(found.said)), found.said].prod())


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    characters, dates = numbers.right[-1]
    return (
        f"After {numbers.step:,} steps this model reads “{numbers.text}” as {_or_nothing(answer_of(numbers.said))}, "
        f"probability {numbers.probability:.2f}; on dates it has never met, {_share(characters)} of the characters and "
        f"{_share(dates)} of whole dates are right. The stored model reads {numbers.stored_answer}, "
        f"probability {numbers.stored_probability:.2f}."
    )


def _share(part: float) -> str:
    return "over 99%" if 0.995 <= part < 1 else f"{part:.0%}"


def _or_nothing(answer: str) -> str:
    return answer or "nothing"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The loss and the right answers so far, an earlier run's faint, and the cross-attention while it reads."""
    figure = sheet(height=352, narrow=narrow, narrow_height=690)
    paper = board(figure)
    curves = [(44, 36, 216, 84), (44, 172, 216, 84)] if narrow else [(44, 36, 196, 96), (44, 196, 196, 96)]
    loss, right = (place(figure, *box) for box in curves)
    _draw_losses(dress(loss, "loss"), numbers)
    _draw_right(dress(right, "% right on new dates", x="training step"), numbers)
    left, top, room = (30, 378, 300) if narrow else (346, 54, 366)
    label(paper, left - 16, top - 34, "cross-attention, mean of the heads", size=TEXT, weight="semibold")
    characters, said = visible(numbers.text), numbers.said
    cell = min(24, room / len(characters)), 19
    attention_map(paper, left, top, cell, numbers.attn_weights, said, characters, "weights")
    below = top + 11 * 19 + 28
    answers = (
        (f"after {numbers.step:,} steps", answer_of(said), numbers.probability, QUERY_INK),
        ("the stored model", numbers.stored_answer, numbers.stored_probability, FAINT),
    )
    for line, (who, answer, probability, colour) in enumerate(answers):
        y = below + 22 * line
        label(paper, left - 16, y, who, colour, size=TEXT)
        label(paper, left + 116, y, _or_nothing(answer), colour, size=TEXT, weight="semibold")
        label(paper, left + 214, y, f"probability {probability:.2f}", colour)
    return figure


def _draw_losses(axes: Axes, numbers: Numbers) -> None:
    draw_curve(axes, numbers.earlier_loss, "the run before", earlier=True)
    draw_curve(axes, numbers.loss, "loss")
    name_earlier(axes, numbers.earlier_loss, "the run before", STEPS)
    axes.set(xlim=(0, STEPS), ylim=(0, 2.5), xticks=(0, 500, 1000, 1500), yticks=(0, 1, 2))
    axes.fmt_xdata, axes.fmt_ydata = "{:.0f}".format, "{:.2f}".format


def _draw_right(axes: Axes, numbers: Numbers) -> None:
    ends: dict[str, tuple[float, dict[str, str]]] = {}
    for which, (name, line) in enumerate((("characters", (0, (3, 1.5))), ("whole dates", "-"))):
        for shares, earlier in ((numbers.earlier_right, True), (numbers.right, False)):
            curve = np.array([LOOK_EVERY * np.arange(len(shares)), shares[:, which]])
            draw_curve(axes, curve, f"{name}, the run before" if earlier else name, earlier, line)
        ends[name] = max(numbers.right[-1, which], 0.08), {"color": INK}  # not on the axis
    axes.set(xlim=(0, STEPS), ylim=(0, 1.05), xticks=(0, 500, 1000, 1500), yticks=(0, 0.5, 1))
    axes.set_yticklabels(["0", "50", "100"])
    name_ends(axes, ends, LOOK_EVERY * (len(numbers.right) - 1))
    axes.fmt_xdata, axes.fmt_ydata = "{:.0f}".format, "{:.0%}".format


date_training = Training(
    __name__,
    caption=(
        "The chapter’s model, half as wide and half as deep, learns from the same texts. Rows of the map are the "
        "characters that it writes, columns those of the text. The learning rate rises in 100 steps, then falls to 0. "
        "The faint lines are the run before, at first one with learning rate 0.001."
    ),
    steps=STEPS,
    effect=400,
    pace=7,
    stride=20,
    settings={"heads": Slider("heads", HEADS, stops_only=True)},
    live={
        "learning_rate": Slider("learning rate", (0.001, 0.002, 0.005, 0.01, 0.02, 0.05), log=True),
        "text": Text("date to read", EXAMPLES),
    },
    against={"learning_rate": 0.001},
)
