"""The bar, the drawers, the search and the copy button, by mouse and by keyboard."""

import re

import pytest
from playwright.sync_api import expect

from attnbook.search import entries
from attncourse.claims import CLAIMS
from tests.browser.served import SITE
from tests.browser.test_page import CHAPTER_PAGES

pytestmark = [pytest.mark.browser, pytest.mark.site]

_FOCUSED = "() => document.activeElement"


@pytest.mark.parametrize("width", [390, 1280])
def test_on_this_page_closes_on_choice_and_on_escape_and_the_focus_stays_in_sight(visit, site, width):
    with visit(f"{site}chapters/01_compute_attention.html", width=width, height=844) as page:
        button = page.get_by_role("button", name="On this page")
        assert button.locator(".bar-label").inner_text() == "On this page"
        assert button.get_attribute("aria-expanded") == "false"
        button.press("Enter")
        assert button.get_attribute("aria-expanded") == "true"
        link = page.locator("#sections a").nth(3)
        link.focus()
        page.keyboard.press("Escape")
        assert not link.is_visible()
        assert button.get_attribute("aria-expanded") == "false"
        assert button.evaluate("button => button === document.activeElement")
        button.click()
        link.click()
        assert not link.is_visible()
        assert button.get_attribute("aria-expanded") == "false"
        page.wait_for_function("() => document.activeElement.tagName === 'H2'")  # a screen reader says it
        chosen = page.evaluate("() => document.activeElement.closest('section').id")
        assert page.url.endswith(f"#{chosen}")


def test_on_a_wide_window_the_sections_stand_beside_the_text_and_show_where_the_reader_is(visit, site):
    with visit(f"{site}chapters/01_compute_attention.html", width=1440) as page:
        assert page.locator("#sections").is_visible()
        assert not page.get_by_role("button", name="On this page").is_visible()
        link = page.locator("#sections a").nth(4)
        link.click()
        page.wait_for_function("link => link.ariaCurrent === 'true'", arg=link.element_handle())
        assert page.locator("#sections a[aria-current]").count() == 1
        contents = page.get_by_role("button", name="Contents of the book")
        assert contents.get_attribute("aria-expanded") == "true"
        contents.click()
        assert contents.get_attribute("aria-expanded") == "false"
        assert not page.locator("#contents").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("keys", ["/", "Control+k"])
def test_a_key_leads_to_the_search(visit, site, width, keys):
    with visit(f"{site}intro.html", width=width) as page:
        page.keyboard.press(keys)
        assert page.evaluate("() => document.activeElement.type") == "search"
        page.keyboard.type("a/k")
        assert page.locator("input[type=search]").input_value() == "a/k"


def test_the_slash_can_be_switched_off_beside_the_search_and_stays_off(visit, site):
    with visit(f"{site}intro.html") as page:
        switch = page.get_by_role("checkbox", name="Press / to search")
        assert switch.is_checked()
        switch.press("Space")
        page.goto(f"{site}appendix/claims.html")
        field = page.get_by_role("searchbox")
        assert not switch.is_checked()
        page.keyboard.press("/")
        assert not field.evaluate("field => field === document.activeElement")
        assert field.get_attribute("aria-keyshortcuts") == "Control+K"
        page.keyboard.press("Control+k")
        assert field.evaluate("field => field === document.activeElement")
        switch.press("Space")
        switch.blur()
        page.keyboard.press("/")
        assert field.evaluate("field => field === document.activeElement")


@pytest.mark.parametrize("width", [390, 1280])
def test_escape_leads_from_the_search_back_to_where_the_reader_was(visit, site, width):
    with visit(f"{site}chapters/01_compute_attention.html", width=width) as page:
        slider = page.get_by_role("slider").first
        slider.focus()
        page.keyboard.press("/")
        page.keyboard.type("x")
        page.keyboard.press("Escape")  # empties the field
        page.keyboard.press("Escape")
        assert slider.evaluate("slider => slider === document.activeElement")


