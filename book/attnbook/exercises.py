"""Exercises on the page: each starter cell becomes a field to write in, with what it takes to run it."""

import ast
import json
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes

from attnbook.notebooks import cells_of, layers
from attnbook.written import when_written

CODE = "_python/chapters"  # where a chapter's code lies, for Python in the page to take from it what an exercise needs


def is_exercise(cell: dict[str, Any]) -> bool:
    """Whether a cell is for the reader to fill in: it ends in a check, and is no solution."""
    if cell["cell_type"] != "code" or _is_solution(cell):
        return False
    match ast.parse(cell["source"]).body:
        case [*_, ast.Expr(ast.Call(ast.Attribute(ast.Name("check"))))]:
            return True
    return False


def code_of(notebook: Path) -> list[dict[str, str]]:
    """The code of a chapter in its order: each cell's ``id``, ``source``, ``layer`` (road or deeper) and ``kind``.

    The kind is ``exercise``, ``solution`` or ``shown``.
    """
    cells = cells_of(notebook)
    road, _ = layers(cells)
    on_road = {cell["id"] for cell in road}
    return [
        {
            "id": cell["id"],
            "source": cell["source"],
            "layer": "road" if cell["id"] in on_road else "deeper",
            "kind": "exercise" if is_exercise(cell) else "solution" if _is_solution(cell) else "shown",
        }
        for cell in cells
        if cell["cell_type"] == "code"
    ]


def _is_solution(cell: dict[str, Any]) -> bool:
    return "solution" in cell["metadata"].get("tags", ())


def kept_as(code: str) -> tuple[str, list[str]]:
    """Where the record keeps that an exercise is solved: in ``passed`` or ``parts``, and under which names.

    Args:
        code: its starter code, whose last line is a check.
    """
    *_, last = ast.parse(code).body
    call: Any = last.value  # type: ignore[attr-defined]
    names = [word.arg for word in call.keywords]
    match call.func.attr:
        case "build":
            return "parts", names
        case "catch":
            return "passed", [f"catch.{name}" for name in names]
        case name:
            return "passed", [name]


def workbench_html(cell: dict[str, Any], chapter: str, title: str) -> str:
    """The field with the starter code, its buttons, and the place where its output goes.

    Args:
        cell: the notebook's.
        chapter: the notebook's name without its ending.
        title: of the exercise.
    """
    code, keys = cell["source"], f"keys-{cell['id']}"
    section, names = kept_as(code)
    # The line break at its start is the field's, not the code's.
    return (
        f'<form class="workbench scripted" data-record autocomplete="off" data-chapter="{chapter}" '
        f'data-cell="{cell["id"]}" data-of="{section}" data-names="{" ".join(names)}">'
        f'<div class="code highlight"><textarea rows="{code.count(chr(10)) + 1}" '
        f'aria-label="Your code: {escape(title)}" aria-describedby="{keys}" '
        f'spellcheck="false" autocapitalize="off" autocorrect="off">\n{escape(code, quote=False)}</textarea></div>'
        '<div class="tools"><button type="button" class="run">Run</button>'
        '<button type="button" class="reset">Reset</button>'
        '<button type="button" class="link" aria-label="Copy link to this code">Copy link</button>'
        f'<button type="button" class="stop" hidden>Stop</button><p class="keys" id="{keys}"></p></div>'
        '<p class="solved" hidden>✓ You have solved this.</p>'
        '<p class="before" hidden>What is below is of your code before the last change.</p>'
        '<div class="result" role="status"></div></form>'
    )


def place(app, doctree, docname: str) -> None:
    """Put a workbench into each exercise's cell; what stands there already is for readers without scripts."""
    source = Path(app.env.doc2path(docname))
    if source.suffix != ".ipynb":
        return
    cells = cells_of(source)
    for node in list(doctree.findall(nodes.container)):
        if node.get("nb_element") == "cell_code" and is_exercise(cell := cells[node["cell_index"]]):
            section = next(parent for parent in _parents(node) if isinstance(parent, nodes.section))
            title = next(section.findall(nodes.title)).astext()
            node["classes"].append("exercise")
            node["ids"].append(f"exercise-{cell['id']}")
            node.insert(1, nodes.raw("", workbench_html(cell, source.stem, title), format="html"))


def _parents(node: nodes.Node) -> Iterable[nodes.Node]:
    while node := node.parent:
        yield node


def write_code(app) -> None:
    """Lay each chapter's code beside the pages."""
    folder = Path(app.outdir) / CODE
    folder.mkdir(parents=True, exist_ok=True)
    for docname in sorted(app.env.found_docs):
        source = Path(app.env.doc2path(docname))
        if source.suffix == ".ipynb":
            text = json.dumps(code_of(source), ensure_ascii=False, separators=(",", ":"))
            (folder / f"{source.stem}.json").write_text(text, "utf-8")


def setup(app) -> None:
    """Take part when a page is written, and when all are."""
    app.add_css_file("exercise.css")
    app.add_js_file("exercise.js")
    app.connect("doctree-resolved", place)
    when_written(app, write_code, priority=500)
