"""The runs of the experiment on order, read from its result file."""

from typing import Any

from attncourse.drawing.palette import INK
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
BAND = (INK, 0.22)  # from the worst seed to the best


def runs_of(task: str) -> dict[str, list[dict[str, Any]]]:
    """The runs of every arm on a task, one a seed."""
    arms = load_result("order")["arms"]
    return {arm: list(arms[f"{task}: {arm}"]["runs"].values()) for arm in ARMS}
