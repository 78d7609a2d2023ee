import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from attnbook import pyodide, runtime
from tests.browser.python_site import needs_python
from tests.browser.served import SITE


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site, and wheels that cost nothing."""
    monkeypatch.setattr(runtime, "course_wheel", lambda folder: wheel(folder / "attnlib-1-py3-none-any.whl"))
    monkeypatch.setattr(runtime, "repacked", lambda name, folder, keep: wheel(folder / f"{name}-1-py3-none-any.whl"))
    return tmp_path / "site"


def wheel(path, content="content"):
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(f"{path.stem}.py", content)
    return path


def described(site):
    return json.loads((site / "_python/python.json").read_text("utf-8"))


def wheels(site, part):
    return [name for name in described(site)["parts"][part] if name.endswith(".whl")]


def test_without_a_folder_pyodide_stays_at_its_public_address_at_the_version_that_is_tested(site):
    runtime.write_runtime(site)
    assert described(site)["pyodide"] == pyodide.PUBLIC
    assert pyodide.VERSION in pyodide.PUBLIC
    assert not (site / "_python/pyodide").exists()


def test_all_that_is_named_is_there_and_can_be_read_by_any_server(site):
    runtime.write_runtime(site)
    assert runtime.wheel_in(site).read_bytes() == (site / "_python" / wheels(site, "core")[0]).read_bytes()
    for name in [described(site)["worker"], *wheels(site, "core"), *wheels(site, "drawing")]:
        path = site / "_python" / name
        assert path.is_file()
        if os.name == "posix":
            assert path.parent.stat().st_mode & 0o055 == 0o055


def test_a_changed_wheel_has_another_address_and_the_old_one_goes(site, monkeypatch):
    runtime.write_runtime(site)
    (before,) = wheels(site, "core")
    monkeypatch.setattr(runtime, "course_wheel", lambda folder: wheel(folder / Path(before).name, "changed"))
    runtime.write_runtime(site)
    (after,) = wheels(site, "core")
    assert after != before
    assert not (site / "_python" / before).exists()
    assert (site / "_python" / after).exists()


@pytest.fixture
def dist():
    if not os.environ.get("PYODIDE_DIST"):
        pytest.skip("PYODIDE_DIST names no folder with Pyodide's files")
    return os.environ["PYODIDE_DIST"]


def test_with_a_folder_all_is_beside_the_pages_and_its_bytes_are_known_before(site, dist, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)  # no Node.js: what costs nothing draws nothing
    runtime.write_runtime(site, dist)
    assert described(site)["pyodide"] == "pyodide/"
    root = site / "_python"
    lock = json.loads((root / described(site)["lock"]).read_text("utf-8"))["packages"]
    due = dict.fromkeys(described(site)["bytes"], 0)
    for part, names in described(site)["parts"].items():
        for name in names:
            archive = root / "pyodide" / lock[name]["file_name"]
            assert hashlib.sha256(archive.read_bytes()).hexdigest() == lock[name]["sha256"]
            due[part] += archive.stat().st_size
    core = (described(site)["lock"], described(site)["library"], "pyodide/pyodide.asm.wasm")
    due["core"] += sum((root / name).stat().st_size for name in core)
    assert described(site)["bytes"] == due


@pytest.mark.site
def test_a_page_says_beforehand_about_how_much_it_fetches():
    needs_python()
    core, drawing = described(SITE)["bytes"].values()
    assert {
        "core": pytest.approx(core / 1e6, abs=1),
        "drawing": pytest.approx((core + drawing) / 1e6, abs=1),
    } == runtime.MEGABYTES
