"""A chapter in a real JupyterLab: every cell runs, and a slider moves picture and sentence."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.browser.jupyter import move_a_slider
from tests.notebooks import CHAPTERS, ROOT, code_cells

pytestmark = pytest.mark.browser

TOKEN = "attention"  # for a server that lives for this test and listens on this machine only
CHAPTER = CHAPTERS[0]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_it_answers(url: str, server: subprocess.Popen, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert server.poll() is None, "JupyterLab stopped at its start"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
    pytest.fail(f"JupyterLab did not answer within {seconds:.0f} s")


@pytest.fixture
def lab(tmp_path) -> Iterator[str]:
    """The address of a JupyterLab with settings of its own, on a copy of the course: a notebook may read files."""
    course = tmp_path / "course"
    shutil.copytree(ROOT, course, ignore=shutil.ignore_patterns(".*", "_build", "build", "__pycache__"))
    port = _free_port()
    settings = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={course}"),
        *(f"--IdentityProvider.token={TOKEN}", "--LabApp.expose_app_in_browser=True"),
        # No question to another host: neither for news nor for a newer version.
        *("--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"),
        *("--LabApp.extension_manager=readonly", f"--LabApp.workspaces_dir={tmp_path / 'workspaces'}"),
        f"--LabApp.user_settings_dir={tmp_path / 'settings'}",
    ]
    with (tmp_path / "lab.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=course, env=os.environ | settings, stdout=log, stderr=log)
        try:
            _wait_until_it_answers(f"http://127.0.0.1:{port}/api/status?token={TOKEN}", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=30)


_RUN_ALL = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await app.commands.execute("notebook:run-all-cells");
  const cells = [...panel.content.model.cells].filter((cell) => cell.type === "code");
  const errors = cells.flatMap((cell) => cell.outputs.toJSON()).filter((output) => output.output_type === "error");
  return { counts: cells.map((cell) => cell.executionCount), errors: errors.map((error) => error.evalue) };
}"""


def test_a_chapter_runs_in_jupyterlab_and_a_slider_moves_picture_and_readout(browser, lab):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    asked_elsewhere = []
    context.route(
        lambda url: not url.startswith(lab),
        lambda route: (asked_elsewhere.append(route.request.url), route.abort()),
    )
    page = context.new_page()
    try:
        page.goto(f"{lab}/lab/tree/chapters/{CHAPTER.name}?token={TOKEN}")
        page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context?.isReady", timeout=60_000)
        ran = page.evaluate(_RUN_ALL)
        assert ran["errors"] == []
        assert ran["counts"] == list(range(1, len(code_cells(CHAPTER)) + 1))

        # What goes deeper is closed here, too: its figures are there and not seen.
        picture = move_a_slider(page, 20_000)
        assert picture.locator("title").first.text_content(), "shapes say their numbers beside the pointer"
        assert asked_elsewhere == []
    finally:
        context.close()
