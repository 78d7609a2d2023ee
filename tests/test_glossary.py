"""Every term of the glossary has one sentence, and the first use of a term on a page leads to it."""

import re

import pytest
from docutils import nodes
from docutils.core import publish_doctree

from attnbook.glossary import Term, link_terms, terms_of
from tests.notebooks import CHAPTERS, ROOT, prose

GLOSSARY = (ROOT / "appendix" / "glossary.md").read_text("utf-8")
ENTRIES = re.findall(
    r"((?:^\S.*\n)+)^  (\S.*)$", "\n".join(re.findall(r"```\{glossary\}\n(.*?)```", GLOSSARY, re.S)), re.M
)
NAMES = [name for names, _ in ENTRIES for name in names.split("\n") if name]
TERMS = [
    Term(("score",), "term-score", "How well they fit."),
    Term(("query",), "term-query", "What is asked."),
    Term(("self-attention",), "term-self", "From one sequence."),
    Term(("attention weight",), "term-weight", "A share."),
    Term(("attention score",), "term-attention-score", "How well they fit, of attention."),
]


def links(source: str) -> list[tuple[str, str]]:
    page = publish_doctree(source, settings_overrides={"report_level": 5})
    link_terms(page, TERMS, "../glossary.html")
    return [(link.astext(), link["refuri"]) for link in page.findall() if link.tagname == "reference"]


def test_the_first_use_of_a_term_is_a_link_and_the_second_is_not():
    assert links("Scores are large. A score is a number.") == [("Scores", "../glossary.html#term-score")]


def test_a_noun_that_is_said_again_without_its_adjective_is_no_other_term():
    assert links("An attention score, and then the score.") == [
        ("attention score", "../glossary.html#term-attention-score")
    ]


def test_the_sentence_of_a_term_has_no_tex_in_it():
    item = nodes.definition_list_item()
    item += nodes.term("", "width", ids=["term-width"])
    item += nodes.definition("", nodes.paragraph("", "", nodes.Text("Written "), nodes.math("", r"d_\mathrm{model}")))
    [term] = terms_of(nodes.definition_list("", item))
    assert term.sentence == "Written d_model"


def test_a_plural_leads_to_its_term():
    assert links("Queries meet keys.") == [("Queries", "../glossary.html#term-query")]


def test_a_term_within_another_word_stays():
    assert links("An underscore, a scoreboard, and non-self-attention.") == []


def test_code_headings_and_links_stay_as_they_are():
    assert links("Score\n=====\n\nSee ``score`` and `attention weight <x>`_.") == [("attention weight", "x")]


def test_what_is_linked_reads_as_before():
    source = "The *score* of self-attention is no attention weight."
    page = publish_doctree(source)
    link_terms(page, TERMS, "g.html")
    assert page.astext() == "The score of self-attention is no attention weight."


def test_no_term_is_explained_twice():
    assert len(NAMES) == len(set(NAMES)) > 40


@pytest.mark.parametrize(("names", "sentence"), ENTRIES, ids=[names.split("\n")[0] for names, _ in ENTRIES])
def test_an_entry_is_one_sentence_and_says_which_chapter_explains_it(names, sentence):
    explained, where = re.fullmatch(r"(.+?\.) See \[chapter \d\]\(\.\./chapters/(\S+\.ipynb)\)\.", sentence).groups()
    assert len(explained.split()) <= 40
    assert (ROOT / "chapters" / where).is_file()


@pytest.mark.parametrize(("names", "sentence"), ENTRIES, ids=[names.split("\n")[0] for names, _ in ENTRIES])
def test_the_chapter_that_is_named_uses_the_term(names, sentence):
    chapter = next(path for path in CHAPTERS if path.name in sentence)
    text = prose(chapter).lower()
    assert any(name.lower().partition(" of a ")[0] in text for name in names.split("\n") if name)
