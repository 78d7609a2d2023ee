"""The runs of the experiment on norms, read from its result file."""

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


@lru_cache(maxsize=1)
def result() -> dict[str, Any]:
    """The whole result file."""
    return load_result("norms")


def runs_of(norm: str, batch: int) -> list[dict[str, Any]]:
    """The runs of one arm, one a seed."""
    return list(result()["arms"][f"{norm}, batch {batch}"]["runs"].values())
