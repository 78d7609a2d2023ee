"""What a figure depends on: every module of the course and the library that it imports, and the files they read."""

import ast
import hashlib
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

_OURS = ("attncourse", "attnlib")
_DRAWING = ("matplotlib", "numpy", "font-source-sans-pro")
_WRITER = ("attncourse.drawing.svg", "attncourse.explorer")  # which no figure imports
_PACKER = ("attnbook.bundles", "attnbook.drawing")


@cache
def key(module: str) -> str:
    """Ten letters that change with anything on which the figure of this module depends."""
    digest = hashlib.sha256()
    for package in _DRAWING:
        digest.update(f"{package} {version(package)}".encode())
    for name in sorted(imported(module).union(_PACKER, *map(imported, _WRITER))):
        digest.update(_file(name).read_bytes())
    digest.update(_data())
    return digest.hexdigest()[:10]


def imported(module: str) -> set[str]:
    """The module, and those of course and library that it imports, however indirectly."""
    found, todo = set(), [module]
    while todo:
        if (name := todo.pop()) not in found:
            found.add(name)
            todo += _imports(name)
    return found


@cache
def _imports(module: str) -> tuple[str, ...]:
    """The modules of course and library that a module names in its imports.

    A package is asked only for what is taken from it: ``from attnlib import softmax`` does not depend on all of it.
    """
    names: list[str] = []
    for node in ast.walk(ast.parse(_file(module).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in _OURS:
            for alias in node.names:
                names.append(_home(node.module, alias.name))
    return tuple(name for name in names if name.split(".")[0] in _OURS and name != module)


@cache
def _home(module: str, name: str) -> str:
    """The module in which a name that is imported from ``module`` is defined, as far as imports alone tell."""
    if _file(f"{module}.{name}", missing_ok=True):
        return f"{module}.{name}"
    if _file(module).name == "__init__.py":
        for node in ast.parse(_file(module).read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.module and any(alias.name == name for alias in node.names):
                return _home(node.module, name) if node.module != module else module
    return module


@cache
def _file(module: str, missing_ok: bool = False) -> Path | None:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is not None and spec.origin:
        return Path(spec.origin)
    if missing_ok:
        return None
    raise ModuleNotFoundError(f"no module {module!r}")


@cache
def _data() -> bytes:
    """All results and weights: which figure reads which is not worth knowing."""
    digest = hashlib.sha256()
    for package in _OURS:
        root = _file(package).parent
        for path in sorted(path for path in root.rglob("*") if path.suffix in (".json", ".npz")):
            digest.update(path.read_bytes())
    return digest.digest()
