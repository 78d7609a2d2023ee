"""What a cell needs of its chapter: the statements before it that its names depend on, and no others."""

import ast
import symtable
from collections.abc import Iterable, Mapping
from functools import cache

from attncourse.alone import global_names

# Methods that the chapters call for what they change: lists grow, and NumPy prints fewer digits.
CHANGING = {"append", "set_printoptions"}


def needed(code: str, sources: Iterable[str]) -> list[str]:
    """The top-level statements of a chapter that bind or change a name which the code uses, however indirectly.

    Args:
        code: of the cell.
        sources: of the cells before it.

    Returns:
        Statements in the chapter's order; of an import, only the parts that are needed.

    Raises:
        SyntaxError: if the code is no Python.
    """
    listed = [statement for source in sources for statement in statements(source)]
    names, chosen = {*global_names(code)}, set[int]()
    while more := {i for i, statement in enumerate(listed) if _affected(statement) & names} - chosen:
        chosen |= more
        names.update(*(_used(listed[i]) for i in more))
    return [listed[i] for i in sorted(chosen)]


def before(cell: str, cells: Iterable[Mapping[str, str]]) -> list[str]:
    """The sources that a cell may build on: what its chapter shows before it, on its road, and deeper if it is deeper.

    Args:
        cell: the id.
        cells: the chapter's, each with ``id``, ``source``, ``layer`` and ``kind`` as the page has them.
    """
    found: list[Mapping[str, str]] = []
    for one in cells:
        if one["id"] == cell:
            return [earlier["source"] for earlier in found if one["layer"] == "deeper" or earlier["layer"] == "road"]
        if one["kind"] == "shown":
            found.append(one)
    raise LookupError(f"the chapter has no cell {cell!r}")


@cache
def statements(source: str) -> tuple[str, ...]:
    """A cell's top-level statements, each import of one name."""
    found: list[ast.stmt] = []
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Import):
            found += [ast.Import([alias]) for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            found += [ast.ImportFrom(statement.module, [alias], statement.level) for alias in statement.names]
        else:
            found.append(statement)
    return tuple(map(ast.unparse, found))


def imported(source: str) -> set[str]:
    """The modules that a text names in its imports, wherever they stand in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@cache
def _used(statement: str) -> frozenset[str]:
    return frozenset(global_names(statement)) - {"_"}  # what is called _ is not meant to be used


@cache
def _affected(statement: str) -> frozenset[str]:
    """The names that a statement binds, and those whose objects it changes: ``x[0] = …``, ``x.append(…)``."""
    symbols = symtable.symtable(statement, "<statement>", "exec").get_symbols()
    found = {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
    for node in ast.walk(ast.parse(statement)):
        match node:
            case ast.Subscript(value, _, ast.Store()) | ast.Attribute(value, _, ast.Store()):
                found.add(_root(value))
            case ast.Expr(ast.Call(ast.Attribute(value, name))) if name in CHANGING:
                found.add(_root(value))
    return frozenset(found) - {"_"}


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else "_"
