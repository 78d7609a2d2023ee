"""JupyterLite in ``lite/`` beside the pages: the notebooks run in the reader's browser, with nothing to install.

Its kernel is Pyodide, from where Python in the page has it, too. What a cell imports is loaded when it runs, if
Pyodide's lock file knows it: the wheels of the site are added to that list, so that no notebook installs anything.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat

from attnbook import archives, pyodide, runtime
from attnbook.chapters import notebooks
from attnbook.wheels import repacked
from attnbook.written import when_written

FOLDER = "lite"
SCRIPT = Path(__file__).with_name("lite-kernel.js")
ADDED = "packages.json"  # what the script adds to Pyodide's lock file
KERNEL = "@jupyterlite/pyodide-kernel-extension"
EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", KERNEL)
WIDGETS = ("comm", "ipywidgets")  # installed beside JupyterLite, and pure Python
# All of these are there before the kernel starts: it would ask a package registry for any that is not.
START = ("micropip", "piplite", "ssl", "sqlite3", "ipykernel", "comm", "pyodide_kernel", "jedi", "ipython")
# What of Pyodide's is needed, by its own names.
PACKAGES = ("micropip", "ssl", "sqlite3", "jedi", "ipython", *runtime.PACKAGES)
# Our packages, with what they need and what a cell imports of them. Pyodide's Matplotlib is older than pip would take.
OURS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "piplite": (("micropip",), ("piplite",)),
    "ipykernel": ((), ("ipykernel",)),
    "pyodide-kernel": (("comm", "ipykernel", "ipython", "jedi"), ("pyodide_kernel",)),
    "comm": (("traitlets",), ("comm",)),
    "ipywidgets": (("comm", "ipython", "traitlets"), ("ipywidgets",)),
    "font-source-sans-pro": ((), ("font_source_sans_pro",)),
    "names": ((), ("names",)),
    "attnlib": ((*runtime.PACKAGES, "font-source-sans-pro", "ipywidgets", "names"), ("attnlib", "attncourse")),
}


def entry(name: str, wheel: Path, root: Path) -> dict[str, Any]:
    """One of our packages as the lock file describes them, with its wheel's address relative to ``root``."""
    depends, imports = OURS[name]
    address = Path(os.path.relpath(wheel, root)).as_posix()
    return archives.entry(name, wheel.name.split("-")[1], wheel, address, imports, depends)


def settings(title: str, address: str, library: str) -> dict[str, Any]:
    """JupyterLite's own settings: a title, and how the kernel starts.

    Args:
        title: in the browser's tab.
        address: of Pyodide's files, with the final slash: of another host, or relative to ``lite/``.
        library: address of Python's standard library, likewise.
    """
    options = {"indexURL": address, "stdLibURL": library, "lockFileURL": ADDED, "packages": list(START)}
    kernel = {"pyodideUrl": f"./{SCRIPT.name}", "loadPyodideOptions": options}
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": title,
            "exposeAppInBrowser": True,  # the tests run a notebook by JupyterLab's own commands
            "disabledExtensions": [
                "@jupyter-notebook/notebook-extension:tab-icon"
            ],  # asks for icons that are not there
            "litePluginSettings": {f"{KERNEL}:kernel": kernel},
        },
    }


def without_dead_links(text: str, site: str) -> str:
    """A notebook's Markdown whose links to pages that are no notebooks lead to the site, if its address is known.

    All notebooks lie in one folder there, those of the appendix, too.
    """

    def led(link: re.Match[str]) -> str:
        words, page, place = link.groups("")
        return f"[{words}]({site}{page}.html{place})" if site else words

    return re.sub(r"\[([^]]*)\]\(\.\./([\w/-]+)\.md(#[\w-]+)?\)", led, text.replace("](../chapters/", "]("))


def write_lite(site: Path, sources: Iterable[Path], title: str, dist: str = "", home: str = "") -> None:
    """Write ``lite/``.

    Args:
        site: the root of the built site, where ``_python/`` stands.
        sources: the notebooks.
        title: of the book.
        dist: a folder with Pyodide's files; what the kernel needs of them goes to those that the pages need.
        home: the site's address, with the final slash, if it is known.

    Raises:
        FileNotFoundError, ValueError: if ``dist`` lacks a file, or has another.
        RuntimeError: if JupyterLite is not built, with what it said.
    """
    root, python = site / FOLDER, site / runtime.FOLDER
    if dist:
        pyodide.copy(Path(dist), python / "pyodide", PACKAGES)
    shutil.rmtree(root, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        described = json.loads((python / "python.json").read_text("utf-8"))
        away = "" if described["pyodide"] == pyodide.PUBLIC else f"../{runtime.FOLDER}/"
        address, library = (away + described[part] for part in ("pyodide", "library"))
        _build(Path(folder), root, sources, settings(title, address, library), home)
    added = root / "wheels"
    added.mkdir()
    for name in WIDGETS:
        repacked(name, added, lambda path: path.endswith(".py"))
    places = (root / "extensions" / KERNEL / "static" / "pypi", added, *python.glob("wheels-*"))
    described = {name: entry(name, _wheel(name, places), root) for name in OURS}
    page = root / "notebooks" / "index.html"  # names no icon: the browser would ask the host for one that is not ours
    icon = '<head>\n    <link rel="icon" href="../../_static/icon.svg" />'
    page.write_text(page.read_text("utf-8").replace("<head>", icon, 1), "utf-8")
    (root / ADDED).write_text(json.dumps(described, indent=1) + "\n", "utf-8")
    shutil.copy(SCRIPT, root)


def _wheel(name: str, places: Iterable[Path]) -> Path:
    stem = name.replace("-", "_")
    return next(wheel for place in places for wheel in place.glob(f"{stem}-*.whl"))


def _build(folder: Path, root: Path, sources: Iterable[Path], own: dict[str, Any], home: str) -> None:
    installed = Path(sys.prefix, "share", "jupyter", "labextensions")
    config = {
        "apps": ["notebooks", "tree"],
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
        "ignore_sys_prefix": True,  # no other extension that happens to be installed
        "federated_extensions": [str(installed / name) for name in EXTENSIONS],
        "contents": ["files"],
        "output_dir": str(root.resolve()),
    }
    (folder / "files").mkdir()
    for source in sources:
        # JupyterLab takes each text for one string, which a server makes of the lines in a file; here is no server.
        notebook = nbformat.read(source, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = without_dead_links(cell.source, home)
        text = nbformat.v4.writes(notebook, split_lines=False)
        (folder / "files" / source.name).write_text(text, "utf-8")
    (folder / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": config}), "utf-8")
    (folder / "jupyter-lite.json").write_text(json.dumps(own), "utf-8")
    command = [sys.executable, "-m", "jupyterlite_core", "build"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode:
        raise RuntimeError(
            f"JupyterLite was not built: is requirements-lite.txt installed?\n{done.stdout}{done.stderr}"
        )


def finish(app) -> None:
    """Write it if it is wanted, and leave no older one if not."""
    site = Path(app.outdir)
    if app.config.lite:
        dist, home = os.environ.get("PYODIDE_DIST", ""), app.config.html_baseurl
        write_lite(site, notebooks(Path(app.srcdir)), app.config.html_title, dist, home)
    else:
        shutil.rmtree(site / FOLDER, ignore_errors=True)


def setup(app) -> None:
    """Run when ``_python/`` is written. The environment's ``LITE`` says whether it is wanted: make site LITE=1."""
    app.add_config_value("lite", bool(os.environ.get("LITE")), "html")
    when_written(app, finish, priority=850)
