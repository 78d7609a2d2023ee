"""A citation is a plain link to the work: it reads the same on the page, in JupyterLab and in a downloaded notebook."""

import re

import pytest
from pybtex.database import Entry, parse_file

from tests.notebooks import NOTEBOOKS, ROOT, prose

TEXTS = {page.name: page.read_text(encoding="utf-8") for page in [ROOT / "intro.md", *(ROOT / "appendix").glob("*.md")]}
TEXTS |= {chapter.name: prose(chapter) for chapter in NOTEBOOKS}
ENTRIES = parse_file(str(ROOT / "appendix" / "references.bib")).entries


def address(entry: Entry) -> str:
    """Where anyone can read the work, if there is such a place."""
    if "eprint" in entry.fields:
        return f"https://arxiv.org/abs/{entry.fields['eprint']}"
    return entry.fields.get("url") or f"https://doi.org/{entry.fields['doi']}"


def wordings(entry: Entry) -> set[str]:
    """The two ways to name a work: as a part of the sentence, and in parentheses behind it."""
    names = [" ".join(author.prelast_names + author.last_names) for author in entry.persons["author"]]
    authors = " and ".join(names) if len(names) <= 2 else f"{names[0]} et al."
    return {f"{authors} ({entry.fields['year']})", f"{authors}, {entry.fields['year']}"}


CITED = {(words, target) for text in TEXTS.values() for words, target in re.findall(r"\[([^\]]+)\]\((\S+?)\)", text)}
WORKS = {address(entry): entry for entry in ENTRIES.values()}


def test_every_work_has_an_address_of_its_own():
    assert len(WORKS) == len(ENTRIES)
    assert all(where.startswith("https://") for where in WORKS)


@pytest.mark.parametrize("where", WORKS)
def test_every_work_is_cited_and_every_link_to_it_says_authors_and_year(where):
    said = {words for words, target in CITED if target == where}
    assert said
    assert said <= wordings(WORKS[where])


def test_what_reads_like_a_citation_is_in_the_bibliography():
    dated = {target for words, target in CITED if re.search(r"\b(19|20)\d\d\)?$", words)}
    assert dated <= set(WORKS)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_citation_is_left_in_a_markup_that_only_the_site_understands(text):
    assert "{cite" not in text
