"""The wheel works from an empty folder: library, figures, notebooks and commands, with no repository near."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.notebooks import NOTEBOOKS, ROOT

pytestmark = pytest.mark.wheel

EVERY_EXPLORER = """
import pkgutil
from importlib import import_module
import attncourse.figures
from attncourse import Explorer

found = {}
for module in pkgutil.walk_packages(attncourse.figures.__path__, "attncourse.figures."):
    for thing in vars(import_module(module.name)).values():
        if isinstance(thing, Explorer):
            found[thing.name] = thing
for explorer in found.values():
    for state in (explorer.states[0], explorer.defaults, explorer.states[-1]):
        explorer.readout(explorer.measure(**state))
    explorer.frame()
    explorer.frame(narrow=True)
print(len(found))
"""

RUN_NOTEBOOK = """
import sys
import nbformat
from nbclient import NotebookClient

NotebookClient(nbformat.read(sys.argv[1], as_version=4), timeout=120).execute()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from what git would give a newcomer plus what has changed since."""
    folder, source = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("source")
    names = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).splitlines()
    for name in filter(lambda name: (ROOT / name).is_file(), names):  # a build folder would bring back deleted modules
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", folder, source, cwd=folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The interpreter of a new environment that holds the wheel, what it asks for, and a kernel for notebooks."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    path = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pins = folder / "pins.txt"
    frozen = run(sys.executable, "-m", "pip", "freeze", "--exclude-editable", cwd=folder)
    pins.write_text("".join(line for line in frozen.splitlines(True) if "==" in line), "utf-8")
    run(path, "-m", "pip", "install", "--quiet", "-c", pins, wheel, "ipykernel", "nbclient", cwd=folder)
    return path


def run(*command, cwd):
    """The command's output. It sees no package but those installed for its interpreter."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment |= {"PYTHONIOENCODING": "utf-8", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, f"{command[1:4]} failed:\n{done.stderr[-3000:]}"
    return done.stdout


def test_it_holds_library_and_course_with_their_data_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"attnlib", "attncourse"}
    results = {f"attncourse/results/{path.name}" for path in (ROOT / "attncourse" / "results").glob("*.json")}
    assert results | {"attnlib/dates/weights.npz", "attnlib/names/weights.npz"} <= set(names)
    assert not [name for name in names if "entry_points" in name]


def test_the_library_alone_loads_numpy_and_no_matplotlib(python, tmp_path):
    script = "import sys, attnlib, attncourse; print('numpy' in sys.modules, 'matplotlib' in sys.modules)"
    assert run(python, "-c", script, cwd=tmp_path).split() == ["True", "False"]


def test_every_explorer_measures_speaks_and_draws(python, tmp_path):
    assert int(run(python, "-c", EVERY_EXPLORER, cwd=tmp_path)) >= 54


@pytest.mark.parametrize("chapter", NOTEBOOKS, ids=lambda chapter: chapter.stem)
def test_a_downloaded_notebook_runs_from_top_to_bottom(python, chapter, tmp_path):
    downloaded = shutil.copy(chapter, tmp_path)
    run(python, "-c", RUN_NOTEBOOK, downloaded, cwd=tmp_path)


def test_the_date_models_commands_work(python, tmp_path):
    said = run(python, "-m", "attnlib.dates.translate", "June 7th, 2021", cwd=tmp_path)
    assert "2021-06-07" in said
    run(python, "-m", "attnlib.dates.train", "--steps", "2", "--output", tmp_path / "own.npz", cwd=tmp_path)
    said = run(
        python, "-m", "attnlib.dates.translate", "--weights", tmp_path / "own.npz", "June 7th, 2021", cwd=tmp_path
    )
    assert said.startswith("June 7th, 2021")
