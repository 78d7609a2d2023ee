"""Explorer: an encoder of more and more layers, with a norm or none: how its vectors grow, and what it learns."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice, Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import decades, dress, power_axis
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, place, sheet
from attncourse.drawing.label import label
from attncourse.drawing.matrix import matrix
from attncourse.drawing.palette import FAINT, INK, NUMBER, PAPER, SHARED, SHARED_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.norms.marks import mark_guessing
from attncourse.figures.norms.runs import arms_of, stored

TEXT = "June 7th, 2021"
TAGS = "·dmy"  # other, day, month, year: the codes of the experiment
RIGHT = "mmmm·d····yyyy"
DEPTHS = (1, 2, 4, 8, 12)
NORMS = ("none", "LayerNorm", "BatchNorm")
_ARMS = {"BatchNorm": "BatchNorm, padding masked"}  # what the experiment calls it
GUESSING = np.log(len(TAGS))  # the loss of equal chances
_SEED = 2  # of three: from two layers to twelve its row changes as the shares of right letters do
_SIZES, _LOSSES = (0.5, 1000), (0.05, 1000)
_APART = 0.4  # decades, so that two labels do not touch


class Curves(NamedTuple):
    """An arm as it is drawn for comparison."""

    sizes: np.ndarray  # (2 · depth + 1,)
    losses: np.ndarray  # (blocks,)
    end: float  # loss on fresh texts


class Numbers(NamedTuple):
    """What the figure shows; all but the answers are means of the seeds."""

    depth: int
    norm: str
    sizes: np.ndarray  # (2 · depth + 1,) root mean square of the text's vectors, before and after each sublayer
    steps: np.ndarray  # (blocks,) the last step of each
    losses: np.ndarray  # (blocks,)
    end: float  # loss on fresh texts
    answers: str  # one of TAGS for each letter of the text, by one seed
    right: float  # share of the letters of fresh texts
    bare: Curves | None  # without a norm, to compare with


def measure(depth: float = 2, norm: str = "none") -> Numbers:
    """Sum up one arm of the experiment's result file."""
    runs = arms_of("norm_depth")[f"{_ARMS.get(norm, norm)}, {layers_text(int(depth))}"]
    sizes, losses = (np.mean([run[key] for run in runs], axis=0) for key in ("sizes", "losses"))
    every = stored("norm_depth")["settings"]["record_every"]
    answers = "".join(TAGS[tag] for tag in runs[_SEED]["example"])
    end, right = (float(np.mean([run[key] for run in runs])) for key in ("end", "accuracy"))
    bare = None if norm == NORMS[0] else _bare(depth)
    return Numbers(int(depth), norm, sizes, every * np.arange(1, len(losses) + 1), losses, end, answers, right, bare)


def _bare(depth: float) -> Curves:
    plain = measure(depth)
    return Curves(plain.sizes, plain.losses, plain.end)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    norm = "without a norm" if numbers.norm == "none" else f"with {numbers.norm}"
    return (
        f"{layers_text(numbers.depth)} {norm}: vectors of size {size_text(numbers.sizes[-1])} at the start; "
        f"after training the loss is {loss_text(numbers.end)}, and {in_digits(numbers.right)} of the letters of "
        "fresh texts are marked right."
    )


def layers_text(depth: int) -> str:
    """The depth in words."""
    return f"{depth} layer{'s' * (depth > 1)}"


def size_text(size: float) -> str:
    """A size with a digit after the point unless it is large."""
    return in_digits(size, "{:.1f}" if size < 100 else "{:.0f}")


