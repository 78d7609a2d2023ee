import functools
import hashlib
import http.server
import json
import threading

import pytest

from attnbook import pyodide


def digest(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def dist(tmp_path, monkeypatch):
    """The smallest distribution: the runtime, a package, what it depends on, and one that nobody asks for."""
    wheels = {"plots.whl": b"plots", "arrays.whl": b"arrays", "other.whl": b"other"}
    depends = {"plots": ["arrays"], "arrays": [], "other": []}
    packages = {
        name: {"file_name": f"{name}.whl", "sha256": digest(wheels[f"{name}.whl"]), "depends": depends[name]}
        for name in depends
    }
    files = wheels | {pyodide.LOCK: json.dumps({"packages": packages}).encode(), "pyodide.js": b"script"}
    monkeypatch.setattr(pyodide, "RUNTIME", {name: digest(files[name]) for name in (pyodide.LOCK, "pyodide.js")})
    folder = tmp_path / "dist"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


NEEDED = {"pyodide-lock.json", "pyodide.js", "plots.whl", "arrays.whl"}


def test_what_packages_depend_on_comes_along_and_nothing_else(dist, tmp_path):
    pyodide.copy(dist, tmp_path / "site", ["plots"])
    assert {path.name for path in (tmp_path / "site").iterdir()} == NEEDED


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_a_file_with_another_sum_is_refused(dist, tmp_path, name):
    (dist / name).write_bytes(b"another")
    with pytest.raises(ValueError, match=f"{name} is not that of Pyodide 0.27.7"):
        pyodide.copy(dist, tmp_path / "site", ["plots"])


def test_a_file_that_is_missing_is_named(dist, tmp_path):
    (dist / "arrays.whl").unlink()
    with pytest.raises(FileNotFoundError, match=r"arrays\.whl"):
        pyodide.copy(dist, tmp_path / "site", ["plots"])


@pytest.fixture
def public(dist):
    """The distribution at an address, and the files that were asked for."""
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_request(self, code="-", size="-"):
            asked.append(self.path.lstrip("/"))

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(dist)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()
    server.server_close()


def test_what_is_fetched_is_what_is_copied_later(public, tmp_path):
    address, _ = public
    pyodide.fetch(tmp_path / "fetched", ["plots"], address)
    assert {path.name for path in (tmp_path / "fetched").iterdir()} == NEEDED
    pyodide.copy(tmp_path / "fetched", tmp_path / "site", ["plots"])


def test_what_is_there_already_is_not_fetched_again(public, tmp_path):
    address, asked = public
    pyodide.fetch(tmp_path / "fetched", ["arrays"], address)
    asked.clear()
    pyodide.fetch(tmp_path / "fetched", ["plots"], address)
    assert asked == ["plots.whl"]


def test_what_was_fetched_with_another_sum_is_refused_and_not_kept(public, dist, tmp_path):
    address, _ = public
    (dist / "arrays.whl").write_bytes(b"another")
    with pytest.raises(ValueError, match=r"arrays\.whl is not that"):
        pyodide.fetch(tmp_path / "fetched", ["plots"], address)
    assert not (tmp_path / "fetched/arrays.whl").exists()
