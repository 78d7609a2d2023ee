"""What happens when all pages are written: pictures beside them, one stylesheet and one font cut to what they use."""

import re
import time
from html import unescape
from pathlib import Path
from shutil import copyfile

from sphinx.util import logging

from attnbook.mathfont import signs, write_font
from attnbook.page import STATIC
from attnbook.pictures import draw_frames, explorers_shown
from attnbook.stylesheet import names_in, prune

THEME_CSS = "styles/pydata-sphinx-theme.css"  # the theme links it by hand, so Sphinx does not list it
CREDIT = "/* Icons: Octicons, copyright GitHub Inc., MIT licence */\n"

_SCRIPT = re.compile(r'<script[^>]* src="(?:\.\.?/)*_static/([^"?]+)')
_FORMULA = re.compile(r"<math.*?</math>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")

log = logging.getLogger(__name__)


def pages_of(app) -> list[str]:
    """The HTML of every page of this book; what an older build has left beside them does not count."""
    addresses = map(app.builder.get_target_uri, [*sorted(app.env.found_docs), "search"])
    return [Path(app.outdir, address).read_text("utf-8") for address in addresses]


def write_stylesheet(static: Path, sheets: list[str], pages: list[str]) -> None:
    """Write ``site.css``: the rules of all sheets that some page can match.

    Args:
        static: the site's folder of styles and scripts.
        sheets: the file names of all stylesheets in it, in the order in which a page would link them.
        pages: the HTML of all pages.
    """
    scripts = {name for page in pages for name in _SCRIPT.findall(page)}
    names = names_in(pages, [(static / name).read_text("utf-8") for name in sorted(scripts)])
    texts = {name: (static / name).read_text("utf-8") for name in sheets if (static / name).is_file()}
    own = {path.name for path in STATIC.iterdir()}
    theme = "\n".join(text for name, text in texts.items() if name not in own)
    course = "\n".join(text for name, text in texts.items() if name in own)
    # In a layer, the theme's rules give way to every rule outside it, however they are worded.
    (static / "site.css").write_text(CREDIT + prune(f"@layer theme {{{theme}}}\n{course}", names), "utf-8")


def setup(app) -> None:
    """Take part in the writing of every page, and run after everything else that writes files."""
    start = time.perf_counter()
    sheets = {THEME_CSS: -1}  # file name → its place in the order of all

    def note_sheets(app, pagename, templatename, context, doctree) -> None:
        sheets.update({str(sheet.filename).removeprefix("_static/"): sheet.priority for sheet in context["css_files"]})

    def finish(app, exception) -> None:
        """Draw, write ``site.css``, ``math.woff2`` and the site's first page, and say what there is now."""
        if exception or app.builder.format != "html":
            return
        explorers = explorers_shown(app)
        drawn = draw_frames(app, explorers)
        site = Path(app.outdir)
        first = app.builder.get_target_uri(app.config.root_doc)
        copyfile(site / first, site / "index.html")  # instead of a redirection
        pages = pages_of(app)
        write_stylesheet(site / "_static", sorted(sheets, key=sheets.get), pages)
        formulas = [unescape(_TAG.sub("", formula)) for page in pages for formula in _FORMULA.findall(page)]
        write_font(signs(formulas), site / "_static" / "math.woff2")
        states = sum(len(explorer.states) for explorer in explorers)
        log.info(
            f"the site: {len(pages)} pages, {len(explorers)} explorers with {states:,} states, {drawn:,} of them drawn "
            f"now; {time.perf_counter() - start:.0f} seconds; {site}"
        )

    app.connect("html-page-context", note_sheets)
    app.connect("build-finished", finish, priority=900)
