"""Explorers in a build of the site: drawn before the first page is read, laid beside the pages at the end."""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.console import color_terminal
from sphinx.util.display import progress_message

from attnbook.bundles import Drawn
from attnbook.drawing import draw_all, folder, forget, kept, load, missing
from attnbook.notebooks import stored
from attncourse.explorer import EXPLORER_MIME, Explorer

PICTURES = "_pictures"
LARGEST = 150_000  # bytes of a bundle: a reader waits for it before the first control answers

log = logging.getLogger(__name__)


def sources(path: Path) -> list[str]:
    """The explorers that a page shows: a notebook in its outputs, a text by the directive ``{explorer}``."""
    if path.suffix == ".ipynb":
        return [described["source"] for described in stored(path, EXPLORER_MIME)]
    return re.findall(r"^`{3,}\{explorer\} *(\S+)", path.read_text("utf-8"), re.MULTILINE)


def shown(env) -> list[Explorer]:
    """The explorers that the book shows, each once."""
    pages = [Path(env.doc2path(doc)) for doc in sorted(env.found_docs)]
    return [load(source) for source in dict.fromkeys(source for page in pages for source in sources(page))]


def store(app: Sphinx) -> Path:
    """Where drawn explorers are kept between builds."""
    return Path(app.doctreedir).parent / "pictures"


def drawn(app: Sphinx, explorer: Explorer) -> Drawn:
    """What the build has drawn of an explorer.

    Raises:
        LookupError: if it was not among those that the book shows.
    """
    found = kept(explorer, store(app))
    if found is None:
        raise LookupError(f"explorer {explorer.name} was not drawn: no page shows it")
    return found


def draw_before_reading(app: Sphinx, env, docnames: list[str]) -> None:
    """Draw what has changed since the last build, and say how far it is."""
    todo = missing(shown(env), store(app))
    states = sum(len(explorer.states) for explorer in todo)
    done = 0
    for explorer, count in draw_all(todo, store(app)):
        done += count
        log.info(
            f"drawing figures... {done:,} of {states:,} states, {explorer.name}",
            nonl=color_terminal() and done < states,
        )
        if color_terminal():
            log.info("\r", nonl=True)
    app.attnbook_drawn = states


def lay_out(app: Sphinx, figures: dict[Explorer, Drawn]) -> None:
    """Write the bundles beside the pages; those of older builds go."""
    site = Path(app.outdir) / PICTURES
    site.mkdir(parents=True, exist_ok=True)
    written = set()
    with progress_message("copying bundles"):
        for explorer, figure in figures.items():
            for layout, bundle in figure.bundles.items():
                path = site / bundle_name(explorer, layout)
                written.add(path.name)
                if not path.exists():
                    path.write_bytes(bundle)
                if len(bundle) > LARGEST:
                    log.warning(f"bundle {path.name} has {len(bundle):,} bytes, more than {LARGEST:,}")
    for old in site.iterdir():
        if old.name not in written:
            old.unlink()
    forget(figures, store(app))


def bundle_name(explorer: Explorer, layout: str) -> str:
    """The file of an explorer's states in one layout."""
    return f"{folder(explorer)}-{layout}.json.gz"


def setup(app: Sphinx) -> None:
    """Draw before pages are read."""
    app.connect("env-before-read-docs", draw_before_reading)