def loss_text(loss: float) -> str:
    """A loss in two digits, or whole."""
    return f"{loss:#.2g}" if loss < 9.5 else f"{loss:.0f}"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The text as the trained model marks it; the size of its vectors before training; the loss during it."""
    figure = sheet(height=310, narrow=narrow, narrow_height=546)
    _draw_answers(board(figure), numbers, narrow)
    sizes = place(figure, *((44, 156, 250, 130) if narrow else (44, 136, 250, 124)))
    losses = place(figure, *((44, 362, 250, 130) if narrow else (398, 136, 270, 124)))
    _draw_sizes(dress(sizes, "size of the vectors, before training", x="sublayers passed"), numbers)
    _draw_losses(dress(losses, "loss in training, dot: on fresh texts", x="step of training"), numbers)
    return figure


def _draw_answers(paper: Axes, numbers: Numbers, narrow: bool) -> None:
    left, top, cell = (58, 34, (20, 26)) if narrow else (60, 34, (32, 28))
    label(paper, left, 18, "d day, m month, y year, · other", size=HEADING, weight="semibold")
    good = np.array([[answer == right for answer, right in zip(numbers.answers, RIGHT, strict=True)]], dtype=float)
    words = [f"“{letter}” marked {answer}, {'right' if answer == wanted else f'should be {wanted}'}"
             for letter, answer, wanted in zip(TEXT, numbers.answers, RIGHT, strict=True)]  # fmt: skip
    grid = matrix(paper, left, top + 18, cell, good, SHARED, 1, written=-1, tell=lambda _, j: {"words": words[j]})
    for at, (letter, answer) in enumerate(zip(TEXT, numbers.answers, strict=True)):
        x, y = grid.middle(0, at)
        label(paper, x, top + 6, letter, ha="center", va="center_baseline", weight="semibold")
        label(paper, x, y, answer, NUMBER, ha="center", va="center_baseline")
        label(paper, x, y + cell[1] / 2 + 10, RIGHT[at], FAINT, ha="center", va="center_baseline")
    marks = grid.middle(0, 0)[1]
    label(paper, left - 8, marks, "marked", ha="right", va="center_baseline")
    label(paper, left - 8, marks + cell[1] / 2 + 10, "right", FAINT, ha="right", va="center_baseline")
    x, y = (left, 110) if narrow else (left + 14 * cell[0] + 16, marks)
    share = f"{in_digits(numbers.right)} right in fresh texts"
    label(paper, x, y, share, SHARED_INK, size=HEADING, va="center_baseline", weight="semibold")


def _draw_sizes(axes: Axes, numbers: Numbers) -> None:
    x = np.arange(len(numbers.sizes))
    if numbers.bare:
        bare = numbers.bare.sizes
        if end := _draw_bare(axes, x, decades(bare, _SIZES[0]), np.log10(numbers.sizes[-1])):
            label(axes, end[0] + 0.7, end[1], size_text(bare[-1]), FAINT, va="center_baseline")
    (curve,) = axes.plot(x, decades(numbers.sizes, _SIZES[0]), "o-", color=SHARED_INK, linewidth=2, markersize=3.6)
    said = [size_text(size) for size in numbers.sizes]
    say(curve, label="size", x=[str(i) for i in x], y=said, names=["sublayers", "root mean square"])
    label(axes, x[-1] + 0.7, np.log10(numbers.sizes[-1]), said[-1], SHARED_INK, weight="semibold", va="center_baseline")
    power_axis(axes, *_SIZES, (0, 1, 2, 3))
    axes.set(xlim=(0, 2 * DEPTHS[-1]))
    axes.set_xticks((0, 8, 16, 24))


def _draw_losses(axes: Axes, numbers: Numbers) -> None:
    last, guessing = numbers.steps[-1], np.log10(GUESSING)
    mark_guessing(axes, guessing, (last, guessing + 0.1), loss_text(GUESSING), ha="right", va="bottom")
    if numbers.bare:
        bare = decades(numbers.bare.losses, _LOSSES[0])
        if end := _draw_bare(axes, numbers.steps, bare, np.log10(numbers.end)):
            words = f"no norm {loss_text(numbers.bare.end)}"
            label(axes, end[0], end[1] + 0.12, words, FAINT, ha="right", va="bottom")
    (curve,) = axes.plot(numbers.steps, decades(numbers.losses, _LOSSES[0]), color=INK, linewidth=2)
    said = [loss_text(loss) for loss in numbers.losses]
    say(curve, label="loss", x=[str(step) for step in numbers.steps], y=said, names=["step", "loss"])
    (dot,) = axes.plot(last, decades(numbers.end, _LOSSES[0]), "o", color=INK, markeredgecolor=PAPER, markersize=8)
    say(dot, words=f"on fresh texts {loss_text(numbers.end)}")
    label(axes, last + 8, np.log10(numbers.end), loss_text(numbers.end), weight="semibold", va="center_baseline")
    power_axis(axes, *_LOSSES, (-1, 0, 1, 2, 3))
    axes.set(xlim=(0, last))
    axes.set_xticks((0, 100, 200))


def _draw_bare(axes: Axes, x: np.ndarray, y: np.ndarray, other: float) -> tuple[float, float] | None:
    """The curve without a norm, dashed; where it ends, unless the other curve ends close by."""
    axes.plot(x, y, color=FAINT, linewidth=1.2, linestyle=(0, (5, 2)))
    return (x[-1], y[-1]) if y[-1] - other > _APART else None


deep_stack = Explorer(
    __name__,
    caption=(
        "The row is one text, marked by one of three trained encoders, in violet where it is right; below it stand the "
        "right marks. Curves and numbers are means of the three, at the best of seven learning rates. Once a norm is "
        "chosen, the dashed curves show the encoder without any. Size is the root mean square of a vector’s numbers. "
        "BatchNorm comes later."
    ),
    controls={
        "depth": Slider("layers", stops=DEPTHS, stops_only=True),
        "norm": Choice("norm", stops=NORMS),
    },
)
