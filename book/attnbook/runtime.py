"""What Python in the page is made of: Pyodide, the course's wheel, a font and a list of names, and where they are."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from attnbook import pyodide
from attnbook.wheels import course_wheel, repacked
from attnbook.written import when_written

FOLDER = "_python"
WORKER = Path(__file__).with_name("python-worker.js")
# Pyodide's names for what is loaded at once, and for what only a figure needs.
CORE, DRAWING = ("numpy",), ("matplotlib", "contourpy", "pillow")
PACKAGES = (*CORE, *DRAWING)
_NAMES = ("__init__.py", ".first")  # the first names that a model of chapter 5 learns
_FONT = ("__init__.py", "-Regular.ttf", "-Semibold.ttf", "LICENSE.txt")  # what Matplotlib measures words with


def write_runtime(site: Path, dist: str = "") -> None:
    """Write ``_python/`` beside the pages.

    Args:
        site: the root of the built site.
        dist: a folder with Pyodide's files, which go beside the pages; without one they stay where they are public, and
            a page asks for them there once its reader wants Python.

    Raises:
        FileNotFoundError, ValueError: if ``dist`` lacks a file, or has another.
    """
    root = site / FOLDER
    root.mkdir(parents=True, exist_ok=True)
    course, *others = _write_wheels(root)
    if dist:
        pyodide.copy(Path(dist), root / "pyodide", PACKAGES)
    else:
        shutil.rmtree(root / "pyodide", ignore_errors=True)
    parts = {"core": (CORE, [course]), "drawing": (DRAWING, others)}
    described = {
        "worker": _write_worker(root),
        "pyodide": "pyodide/" if dist else pyodide.PUBLIC,
        "parts": {name: {"packages": packages, "wheels": wheels} for name, (packages, wheels) in parts.items()},
    }
    if dist:
        described["bytes"] = _bytes(root)
    (root / "python.json").write_text(json.dumps(described, indent=1) + "\n", "utf-8")


def _write_wheels(root: Path) -> list[str]:
    """The course's wheel, and those of what it draws and learns with.

    Their folder is named after their content, so that no browser takes an older one from its cache.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = [
            course_wheel(Path(folder)),
            repacked("font-source-sans-pro", Path(folder), lambda path: path.endswith(_FONT)),
            repacked("names", Path(folder), lambda path: path.endswith(_NAMES)),
        ]
        key = hashlib.sha256(b"".join(wheel.read_bytes() for wheel in made)).hexdigest()[:10]
        for old in root.glob("wheels-*"):
            shutil.rmtree(old)
        home = root / f"wheels-{key}"
        home.mkdir()
        return [f"{home.name}/{Path(shutil.copyfile(wheel, home / wheel.name)).name}" for wheel in made]


def _write_worker(root: Path) -> str:
    """The worker's script, named after its content, too."""
    content = WORKER.read_bytes()
    for old in root.glob("worker-*.js"):
        old.unlink()
    name = f"worker-{hashlib.sha256(content).hexdigest()[:10]}.js"
    (root / name).write_bytes(content)
    return name


def _bytes(root: Path) -> dict[str, int]:
    """How many bytes each part has to fetch, for the progress that a reader sees."""
    lock = (root / "pyodide" / pyodide.LOCK).read_bytes()
    core = {*pyodide.sums(lock, CORE)}
    drawing = {*pyodide.sums(lock, PACKAGES)} - core
    # The runtime's scripts are not counted: a worker takes them in without fetching.
    size = lambda names: sum((root / "pyodide" / name).stat().st_size for name in names if name[-3:] != ".js")  # noqa: E731
    wheels = {path.name: path.stat().st_size for path in root.glob("wheels-*/*")}
    course = sum(wheel for name, wheel in wheels.items() if name.startswith("attnlib"))
    return {"core": size(core) + course, "drawing": size(drawing) + sum(wheels.values()) - course}


def finish(app) -> None:
    """Lay it beside the pages when they are written."""
    write_runtime(Path(app.outdir), os.environ.get("PYODIDE_DIST", ""))


def setup(app) -> None:
    """Run before what all pages share is written."""
    when_written(app, finish, priority=800)
