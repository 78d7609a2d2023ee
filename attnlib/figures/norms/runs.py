"""The runs of the experiment on norms, read from its result file."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

RESULT = Path(__file__).parents[3] / "experiments" / "norms.json"
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
    return json.loads(RESULT.read_text("utf-8"))


def runs_of(norm: str, batch: int) -> list[dict[str, Any]]:
    """The runs of one arm, one a seed."""
    return list(result()["arms"][f"{norm}, batch {batch}"]["runs"].values())
