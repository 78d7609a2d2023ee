"""What a page carries: its own words, what its head says of it, and few scripts."""

import os
import re
from html import unescape
from math import ceil
from pathlib import Path

from sphinx_design.icons import get_octicon

from attnbook.deeper import plain_summaries
from attnbook.launch import ways
from attnbook.runtime import MEGABYTES

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
WORKBENCH = 'class="workbench'  # where a reader can write and run code

# The mark on a page that calls for a script of the course's own; the others come to every page.
# The theme and its extensions offer fifteen more, among them one that asks another host for a kernel: none is needed.
MARKS = {
    **dict.fromkeys(("python.js", "bundle.js", "picture.js", "touch.js", "explorer.js"), "<figure"),
    "mask-workshop.js": 'data-explorer="mask-workshop"',
    "training.js": "data-training=",
    "record.js": "data-record",  # something of what the reader has done
    "place.js": 'class="quiz"',  # a chapter
    "progress.js": 'class="progress"',
    "quiz.js": 'class="quiz"',
    **dict.fromkeys(("editor.js", "exercise.js"), WORKBENCH),
}
# The fonts that a page's first screen is set in; others come when they are needed.
FONTS = {"text-regular.woff2": "", "text-semibold.woff2": "", "math.woff2": "<math"}

DEEPEST = 3  # steps of four spaces, for each of which the style has a class

UNWRITTEN = {"search": "Search", "404": "Not found"}  # the titles of pages that no source file stands for

_CODE = re.compile(r"<pre>(.*?)</pre>", re.DOTALL)
_PLAIN = re.compile(r'<span class="(?:n|nn|o|p|w)">([^<]*)</span>')  # names, signs and spaces: in the text's own colour
_KINDS = {"s": "sa|s1|s2|sd|se|si", "k": "kc|kn|ow", "m": "mf|mi"}  # which the style gives one colour
_TWINS = re.compile(r'(<span class="(\w+)">[^<]*)</span><span class="\2">')
_TAG = re.compile(r"<[^>]+>")
_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_FORMULA = re.compile(
    r'(?P<before>[(“]*)(?P<open><span class="formula">)?(?P<math><math(?:(?!</math>).)*</math>)'
    r"(?P<close></span>)?(?P<after>[,.;:!?)”]*)",
    re.DOTALL,
)
_OUTPUT = re.compile(r'<div (?=class="output (?:text_plain|stream)\b)')
_PRINTED = re.compile(r'(<div class="output (?:text_plain|stream)\b[^>]*>\s*<div[^>]*>)<pre>(.*?)(?=</pre>)', re.DOTALL)
_GAP = re.compile(r"\S {2,}\S|^ *\[", re.MULTILINE)  # between columns, or before an array's row
_CELL = re.compile(r"<td.*?</td>", re.DOTALL)
_NAME = re.compile(r"(<code[^>]*>)(.*?)(?=</code>)", re.DOTALL)
_LONG_WORD = re.compile(r"[^\s<>]{13,}")
_JOINT = re.compile(r"(?<=\w)[_.,(=]+(?=\w)|(?<=[a-z])(?=[A-Z])")
_FOLD = re.compile(
    r'<summary aria-label="Toggle hidden content">\s*<p class="collapsed[^>]*>Show code cell (\w+)</p>.*?</summary>',
    re.DOTALL,
)
_FOLDED = {  # what opens a cell that MyST-NB folds; an output is folded where the reader is to predict it
    "source": "Show the code",
    "content": "Show the code and its output",
    "output": "Show what it prints",  # below its code
    "outputs": "Show what it prints",  # alone
}
_SOLUTION = re.compile(r'(<div class="cell [^"]*\btag_solution\b[^>]*>\s*<details[^>]*>\s*<summary>)[^<]*', re.DOTALL)


def scripts_for(body: str, offered: list[str], own: set[str]) -> list[str]:
    """Which of the offered scripts a page needs.

    Args:
        body: the page's HTML.
        offered: the file names that Sphinx would link.
        own: the file names in the course's own static folder.
    """
    return [name for name in offered if name in own and MARKS.get(name, "") in body]


