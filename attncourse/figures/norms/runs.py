"""The runs of the experiments on norms, read from their result files."""

from functools import lru_cache
from typing import Any

from attncourse.results import load_result

NORMS = (
    "LayerNorm",
    "RMSNorm",
    "BatchNorm, padding masked",
    "BatchNorm, padding counted",
    "BatchNorm per position",
    "none",
)
BATCHES = (4, 32)  # texts

Runs = list[dict[str, Any]]


@lru_cache
def stored(experiment: str) -> dict[str, Any]:
    """A whole result file: "norms", "norm_depth" or "leaky_norm"."""
    return load_result(experiment)


def runs_of(norm: str, batch: int, part: str = "arms") -> Runs:
    """The runs of one arm of "norms", one a seed; ``part`` "equal_lengths" has texts of ten letters alone."""
    return list(stored("norms")[part][f"{norm}, batch {batch}"]["runs"].values())


def averaged_runs(norm: str, batch: int) -> Runs:
    """The first steps of the same runs, with running statistics that start as plain means."""
    return list(stored("norms")["averaged"][f"{norm}, batch {batch}"].values())


def arms_of(experiment: str) -> dict[str, Runs]:
    """Arm → its runs, one a seed, of "norm_depth" or "leaky_norm"."""
    return {name: list(arm["runs"].values()) for name, arm in stored(experiment)["arms"].items()}
