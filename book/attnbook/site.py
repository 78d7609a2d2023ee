"""What happens when all pages are written: the stylesheet and the font are cut to what the pages use."""

import re
from html import unescape
from pathlib import Path
from shutil import copyfile

from attnbook.icons import icon_css, icon_names
from attnbook.mathfont import signs, write_font
from attnbook.page import STATIC
from attnbook.pictures import draw_frames, explorers_shown
from attnbook.stylesheet import names_in, prune

THEME_CSS = "styles/pydata-sphinx-theme.css"  # the theme links it by hand, so Sphinx does not list it
ICON_LIBRARY = "scripts/fontawesome.js"

_SCRIPT = re.compile(r'<script[^>]* src="(?:\.\.?/)*_static/([^"?]+)')
_FORMULA = re.compile(r"<math.*?</math>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def finish(app, exception) -> None:
    """Write ``site.css``, ``math.woff2`` and the site's first page."""
    if exception or app.builder.format != "html":
        return
    draw_frames(app, explorers_shown(app))
    static = Path(app.outdir) / "_static"
    copyfile(static.parent / f"{app.config.root_doc}.html", static.parent / "index.html")  # instead of a redirection
    pages = [path.read_text("utf-8") for path in sorted(Path(app.outdir).rglob("*.html")) if static not in path.parents]
    scripts = {name for page in pages for name in _SCRIPT.findall(page)}
    names = names_in(pages, [(static / name).read_text("utf-8") for name in sorted(scripts)])

    linked = sorted(app.builder._css_files, key=lambda sheet: sheet.priority)
    sheets = dict.fromkeys([THEME_CSS, *(str(sheet.filename).removeprefix("_static/") for sheet in linked)])
    texts = {name: (static / name).read_text("utf-8") for name in sheets if (static / name).is_file()}
    own = {path.name for path in STATIC.iterdir()}
    theme = "\n".join(text for name, text in texts.items() if name not in own)
    course = "\n".join(text for name, text in texts.items() if name in own)
    icons = icon_css(set().union(*map(icon_names, pages)), (static / ICON_LIBRARY).read_text("utf-8"))
    # In a layer, the theme's rules give way to every rule outside it, however they are worded.
    css = prune(f"@layer theme {{{theme}}}\n{course}", names) + "\n" + icons
    (static / "site.css").write_text(css, "utf-8")

    formulas = [unescape(_TAG.sub("", formula)) for page in pages for formula in _FORMULA.findall(page)]
    write_font(signs(formulas), static / "math.woff2")


def setup(app) -> None:
    """Run after everything else that writes files."""
    app.connect("build-finished", finish, priority=900)