def lighter_code(body: str) -> str:
    """Mark only what is coloured, and neighbours of one colour together: a tenth of a chapter's compressed bytes.

    Each line of coloured code is an element, so that a long one can wrap with its rest indented.
    """
    return _CODE.sub(lambda code: f"<pre>{_lighter(code[1])}</pre>", body)


def _lighter(code: str) -> str:
    if "<span></span>" not in code:  # what a cell has printed
        return code
    code = _PLAIN.sub(r"\1", code.replace("<span></span>", ""))
    for kind, classes in _KINDS.items():
        code = re.sub(f'<span class="(?:{classes})">', f'<span class="{kind}">', code)
    while code != (code := _TWINS.sub(r"\1", code)):
        pass
    return "".join(f'<span class="{_line_class(line)}">{line}</span>' for line in code.splitlines(keepends=True))


def _line_class(line: str) -> str:
    words = unescape(_TAG.sub("", line))
    depth = min(ceil((len(words) - len(words.lstrip(" "))) / 4), DEEPEST)  # a printed row of a matrix starts anywhere
    return f"line in-{depth}" if depth else "line"


def joined_signs(body: str) -> str:
    """Keep brackets, commas and stops with the formula that they stand beside: browsers break a line at its edges."""
    return _FORMULA.sub(_joined, body)


def _joined(found: re.Match[str]) -> str:
    before, after = found["before"], found["after"]
    if not before and not after:
        return found[0]
    if found["open"]:  # it may be wider than the line: they scroll with it
        return f"{found['open']}{before}{found['math']}{after}{found['close']}"
    return f'<span class="joined">{before}{found["math"]}{after}</span>{found["close"] or ""}'


def whole_columns(body: str) -> str:
    """Printed arrays and tables keep their lines, which mean nothing once they are wrapped."""
    return _PRINTED.sub(lambda printed: f"{printed[1]}{_opened(printed[2])}{printed[2]}", body)


def _opened(printed: str) -> str:
    text = _TAG.sub("", printed).strip("\n")
    return '<pre class="columns">' if "\n" in text and _GAP.search(text) else "<pre>"


def jointed_names(body: str) -> str:
    """Long names in a table may be broken where they are joined: on a phone they take the room of two columns."""
    return _CELL.sub(lambda cell: _NAME.sub(_jointed, cell[0]), body)


def _jointed(name: re.Match[str]) -> str:
    return name[1] + _LONG_WORD.sub(lambda word: _JOINT.sub(r"\g<0><wbr>", word[0]), name[2])


def fewer_classes(body: str) -> str:
    """Leave out two classes that stand on every cell together, where the style of one undoes that of the other."""
    return body.replace(' docutils container">', '">')


def current_roles(body: str) -> str:
    """The entries of a bibliography as items of its list: the role that they come with is withdrawn (DPUB-ARIA 1.1)."""
    return body.replace('role="doc-biblioentry"', 'role="listitem"')


def plain_folds(body: str) -> str:
    """A folded cell is opened by words, which need no label beside them; a solution says that it is one."""
    named = _FOLD.sub(lambda fold: f"<summary>{_FOLDED[fold[1]]}</summary>", body)
    return _SOLUTION.sub(r"\1Show a solution", named)


def links_aside(body: str) -> str:
    """Take the # beside each heading out of its name and out of the Tab key's way: "On this page" has its address."""
    return body.replace('<a class="headerlink"', '<a class="headerlink" tabindex="-1" aria-hidden="true"')


def named_outputs(body: str) -> str:
    """What a cell has printed says that it is output: a screen reader does not see where the code ends."""
    return _OUTPUT.sub('<div role="group" aria-label="Output" ', body)


def words_of(html: str) -> str:
    """A piece of HTML as one line of plain text."""
    return " ".join(unescape(_TAG.sub("", html)).split())