def test_the_chosen_colours_are_kept_from_page_to_page(visit, site):
    with visit(f"{site}intro.html", color_scheme="light") as page:
        page.get_by_role("button", name="Colours: as the system").click()
        for address in (page.url, f"{site}appendix/claims.html"):
            page.goto(address)
            assert page.locator("html").get_attribute("data-theme") == "dark"


def test_every_button_and_link_of_the_bar_has_a_name_on_a_phone(visit, site):
    with visit(f"{site}chapters/01_compute_attention.html", width=320, height=640) as page:
        bar = page.get_by_role("banner")
        names = ("Contents of the book", "Colours: as the system", "On this page")
        boxes = [bar.get_by_role("button", name=name).bounding_box() for name in names]
        boxes.append(bar.get_by_role("link", name="Notebook").bounding_box())
        assert all(min(box["width"], box["height"]) >= 44 for box in boxes)


def test_code_is_copied_as_it_is(visit, site):
    options = {"permissions": ["clipboard-read", "clipboard-write"]}
    with visit(f"{site}chapters/01_compute_attention.html", **options) as page:
        block = page.locator(".cell_input pre:visible").first
        code = "".join(block.locator(".line").all_text_contents())
        assert code.count("\n") > 2
        block.get_by_role("button", name="Copy this code").click()
        page.get_by_role("status").get_by_text("Copied", exact=True).wait_for()
        assert page.evaluate("() => navigator.clipboard.readText()") == code


def test_a_claim_is_found_by_its_number_and_the_library_before_checks(visit, site):
    with visit(f"{site}search.html?q=claim+2.1") as page:
        first = page.locator("#search-results a").first
        assert CLAIMS["2.1"].text in first.inner_text()
        assert "#claim-2-1" in first.get_attribute("href")
        page.goto(f"{site}search.html?q=rotate")
        titles = page.locator("#search-results a").all_inner_texts()
        library = next(i for i, title in enumerate(titles) if title.startswith("attnlib.rotate"))
        assert library < next(i for i, title in enumerate(titles) if title.startswith("attncourse.check"))
        assert library < 3


def test_a_result_leads_to_its_passage_and_the_words_are_marked(visit, site):
    with visit(f"{site}search.html?q=rubber+band") as page:
        link = page.locator("#search-results a").first
        assert ":~:text=" in link.get_attribute("href")
        link.click()
        page.wait_for_url(re.compile("#"))
        page.wait_for_function("() => scrollY > 500")


def test_every_passage_of_a_chapter_can_be_found():
    for name in CHAPTER_PAGES:
        html = (SITE / f"{name}.html").read_text("utf-8")
        anchors = {entry["to"].partition("#")[2] for entry in entries(html, f"{name}.html", 0)}
        assert anchors >= set(re.findall(r'<section id="([^"]+)"', html))
        assert anchors >= set(re.findall(r'id="(claim-\d-\d)"', html))


def test_a_press_that_closes_a_drawer_presses_nothing_beneath_it(visit, site):
    with visit(f"{site}intro.html", until="networkidle", width=412, height=860, has_touch=True, is_mobile=True) as page:
        card = page.locator(".cards a").first
        for _ in range(3):  # what comes near the window is laid out only then
            card.evaluate("(card) => card.scrollIntoView({ block: 'center', behavior: 'instant' })")
            page.wait_for_timeout(300)
        button = page.get_by_role("button", name="On this page").bounding_box()
        page.touchscreen.tap(button["x"] + 9, button["y"] + 9)  # as `tap` would scroll the page first
        drawer = page.locator("#sections")
        expect(drawer).to_be_visible()
        box = card.bounding_box()
        page.touchscreen.tap(box["x"] + 5, box["y"] + box["height"] / 2)  # left of the drawer, on a link beneath it
        expect(drawer).to_be_hidden()
        page.wait_for_function("() => !document.getElementById('main-content').inert")
        assert page.url.endswith("intro.html")
        page.touchscreen.tap(box["x"] + 5, box["y"] + box["height"] / 2)
        page.wait_for_url("**/chapters/01_*.html*")
