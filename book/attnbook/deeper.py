"""Sections that go deeper: closed on the page until a reader opens them, as they are in JupyterLab."""

import re
from pathlib import Path

from docutils import nodes

from attnbook.notebooks import cells_of, heading, is_deeper

_LINK = re.compile(r'(<summary><h(\d)>(?:(?!</h\2>).)*?)<a class="headerlink"[^>]*>.*?</a>', re.DOTALL)


def letters(title: str) -> str:
    """A heading without its signs: Markdown writes a formula with more of them than a page."""
    return re.sub(r"[\W_]", "", title)


def closed_headings(notebook: Path) -> set[str]:
    """The letters of the headings whose sections start closed."""
    return {letters(found[1]) for cell in cells_of(notebook) if is_deeper(cell) and (found := heading(cell))}


def fold(app, doctree, docname: str) -> None:
    """Put each closed section of a notebook into ``<details>``, its heading being what opens it, and link its name."""
    source = Path(app.env.doc2path(docname))
    if source.suffix != ".ipynb":
        return
    closed, topics = closed_headings(source), {}
    for section in list(doctree.findall(nodes.section)):
        if isinstance(section[0], nodes.title) and letters(section[0].astext()) in closed:
            section.insert(0, nodes.raw("", '<details class="deeper"><summary>', format="html"))
            section.insert(2, nodes.raw("", "</summary>", format="html"))
            section.append(nodes.raw("", "</details>", format="html"))
            topics[_topic(section[1].astext())] = section["ids"][0]
    for name in list(doctree.findall(nodes.emphasis)):
        if topic := topics.get(name.astext().lower()):  # a sentence may begin with it
            name.replace_self(nodes.reference("", "", name.deepcopy(), refid=topic, internal=True))


def _topic(title: str) -> str:
    """What the text calls a section whose heading is "Going deeper: the matrix of a step, and more (7 minutes)"."""
    return re.sub(r"^Going deeper: | \(\d+ minutes?\)$|, and .*", "", title).lower()


def shorter_contents(app, env) -> None:
    """Leave in "On this page" the steps of a chapter, without what lies below them."""
    for docname, contents in env.tocs.items():
        if Path(env.doc2path(docname)).suffix == ".ipynb":
            [page] = contents.children
            for steps in page.children[1:]:  # after the link to the page itself
                for step in steps.children:
                    del step[1:]


def plain_summaries(body: str) -> str:
    """Take the # out of headings that open a section: a link within a button is reached by nobody."""
    return _LINK.sub(r"\1", body)


def setup(app) -> None:
    """Shorten the contents when all sections have their numbers, and fold when a page is written."""
    app.connect("env-check-consistency", shorter_contents)
    app.connect("doctree-resolved", fold)
