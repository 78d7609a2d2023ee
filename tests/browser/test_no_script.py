"""Every page can be read where scripts do not run."""

import pytest

from attnbook.drawing import load
from attnbook.pictures import sources
from attncourse.quiz import QUIZ_MIME
from attncourse.training import TRAINING_MIME
from tests.browser.test_page import PAGES
from tests.notebooks import ROOT, stored

pytestmark = [pytest.mark.browser, pytest.mark.site]

# Of every figure: its name, whether its picture is seen, its sentence if it has one, the picture's alternative.
_PICTURES = """stages => stages.map((stage) => {
  const picture = stage.querySelector("[role=img]");
  const box = picture.getBoundingClientRect();
  const visible = picture.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const sentence = stage.closest("figure").querySelector("output")?.textContent ?? null;
  return [stage.dataset.figure, visible && box.width * box.height > 0, sentence, picture.getAttribute("aria-label")];
})"""
_SEEN = "all => all.filter((one) => one.checkVisibility())"


@pytest.fixture(scope="module", params=PAGES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def page(visit, site, name):
    with visit(f"{site}{name}.html", java_script_enabled=False, deeper=True) as page:
        yield page


@pytest.fixture(scope="module")
def notebook(name):
    """Where the page is made of a notebook, that."""
    file = ROOT / f"{name}.ipynb"
    return file if file.exists() else None


def test_text_pictures_and_formulas_can_be_read(page, notebook, name):
    source_file = notebook or ROOT / f"{name}.md"
    article = page.locator("article")
    assert article.locator("h1").is_visible()
    assert len(article.inner_text().split()) > 100
    assert "$$" not in article.inner_text()
    pictures = article.locator(".stage").evaluate_all(_PICTURES)
    trainings = [described["source"] for described in stored(notebook, TRAINING_MIME)] if notebook else []
    assert {name for name, *_ in pictures} == {load(source).name for source in [*sources(source_file), *trainings]}
    for name, visible, said, alternative in pictures:
        assert visible, name
        assert said in (None, alternative), name
    widths = article.locator("math").evaluate_all(f"{_SEEN}.map((one) => one.getBoundingClientRect().width)")
    assert widths or not notebook
    assert all(width > 0 for width in widths)


def test_questions_have_readable_answers(page, notebook):
    questions = page.locator(".quiz fieldset")
    assert questions.count() == sum(map(len, stored(notebook, QUIZ_MIME) if notebook else []))
    for question in questions.all():
        assert question.locator("label").first.is_visible()
        answer = question.locator("noscript details")
        answer.locator("summary").click()
        assert answer.locator("p").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_no_control_is_dead(page, width):
    page.set_viewport_size({"width": width, "height": 844})
    controls = page.locator("button, input, select")
    opened = controls.evaluate_all(f"{_SEEN}.map((one) => one.getAttribute('popovertarget'))")
    assert set(opened) <= {"contents", "sections", "ways"}  # which the browser opens by itself
    if width == 390:
        page.locator("[popovertarget=contents]").click()
        assert page.locator("#contents a").first.is_visible()
        page.keyboard.press("Escape")


def test_colours_follow_the_system(visit, site):
    with visit(f"{site}intro.html", java_script_enabled=False, color_scheme="dark") as page:
        ground = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
        assert ground == "rgb(26, 26, 26)"
