"""Pyodide, Python for the browser: its files beside the pages, each one checked, or the address of its public copy.

python -m attnbook.pyodide FOLDER    # fetches what the pages need into a folder, for PYODIDE_DIST=FOLDER
"""

import hashlib
import json
import shutil
import sys
import urllib.request
from collections.abc import Iterable
from pathlib import Path

VERSION = "0.27.7"
PUBLIC = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
LOCK, LIBRARY, PROGRAM = "pyodide-lock.json", "python_stdlib.zip", "pyodide.asm.wasm"
# The lock file knows the sums of all packages; these are its own and the runtime's, from npm's pyodide of this version.
RUNTIME = {
    LOCK: "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
    "pyodide.js": "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    PROGRAM: "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    LIBRARY: "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
}


def sums(lock: bytes, packages: Iterable[str]) -> dict[str, str]:
    """File name → SHA-256 of the runtime, the packages, and all on which they depend.

    Args:
        lock: the content of ``pyodide-lock.json``.
        packages: by their names there.

    Raises:
        ValueError: if this is not the lock file of the version.
    """
    _check(LOCK, lock, RUNTIME[LOCK])
    known = json.loads(lock)["packages"]
    todo, found = list(packages), dict(RUNTIME)
    while todo:
        package = known[todo.pop().replace("_", "-")]  # its key, however it is written
        if package["file_name"] not in found:
            found[package["file_name"]] = package["sha256"]
            todo += package["depends"]
    return found


def wheels(source: Path, packages: Iterable[str]) -> list[Path]:
    """Those of the packages and of all on which they depend, each one checked.

    Raises:
        FileNotFoundError, ValueError: as ``checked`` does.
    """
    return [path for path in checked(source, packages) if path.name not in RUNTIME]


def checked(source: Path, packages: Iterable[str]) -> list[Path]:
    """The files of a distribution that are the runtime, the packages, and all on which they depend.

    Raises:
        FileNotFoundError: if one is missing.
        ValueError: if one is not what the lock file says.
    """
    due = sums((source / LOCK).read_bytes(), packages)
    for name, digest in due.items():
        _check(name, (source / name).read_bytes(), digest)
    return [source / name for name in due]


def copy(source: Path, folder: Path, packages: Iterable[str]) -> None:
    """Copy these files, each one checked.

    Raises:
        FileNotFoundError, ValueError: as ``checked`` does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in checked(source, packages):
        shutil.copyfile(path, folder / path.name)


def fetch(folder: Path, packages: Iterable[str], public: str = PUBLIC) -> None:
    """Download what ``copy`` will ask for, keeping what is there already and right.

    Raises:
        OSError: if the public copy cannot be reached.
        ValueError: if it has something else than the lock file says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = _fetched(folder / LOCK, RUNTIME[LOCK], public)
    for name, due in sums(lock, packages).items():
        _fetched(folder / name, due, public)


def _fetched(path: Path, due: str, public: str) -> bytes:
    if path.exists() and _sum(path.read_bytes()) == due:
        return path.read_bytes()
    with urllib.request.urlopen(public + path.name, timeout=120) as answer:
        content = answer.read()
    _check(path.name, content, due)
    path.write_bytes(content)
    return content


def _check(name: str, content: bytes, due: str) -> None:
    if (found := _sum(content)) != due:
        raise ValueError(f"{name} is not that of Pyodide {VERSION}: its SHA-256 is {found}, not {due}")


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    from attnbook import lite, runtime

    fetch(Path(sys.argv[1]), {*runtime.PACKAGES, *lite.PACKAGES})
