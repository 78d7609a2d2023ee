"""What happens when all pages are written: the stylesheet and the font are cut to what the pages use."""

import re
from html import unescape
from pathlib import Path

from attnbook.icons import icon_css, icon_names
from attnbook.mathfont import signs, write_font
from attnbook.stylesheet import names_in, prune

THEME_CSS = "styles/pydata-sphinx-theme.css"  # the theme links it by hand, so Sphinx does not list it
ICON_LIBRARY = "scripts/fontawesome.js"
# Parts of the theme that no page asks for any more.
LEFT_OVER = ("vendor", "scripts/bootstrap*", "scripts/fontawesome*", "**/*.map", "sphinx-thebe*", "locales")

_FORMULA = re.compile(r"<math.*?</math>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def finish(app, exception) -> None:
    """Write ``site.css`` and ``math.woff2``."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    pages = [path.read_text("utf-8") for path in sorted(Path(app.outdir).rglob("*.html")) if static not in path.parents]
    scripts = {name for page in pages for name in re.findall(r'<script[^>]* src="(?:\.\./)*(?:\./)?_static/([^"?]+)', page)}
    names = names_in(pages, [(static / name).read_text("utf-8") for name in sorted(scripts)])

    sheets = [THEME_CSS, *(str(sheet.filename) for sheet in sorted(app.builder._css_files, key=lambda s: s.priority))]
    sheets = [name for name in dict.fromkeys(sheets) if (static / name).is_file()]
    css = [prune((static / name.removeprefix("_static/")).read_text("utf-8"), names) for name in sheets]
    icons = icon_css(set().union(*map(icon_names, pages)), icon_library())
    (static / "site.css").write_text("\n".join([*css, icons]), "utf-8")

    formulas = [unescape(_TAG.sub("", formula)) for page in pages for formula in _FORMULA.findall(page)]
    write_font(signs(formulas), static / "math.woff2")


def icon_library() -> str:
    """The text of the theme's own icon script."""
    import pydata_sphinx_theme

    static = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
    return (static / ICON_LIBRARY).read_text("utf-8")


def setup(app) -> None:
    """Run after everything else that writes files."""
    app.connect("build-finished", finish, priority=900)
