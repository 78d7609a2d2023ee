"""Exercises of a page: the reader's code is run after what it needs of its chapter, as a notebook would run it.

A run begins with nothing but that: what passes a check is what stands in the page.
"""

import ast
import linecache
import warnings
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from attncourse import kept as keeper
from attncourse.page.needs import before, imported, needed
from attncourse.page.outputs import Outputs

TELLING = ("run",)
DRAWING = ("matplotlib", "attncourse.figures", "attncourse.drawing")

Cells = Iterable[Mapping[str, str]]


def part(code: str, cell: str, cells: Cells, **_: Any) -> str:
    """Matplotlib is loaded only for code that imports it, itself or by what it needs."""
    try:
        return "drawing" if _draws(code, needed(code, before(cell, cells))) else "core"
    except SyntaxError:  # which ``run`` will tell
        return "core"


def _draws(code: str, statements: list[str]) -> bool:
    modules = set().union(*map(imported, [*statements, code]))
    return any(name.startswith(DRAWING) for name in modules)


def run(
    code: str, cell: str, cells: Cells, kept: str | None = None, tell: Callable[[str], None] = lambda text: None
) -> dict[str, Any]:
    """Run an exercise.

    Args:
        code: what the reader wrote.
        cell: the id of the exercise's cell.
        cells: the code of its chapter, as the page has it.
        kept: what the reader has done so far, the text of ``attention-course.json``.
        tell: gets what is printed, as it comes.

    Returns:
        ``outputs``, in their order, and ``kept`` as it is afterwards.
    """
    _keep(kept)
    outputs = Outputs(tell)
    place = f"<exercise {cell}>"
    with outputs.printing(), np.errstate(), np.printoptions(), warnings.catch_warnings():
        try:
            compile(code, place, "exec")  # what is no Python needs no chapter to say so
            names = _chapter(code, needed(code, before(cell, cells))) | {"display": outputs.show}
            _run(code, place, names, outputs)
            outputs.show_figures()
        except BaseException as error:  # also exit(): it must end the cell, not Python
            outputs.add_error(error, place)
    return {"outputs": outputs.found, "kept": keeper.FILE.read_text("utf-8") if keeper.FILE.exists() else None}


def _keep(kept: str | None) -> None:
    if kept is None:
        keeper.FILE.unlink(missing_ok=True)
    else:
        keeper.FILE.write_text(kept, "utf-8")


def _chapter(code: str, statements: list[str]) -> dict[str, Any]:
    """The names that the code needs of its chapter; what making them prints is not shown."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with Outputs(lambda text: None).printing():
        if _draws(code, statements):
            import_module("matplotlib.font_manager")  # at first it looks through all fonts, and says so
        for number, statement in enumerate(statements):
            exec(_compiled(ast.parse(statement), statement, f"<chapter {number}>"), names)
    return names


def _run(code: str, place: str, names: dict[str, Any], outputs: Outputs) -> None:
    tree = ast.parse(code, place)
    last: ast.expr | None = None
    match tree.body:
        case [*first, ast.Expr(value)]:
            tree.body, last = first, value
    exec(_compiled(tree, code, place), names)
    if last and (shown := eval(_compiled(ast.Expression(last), code, place), names)) is not None:
        outputs.show(shown)


def _compiled(tree: Any, source: str, place: str) -> Any:
    """Code whose lines are found by errors, and by checks that ask for a function's source."""
    linecache.cache[place] = len(source), None, source.splitlines(keepends=True), place
    return compile(tree, place, "eval" if isinstance(tree, ast.Expression) else "exec")