def description_of(body: str, longest: int = 155) -> str:
    """The first paragraph of a page as plain text, cut at a word; its heading if there is none."""
    for paragraph in _PARAGRAPH.findall(body):
        words = words_of(paragraph)
        if len(words) > 40:
            return words if len(words) <= longest else words[:longest].rsplit(" ", 1)[0] + " …"
    return ""


def page_title(title: str, book: str) -> str:
    """What a tab shows: the page and the book, each once."""
    return title if title == book else f"{title} · {book}"


def meta_of(title: str, description: str, book: str, address: str, canonical: str) -> list[tuple[str, str]]:
    """What the head says to search engines and to those who show a link to the page.

    Addresses there must be absolute: without the site's own they are left out.
    """
    meta = {"description": description, "og:type": "article", "og:site_name": book, "og:title": title}
    meta["og:description"] = description
    if address:
        meta |= {"og:url": canonical, "og:image": f"{address}_static/social.png", "og:image:alt": book}
        meta |= {"og:image:width": "1200", "og:image:height": "630", "twitter:card": "summary_large_image"}
    return [(name, content) for name, content in meta.items() if content]


def clean(app, pagename, templatename, context, doctree) -> None:
    """Prepare what the template will show."""
    body = context.get("body", "")
    for tidy in (
        lighter_code,
        whole_columns,
        joined_signs,
        jointed_names,
        current_roles,
        fewer_classes,
        plain_folds,
        plain_summaries,
        links_aside,
        named_outputs,
    ):
        body = tidy(body)
    context["body"] = body
    book, address = context["docstitle"], app.config.html_baseurl
    title = words_of(context.get("title") or UNWRITTEN.get(pagename, book))
    first = pagename == app.config.root_doc
    context["canonical"] = canonical = address and address + ("" if first else app.builder.get_target_uri(pagename))
    context["page_title"] = page_title(title, book)
    description = description_of(body) or f"{title}: a page of the course “{book}”."
    context["page_meta"] = meta_of(title, description, book, address, canonical)
    if pagename in UNWRITTEN:
        context["page_meta"].append(("robots", "noindex"))
        context["canonical"] = ""
    context["megabytes"] = MEGABYTES
    context["repository_url"] = repository = app.config.repository_url
    if (source := f"{pagename}.ipynb") == context.get("sourcename"):
        lite = context["pathto"]("lite/notebooks/index.html", resource=True) if app.config.lite else ""
        context["ways"] = ways(source, lite, repository, address)
    context["fonts"] = [name for name, mark in FONTS.items() if mark in body]
    offered = {str(script.filename).removeprefix("_static/"): script for script in context["script_files"]}
    needed = scripts_for(body, list(offered), {path.name for path in STATIC.iterdir()})
    context["script_files"] = [offered[name] for name in needed]


def not_found(app):
    """The page that a host shows for an address that does not exist."""
    yield "404", {"title": UNWRITTEN["404"]}, "404.html"


def offer_icons(app, pagename, templatename, context, doctree) -> None:
    """Let a template write ``{{ icon("sun") }}``, before the theme fills in the parts of a page."""
    context["icon"] = get_octicon


def find_parts(app, config) -> None:
    """Put the course's templates before the theme's, its files beside them, and complete the two addresses.

    What the environment says goes before ``_config.yml``: a deployment knows where it deploys to, and from where.
    """
    address = os.environ.get("SITE_ADDRESS") or config.html_baseurl
    config.html_baseurl = address and address.rstrip("/") + "/"
    config.repository_url = os.environ.get("REPOSITORY_ADDRESS") or config.repository_url
    config.templates_path.insert(0, str(TEMPLATES))
    config.html_static_path.append(str(STATIC))


def setup(app) -> None:
    """Tidy every page before it is written."""
    app.add_config_value("repository_url", "", "html")
    app.connect("config-inited", find_parts)
    app.connect("html-collect-pages", not_found)
    app.add_js_file("page.js")
    app.add_css_file("course.css", priority=400)  # before the explorers' own
    app.connect("html-page-context", offer_icons, priority=100)
    app.connect("html-page-context", clean, priority=900)
