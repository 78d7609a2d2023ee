"""Copies of the notebooks for Colab, which has not got the course: a first cell installs the wheel of the site.

Colab opens notebooks from GitHub alone, so the deployment puts the copies on a branch of the repository. The wheel
stands beside the pages, at an address that stays.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

import nbformat

from attnbook.chapters import notebooks
from attnbook.launch import on_github
from attnbook.runtime import wheel_in
from attnbook.written import when_written

FOLDER = "colab"
_FIRST = """\
%pip install --quiet {wheel}
from google.colab import output

output.enable_custom_widget_manager()  # the sliders'"""


def for_colab(notebook: str, wheel: str) -> str:
    """A notebook with one cell more, before all others.

    Args:
        notebook: its JSON.
        wheel: the address of the course's wheel.
    """
    copy = nbformat.reads(notebook, as_version=4)
    copy.cells.insert(0, nbformat.v4.new_code_cell(_FIRST.format(wheel=wheel), id="colab"))
    return nbformat.writes(copy)


def write_colab(site: Path, address: str, sources: Iterable[Path]) -> None:
    """Write ``colab/``: the notebooks and the course's wheel.

    Args:
        site: the root of the built site, where ``_python/`` stands.
        address: of the site, with the final slash.
        sources: the notebooks.
    """
    folder = site / FOLDER
    folder.mkdir(exist_ok=True)
    wheel = Path(shutil.copy(wheel_in(site), folder))
    for source in sources:
        text = for_colab(source.read_text("utf-8"), f"{address}{FOLDER}/{wheel.name}")
        (folder / source.name).write_text(text, "utf-8")


def finish(app) -> None:
    """Write them if their address and that of the repository are known."""
    shutil.rmtree(Path(app.outdir, FOLDER), ignore_errors=True)
    if on_github(app.config.repository_url) and app.config.html_baseurl:
        write_colab(Path(app.outdir), app.config.html_baseurl, notebooks(Path(app.srcdir)))


def setup(app) -> None:
    """Run when ``_python/`` is written."""
    when_written(app, finish, priority=850)
