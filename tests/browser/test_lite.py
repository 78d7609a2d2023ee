"""The notebooks in JupyterLite, in the browser alone: every cell runs, sliders move pictures, and files are kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.jupyter import move_a_slider
from tests.browser.python_site import needs_python
from tests.browser.served import SITE, served
from tests.browser.test_accessibility import STANDARDS, barriers
from tests.notebooks import CHAPTERS, code_cells

pytestmark = pytest.mark.lite

START = 240_000  # milliseconds: a busy machine takes ten times as long as a quiet one

_OPENED = "() => window.jupyterapp?.shell?.currentWidget?.context?.isReady"
_RUN_ALL = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = app.shell.currentWidget;
  await panel.sessionContext.ready;
  await app.commands.execute("notebook:run-all-cells");
  const cells = [...panel.content.model.cells].filter((cell) => cell.type === "code");
  const errors = cells.flatMap((cell) => cell.outputs.toJSON()).filter((output) => output.output_type === "error");
  return { counts: cells.map((cell) => cell.executionCount), errors: errors.map((error) => error.evalue) };
}"""
# JupyterLab draws only the cells that are near: go to the first that shows a slider and is in no closed section.
_TO_A_SLIDER = """async () => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const shows = (cell) => cell.model.type === "code" && !cell.isHidden
    && cell.model.outputs.toJSON().some((output) =>
      output.data?.["application/vnd.attnlib.explorer+json"]?.parameters.some((one) => one.kind === "range"));
  await notebook.scrollToItem(notebook.widgets.findIndex(shows), "start");
}"""
_WRITE = """async (text) => {
  const app = window.jupyterapp;
  app.shell.currentWidget.content.model.cells.get(0).sharedModel.setSource(text);
  await app.commands.execute("docmanager:save");
}"""
_READ = "() => window.jupyterapp.shell.currentWidget.content.model.cells.get(0).sharedModel.getSource()"


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of a site below a folder of its host that has JupyterLite and all it runs on."""
    needs_python()
    if not (SITE / "lite").exists():
        pytest.skip("the site was built without JupyterLite: run `make site LITE=1` first")
    with served("/course/") as address:
        yield address


def opened(page: Page) -> Page:
    page.set_default_timeout(START)
    page.wait_for_function(_OPENED)
    return page


def address_of(site: str, chapter: Path) -> str:
    return f"{site}lite/notebooks/index.html?path={chapter.name}"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_a_notebook_runs_from_top_to_bottom_without_a_question(visit, site, chapter):
    with visit(address_of(site, chapter)) as page:
        ran = opened(page).evaluate(_RUN_ALL)
        assert ran["errors"] == []
        assert ran["counts"] == list(range(1, len(code_cells(chapter)) + 1))
        assert page.locator(".jp-Dialog").count() == 0


@pytest.mark.browser
@pytest.mark.site
def test_from_a_chapters_page_its_notebook_opens_runs_and_keeps_what_is_changed(visit, site):
    chapter = CHAPTERS[0]
    with visit(f"{site}chapters/{chapter.stem}.html") as page:
        page.get_by_role("button", name="Run the notebook").click()
        with page.expect_popup() as popup:  # what the page has, such as a training, goes on in its own tab
            page.get_by_role("link", name="In this browser").click()
        page = popup.value
        ran = opened(page).evaluate(_RUN_ALL)
        assert ran["errors"] == []
        assert ran["counts"] == list(range(1, len(code_cells(chapter)) + 1))
        assert page.locator(".jp-Dialog").count() == 0

        page.evaluate(_TO_A_SLIDER)
        move_a_slider(page, START)

        page.evaluate(_WRITE, "# My own words")
        page.reload()
        assert opened(page).evaluate(_READ) == "# My own words"


@pytest.mark.browser
@pytest.mark.site
def test_the_page_says_what_a_first_start_costs_and_no_more_is_offered_than_there_is(visit, site):
    with visit(f"{site}chapters/{CHAPTERS[0].stem}.html") as page:
        page.get_by_role("button", name="Run the notebook").press("Enter")
        ways = page.get_by_role("navigation", name="Run this chapter’s notebook")
        expect(ways).to_be_visible()
        assert "MB" in ways.inner_text()
        assert not barriers(page, {"runOnly": STANDARDS})
        page.keyboard.press("Escape")
        expect(ways).to_be_hidden()
    with visit(f"{site}appendix/claims.html") as page:
        assert page.get_by_role("button", name="Run the notebook").count() == 0
