"""Explorer: how well one attention layer knows the order after so many steps, told in four ways or by a mask alone."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attncourse.controls import Slider
from attncourse.drawing.canvas import sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT
from attncourse.explorer import Explorer
from attncourse.figures.order.best_guess import SEQ, VOCAB, best_guess
from attncourse.figures.order.seed_rows import medians_said, seed_rows
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
        f"guess is right in {numbers.without_order:.2f} of the cases, under a causal mask in "
        f"{numbers.without_order_causal:.2f}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A row a way, a dot a seed; dashed is the best that can be had without order."""
    figure = sheet(height=270, narrow=narrow, narrow_height=290)
    spot = (146, 52, 184, 186) if narrow else (190, 52, 500, 166)
    masked = list(WAYS).index("causal mask only")
    ceilings, said = (
        [numbers.without_order] * len(WAYS),
        ["the best guess without order, from the other tokens"] * len(WAYS),
    )
    ceilings[masked], said[masked] = numbers.without_order_causal, "the best guess without order, from earlier tokens"
    axes = seed_rows(
        figure,
        spot,
        "right answers" if narrow else "share of right answers, a dot a seed",
        dict(zip(WAYS, numbers.right, strict=True)),
        ceilings,
        said,
        f"{numbers.steps} steps",
    )
    label(axes, numbers.without_order, -0.62, "best guess without order", FAINT, va="bottom")
    label(
        axes,
        numbers.without_order_causal + (0.07 if narrow else 0.03),
        masked,
        "… with the mask",
        FAINT,
        va="center_baseline",
    )
    return figure


four_ways = Explorer(
    __name__,
    caption=(
        "Which token was before this one? Each dot is one seed, and dashed is the best guess without knowing the "
        "order (0.37 under the mask, with fewer tokens to choose from). Each row has the learning rate that suits it "
        "best over 1,600 steps."
    ),
    controls={"steps": Slider("steps of training", stops=STEPS, log=True, stops_only=True)},
)
