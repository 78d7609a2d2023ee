"""What a page unpacks is in few archives, without what it does not need, and compiled where that can be."""

import importlib
import os
import shutil
import sys
import zipfile

import pytest

from attnbook import archives, compile_modules
from attnbook.archives import Archive, write_archives
from tests.browser.python_site import needs_python
from tests.browser.served import SITE


def wheel(path, **files):
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr(name.replace("__", "/") + ".py", content)
    return path


@pytest.fixture
def plain(monkeypatch):
    """A machine without Node.js."""
    monkeypatch.setattr(shutil, "which", lambda name: None)


def names(path):
    with zipfile.ZipFile(path) as packed:
        return set(packed.namelist())


def test_wheels_come_together_in_one_archive_but_for_what_no_page_needs(plain, tmp_path):
    first, second = wheel(tmp_path / "a.whl", a="1", fontTools__b="2"), wheel(tmp_path / "c.whl", c__d="3")
    made = write_archives(tmp_path / "site", [Archive("both", (first, second))], tmp_path)
    assert names(made["both"]) == {"a.py", "c/d.py"}


def test_what_has_not_changed_is_not_made_again_and_what_has_takes_another_name(plain, tmp_path, monkeypatch):
    first, second = wheel(tmp_path / "a.whl", a="1"), wheel(tmp_path / "b.whl", b="1")
    asked = [Archive("one", (first,)), Archive("two", (second,))]
    before = write_archives(tmp_path / "site", asked, tmp_path)
    wheel(second, b="2")
    merged = []
    monkeypatch.setattr(archives, "_merge", lambda *args, merge=archives._merge: merged.append(args) or merge(*args))
    after = write_archives(tmp_path / "site", asked, tmp_path)
    assert [archive.name for archive, _ in merged] == ["two"]
    assert after["one"] == before["one"]
    assert after["two"] != before["two"]
    assert {*(tmp_path / "site").iterdir()} == {*after.values()}


def test_an_archive_is_described_with_its_sum_and_where_it_is(tmp_path):
    path = wheel(tmp_path / "one-0123.zip", a="1")
    found = archives.entry("one", "0123", path, "../archives/one-0123.zip")
    assert (found["name"], found["version"], found["file_name"]) == ("one", "0123", "../archives/one-0123.zip")


@pytest.mark.parametrize("with_sources", [False, True])
def test_only_the_modules_that_a_start_imports_are_compiled(tmp_path, with_sources):
    archive = wheel(tmp_path / "some.zip", needed="VALUE = 1", other="VALUE = 2")
    compile_modules.compile_archive(archive, "/home", {"/home/needed.py"}, with_sources)
    compiled = {os.path.relpath(importlib.util.cache_from_source("needed.py")), "needed.py"}
    assert names(archive) == {"other.py"} | (compiled if with_sources else {"needed.pyc"})


def test_a_compiled_module_is_imported_without_its_source_and_says_where_it_was(tmp_path, monkeypatch):
    archive = wheel(tmp_path / "some.zip", compiled_here="def fail():\n    raise ValueError")
    compile_modules.compile_archive(archive, "/home", {"/home/compiled_here.py"}, with_sources=False)
    monkeypatch.syspath_prepend(archive)
    module = importlib.import_module("compiled_here")
    sys.modules.pop("compiled_here")
    assert module.fail.__code__.co_filename == "/home/compiled_here.py"


@pytest.mark.site
def test_what_a_page_imports_at_its_start_is_compiled_in_the_site():
    needs_python()
    if not shutil.which("node"):
        pytest.skip("there is no Node.js, which compiles")
    (drawing,) = (SITE / "_python/archives").glob("drawing-*.zip")
    assert {"matplotlib/pyplot.pyc", "matplotlib/axes/_axes.pyc"} <= names(drawing)
