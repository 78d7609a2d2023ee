"""What a page carries: its own words and few scripts."""

import re
from html import unescape
from pathlib import Path

from sphinx_design.icons import get_octicon

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"

# The only scripts that do something for a reader, and the mark on a page that calls for each.
# The theme and its extensions offer fifteen, among them one that asks another host for a kernel.
SEARCH_PAGE = 'id="search-results"'
SCRIPTS = {
    "documentation_options.js": "",  # read by the theme's script
    "scripts/sphinx-book-theme.js": "",  # the contents open and close
    "doctools.js": SEARCH_PAGE,
    "sphinx_highlight.js": SEARCH_PAGE,
    "clipboard.min.js": "<pre",
    "copybutton.js": "<pre",
    "design-tabs.js": "sd-tab-set",
}

_CODE = re.compile(r"<pre>.*?</pre>", re.DOTALL)
_PLAIN = re.compile(r'<span class="(?:n|nn|o|p|w)">([^<]*)</span>')  # names, signs and spaces: in the text's own colour
_KINDS = {"s": "sa|s1|s2|sd|se|si", "k": "kc|kn|ow", "m": "mf|mi"}  # which the style gives one colour
_TWINS = re.compile(r'(<span class="(\w+)">[^<]*)</span><span class="\2">')
_TAG = re.compile(r"<[^>]+>")
_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>\s*')


def scripts_for(body: str, offered: list[str], own: set[str]) -> list[str]:
    """Which of the offered scripts a page needs.

    Args:
        body: the page's HTML.
        offered: the file names that Sphinx would link.
        own: the file names in the course's own static folder, which are always kept.
    """
    return [name for name in offered if name in own or (name in SCRIPTS and SCRIPTS[name] in body)]


def lighter_code(body: str) -> str:
    """Mark only what is coloured, and neighbours of one colour together: a tenth of a chapter's compressed bytes."""
    return _CODE.sub(lambda code: _lighter(code[0]), body)


def _lighter(code: str) -> str:
    code = _PLAIN.sub(r"\1", code.replace("<span></span>", ""))
    for kind, classes in _KINDS.items():
        code = re.sub(f'<span class="(?:{classes})">', f'<span class="{kind}">', code)
    while code != (code := _TWINS.sub(r"\1", code)):
        pass
    return code


def fewer_classes(body: str) -> str:
    """Leave out two classes that stand on every cell together, where the style of one undoes that of the other."""
    return body.replace(' docutils container">', '">')


def current_roles(body: str) -> str:
    """The entries of a bibliography as items of its list: the role that they come with is withdrawn (DPUB-ARIA 1.1)."""
    return body.replace('role="doc-biblioentry"', 'role="listitem"')


def description_of(body: str, longest: int = 155) -> str:
    """The first paragraph of a page as plain text, cut at a word."""
    for paragraph in _PARAGRAPH.findall(body):
        words = " ".join(unescape(_TAG.sub("", paragraph)).split())
        if len(words) > 40:
            return words if len(words) <= longest else words[:longest].rsplit(" ", 1)[0] + " …"
    return ""


def clean(app, pagename, templatename, context, doctree) -> None:
    """Prepare what the template will show."""
    body = context.get("body", "")
    context["metatags"] = _VIEWPORT.sub("", context.get("metatags", ""))  # the theme writes its own
    context["body"] = body = fewer_classes(current_roles(lighter_code(body)))
    context["description"] = description_of(body)
    offered = {str(script.filename).removeprefix("_static/"): script for script in context["script_files"]}
    own = {path.name for path in STATIC.iterdir()}
    needed = scripts_for(SEARCH_PAGE if pagename == "search" else body, list(offered), own)
    context["script_files"] = [offered[name] for name in needed]


def offer_icons(app, pagename, templatename, context, doctree) -> None:
    """Let a template write ``{{ icon("sun") }}``, before the theme fills in the parts of a page."""
    context["icon"] = get_octicon


def find_parts(app, config) -> None:
    """Put the course's templates before the theme's, and its files beside them."""
    config.templates_path.insert(0, str(TEMPLATES))
    config.html_static_path.append(str(STATIC))


def setup(app) -> None:
    """Tidy every page before it is written."""
    app.connect("config-inited", find_parts)
    app.add_css_file("course.css", priority=400)  # before the explorers' own
    app.connect("html-page-context", offer_icons, priority=100)
    app.connect("html-page-context", clean, priority=900)
