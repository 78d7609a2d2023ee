"""What a page unpacks when it starts Python: many wheels in few archives, their modules compiled beforehand.

Pyodide takes 0.1 s and more for every package, however small, and compiles each module that is imported anew at every
start, some 500 with those of the standard library. Both are saved here, and the files that no page needs.
"""

import hashlib
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

COMPILER = Path(__file__).with_name("compile_modules.py")
RUNNER = Path(__file__).with_name("compile-modules.js")
# Formats that no page writes, with their tables; fonts that nothing here is written in; what only type checkers read.
SPARE = (
    "fontTools/",
    "fonttools-",
    "pytz",
    "matplotlib_pyodide",
    "/fonts/afm/",
    "/fonts/pdfcorefonts/",
    "/DejaVuSansMono",
    "/DejaVuSerif",
    "/sample_data/",
    ".pyi",
)


class Archive(NamedTuple):
    """Wheels that are unpacked together; a reader may look into the ``sources`` of some."""

    name: str
    wheels: tuple[Path, ...]
    sources: bool = False


def write_archives(folder: Path, archives: Sequence[Archive], pyodide: Path) -> dict[str, Path]:
    """Write each archive into a folder, named after what it is made of; returns them by name.

    They are compiled by Pyodide itself where Node.js is installed, and hold plain sources where it is not. One that is
    there already is not made again, and those that nobody asks for any more go.

    Args:
        folder: beside the pages.
        archives: with distinct names.
        pyodide: the folder with Pyodide's own files.

    Raises:
        RuntimeError: if Node.js fails, with what it said.
    """
    node = shutil.which("node")
    due = {archive.name: folder / f"{archive.name}-{_key(archive, node)}.zip" for archive in archives}
    folder.mkdir(parents=True, exist_ok=True)
    for old in {*folder.iterdir()} - {*due.values()}:
        old.unlink()
    lacking = [archive for archive in archives if not due[archive.name].exists()]
    if lacking:
        with tempfile.TemporaryDirectory() as work:
            for archive in archives:
                path = Path(work, f"{archive.name}.zip")
                _merge(archive, path) if archive in lacking else shutil.copyfile(due[archive.name], path)
            if node:
                _compile(node, pyodide, Path(work), lacking)
            for archive in lacking:
                shutil.copyfile(Path(work, f"{archive.name}.zip"), due[archive.name])
    return due


def entry(
    name: str, version: str, file: Path, address: str, imports: Iterable[str] = (), depends: Iterable[str] = ()
) -> dict[str, Any]:
    """A package as Pyodide's lock file describes it.

    Args:
        name: of the package.
        version: of the package, or whatever tells one from the next.
        file: a wheel or an archive, whose sum is taken.
        address: where a page finds it, relative to what the lock file is read for.
        imports: what a cell imports of it.
        depends: the packages that it needs.
    """
    return {
        "name": name,
        "version": version,
        "file_name": address,
        "install_dir": "site",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": list(imports),
        "depends": list(depends),
        "unvendored_tests": False,
    }


def _key(archive: Archive, node: str | None) -> str:
    made_of = [path.read_bytes() for path in (*archive.wheels, Path(__file__), *((COMPILER, RUNNER) if node else ()))]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in made_of)).hexdigest()[:10]


def _merge(archive: Archive, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as merged:
        for wheel in archive.wheels:
            with zipfile.ZipFile(wheel) as packed:
                for name in sorted(packed.namelist()):
                    if not name.endswith("/") and not any(part in name for part in SPARE):
                        content = packed.read(name)
                        merged.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, compresslevel=9)


def _compile(node: str, pyodide: Path, folder: Path, archives: Iterable[Archive]) -> None:
    names = [f"{archive.name}:sources" if archive.sources else archive.name for archive in archives]
    command = [node, RUNNER, pyodide.resolve(), COMPILER, folder, *names]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode:
        raise RuntimeError(f"the modules were not compiled:\n{done.stdout}{done.stderr}"[-2000:])
