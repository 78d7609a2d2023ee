"""The field for a reader's code: an editor that a keyboard can use and leave, plain text where it cannot be fetched."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.served import SITE, served
from tests.browser.test_accessibility import STANDARDS, barriers
from tests.browser.test_refused import POLICY

pytestmark = [pytest.mark.browser, pytest.mark.site]

PAGE = "chapters/01_compute_attention.html"
START = "def my_maps(n):\n    return None  # your code here\n\n\ncheck.next_letter(my_maps)"


@pytest.fixture(autouse=True)
def _there_is_an_editor(request):
    if "refused" not in request.node.name and not list(SITE.glob("_editor/*/code-editor.js")):
        pytest.skip("the site was built where the registry of the editor cannot be reached")


def bench_of(page):
    """The first exercise of the page."""
    return page.locator(".workbench").first


def editor_of(page):
    """The first exercise's editor, with the focus in it, once it is there."""
    bench = bench_of(page)
    bench.locator("textarea").focus()
    editor = bench.get_by_role("textbox", name="Your code: 1. Find the next letter")
    expect(editor).to_contain_class("cm-content")
    expect(editor).to_be_focused()
    return editor


def text_of(page):
    return page.evaluate("CodeField.all[0].text")


def write_anew(page, *lines):
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    for line in lines:
        page.keyboard.type(line)
        page.keyboard.press("Enter")


def test_code_is_indented_after_a_colon_and_in_brackets_and_comes_out_as_it_was_typed(visit, site):
    with visit(f"{site}{PAGE}") as page:
        editor_of(page)
        assert text_of(page) == START
        write_anew(page, "def f(x):  # twice", "if x:", "y = g(", "x,")
        page.keyboard.type(")")
        assert text_of(page) == "def f(x):  # twice\n    if x:\n        y = g(\n            x,\n        )"
        page.keyboard.press("Enter")
        page.keyboard.press("Backspace")
        page.keyboard.type("return {1: 2}")
        assert text_of(page).endswith("\n        )\n    return {1: 2}")


def test_a_slice_or_a_colon_within_brackets_opens_no_block(visit, site):
    with visit(f"{site}{PAGE}") as page:
        editor_of(page)
        write_anew(page, "a = x[1:", "2]", "b = 1")
        assert text_of(page) == "a = x[1:\n      2]\nb = 1\n"


def test_lines_go_on_below_what_follows_a_bracket_and_those_of_a_string_stay(visit, site):
    with visit(f"{site}{PAGE}") as page:
        editor_of(page)
        write_anew(page, "x = f([1,", "2], {", "3: 4,")
        page.keyboard.type("}")
        assert text_of(page) == "x = f([1,\n       2], {\n           3: 4,\n       }"
        write_anew(page)
        page.keyboard.type('f("""a:b""")')
        for _ in 'b""")':
            page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        assert text_of(page) == 'f("""a:\nb""")'


def test_a_line_is_as_deep_where_the_parser_is_late(visit, site):
    with visit(f"{site}{PAGE}") as page:
        editor_of(page)
        page.evaluate("() => { let time = Date.now(); Date.now = () => (time += 25); }")  # more than typing waits
        write_anew(page, "a = x[1:", "2]", "b = g(", "x,")
        page.keyboard.type(")")
        assert text_of(page) == "a = x[1:\n      2]\nb = g(\n    x,\n)"


def test_what_was_typed_is_undone_and_done_again(visit, site):
    with visit(f"{site}{PAGE}") as page:
        editor_of(page)
        page.keyboard.press("Control+Home")
        page.keyboard.type("x = 1")
        assert text_of(page) == "x = 1" + START
        page.keyboard.press("Control+z")
        assert text_of(page) == START
        page.keyboard.press("Control+y")
        assert text_of(page) == "x = 1" + START
        page.evaluate("(text) => CodeField.all[0].text = text", START)
        page.keyboard.press("Control+z")
        assert text_of(page) == "x = 1" + START, "to begin anew can be undone, too"


def test_tab_indents_until_escape_and_then_leads_out_however_late(visit, site):
    with visit(f"{site}{PAGE}") as page:
        editor_of(page)
        page.keyboard.press("Control+Home")
        page.keyboard.press("Tab")
        assert text_of(page) == "    " + START
        page.keyboard.press("Shift+Tab")
        assert text_of(page) == START
        page.keyboard.press("Escape")
        page.wait_for_timeout(2500)  # CodeMirror's own way out is open for two seconds
        page.keyboard.press("Tab")
        expect(bench_of(page).get_by_role("button", name="Run")).to_be_focused()
        assert text_of(page) == START


