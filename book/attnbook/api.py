"""The API page: every public docstring, and the chapters in which each name is at work."""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from html import escape
from importlib import import_module
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from attnbook.chapters import CHAPTERS


def names_used(source: str) -> set[str]:
    """Every name and attribute that the code of one cell mentions; nothing if it is not plain Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a magic such as %timeit, or a cell that shows a mistake
        return set()
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def used_in(notebook: Path) -> set[str]:
    """Every name that a notebook's code mentions; importing alone is not using."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return set().union(*(names_used("".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"))


def index(root: Path) -> dict[str, list[str]]:
    """Name → links to the chapters below ``root`` that use it."""
    links = defaultdict(list)
    for chapter in CHAPTERS:
        if notebook := chapter.notebook(root):
            for name in used_in(notebook):
                links[name].append(f":doc:`chapter\u00a0{chapter.number} </chapters/{notebook.stem}>`")
    return links


def public_names(module: str) -> list[str]:
    """What a module offers, in the order of its ``__all__``."""
    return list(import_module(module).__all__)


class Api(SphinxDirective):
    """``{api} attnlib``: the docstrings of a module's public names, each with its chapters.

    The option ``names`` chooses some of them, in an order of its own.
    """

    required_arguments = 1
    option_spec = {"names": directives.unchanged}  # noqa: RUF012  docutils reads it from the class

    def run(self) -> list[nodes.Node]:
        """One description a name, as autodoc writes it."""
        self.env.note_reread()
        module = self.arguments[0]
        links = index(Path(self.env.srcdir))
        names = self.options.get("names", "").split() or public_names(module)
        lines = [line for name in names for line in description(module, name, links.get(name, []))]
        container = nodes.Element()
        self.state.nested_parse(StringList(["```{eval-rst}", *lines, "```"], "api"), 0, container)
        return container.children


class ApiContents(SphinxDirective):
    """``{api-contents}``: every name of the page as a link, under the headings that it stands below."""

    def run(self) -> list[nodes.Node]:
        """A list with an entry for each heading."""
        self.env.note_reread()
        entries = contents(Path(self.env.doc2path(self.env.docname)).read_text("utf-8"))
        items = "".join(
            f"<div><dt>{escape(title)}</dt><dd>{', '.join(map(_link, names))}</dd></div>" for title, names in entries
        )
        return [nodes.raw("", f'<dl class="api-contents">{items}</dl>', format="html")]


def contents(page: str) -> list[tuple[str, list[str]]]:
    """The headings of an API page, each with the full names that are described below it."""
    found = []
    for section in re.split(r"^#{2,3} ", page, flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0].strip()
        names = []
        for module, chosen in re.findall(r"^```\{api\} (\S+)\n(?::names: (.*)\n)?```", section, re.MULTILINE):
            names += [f"{module}.{name}" for name in chosen.split() or public_names(module)]
        found.append((title, names))
    return [(title, names) for title, names in found if names]


def _link(name: str) -> str:
    return f'<a href="#{name}"><code>{name.rpartition(".")[2]}</code></a>'


def description(module: str, name: str, links: Iterable[str]) -> list[str]:
    """What autodoc is asked to write about one name, and a line on where it is used."""
    kind = "class" if isinstance(getattr(import_module(module), name), type) else "function"
    used = f"   Used in {', '.join(links)}." if links else ""
    return [f".. auto{kind}:: {module}.{name}", "", used, ""]


def keep_returns_whole(app, what, name, obj, options, lines: list[str]) -> None:
    """Say that no type stands before a colon in what is returned: Napoleon would take half a sentence for one."""
    if "Returns:" in lines:
        first = lines.index("Returns:") + 1
        lines[first] = lines[first].replace("    ", "    : ", 1)


def setup(app) -> None:
    """Make the directive known, and prepare docstrings before Napoleon reads them."""
    app.add_directive("api", Api)
    app.add_directive("api-contents", ApiContents)
    app.connect("autodoc-process-docstring", keep_returns_whole, priority=400)
