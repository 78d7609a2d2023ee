"""The notebooks as the tests read them: plain JSON, whatever wrote it."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
NOTEBOOKS = [*CHAPTERS, *sorted((ROOT / "appendix").glob("*.ipynb"))]


def code_cells(chapter: Path, tag: str | None = None) -> list[dict[str, Any]]:
    """A notebook's code cells, or those with a tag."""
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    return [
        cell
        for cell in cells
        if cell["cell_type"] == "code" and (tag is None or tag in cell["metadata"].get("tags", ()))
    ]


def prose(chapter: Path) -> str:
    """All that a notebook's Markdown cells say."""
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def stored(chapter: Path, mime: str, cells: list[dict[str, Any]] | None = None) -> list[Any]:
    """Every output of one mime type, as JSON has it; text as one string."""
    found = [
        output["data"][mime]
        for cell in (code_cells(chapter) if cells is None else cells)
        for output in cell["outputs"]
        if mime in output.get("data", {})
    ]
    return ["".join(part) for part in found] if mime.startswith("text/") else found