def test_who_goes_through_the_page_with_tab_goes_through_the_editor_and_indents_once_they_have_moved_in_it(visit, site):
    with visit(f"{site}{PAGE}") as page:
        editor = editor_of(page)
        button = bench_of(page).get_by_role("button", name="Run")
        button.focus()
        for _ in range(2):
            page.keyboard.press("Shift+Tab")
            expect(editor).to_be_focused()
            page.keyboard.press("Tab")
            expect(button).to_be_focused()
        assert text_of(page) == START
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        expect(editor).to_be_focused()
        assert text_of(page) == START.replace("    return", "        return")
        button.focus()
        editor.click()
        page.keyboard.press("Tab")
        expect(editor).to_be_focused()


def test_a_screen_reader_is_told_what_the_field_is_for_and_how_to_leave_it(visit, site):
    with visit(f"{site}{PAGE}") as page:
        field = bench_of(page).get_by_role("textbox", name="Your code: 1. Find the next letter")
        keys = "Tab indents; Escape, then Tab, leaves the editor. Ctrl+Enter runs the code."
        expect(field).to_have_accessible_description(keys)
        expect(editor_of(page)).to_have_accessible_description(keys)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_code_has_the_colours_that_it_has_elsewhere_on_the_page(visit, site, theme):
    look = "(element) => { const { color, fontSize } = getComputedStyle(element); return [color, fontSize]; }"
    with visit(f"{site}{PAGE}", color_scheme=theme) as page:
        editor = editor_of(page)
        editor.press("Control+a")
        page.keyboard.type('def f(x): return 1, "a"  # b')
        page.locator(".tag_solution details").first.evaluate("(fold) => fold.open = true")
        for words, own, printed in [("def", ".k", ".k"), ("f", ".nf", ".nf"), ("1", ".m", ".m"), ("# b", ".c1", ".c1")]:
            span = editor.locator(own).filter(has_text=words).first
            assert span.evaluate(look) == page.locator(f".tag_solution pre {printed}").first.evaluate(look), words
        assert editor.locator(".s").inner_text() == '"a"'


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_barrier_with_the_editor_in_use(visit, site, theme):
    with visit(f"{site}{PAGE}", color_scheme=theme) as page:
        editor_of(page)
        page.keyboard.press("Control+End")  # behind a bracket, which is marked with its other half
        bench_of(page).scroll_into_view_if_needed()
        assert not barriers(page, {"runOnly": STANDARDS})


def test_a_host_that_forbids_foreign_and_inline_code_allows_the_editor(visit):
    with served(headers={"Content-Security-Policy": POLICY}) as site, visit(f"{site}{PAGE}") as page:
        editor = editor_of(page)
        look = "(element) => getComputedStyle(element).whiteSpace"
        assert editor.evaluate(look) == "break-spaces", "its styles have come"


def test_a_page_fetches_the_editor_when_its_reader_goes_to_a_field(visit, site):
    fetched = "() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('_editor')).length"
    with visit(f"{site}{PAGE}", until="networkidle") as page:
        page.wait_for_load_state("networkidle")
        assert not page.evaluate(fetched)
        editor_of(page)
        assert page.evaluate(fetched) > 10
        assert page.evaluate("CodeField.all.every((field) => field.editor)"), "and then has it in all of them"


def test_where_it_is_refused_the_plain_field_takes_the_code_and_asks_again_at_the_next_visit(browser, site):
    page = browser.new_page()
    page.route("**/_editor/**", lambda route: route.abort())
    page.goto(f"{site}{PAGE}")
    page.evaluate("CodeField.all[0].run = () => document.title = 'has run'")
    field = bench_of(page).locator("textarea")
    with page.expect_event("requestfailed"):
        field.focus()
    page.keyboard.press("Control+Home")
    page.keyboard.type("x = 1")
    assert text_of(page) == "x = 1" + START
    page.keyboard.press("Tab")
    expect(bench_of(page).get_by_role("button", name="Run")).to_be_focused()
    expect(field).to_have_accessible_description("Ctrl+Enter runs the code.")
    page.unroute("**/_editor/**")
    field.focus()
    expect(bench_of(page).locator(".cm-content")).to_be_focused()
    expect(bench_of(page).locator(".cm-content")).to_have_accessible_description(re.compile("^Tab indents"))
    assert text_of(page) == "x = 1" + START
    page.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_editor_is_as_wide_as_the_text_and_its_type_as_large_as_a_phone_wants(visit, site, width):
    with visit(f"{site}{PAGE}", width=width, height=800, has_touch=width < 600) as page:
        box = editor_of(page)
        page.keyboard.type("a_name_that_is_longer_than_a_phone_is_wide = " * 3)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        size = float(box.evaluate("(element) => getComputedStyle(element).fontSize").removesuffix("px"))
        assert size >= (16 if width < 600 else 15)
