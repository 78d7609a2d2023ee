"""At the end of a build: draw the frames that are missing, and lay all of them beside the pages."""

import itertools
import shutil
from collections.abc import Iterable
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.console import color_terminal
from sphinx.util.display import progress_message, status_iterator

from attnbook.explorers import FRAMES
from attnbook.frames import Frame, draw_all, folder, load, missing
from attnbook.notebooks import stored
from attncourse.explorer import EXPLORER_MIME, Explorer

LARGEST = 25_000  # bytes of a frame: a reader moves through many of them

log = logging.getLogger(__name__)


def explorers_shown(app: Sphinx) -> list[Explorer]:
    """The explorers that the book's notebooks show, each once."""
    notebooks = [path for doc in sorted(app.env.found_docs) if (path := Path(app.env.doc2path(doc))).suffix == ".ipynb"]
    sources = dict.fromkeys(described["source"] for path in notebooks for described in stored(path, EXPLORER_MIME))
    return [load(source) for source in sources]


def draw_frames(app: Sphinx, explorers: list[Explorer]) -> int:
    """Draw what is missing, then lay the frames beside the pages; returns how many states had to be drawn."""
    kept = Path(app.doctreedir).parent / "frames"
    frames = [frame for explorer in explorers for frame in missing(explorer, kept)]
    if frames:
        # A terminal overwrites its line; a log, which keeps each of them, gets twenty.
        every = 1 if color_terminal() else -(-len(frames) // 20)
        shown = itertools.islice(draw_all(frames), every - 1, None, every)
        for _ in status_iterator(shown, "drawing frames... ", "green", len(frames) // every, stringify_func=_progress):
            pass
    with progress_message("copying frames"):
        lay_out(explorers, kept, Path(app.outdir) / FRAMES)
    for path in kept.rglob("*.webp"):
        if path.stat().st_size > LARGEST:
            log.warning(f"frame {path.relative_to(kept)} has {path.stat().st_size:,} bytes, more than {LARGEST:,}")
    return len({(frame.source, frame.state) for frame in frames})


def _progress(frame: Frame) -> str:
    return f"{frame.path.parent.name} {frame.path.stem}"


def lay_out(explorers: Iterable[Explorer], kept: Path, site: Path) -> None:
    """Copy the explorers' frames from where they are kept to the site, and remove from both what is of no use now."""
    wanted = {folder(explorer) for explorer in explorers}
    for place in (kept, site):  # frames of an older build would only grow the site
        for old in place.iterdir() if place.exists() else ():
            if old.is_dir() and old.name not in wanted:  # a file is none of ours: a system's .DS_Store
                shutil.rmtree(old)
    for name in wanted:
        shutil.copytree(kept / name, site / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.part"))
