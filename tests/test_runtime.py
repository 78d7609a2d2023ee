import json
import os
from pathlib import Path

import pytest

from attnbook import pyodide, runtime


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site, and wheels that cost nothing."""
    monkeypatch.setattr(runtime, "course_wheel", lambda folder: written(folder / "attnlib-1-py3-none-any.whl"))
    monkeypatch.setattr(runtime, "repacked", lambda name, folder, keep: written(folder / "font-1-py3-none-any.whl"))
    return tmp_path / "site"


def written(path, content="content"):
    path.write_text(content, "utf-8")
    return path


def described(site):
    return json.loads((site / "_python/python.json").read_text("utf-8"))


def test_without_a_folder_pyodide_stays_at_its_public_address_at_the_version_that_is_tested(site):
    runtime.write_runtime(site)
    assert described(site)["pyodide"] == pyodide.PUBLIC
    assert pyodide.VERSION in pyodide.PUBLIC
    assert not (site / "_python/pyodide").exists()


def test_all_that_is_named_is_there_and_can_be_read_by_any_server(site):
    runtime.write_runtime(site)
    names = [described(site)["worker"]] + [
        wheel for part in described(site)["parts"].values() for wheel in part["wheels"]
    ]
    for name in names:
        path = site / "_python" / name
        assert path.is_file()
        if os.name == "posix":
            assert path.parent.stat().st_mode & 0o055 == 0o055


def test_a_changed_wheel_has_another_address_and_the_old_one_goes(site, monkeypatch):
    runtime.write_runtime(site)
    (before,) = described(site)["parts"]["core"]["wheels"]
    monkeypatch.setattr(runtime, "course_wheel", lambda folder: written(folder / Path(before).name, "changed"))
    runtime.write_runtime(site)
    (after,) = described(site)["parts"]["core"]["wheels"]
    assert after != before
    assert not (site / "_python" / before).exists()
    assert (site / "_python" / after).exists()


def test_with_a_folder_its_files_come_along_and_their_bytes_are_known_before(site):
    dist = os.environ.get("PYODIDE_DIST")
    if not dist:
        pytest.skip("PYODIDE_DIST names no folder with Pyodide's files")
    runtime.write_runtime(site, dist)
    assert described(site)["pyodide"] == "pyodide/"
    fetched = [path for path in (site / "_python").rglob("*") if path.suffix in (".whl", ".wasm", ".zip", ".json")]
    fetched = [path for path in fetched if path.name != "python.json"]
    assert sum(described(site)["bytes"].values()) == sum(path.stat().st_size for path in fetched)
