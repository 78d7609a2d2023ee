"""How long a chapter's main road is: ``python -m tests.road chapters/01*.ipynb`` prints what is counted."""

import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

from attnbook.notebooks import cells_of, heading, layers
from attncourse.explorer import EXPLORER_MIME

WIDTH = 72
OUT_OF_SIGHT = {"hide-input", "remove-input", "hide-cell", "remove-cell"}
AT_THE_END = {"Summary", "Exercises", "Test yourself"}

Cells = list[dict[str, Any]]


class Length(NamedTuple):
    """What the main road asks of a reader."""

    words: int
    code_lines: int
    figures: int
    steps: int


def folded(cell: dict[str, Any]) -> bool:
    """Whether the page shows this code only to those who ask."""
    return bool(OUT_OF_SIGHT & set(cell["metadata"].get("tags", ())))


def words(markdown: str) -> int:
    """The words of prose: no formula, no code block, no markup, no address."""
    text = re.sub(r"^```.*?^```|\$\$.*?\$\$", " ", markdown, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$[^$\n]+\$|<[^>]+>", " x ", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return sum(bool(re.search(r"\w", word)) for word in text.split())


def listed(cell: dict[str, Any]) -> int:
    """The lines of the library that a cell shows."""
    shown = ("".join(output.get("data", {}).get("text/markdown", "")) for output in cell.get("outputs", []))
    return sum(len(block.splitlines()) for text in shown for block in re.findall(r"```python\n(.*?)\n```", text, re.S))


def code_lines(cell: dict[str, Any]) -> int:
    """The lines of code that a page shows of a cell without being asked."""
    own = 0 if folded(cell) else sum(bool(line.strip()) for line in cell["source"].splitlines())
    return own + listed(cell)


def shows_a_figure(cell: dict[str, Any]) -> bool:
    """Whether a cell leaves an explorer behind."""
    return any(EXPLORER_MIME in output.get("data", {}) for output in cell.get("outputs", []))


def steps(road: Cells) -> list[str]:
    """The questions of the road: its headings of the second level but for those at the end."""
    return [found[1] for cell in road if (found := heading(cell)) and found[0] == 2 and found[1] not in AT_THE_END]


def length(road: Cells) -> Length:
    """How much there is to read, to follow and to move."""
    code = [cell for cell in road if cell["cell_type"] == "code"]
    return Length(
        sum(words(cell["source"]) for cell in road if cell["cell_type"] == "markdown"),
        sum(map(code_lines, code)),
        sum(map(shows_a_figure, code)),
        len(steps(road)),
    )


def too_wide(cells: Cells) -> list[str]:
    """The lines of code that a page would cut off at its column or wrap; what it never shows may be wide."""
    return [
        line
        for cell in cells
        if cell["cell_type"] == "code" and "remove-input" not in cell["metadata"].get("tags", ())
        for line in cell["source"].splitlines()
        if len(line) > WIDTH
    ]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        road, deeper = layers(cells_of(Path(name)))
        print(f"{name}\n  {length(road)}\n  too wide: {too_wide(road + deeper) or 'none'}")
        print("\n".join(f"  ## {title}" for title in steps(road)))
        print("  deeper: " + " · ".join(found[1] for cell in deeper if (found := heading(cell))))
