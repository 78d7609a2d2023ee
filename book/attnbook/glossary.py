"""The first use of a term on a page leads to the glossary, whose sentence shows where it is pointed at."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx

from attnbook.mathml import to_words

GLOSSARY = "appendix/glossary"
_AS_IT_IS = (nodes.reference, nodes.literal, nodes.math, nodes.math_block, nodes.title, nodes.literal_block, nodes.raw)


class Term(NamedTuple):
    """One entry of the glossary."""

    names: tuple[str, ...]  # the term and its synonyms, in the singular
    anchor: str
    sentence: str


def terms_of(glossary: nodes.Node) -> list[Term]:
    """The entries of a glossary's document."""
    found = []
    for item in glossary.findall(nodes.definition_list_item):
        names = [child for child in item if isinstance(child, nodes.term)]
        definition = _in_words(item.next_node(nodes.definition))
        sentence = definition.partition(" See chapter ")[0]
        found.append(Term(tuple(name.astext() for name in names), names[0]["ids"][0], sentence))
    return found


def _in_words(definition: nodes.definition) -> str:
    """Its text, with formulas as they can be read in the title of a link."""
    spoken = definition.deepcopy()
    for formula in list(spoken.findall(nodes.math)):
        formula.replace_self(nodes.Text(to_words(formula.astext())))
    return spoken.astext()


def forms(terms: list[Term]) -> dict[str, Term]:
    """Every term as it may stand in a text, in lower case: in the singular and in the plural."""
    singular = {name.lower(): term for term in terms for name in term.names}
    plural = {re.sub("y$", "ie", name) + "s": term for name, term in singular.items()}
    return plural | singular


def pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Finds a name in a text, the longest that begins at a place."""
    either = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])", re.IGNORECASE)


def texts(doctree: nodes.document) -> Iterator[nodes.Text]:
    """What is plain prose on a page, in its order."""
    for text in list(doctree.findall(nodes.Text)):
        above, node = [], text.parent
        while node is not None:
            above.append(node)
            node = node.parent
        prose = any(isinstance(node, nodes.paragraph) for node in above)
        if prose and not any(isinstance(node, _AS_IT_IS) for node in above):
            yield text


def link_terms(doctree: nodes.document, terms: list[Term], address: str) -> None:
    """Turn the first use of each term into a link.

    Args:
        doctree: the page, which is changed.
        terms: of the glossary.
        address: of the glossary, seen from the page.
    """
    by_name = forms(terms)
    if not by_name:
        return
    any_term, linked = pattern(by_name), set()
    for text in texts(doctree):
        parts: list[nodes.Node] = []
        end = 0
        for found in any_term.finditer(str(text)):
            term = by_name[found[0].lower()]
            if term.anchor in linked:
                continue
            noun = by_name.get(found[0].lower().split()[-1], term)
            linked |= {term.anchor, noun.anchor}  # a "map" that follows an "attention map" is one, too
            link = nodes.reference("", found[0], refuri=f"{address}#{term.anchor}", internal=True, classes=["term"])
            link["reftitle"] = term.sentence
            parts += [nodes.Text(str(text)[end : found.start()]), link]
            end = found.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(str(text)[end:])])


def note_terms(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the entries when the glossary is read."""
    if app.env.docname == GLOSSARY:
        app.env.attnbook_terms = terms_of(doctree)


def link(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link a page of the course; the pages of the appendix are there to look things up, and stay plain."""
    if app.builder.format == "html" and docname.startswith("chapters/"):
        address = app.builder.get_relative_uri(docname, GLOSSARY)
        link_terms(doctree, getattr(app.env, "attnbook_terms", []), address)


def setup(app: Sphinx) -> None:
    """Note the terms, and link them once all pages are read."""
    app.connect("doctree-read", note_terms)
    app.connect("doctree-resolved", link)
