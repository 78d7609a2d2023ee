"""What a notebook's cells have left behind, and which of them a reader meets first."""

import json
import re
from pathlib import Path
from typing import Any

COLLAPSED = "jp-MarkdownHeadingCollapsed"  # JupyterLab's own: the section below this heading starts closed
_HEADING = re.compile(r"(#+) +(.+)")


def cells_of(notebook: Path) -> list[dict[str, Any]]:
    """A notebook's cells, each source as one string."""
    return [
        cell | {"source": "".join(cell.get("source", ""))} for cell in json.loads(notebook.read_text("utf-8"))["cells"]
    ]


def stored(notebook: Path, mime: str) -> list[Any]:
    """Every output of one mime type, in the order of the cells."""
    return [
        output["data"][mime]
        for cell in cells_of(notebook)
        for output in cell.get("outputs", [])
        if mime in output.get("data", {})
    ]


def heading(cell: dict[str, Any]) -> tuple[int, str] | None:
    """The level and the words of the heading that a Markdown cell starts with."""
    found = _HEADING.match(cell["source"]) if cell.get("cell_type") == "markdown" else None
    return (len(found[1]), found[2].strip()) if found else None


def is_deeper(cell: dict[str, Any]) -> bool:
    """Whether a section that starts with this cell is closed until a reader opens it."""
    return bool(cell["metadata"].get(COLLAPSED))


def layers(cells: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A chapter's main road, and what goes deeper: a closed section ends at the next heading of its level or above."""
    road, deeper = [], []
    closed = 0  # the level of the section that is closed
    for cell in cells:
        here = heading(cell)
        if here and here[0] <= (closed or here[0]):
            closed = here[0] if is_deeper(cell) else 0
        (deeper if closed else road).append(cell)
    return road, deeper
