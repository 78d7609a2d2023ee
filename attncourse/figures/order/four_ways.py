"""Explorer: how well one attention layer knows the order after so many steps, told in four ways or by a mask alone."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.digits import in_digits
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import TEXT, place, sheet
from attncourse.drawing.dots import dots
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.order.best_guess import SEQ, VOCAB, best_guess
from attncourse.results import load_result

WAYS = {  # on the page -> in the result file
    "nothing": "none",
    "causal mask only": "none, causal",
    "the index": "index",
    "waves": "sinusoidal",
    "waves ÷ 10": "sinusoidal ÷ 10",
}
STEPS = (50, 100, 200, 400, 800, 1600)


class Numbers(NamedTuple):
    """What the figure shows: share of right answers to "which token was before this one?"."""

    steps: int
    right: np.ndarray  # (ways, seeds)
    without_order: float  # the best share without knowing the order, all tokens in sight
    without_order_causal: float  # the same if only earlier tokens are in sight


def measure(steps: int = 50) -> Numbers:
    """The stored runs after so many steps, and what can be had without order."""
    runs = load_result("order_controls")["on_the_way"]
    right = np.array([[seed[str(steps)] for seed in runs[arm].values()] for arm in WAYS.values()])
    earlier = [best_guess(visible, VOCAB) for visible in range(1, SEQ)]
    return Numbers(steps, right, best_guess(SEQ - 1, VOCAB), float(np.mean(earlier)))


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    shares = medians_said(dict(zip(WAYS, numbers.right, strict=True)))
    return (
        f"After {numbers.steps} steps, right answers in the median of five seeds: {shares}. Without order the best "
        f"guess gets {numbers.without_order:.2f} right, under a causal mask {numbers.without_order_causal:.2f}."
    )


def medians_said(right: dict[str, np.ndarray]) -> str:
    """Each way with the median of its seeds, for a sentence."""
    return ", ".join(f"{way} {in_digits(np.median(seeds), '{:.2f}')}" for way, seeds in right.items())


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A row a way, a dot a seed; dashed is the best that can be had without order."""
    figure = sheet(height=270, narrow=narrow, narrow_height=290)
    axes = place(figure, *((146, 52, 184, 186) if narrow else (190, 52, 500, 166)))
    dress(axes, x="right answers" if narrow else "share of right answers, a dot a seed")
    axes.set_ylim(len(WAYS) - 0.5, -0.5)
    axes.set_yticks(range(len(WAYS)), list(WAYS))
    axes.tick_params(axis="y", length=0, pad=8, labelsize=TEXT, labelcolor=INK)
    axes.spines["left"].set_visible(False)
    for row in range(len(WAYS) + 1):
        axes.axhline(row - 0.5, color=RULE, linewidth=0.5)
    masked = list(WAYS).index("causal mask only")
    for row in range(len(WAYS)):
        ceiling = numbers.without_order_causal if row == masked else numbers.without_order
        [line] = axes.plot([ceiling] * 2, [row - 0.5, row + 0.5], color=FAINT, linewidth=1.6, linestyle=(0, (4, 2)))
        what = "earlier tokens" if row == masked else "the other tokens"
        say(line, words=f"the best guess without order, from {what}: {ceiling:.1%} right")
    for row, (way, seeds) in enumerate(zip(WAYS, numbers.right, strict=True)):
        every = dots(axes, row, seeds, reach=0.26, size=4.6, row=True, zorder=3)
        say(every, words=[f"{way}: {in_digits(share, '{:.1%}')} right, one seed" for share in seeds])
    axes.set_xlim(-0.02, 1.03)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    label(axes, -0.035, -0.62, f"{numbers.steps} steps", INK, ha="right", va="bottom", weight="semibold")
    label(axes, numbers.without_order, -0.62, "best guess without order", FAINT, va="bottom")
    beside = numbers.without_order_causal + (0.07 if narrow else 0.03)
    label(axes, beside, masked, "… with the mask", FAINT, va="center_baseline")
    return figure


four_ways = Explorer(
    __name__,
    caption=(
        "Which token was before this one? Each dot is one seed, and dashed is the best guess without the order (higher "
        "under the mask)."
    ),
    controls={"steps": Slider("steps of training", stops=STEPS, log=True, stops_only=True)},
)
