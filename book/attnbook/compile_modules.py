"""Compile, in archives, the modules that Python in a page imports at its start; runs in Pyodide itself.

python compile_modules.py FOLDER NAME …    # FOLDER/NAME.zip; with NAME:sources it keeps these, too
"""

import importlib.util
import py_compile
import sys
import tempfile
import zipfile
from collections.abc import Container, Iterable
from pathlib import Path

FIGURE = "attncourse.figures.order:encoding_heatmap"  # any
LIBRARY = "library"  # the standard one: read where it is, while all others are unpacked


def imported() -> set[str]:
    """Import what a page and its reader do, and draw a figure; returns where all modules are that are there then."""
    for name in ("attncourse.page.cells", "matplotlib.pyplot"):
        importlib.import_module(name)
    importlib.import_module("attncourse.page.figures").controls(FIGURE)
    specs = [getattr(module, "__spec__", None) for module in sys.modules.values()]
    return {str(spec.origin) for spec in specs if spec}


def compile_archive(archive: Path, home: str, modules: Container[str], with_sources: bool) -> None:
    """Put some of an archive's modules into it as bytecode.

    Args:
        archive: a zip file, rewritten in place.
        home: where Python finds its content.
        modules: those to compile, as paths below ``home``; others stay as they are.
        with_sources: keep the sources of these, too.
    """
    with zipfile.ZipFile(archive) as packed:
        files = {name: packed.read(name) for name in packed.namelist() if not name.endswith("/")}
    with zipfile.ZipFile(archive, "w") as packed:

        def write(name: str, content: bytes) -> None:
            packed.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, compresslevel=9)

        for name, content in files.items():
            at = f"{home}/{name}"
            chosen = name.endswith(".py") and at in modules
            if chosen:
                compiled = f"{name}c" if not with_sources else importlib.util.cache_from_source(name)
                write(compiled, bytecode(content, at))
            if with_sources or not chosen:
                write(name, content)


def bytecode(source: bytes, at: str) -> bytes:
    """What Python would keep of a module in ``__pycache__``, but that it is never compared with its source again."""
    with tempfile.TemporaryDirectory() as folder:
        module, made = Path(folder, "module.py"), Path(folder, "module.pyc")
        module.write_bytes(source)
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(module), str(made), dfile=at, doraise=True, invalidation_mode=mode)
        return made.read_bytes()


def main(folder: Path, names: Iterable[str]) -> None:
    """Compile in the named archives of a folder; the packages in all of them are installed for it."""
    library, packages = (next(path for path in sys.path if path.endswith(end)) for end in (".zip", "site-packages"))
    for archive in folder.glob("*.zip"):
        if archive.stem != LIBRARY:
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(packages)
    importlib.invalidate_caches()
    modules = imported()
    for name, _, kept in (name.partition(":") for name in names):
        compile_archive(folder / f"{name}.zip", library if name == LIBRARY else packages, modules, kept == "sources")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
