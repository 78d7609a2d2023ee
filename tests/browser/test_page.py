"""Every page of the built site, as a reader's browser sees it."""

from urllib.request import urlopen

import pytest
import yaml

from attnbook.page import words_of
from attnbook.sentences import sentence_html
from attncourse.quiz import QUIZ_MIME
from tests.browser.served import served
from tests.notebooks import CHAPTERS, ROOT, stored

pytestmark = [pytest.mark.browser, pytest.mark.site]

_TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [_TOC["root"], *(page["file"] for part in _TOC["parts"] for page in part["chapters"])]
CHAPTER_PAGES = [f"chapters/{chapter.stem}" for chapter in CHAPTERS]

# Address → bytes of everything that was transferred, the page itself included.
_TRANSFERRED = """() => Object.fromEntries(
  ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type)).map(
    ({ name, transferSize }) => [name, transferSize]
  )
)"""
each_page = pytest.mark.parametrize("page_name", PAGES)
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)


def test_every_chapter_is_in_the_table_of_contents():
    assert set(CHAPTER_PAGES) == {page for page in PAGES if page.startswith("chapters/")}


@each_chapter
def test_the_notebook_that_a_reader_downloads_is_the_one_that_was_tested(site, chapter):
    with urlopen(f"{site}_sources/chapters/{chapter.name}") as answer:
        assert answer.read() == chapter.read_bytes()


@each_chapter
@pytest.mark.parametrize("width", [390, 1280])
def test_a_chapter_starts_with_at_most_300_kilobytes(visit, site, chapter, width, record_property):
    with visit(f"{site}chapters/{chapter.stem}.html", width=width, height=844) as page:  # in a fresh profile
        page.wait_for_load_state("networkidle")
        sizes = page.evaluate(_TRANSFERRED)
    assert all(sizes.values()), f"not asked of the network: {sizes}"
    record_property("bytes", sum(sizes.values()))
    assert sum(sizes.values()) <= 300_000


@each_chapter
def test_the_self_test_answers_back(visit, site, chapter):
    questions = [question for quiz in stored(chapter, QUIZ_MIME) for question in quiz]
    with visit(f"{site}chapters/{chapter.stem}.html") as page:
        shown = page.locator(".quiz fieldset")
        assert shown.count() == len(questions)
        for question, fieldset in zip(questions, shown.all(), strict=True):
            for option in question["options"]:
                answer, reason = (words_of(sentence_html(option[part])) for part in ("answer", "reason"))
                fieldset.get_by_label(answer, exact=True).check()
                said = fieldset.get_by_role("status").inner_text()
                assert reason in said
                assert said.startswith("Right") == (option["answer"] == question["right"])


@pytest.mark.parametrize("page_name", ["intro", CHAPTER_PAGES[0], "appendix/claims"])
def test_the_site_works_below_a_folder_of_its_host(visit, page_name):
    """As a project's page on a shared host, whose address has the project's name in it: one page of each folder."""
    with served("/some/project/") as address, visit(f"{address}{page_name}.html", deeper=True) as page:
        for figure in page.locator("figure.explorer").all():
            figure.scroll_into_view_if_needed()
            before = figure.get_attribute("data-state")
            control = figure.locator("input[type=range], select").first
            control.press("Home")
            if figure.get_attribute("data-state") == before:  # it was there already
                control.press("End")
            assert figure.get_attribute("data-state") != before
            page.wait_for_function("figure => !figure.hasAttribute('aria-busy')", arg=figure.element_handle())
            assert figure.get_by_role("img").get_attribute("aria-label") == figure.locator("output").inner_text()
