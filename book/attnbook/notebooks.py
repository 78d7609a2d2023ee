"""What a notebook's cells have left behind."""

import json
from pathlib import Path
from typing import Any


def stored(notebook: Path, mime: str) -> list[Any]:
    """Every output of one mime type, in the order of the cells."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [
        output["data"][mime] for cell in cells for output in cell.get("outputs", []) if mime in output.get("data", {})
    ]
