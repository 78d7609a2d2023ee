"""axe finds nothing to object to, in either theme."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_page import CHAPTER_PAGES, PAGES

pytestmark = [pytest.mark.browser, pytest.mark.site]

# Of Deque's rules, those of WCAG 2.0 to 2.2 at levels A and AA, and its best practices; of the dark theme, which
# changes colours alone, those on colours.
_RULES = {
    "light": {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}
# Every page has the same roles of colours, each of which tests/test_palette.py judges: one dark page a folder will do.
_DARK = "intro", CHAPTER_PAGES[0], "appendix/api"
_SEEN = [*(("light", page) for page in PAGES), *(("dark", page) for page in _DARK)]


@pytest.mark.parametrize(("theme", "page_name"), _SEEN)
def test_axe_finds_no_barrier_with_a_figure_in_use(visit, site, page_name, theme):
    with visit(f"{site}{page_name}.html", color_scheme=theme) as page:
        assert page.locator("html").get_attribute("data-theme") == theme
        if page.locator("figure .stage").count():
            page.locator("figure .stage").first.focus()
            page.keyboard.press("ArrowRight")  # it says a number
            page.evaluate("scrollTo(0, 0)")  # for the bar at the top not to lie over half a button
        found = Axe().run(page, options=_RULES[theme]).response["violations"]
    barriers = [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]
    assert not barriers
