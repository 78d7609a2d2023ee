"""Explorer: how fast one attention layer learns an order, told in ten ways, from the experiment's stored runs."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import SMALL, TEXT, place, sheet
from attncourse.drawing.dots import dots
from attncourse.drawing.label import label
from attncourse.drawing.numerals import in_words
from attncourse.drawing.palette import FAINT, INK, PAPER, RULE
from attncourse.drawing.touch import say
from attncourse.drawing.typeface import font
from attncourse.explorer import Explorer
from attncourse.figures.order.best_guess import SEQ, VOCAB, best_guess
from attncourse.figures.order.runs import ARMS, BAND, TASKS, runs_of

_EVERY = 20  # steps averaged into one point: two of the stored losses
_LEARNED = 0.5  # nats
_LOW, _HIGH = 0.01, 12.0  # of the axis of losses; what falls lower runs along its edge
_SHORT = {"index in [0, 1] and its square": "[0, 1] and its square"}  # in the list of arms
_LIKE_SINES = "sinusoidal"  # drawn in every state, to compare with


class Numbers(NamedTuple):
    """What the figure shows."""

    task: str
    arm: str
    steps: np.ndarray  # (blocks,) middle of each block of twenty steps
    medians: np.ndarray  # (arms, blocks) loss, median of the seeds
    spread: np.ndarray  # (2, blocks) of the chosen arm: smallest and largest of the seeds
    accuracy: np.ndarray  # (arms, seeds) share of right answers on fresh sequences of the training's length
    without_order: np.ndarray  # (arms,) share of the best guess of a model that sees no order; NaN: not worked out
    learned_at: float  # step at which the chosen arm's median loss first falls below 0.5; inf if it never does


def measure(task: str = "name the previous token", arm: str = "rotary") -> Numbers:
    """Sum up the runs of a task in the experiment's result file."""
    every = runs_of(TASKS[task])
    stored = np.array([[run["loss"] for run in runs] for runs in every.values()])
    losses = stored.reshape(*stored.shape[:2], -1, 2).mean(axis=-1)  # (arms, seeds, blocks)
    accuracy = np.array([[run["accuracy"]["12"] for run in runs] for runs in every.values()])
    medians, chosen = np.median(losses, axis=1), losses[ARMS.index(arm)]
    below = medians[ARMS.index(arm)] < _LEARNED
    return Numbers(
        task=task,
        arm=arm,
        steps=(np.arange(losses.shape[-1]) + 0.5) * _EVERY,
        medians=medians,
        spread=np.array([chosen.min(axis=0), chosen.max(axis=0)]),
        accuracy=accuracy,
        without_order=np.array([_ceiling(TASKS[task], arm) for arm in ARMS]),
        learned_at=float((below.argmax() + 1) * _EVERY) if below.any() else np.inf,
    )


