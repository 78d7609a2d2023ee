"""What the built site says of itself, to search engines and to hosts."""

import re
from html import unescape

import pytest

from attnbook.addresses import checksum
from tests.browser.served import SITE, missing
from tests.browser.test_page import PAGES

pytestmark = pytest.mark.site

ALL = [*PAGES, "search", "404"]


@pytest.fixture(scope="module")
def html():
    """Name → HTML of every page."""
    if not (SITE / "index.html").exists():
        missing("the site is not built: run `make site` first")
    return {name: (SITE / f"{name}.html").read_text("utf-8") for name in ALL}


def test_titles_and_descriptions_differ_and_say_nothing_twice(html):
    titles = {name: unescape(re.search("<title>(.*?)</title>", page)[1]) for name, page in html.items()}
    assert len(set(titles.values())) == len(ALL)
    assert titles["intro"] == "Attention, put to the test"
    assert all(title.count("Attention, put to the test") == 1 for title in titles.values())
    described = [re.search('<meta name="description" content="([^"]{40,180})"', page)[1] for page in html.values()]
    assert len(set(described)) == len(ALL)


def test_a_shared_link_has_a_title_and_words(html):
    for name, page in html.items():
        assert page.count('property="og:title"') == 1, name
        assert page.count('property="og:description"') == 1, name


def test_neighbours_are_links_of_the_page_and_of_its_head(html):
    for name, page in html.items():
        for way in ("prev", "next"):
            assert len(re.findall(rf'<link rel="{way}"', page)) == len(re.findall(rf'<a rel="{way}"', page)), name
    assert all('<link rel="next"' in html[name] for name in PAGES[:-1])


def test_headings_are_numbered_once(html):
    for name, page in html.items():
        headings = re.findall(r"<h[2-6]>(.*?)<a class=\"headerlink\"", page)
        assert not [heading for heading in headings if "section-number" in heading], name


def test_folds_are_opened_by_words(html):
    for name, page in html.items():
        for summary in re.findall(r"<summary.*?</summary>", page, re.DOTALL):
            assert "aria-label" not in summary, name
            assert "<p" not in summary, name
    assert "<summary>Show a solution</summary>" in html["chapters/01_compute_attention"]


def test_radio_buttons_and_checkboxes_take_no_autocomplete(html):
    assert not [name for name, page in html.items() if re.search(r'type="(radio|checkbox)"[^>]*autocomplete', page)]


def test_the_page_for_wrong_addresses_has_no_address_of_its_own_folder(html):
    addresses = re.findall(r'(?:href|src|action)="([^"]+)"', html["404"])
    assert len(addresses) > 10
    assert all(address.startswith(("/", "#", "https:")) for address in addresses)


def test_whatever_is_static_has_its_checksum_in_its_address(html):
    texts = [*html.values(), (SITE / "_static" / "site.css").read_text("utf-8")]
    found = {address for text in texts for address in re.findall(r'(?:_static/|url\(")([^"]+)', text)}
    assert {name.split("?")[0] for name in found} >= {"site.css", "theme.js", "text-regular.woff2", "math.woff2"}
    for address in found:
        name, _, checked = address.partition("?v=")
        assert checked == checksum(SITE / "_static" / name), address


def test_a_host_finds_its_files_and_nothing_else_is_there(html):
    names = {file.name for file in SITE.iterdir()}
    assert {"404.html", "robots.txt", ".nojekyll", "index.html"} <= names
    static = [file for file in (SITE / "_static").rglob("*") if file.is_file()]
    assert {file.suffix for file in static} <= {".css", ".js", ".svg", ".png", ".woff2"}
    assert sum(file.stat().st_size for file in static) < 1_500_000
