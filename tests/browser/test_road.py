"""A chapter's main road on a desk: its first figure is in the first screen, and a step fits one."""

import pytest
from playwright.sync_api import expect

from attnbook.notebooks import cells_of, is_deeper
from tests.notebooks import CHAPTERS

pytestmark = [pytest.mark.browser, pytest.mark.site]

SCREEN = {"width": 1280, "height": 900}
HIGHEST = 16_000  # pixels of a chapter with its deeper sections closed

# Of every figure that is not folded away: where it begins, and how high it is with the question before it.
_FIGURES = """() => [...document.querySelectorAll("article :is(figure.explorer, figure.picture)")]
  .filter((figure) => figure.checkVisibility())
  .map((figure) => {
    const box = figure.getBoundingClientRect();
    let question = figure.closest(".cell");
    while (question && !/^Predict\\./.test(question.textContent.trim())) question = question.previousElementSibling;
    const caption = figure.querySelector("figcaption").getBoundingClientRect();
    return {
      name: figure.dataset.explorer ?? figure.dataset.picture,
      top: box.top + scrollY,
      height: caption.bottom - (question ?? figure).getBoundingClientRect().top,
    };
  })"""


@pytest.fixture(scope="module", params=CHAPTERS, ids=lambda chapter: chapter.stem)
def chapter(request):
    return request.param


@pytest.fixture(scope="module")
def page(visit, site, chapter):
    with visit(f"{site}chapters/{chapter.stem}.html", **SCREEN) as page:
        yield page


def test_the_first_figure_is_in_the_first_screen(page):
    assert page.evaluate(_FIGURES)[0]["top"] < SCREEN["height"]


def test_a_figure_its_question_and_its_takeaway_fit_one_screen(page):
    bar = page.locator(".bar").bounding_box()["height"]
    too_high = {
        figure["name"]: round(figure["height"])
        for figure in page.evaluate(_FIGURES)
        if figure["height"] > SCREEN["height"] - bar
    }
    assert too_high == {}


def test_a_chapter_is_not_endless(page):
    assert page.evaluate("() => document.querySelector('main').scrollHeight") <= HIGHEST


def test_what_goes_deeper_is_closed_and_a_link_into_it_opens_it(page, chapter):
    deeper = page.locator("details.deeper")
    assert deeper.count() == sum(map(is_deeper, cells_of(chapter)))
    assert page.locator("details.deeper[open]").count() == 0
    section = page.locator("article section:has(> details.deeper)").last
    page.evaluate("(id) => location.hash = id", section.get_attribute("id"))
    expect(section.locator("> details")).to_have_attribute("open", "")
    page.evaluate("() => document.querySelectorAll('details.deeper').forEach((part) => part.open = false)")


def test_an_answer_shows_once_the_reader_has_moved_the_figure_and_looked(page):
    figure = page.locator("article figure.explorer").first
    answer = page.locator(".cell:has(figure.explorer) + details.answer").first
    expect(answer).not_to_have_attribute("open", "")
    control = figure.locator(".controls :is(input, select)").first
    if control.evaluate("control => control.type") == "select-one":
        control.select_option(index=0 if control.input_value() != "0" else 1)
    elif control.get_attribute("type") == "checkbox":
        control.click()
    else:
        control.press("ArrowRight" if control.input_value() == "0" else "ArrowLeft")
    expect(answer).not_to_have_attribute("open", "")
    expect(answer).to_have_attribute("open", "", timeout=10_000)
    answer.locator("summary").click()
    control.press("ArrowRight")
    expect(answer).not_to_have_attribute("open", "")
