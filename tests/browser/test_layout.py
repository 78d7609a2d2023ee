"""Every page fits its window: narrow, with large type, on paper, in colours that the system sets."""

import pytest

from tests.browser.test_page import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.site]

# Elements that are cut off or reach past the window, except inside what scrolls by itself.
_STICKING_OUT = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (element) => element && element !== document.body &&
    (getComputedStyle(element).overflowX !== "visible" || scrolls(element.parentElement));
  return [...document.body.querySelectorAll("*")].filter((element) =>
    element.checkVisibility() && element.getBoundingClientRect().right > width + 1 && !scrolls(element)
  ).map((element) => element.outerHTML.slice(0, 100));
}"""
_LARGE_TYPE = "() => document.documentElement.style.fontSize = '200%'"

# Of every line of code: its length, on how many rows it stands, how far it reaches, what the copy button covers of it.
_CODE = """() => {
  const over = (box, other) => other && box.left < other.right - 1 && box.right > other.left + 1 &&
    box.top < other.bottom - 1 && box.bottom > other.top + 1;
  const blocks = [...document.querySelectorAll("article .highlight > pre")].filter((pre) => pre.checkVisibility());
  return blocks.filter((pre) => !pre.matches(".columns")).map((pre) => {
    const range = document.createRange();
    const button = pre.querySelector(".copy")?.getBoundingClientRect();
    const lines = [...pre.querySelectorAll(".line")].map((line) => {
      range.selectNodeContents(line);
      const boxes = [...range.getClientRects()].filter((box) => box.width);
      return {
        length: line.textContent.trimEnd().length,
        rows: new Set(boxes.map((box) => Math.round(box.bottom / 8))).size,
        right: Math.max(0, ...boxes.map((box) => box.right)),
        covered: boxes.some((box) => over(box, button)),
      };
    });
    return { lines, right: pre.getBoundingClientRect().right, scrolls: pre.scrollWidth > pre.clientWidth };
  });
}"""
# Of every printed array and table: whether one of its lines stands on two rows.
_COLUMNS = """() => [...document.querySelectorAll("article pre.columns")].map((pre) => {
  const row = parseFloat(getComputedStyle(pre).lineHeight);
  return [...pre.querySelectorAll(".line")].some((line) => line.getBoundingClientRect().height > 1.5 * row);
})"""
_COUNT_PRINTED = """() => {
  window.printed = [];
  window.print = () => printed.push(document.querySelectorAll("article details[open]").length);
}"""


@pytest.fixture(scope="module", params=PAGES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def page(visit, site, name):
    with visit(f"{site}{name}.html", color_scheme="dark") as page:
        yield page


@pytest.mark.parametrize("width", [1280, 390])
def test_code_stays_in_its_column_and_is_not_covered(page, name, width):
    page.set_viewport_size({"width": width, "height": 800})
    blocks = page.evaluate(_CODE)
    assert blocks or not name.startswith("chapters/")
    for block in blocks:
        assert not block["scrolls"]
        for line in block["lines"]:
            assert line["right"] <= block["right"] + 1, line
            assert not line["covered"], line
            if width == 1280 and line["length"] <= 72:
                assert line["rows"] <= 1 or line is block["lines"][0], line
    assert not any(page.evaluate(_COLUMNS))


def test_on_paper_a_page_is_its_text_in_light_colours(page):
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.set_viewport_size({"width": 680, "height": 960})  # about an A4 sheet between its margins
    page.emulate_media(media="print")
    assert page.locator("h1").is_visible()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    inks = page.locator("article p").evaluate_all("parts => parts.map((part) => getComputedStyle(part).color)")
    assert all(max(map(int, ink.removeprefix("rgb(").rstrip(")").split(", "))) < 140 for ink in inks if "rgb(" in ink)
    no_text = page.locator(".bar, .side, .copy, .headerlink, .neighbours, .printing, article :is(input, select)")
    assert not no_text.evaluate_all("all => all.some((one) => one.checkVisibility())")
    figures = page.locator("article figure").evaluate_all(
        "all => all.map((each) => getComputedStyle(each).breakInside)"
    )
    assert set(figures) <= {"avoid"}
    assert all(not block["scrolls"] for block in page.evaluate(_CODE))
    assert page.evaluate(_STICKING_OUT) == []
    page.emulate_media(media="screen")


def test_a_page_fits_a_narrow_window_and_type_of_twice_the_size(page):
    page.evaluate("() => document.querySelectorAll('article details').forEach((part) => part.open = true)")
    for width, large in ((320, False), (375, True), (1280, True), (1280, False)):
        page.set_viewport_size({"width": width, "height": 640})
        page.evaluate(_LARGE_TYPE if large else "() => document.documentElement.style.fontSize = ''")
        where = f"at {width} px{' with type of twice the size' if large else ''}"
        assert page.evaluate(_STICKING_OUT) == [], where
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, where


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_forced_colours_every_icon_and_mark_is_seen(visit, site, scheme):
    address = f"{site}chapters/01_compute_attention.html"
    with visit(address, width=390, height=844, forced_colors="active", color_scheme=scheme) as page:
        ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        icons = page.locator("svg.sd-octicon path")
        assert icons.count() > 3
        seen = icons.evaluate_all("paths => paths.map((path) => getComputedStyle(path).fill)")
        assert ground not in seen
        page.locator(".sections-button").click()
        page.locator("#sections a").nth(1).hover()
        boxes = page.locator("article pre")
        assert all(
            boxes.evaluate_all("boxes => boxes.map((box) => parseFloat(getComputedStyle(box).borderLeftWidth) > 0)")
        )


def test_folded_parts_print_as_they_are_or_all_open_and_fold_again(visit, site):
    with visit(f"{site}chapters/01_compute_attention.html") as page:
        page.evaluate(_COUNT_PRINTED)
        folded = page.locator("article details").count()
        page.locator("article details > summary").first.click()
        page.get_by_role("button", name="Print this page").click()
        page.get_by_role("button", name="Print with everything open").click()
        assert page.evaluate("() => printed") == [1, folded]
        page.evaluate("() => dispatchEvent(new Event('afterprint'))")
        assert page.locator("article details[open]").count() == 1
