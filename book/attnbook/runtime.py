"""What Python in the page is made of: Pyodide, the course's wheel, a font and a list of names, and where they are."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from attnbook import pyodide
from attnbook.archives import Archive, entry, write_archives
from attnbook.compile_modules import LIBRARY
from attnbook.wheels import course_wheel, repacked
from attnbook.written import when_written

FOLDER = "_python"
WORKER = Path(__file__).with_name("python-worker.js")
# Pyodide's names for what is loaded at once, and for what only a figure needs.
CORE, DRAWING = ("numpy",), ("matplotlib", "contourpy", "pillow")
PACKAGES = (*CORE, *DRAWING)
# What a page says beforehand of what it fetches: for an exercise, and with what only a figure needs.
MEGABYTES = {"core": 18, "drawing": 26}
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
        RuntimeError: if something is not built, with what its tool said.
    """
    root = site / FOLDER
    root.mkdir(parents=True, exist_ok=True)
    wheels = _write_wheels(root)
    for old in ("pyodide", *(() if dist else ("archives",))):
        shutil.rmtree(root / old, ignore_errors=True)
    found = _beside(root, Path(dist), wheels) if dist else _elsewhere(wheels)
    (root / "python.json").write_text(json.dumps({"worker": _write_worker(root)} | found, indent=1) + "\n", "utf-8")


def wheel_in(site: Path) -> Path:
    """The course's wheel in a site where ``_python/`` is written."""
    return next((site / FOLDER).glob("wheels-*/attnlib-*.whl"))


def _elsewhere(wheels: list[str]) -> dict[str, Any]:
    """Where a page finds all at Pyodide's public address, but for the site's own wheels."""
    course, *others = wheels
    return {
        "pyodide": pyodide.PUBLIC,
        "library": pyodide.PUBLIC + pyodide.LIBRARY,
        "lock": pyodide.PUBLIC + pyodide.LOCK,
        "parts": {"core": [*CORE, course], "drawing": [*DRAWING, *others]},
    }


def _beside(root: Path, dist: Path, wheels: list[str]) -> dict[str, Any]:
    """Where a page finds all beside itself, in archives, and how many bytes each part has to fetch."""
    course, *others = (root / wheel for wheel in wheels)
    core, drawing = pyodide.wheels(dist, CORE), pyodide.wheels(dist, PACKAGES)
    pyodide.copy(dist, root / "pyodide", ())
    made = write_archives(
        root / "archives",
        [
            Archive(LIBRARY, (root / "pyodide" / pyodide.LIBRARY,)),
            Archive("arrays", tuple(core)),
            Archive("course", (course,), sources=True),
            Archive("drawing", (*(path for path in drawing if path not in core), *others)),
        ],
        root / "pyodide",
    )
    parts = {"core": ["arrays", "course"], "drawing": ["drawing"]}
    lock = json.loads((root / "pyodide" / pyodide.LOCK).read_bytes())
    lock["packages"] = {
        name: entry(name, path.stem.rpartition("-")[2], path, f"../archives/{path.name}")
        for name, path in made.items()
        if name != LIBRARY
    }
    text = json.dumps(lock, indent=1)
    listed = root / "archives" / f"lock-{hashlib.sha256(text.encode()).hexdigest()[:10]}.json"
    listed.write_text(text, "utf-8")
    # The runtime's scripts are not counted: a worker takes them in without fetching.
    first = (root / "pyodide" / pyodide.PROGRAM, made[LIBRARY], listed)
    fetched = {"core": first, "drawing": ()}
    return {
        "pyodide": "pyodide/",
        "library": f"archives/{made[LIBRARY].name}",
        "lock": f"archives/{listed.name}",
        "parts": parts,
        "bytes": {part: _size(*fetched[part], *(made[name] for name in names)) for part, names in parts.items()},
    }


def _size(*paths: Path) -> int:
    return sum(path.stat().st_size for path in paths)


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


def finish(app) -> None:
    """Lay it beside the pages when they are written."""
    write_runtime(Path(app.outdir), os.environ.get("PYODIDE_DIST", ""))


def setup(app) -> None:
    """Run before what all pages share is written."""
    when_written(app, finish, priority=800)
