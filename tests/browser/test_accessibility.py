"""axe finds nothing to object to, in either theme."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_page import CHAPTER_PAGES, PAGES, each_page

pytestmark = [pytest.mark.browser, pytest.mark.site]

# Of Deque's rules, those of WCAG 2.0 to 2.2 at levels A and AA, and its best practices.
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_COLOURS = ["color-contrast", "link-in-text-block"]


def barriers(page, rules):
    # To name every element that passed takes axe as long as to judge them.
    found = Axe().run(page, options={**rules, "resultTypes": ["violations"]}).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


@each_page
def test_axe_finds_no_barrier_with_a_figure_in_use(visit, site, page_name):
    with visit(f"{site}{page_name}.html") as page:
        if page.locator("figure .stage").count():
            page.locator("figure .stage").first.focus()
            page.keyboard.press("ArrowRight")  # it says a number
            page.evaluate("scrollTo(0, 0)")  # for the bar at the top not to lie over half a button
        but_colours = {rule: {"enabled": False} for rule in _COLOURS}
        assert not barriers(page, {"runOnly": STANDARDS, "rules": but_colours})


# To judge colours takes axe longest, and every page has the same, each of which tests/test_palette.py judges.
@pytest.mark.parametrize(
    ("theme", "page_name"),
    [("dark", PAGES[0]), ("light", CHAPTER_PAGES[0]), ("dark", CHAPTER_PAGES[0]), ("light", "appendix/api")],
)
def test_axe_can_tell_all_colours_apart(visit, site, page_name, theme):
    with visit(f"{site}{page_name}.html", color_scheme=theme) as page:
        assert page.locator("html").get_attribute("data-theme") == theme
        assert not barriers(page, {"runOnly": {"type": "rule", "values": _COLOURS}})
