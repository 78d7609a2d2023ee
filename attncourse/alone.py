"""A reader's function taken out of its notebook: its source, and the function that this makes in another place."""

import ast
import builtins
import inspect
import linecache
import symtable
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any


class NotAloneError(ValueError):
    """A function that cannot be taken out of its notebook."""


def source_of(function: Any) -> str:
    """The text of one function that was written with ``def``.

    Args:
        function: the function, or its text, for a place where Python keeps none.

    Raises:
        NotAloneError: if it is something else.
    """
    source = function
    if not isinstance(function, str):
        if not inspect.isfunction(function):
            kind = "class" if isinstance(function, type) else type(function).__name__
            raise NotAloneError(f"the answer must be a function, passed without brackets: yours is of type {kind}")
        try:
            source = inspect.getsource(function)
        except OSError as error:
            raise NotAloneError("the source of the function is not to be found: pass its text instead") from error
    source = textwrap.dedent(source)
    try:
        body = ast.parse(source).body
    except SyntaxError:  # such as a lambda in the middle of a call
        body = []
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef):
        raise NotAloneError("the answer must be one function, written with def")
    return source


def function_from(source: str, names: Mapping[str, Any]) -> Callable[..., Any]:
    """The function made from its source, in a place where these names are known and no others.

    Raises:
        NotAloneError: if it imports something, or uses a name that is neither its own, nor known, nor Python's.
    """
    [definition] = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(definition)):
        raise NotAloneError(f"the function must import nothing: what it may use is {_and(names)}")
    missing = [name for name in global_names(source) if name not in {*names, *vars(builtins), definition.name}]
    if missing:
        raise NotAloneError(
            f"the function must stand alone, with {_and(names)} and nothing else: yours uses {_and(missing)}"
        )
    place = f"<{definition.name}>"
    linecache.cache[place] = len(source), None, source.splitlines(keepends=True), place  # for errors to show its lines
    known = dict(names)
    exec(compile(source, place, "exec"), known)
    return known[definition.name]


def global_names(source: str) -> list[str]:
    """The names that a text looks up outside its functions, each once."""
    return [*dict.fromkeys(_globals(symtable.symtable(source, "<text>", "exec")))]


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    at_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (symbol.is_global() or at_top):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _globals(inner)


def _and(names: Any) -> str:
    """Names in words: ``np, softmax and attention``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
