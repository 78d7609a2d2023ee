"""Training: a decoder alone learns first names, letter by letter, and writes some of its own as it goes on."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.drawing.attention_map import attention_map
from attncourse.drawing.axes import dress
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, TEXT, place, sheet
from attncourse.drawing.curve import draw_curve, name_earlier, thinned
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, VALUE_INK
from attncourse.first_names import first_names
from attncourse.training import Training, one_step
from attnlib.adam import AdamState, adam_start
from attnlib.cross_entropy import cross_entropy
from attnlib.language_model import LanguageModelParams, language_model
from attnlib.names.counts import count_letters, count_loss
from attnlib.names.model import init_name_model, name_loss_vjp, write_names
from attnlib.names.task import VOCAB, as_batch, as_beginning, name_batches

BATCH, STEPS, RISE = 32, 3000, 100  # names a step; steps; steps until the full learning rate, which then falls to 0
LOOK_EVERY = 50  # steps from one measurement on the names held out to the next
WRITES_AT = (0, 30, 100, 300, 1000, 3000)  # steps
WRITTEN = 3  # names each time
ROOM = 36  # letters in a line of them
SHOWN = "maria"
BIGRAM_SMOOTHING = 5.0  # which suits it best; the experiment tries others


class Run(NamedTuple):
    """A training as it stands."""

    heads: int
    learning_rate: float  # the highest
    temperature: float  # at which it writes now
    top_k: int  # likeliest letters that it chooses among now
    draw: int  # of the names that it writes now
    seed: int
    params: LanguageModelParams
    state: AdamState
    losses: tuple[float, ...]  # one a step
    held_out: tuple[float, ...]  # loss on the names held out, every LOOK_EVERY steps
    written: tuple[tuple[str, ...], ...]  # names, at each step of WRITES_AT so far


class Numbers(NamedTuple):
    """What the figure shows; what begins with ``earlier`` is of the run to compare with, and 0 or empty without one."""

    step: int
    heads: int
    loss: np.ndarray  # (2, points) step, mean loss around it
    held_out: np.ndarray  # (2, looks) step, loss
    bigram: float  # loss of the counts of pairs of letters, on the same names
    written: list[str]  # a line for each step of WRITES_AT so far, and one for now
    attn_weights: np.ndarray  # (heads, 1 + letters, 1 + letters) of one name
    earlier_heads: int
    earlier_held_out: np.ndarray


def start(
    heads: int = 4,
    learning_rate: float = 0.008,
    temperature: float = 1.0,
    top_k: int = VOCAB,
    draw: int = 1,
    seed: int = 0,
) -> Run:
    """A model that has learnt nothing; all numbers of heads have equally many parameters."""
    params = init_name_model(np.random.default_rng([seed, 0]), num_heads=heads)
    state, looked = adam_start(params), loss_on_others(params)
    now = temperature, top_k, draw
    return Run(heads, learning_rate, *now, seed, params, state, (), (looked,), (written(params),))


def step(run: Run) -> Run:
    """The run after one more batch of names."""
    number = 1 + len(run.losses)
    batch = next(name_batches(first_names().training, run.seed, BATCH, number))
    run = one_step(run, name_loss_vjp, batch, share_of_rate(number))
    if number % LOOK_EVERY == 0:
        run = run._replace(held_out=(*run.held_out, loss_on_others(run.params)))
    if number in WRITES_AT:
        run = run._replace(written=(*run.written, written(run.params)))
    return run


def share_of_rate(number: int) -> float:
    """How much of the highest learning rate a step has, counted from 1: a straight rise, then a fall to nearly 0."""
    return min(number / RISE, max(STEPS - number + 1, 0) / (STEPS - RISE + 1))


def loss_on_others(params: LanguageModelParams) -> float:
    """Nats for each letter of the names that are never trained on, and for their ends."""
    return float(cross_entropy(language_model(params, _others().tokens)[0], _others().targets))


@lru_cache
def _others():
    return as_batch(first_names().held_out)


@lru_cache
def bigram_loss() -> float:
    """The same for counts of pairs of letters."""
    names = first_names()
    return count_loss(count_letters(names.training, 1), names.held_out, 1, BIGRAM_SMOOTHING)


def written(
    params: LanguageModelParams, temperature: float = 1.0, top_k: int = VOCAB, draw: int = 1
) -> tuple[str, ...]:
    """A few names; a draw has the same random numbers each time."""
    return tuple(write_names(params, np.random.default_rng(draw), WRITTEN, temperature=temperature, top_k=top_k))


def measure(run: Run, before: Run | None = None) -> Numbers:
    """The loss so far, what it wrote and writes, and where each head looks in one name."""
    _, [attn_weights] = language_model(run.params, as_beginning(SHOWN))
    now = written(run.params, run.temperature, run.top_k, run.draw)
    at, names = [*WRITES_AT[: len(run.written)], len(run.losses)], [*run.written, now]
    lines = {step: " ".join(name or "–" for name in some) for step, some in zip(at, names, strict=True)}
    return Numbers(
        len(run.losses),
        run.heads,
        thinned(run.losses),
        _looks(run),
        bigram_loss(),
        [f"{step}: {line}" for step, line in lines.items()],
        attn_weights,
        0 if before is None else before.heads,
        np.zeros((2, 0)) if before is None else _looks(before),
    )


def _looks(run: Run) -> np.ndarray:
    return np.array([LOOK_EVERY * np.arange(len(run.held_out)), run.held_out])


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    loss = numbers.held_out[1, -1]
    than = "below" if loss < numbers.bigram else "above"
    names = numbers.written[-1].partition(": ")[2].split()
    sentence = (
        f"After {numbers.step:,} steps with {_named(numbers.heads)} the loss on new names is {loss:.2f} nats a letter, "
        f"{than} the {numbers.bigram:.2f} of counted pairs; it writes {', '.join(names)}"
    )
    if numbers.earlier_heads:
        step, earlier = numbers.earlier_held_out[:, -1]
        sentence += f"; the run before, with {_named(numbers.earlier_heads)}, had {earlier:.2f} after {step:,.0f} steps"
    return f"{sentence}."


def _named(heads: int) -> str:
    return f"{heads} head{'s' * (heads > 1)}"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The loss so far beside that of pairs, names that it wrote on the way, and where each head looks in one name."""
    figure = sheet(height=424, narrow=narrow, narrow_height=770)
    paper = board(figure)
    loss = place(figure, *((44, 36, 240, 150) if narrow else (44, 36, 270, 168)))
    dress(loss, f"loss, nats a letter, {_named(numbers.heads)}", x="training step")
    _draw_losses(loss, numbers)
    left, top = (8, 258) if narrow else (404, 22)
    label(paper, left, top, "what it writes, by step", size=HEADING, weight="semibold")
    for i, line in enumerate(numbers.written):
        at, _, names = line.partition(": ")
        y, now = top + 27 * (i + 1), i == len(numbers.written) - 1
        label(paper, left + 34, y, at, FAINT, ha="right")
        shown = names if len(names) <= ROOM else f"{names[: ROOM - 1]}…"
        label(paper, left + 44, y, shown.replace(" ", "  "), VALUE_INK if now else FAINT)
    left, top = (30, 496) if narrow else (30, 302)
    for head, attn_weights in enumerate(numbers.attn_weights):
        across, down = (head % 2, head // 2) if narrow else (head, 0)
        _draw_map(paper, left + 166 * across, top + 148 * down, attn_weights, numbers.heads, head)
    return figure


def _draw_losses(axes: Axes, numbers: Numbers) -> None:
    axes.axhline(numbers.bigram, color=FAINT, linewidth=1, linestyle=(0, (1, 2)))
    axes.plot(*numbers.loss, color=FAINT, linewidth=0.8, label="names it learns from")
    earlier = f"new names, {_named(numbers.earlier_heads)}, the run before"
    draw_curve(axes, numbers.earlier_held_out, earlier, earlier=True, line=(0, (4, 2)))
    name_earlier(axes, numbers.earlier_held_out, "the run before", STEPS)
    draw_curve(axes, numbers.held_out, "new names")
    axes.set(xlim=(0, STEPS), ylim=(1.6, 3.6), xticks=(0, 1000, 2000, 3000), yticks=(2, 2.5, 3, 3.5))
    axes.fmt_xdata, axes.fmt_ydata = "{:.0f}".format, "{:.2f}".format
    label(axes, STEPS, numbers.bigram + 0.04, "counted pairs of letters", FAINT, ha="right", va="bottom")


def _draw_map(paper: Axes, left: float, top: float, attn_weights: np.ndarray, heads: int, head: int) -> None:
    signs, part = ["▷", *SHOWN], f"head{head}"
    attention_map(paper, left, top, (18, 16), attn_weights, signs, signs, part, gap=5)
    label(paper, left, top - 20, f"head {head + 1}" if heads > 1 else "the only head", size=TEXT, weight="semibold")


name_training = Training(
    __name__,
    caption=(
        "A decoder alone learns first names. Thick: the loss on names that it never sees; thin: on those it learns "
        "from. The last line follows temperature, top-k and draw; those above are drawn at 1, from all letters. Below, "
        "rows ask and columns are looked at; ▷ is the beginning, and – an empty name."
    ),
    steps=STEPS,
    effect=300,
    pace=22,
    stride=25,
    settings={"heads": Slider("heads", (1, 2, 4), stops_only=True)},
    live={
        "learning_rate": Slider("learning rate", (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032), log=True),
        "temperature": Slider("temperature", (0.25, 0.5, 1.0, 2.0), log=True),
        "top_k": Slider("top-k", (1, 3, 5, VOCAB), stops_only=True),
        "draw": Slider("draw", tuple(range(1, 13))),
    },
)
