"""The runs of the experiment on order, read from its result file, and the list of its arms that two figures share."""

from typing import Any

from matplotlib.axes import Axes

from attncourse.drawing.canvas import SMALL
from attncourse.drawing.palette import INK, PAPER, RULE
from attncourse.results import load_result

TASKS = {"name the previous token": "previous", "say it backwards": "backwards"}  # on the page -> in the file
ARMS = (
    "none",
    "none, causal",
    "index",
    "index in [0, 1]",
    "index in [0, 1] and its square",
    "sinusoidal",
    "sinusoidal × 10",
    "learned",
    "rotary",
    "ALiBi",
)
SHORT = {"index in [0, 1] and its square": "[0, 1] and its square"}
BAND = "#C9C9C9"  # from the worst seed to the best


def runs_of(task: str) -> dict[str, list[dict[str, Any]]]:
    """The runs of every arm on a task, one a seed."""
    arms = load_result("order")["arms"]
    return {arm: list(arms[f"{task}: {arm}"]["runs"].values()) for arm in ARMS}


def list_arms(axes: Axes, chosen: str) -> None:
    """A row an arm, its name on the left; the chosen one is framed and bold."""
    axes.set_ylim(len(ARMS) - 0.5, -0.5)
    axes.set_yticks(range(len(ARMS)), [SHORT.get(arm, arm) for arm in ARMS])
    axes.tick_params(axis="y", length=0, pad=8, labelsize=SMALL, labelcolor=INK)
    axes.spines["left"].set_visible(False)
    for row in range(len(ARMS) + 1):
        axes.axhline(row - 0.5, color=RULE, linewidth=0.5)
    axes.get_yticklabels()[ARMS.index(chosen)].set_fontweight("bold")
    row = ARMS.index(chosen)
    axes.axhspan(row - 0.5, row + 0.5, facecolor=PAPER, edgecolor=INK, linewidth=1.6, clip_on=False, zorder=2)
