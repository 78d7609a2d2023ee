"""What happens when all pages are written: pictures beside them, one stylesheet, fonts cut to their signs, a search."""

import gzip
import re
import time
from html import unescape
from pathlib import Path
from shutil import copyfile

from sphinx.util import logging

from attnbook import trainings
from attnbook.addresses import absolute, checksum, robots, sitemap, stamped
from attnbook.colours import colours_css
from attnbook.explorers import room_css
from attnbook.mathfont import signs as formula_signs
from attnbook.mathfont import write_font
from attnbook.page import STATIC
from attnbook.pictures import drawn, lay_out, shown
from attnbook.search import write_search_data
from attnbook.social import write_picture
from attnbook.textfont import more_css, signs, write_fonts
from attnbook.unused import remove_unused
from attnbook.written import when_written

CREDIT = "/* Icons: Octicons, copyright GitHub Inc., MIT licence */\n"

_FORMULA = re.compile(r"<math.*?</math>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")

log = logging.getLogger(__name__)


def documents(app) -> list[str]:
    """The names of the book's documents, in its order."""
    root = app.config.root_doc
    return [root, *app.env.toctree_includes.get(root, ())]


def pages_of(app) -> dict[str, str]:
    """Address → HTML of every page of this book; what an older build has left beside them does not count."""
    addresses = map(app.builder.get_target_uri, [*documents(app), "search", "404"])
    return {address: Path(app.outdir, address).read_text("utf-8") for address in addresses}


def write_stylesheet(static: Path, sheets: list[str], *more: str) -> None:
    """Write ``site.css``: the palette, the course's own sheets in their order, and ``more`` rules."""
    texts = [(STATIC / name).read_text("utf-8") for name in sheets]
    rules = "\n".join([CREDIT + colours_css(), *texts, *more])
    (static / "site.css").write_text(stamped(rules, checksums(static)), "utf-8")


def checksums(static: Path) -> dict[str, str]:
    """Name → checksum of the files of a folder."""
    return {file.name: checksum(file) for file in static.iterdir() if file.is_file()}


def setup(app) -> None:
    """Take part in the writing of every page, and run after everything else that writes files."""
    start = time.perf_counter()
    sheets: dict[str, int] = {}  # file name → its place in the order of all

    def note_sheets(app, pagename, templatename, context, doctree) -> None:
        own = {path.name for path in STATIC.iterdir()}
        found = {str(sheet.filename).removeprefix("_static/"): sheet.priority for sheet in context["css_files"]}
        sheets.update({name: priority for name, priority in found.items() if name in own})

    def finish(app) -> None:
        """Write what all pages share, and say what there is now."""
        explorers = shown(app.env)
        figures = {explorer: drawn(app, explorer) for explorer in explorers}
        lay_out(app, figures)
        site, address = Path(app.outdir), app.config.html_baseurl
        static = site / "_static"
        lost = site / "404.html"
        lost.write_text(absolute(lost.read_text("utf-8"), address), "utf-8")
        pages = pages_of(app)
        states = (gzip.decompress(bundle).decode() for figure in figures.values() for bundle in figure.bundles.values())
        text = signs(pages.values(), *states)
        if missing := write_fonts(text, static):
            log.info(f"left to the reader's own fonts: {missing}")
        formulas = [unescape(_TAG.sub("", formula)) for page in pages.values() for formula in _FORMULA.findall(page)]
        write_font(formula_signs(formulas), static / "math.woff2")
        trained = [
            trainings.drawn(each) for each in trainings.shown(Path(app.env.doc2path(doc)) for doc in documents(app))
        ]
        room = room_css([*figures.values(), *trained])
        write_stylesheet(static, sorted(sheets, key=sheets.get), more_css(text), room)
        write_search_data(pages, static / "search-data.js")
        write_picture(app.config.html_title, static / "social.png")
        sums = checksums(static)
        for page, html in pages.items():
            (site / page).write_text(stamped(html, sums), "utf-8")
        first = app.builder.get_target_uri(app.config.root_doc)
        copyfile(site / first, site / "index.html")  # instead of a redirection
        (site / "robots.txt").write_text(robots(address), "utf-8")
        (site / ".nojekyll").touch()  # else GitHub Pages leaves out folders whose names begin with an underscore
        if address:
            (site / "sitemap.xml").write_text(sitemap(address, list(pages)[1:-2]), "utf-8")
        removed = remove_unused([site / page for page in pages], site)
        count = sum(len(explorer.states) for explorer in explorers)
        log.info(
            f"the site: {len(pages)} pages, {len(explorers)} explorers with {count:,} states, {app.attnbook_drawn:,} "
            f"drawn now; {removed} unused files removed; {time.perf_counter() - start:.0f} seconds; {site}"
        )

    app.connect("html-page-context", note_sheets)
    when_written(app, finish, priority=900)
