"""What a host, a browser or a reader may refuse: foreign code, inline code, storage."""

import pytest
from playwright.sync_api import expect

from tests.browser.served import SITE, served
from tests.browser.test_page import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.site]

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'"
)
NO_STORAGE = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("refused", "SecurityError"); } });"""


_IN_A_FRAME = """(address) => {
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts";
  frame.width = 390; frame.height = 700;
  frame.src = address;
  document.body.replaceChildren(frame);
}"""


@pytest.fixture(scope="module")
def strict_site():
    """The site with a strict Content-Security-Policy."""
    with served(headers={"Content-Security-Policy": POLICY}) as address:
        yield address


@pytest.mark.parametrize("page_name", [*PAGES, "search", "404"])
def test_a_page_opens_without_error_or_outside_request_under_a_strict_policy(visit, strict_site, page_name):
    query = "?q=softmax" if page_name == "search" else ""
    with visit(f"{strict_site}{page_name}.html{query}", until="networkidle") as page:
        page.evaluate("() => scrollTo(0, document.body.scrollHeight)")  # whatever is fetched late is fetched now
        assert page.locator("h1").count() == 1
        page.locator(".theme-button").click()  # a violation is an error on the console, which the visit reports
        assert page.evaluate(
            "() => document.fonts.ready.then((fonts) => [...fonts].some((font) => font.status === 'loaded'))"
        )


def test_a_visit_fails_if_the_page_asks_another_host(visit, site):
    with pytest.raises(AssertionError, match="asked another host"), visit(f"{site}404.html") as page:
        page.evaluate("() => fetch('https://example.org').catch(() => null)")


def test_nothing_is_inline(visit, site):
    with visit(site) as page:
        for name in [*PAGES, "search", "404"]:
            html = page.request.get(f"{site}{name}.html").text()
            assert " style=" not in html, name
            assert "<style" not in html, name
            assert all('src="' in tag or "application/json" in tag for tag in html.split("<script")[1:]), name
        assert "data:" not in page.request.get(f"{site}_static/site.css").text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_where_storage_is_refused_everything_works_and_colours_follow_the_system(visit, site, scheme):
    address = f"{site}chapters/01_compute_attention.html"
    with visit(address, width=390, height=844, color_scheme=scheme, first=NO_STORAGE) as page:
        assert page.locator("html").get_attribute("data-theme") == scheme
        page.locator(".theme-button").click()
        assert page.locator("html").get_attribute("data-theme") != scheme
        page.locator(".contents-button").click()
        page.locator("#contents").get_by_role("link", name="Ask another sequence").click()
        page.wait_for_url("**/07_*")
        page.keyboard.press("/")
        page.keyboard.type("softmax")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html*")
        assert page.locator("#search-results li").count() > 5


def test_in_a_sandboxed_frame_as_of_a_learning_platform_a_page_works(visit):
    any_origin = {"Access-Control-Allow-Origin": "*"}  # as GitHub Pages sends it; a sandboxed frame has none of its own
    with served(headers=any_origin) as site, visit(f"{site}404.html", width=390, height=844) as page:
        page.evaluate(_IN_A_FRAME, f"{site}chapters/01_compute_attention.html")
        frame = page.frame_locator("iframe")
        frame.locator("html[data-theme=light]").wait_for()
        frame.locator(".theme-button").click()
        frame.locator("html[data-theme=dark]").wait_for()
        frame.locator(".contents-button").click()
        frame.get_by_role("link", name="Ask another sequence").click()
        frame.locator("h1", has_text="Ask another sequence").wait_for()


def test_opened_from_a_folder_a_figure_keeps_its_first_picture_and_says_why_it_cannot_be_moved(browser, site):
    page = browser.new_page()
    page.goto(f"{(SITE / 'chapters' / '01_compute_attention.html').as_uri()}?pipeline=query:0#explorer-pipeline")
    for figure in page.locator("figure").all():
        figure.scroll_into_view_if_needed()
        assert figure.get_attribute("aria-busy") is None
        assert not figure.locator("input, select, button, [tabindex]").count(), "no dead control"
    figure = page.locator("#explorer-pipeline")
    sentence = figure.get_by_role("img").get_attribute("aria-label")
    assert "“its” attends" in sentence, "that of the first picture"
    expect(figure.locator("output")).to_have_text(sentence)
    expect(figure.get_by_text("This page was opened from a folder")).to_be_visible()
    page.close()