def _ceiling(task: str, arm: str) -> float:
    """What naming the most frequent of the other tokens in sight comes to."""
    if arm != "none, causal":
        return best_guess(SEQ - 1, VOCAB)
    earlier = [best_guess(visible, VOCAB) for visible in range(1, SEQ)]
    return float(np.mean(earlier)) if task == "previous" else np.nan


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    seeds = numbers.accuracy[ARMS.index(numbers.arm)]
    middle, least, most = (in_digits(share, "{:.1%}") for share in (np.median(seeds), seeds.min(), seeds.max()))
    below = f"falls below {_LEARNED:g} within {numbers.learned_at:.0f} steps"
    loss = below if np.isfinite(numbers.learned_at) else f"never falls below {_LEARNED:g}"
    return (
        f"{numbers.arm[0].upper() + numbers.arm[1:]}, {numbers.task}: the median loss {loss}; "
        f"right answers {middle}, from {least} to {most} over five seeds."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """Loss of the chosen arm beside that of the sinusoidal one, and the right answers of every run."""
    figure = sheet(height=306, narrow=narrow, narrow_height=544)
    losses = place(figure, *((46, 30, 280, 180) if narrow else (48, 38, 306, 216)))
    right = place(figure, *((190, 286, 142, 214) if narrow else (574, 38, 132, 216)))
    dress(losses, "loss, median of five seeds", x="step")
    _draw_losses(losses, numbers)
    dress(right, x="right answers")
    right.set_title("each seed a dot", fontproperties=font(SMALL), color=INK, loc="left", pad=7)
    _list_arms(right, numbers.arm)
    for row, (arm, seeds) in enumerate(zip(ARMS, numbers.accuracy, strict=True)):
        ceiling = numbers.without_order[row]
        if not np.isnan(ceiling):
            [line] = right.plot([ceiling] * 2, [row - 0.5, row + 0.5], color=FAINT, linewidth=1.2,
                                linestyle=(0, (3, 2)), zorder=3)  # fmt: skip
            say(line, words=f"{arm}: the best guess without order, {in_digits(ceiling, '{:.1%}')} right")
        every = dots(right, row, seeds, reach=0.22, size=3.4, row=True, zorder=3)
        say(every, words=[f"{arm}: {in_digits(share, '{:.1%}')} right, one seed" for share in seeds])
    right.set_xlim(-0.04, 1.04)
    right.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    return figure


def _draw_losses(axes: Axes, numbers: Numbers) -> None:
    def height(loss) -> np.ndarray:
        return np.log10(np.clip(loss, _LOW, _HIGH))

    x, chosen = numbers.steps, ARMS.index(numbers.arm)
    axes.set_xlim(0, 400)
    axes.set_xticks([0, 100, 200, 300, 400])
    axes.set_ylim(np.log10(_LOW), np.log10(_HIGH))
    axes.set_yticks([-2, -1, 0, 1], ["≤ 0.01", "0.1", "1", "10"])
    axes.fmt_xdata, axes.fmt_ydata = "{:.0f}".format, lambda power: in_words(10**power)
    axes.fill_between(x, *height(numbers.spread), color=BAND, linewidth=0)
    if numbers.arm != _LIKE_SINES:
        sines = height(numbers.medians[ARMS.index(_LIKE_SINES)])
        axes.plot(x, sines, color=FAINT, linewidth=1.6, linestyle=(0, (4, 2)), label=_LIKE_SINES)
        passing = np.interp(-np.log10(0.3), -sines, x)
        label(axes, passing + 9, np.log10(0.3), _LIKE_SINES, FAINT, size=TEXT, va="center")
    axes.plot(x, height(numbers.medians[chosen]), color=INK, linewidth=2.4, label=numbers.arm)
    below = x > 400 - 10 * len(numbers.arm)  # the name, which stands on its curve's end and the band there
    top = height(numbers.spread[1])[below].max()
    label(axes, 400, top + 0.05, numbers.arm, size=TEXT, ha="right", va="bottom", weight="semibold")


def _list_arms(axes: Axes, chosen: str) -> None:
    """A row an arm, its name on the left; the chosen one is framed and bold."""
    axes.set_ylim(len(ARMS) - 0.5, -0.5)
    axes.set_yticks(range(len(ARMS)), [_SHORT.get(arm, arm) for arm in ARMS])
    axes.tick_params(axis="y", length=0, pad=8, labelsize=SMALL, labelcolor=INK)
    axes.spines["left"].set_visible(False)
    for row in range(len(ARMS) + 1):
        axes.axhline(row - 0.5, color=RULE, linewidth=0.5)
    axes.get_yticklabels()[ARMS.index(chosen)].set_fontweight("semibold")
    row = ARMS.index(chosen)
    axes.axhspan(row - 0.5, row + 0.5, facecolor=PAPER, edgecolor=INK, linewidth=1.6, clip_on=False, zorder=2)


order_training = Explorer(
    __name__,
    caption=(
        "How the order is told decides whether one layer learns the task: curves are medians of five seeds, each way "
        "at its own best learning rate, and dots are the right answers of every run. Dashed among the dots is the best "
        "guess without order."
    ),
    controls={
        "task": Choice("task", stops=tuple(TASKS)),
        "arm": Choice("order told by", stops=ARMS),
    },
)
