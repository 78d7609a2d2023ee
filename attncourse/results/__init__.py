"""What the longer runs found: one JSON file for each script in ``experiments/``, which writes it."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def result_path(name: str) -> Path:
    """Where the result of one experiment lies, such as ``"heads"``."""
    return FOLDER / f"{name}.json"


def load_result(name: str) -> dict[str, Any]:
    """The stored result of one experiment.

    Raises:
        FileNotFoundError: if there is none of this name.
    """
    return json.loads(result_path(name).read_text("utf-8"))
