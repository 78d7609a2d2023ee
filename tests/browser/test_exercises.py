"""Exercises where they stand: written, run, stopped and kept in the page."""

import ast
import json
import re

import pytest
from playwright.sync_api import expect

from attnbook.exercises import code_of
from tests.browser.python_site import needs_python
from tests.browser.served import served
from tests.browser.test_accessibility import STANDARDS, barriers
from tests.browser.test_python import START
from tests.browser.test_refused import NO_STORAGE, POLICY
from tests.notebooks import CHAPTERS

pytestmark = [pytest.mark.browser, pytest.mark.site]

FIRST = CHAPTERS[0]
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)


@pytest.fixture(scope="module")
def site():
    needs_python()
    with served(headers={"Content-Security-Policy": POLICY}) as address:
        yield address


def page_of(chapter):
    return f"chapters/{chapter.stem}.html"


def bench_of(page, cell):
    return page.locator(f"#exercise-{cell['id']} .workbench")


def exercises(chapter):
    """Each exercise with its solution."""
    cells = code_of(chapter)
    return zip(*([cell for cell in cells if cell["kind"] == kind] for kind in ("exercise", "solution")), strict=True)


def first_of(page):
    return page.locator(".workbench").first


def write(bench, code):
    """Put code into the field, as if it were pasted."""
    bench.locator("textarea:visible, .cm-content").focus()
    expect(bench.locator(".cm-content, textarea:visible")).to_be_focused()
    bench.page.keyboard.press("Control+a")
    bench.page.keyboard.press("Delete")
    bench.page.keyboard.insert_text(code)


def done(bench):
    """What an exercise shows when it has run."""
    expect(bench.locator(".result")).to_have_attribute("aria-busy", "false", timeout=START)
    return bench.locator(".result")


def run(bench, code):
    write(bench, code)
    bench.page.keyboard.press("Control+Enter")
    return done(bench).inner_text().strip()


@pytest.fixture(scope="module")
def bench(visit, site):
    """The first exercise of the first chapter, in a page of many tests: Python is started once."""
    with visit(site + page_of(FIRST)) as page:
        yield first_of(page)


def wrong_answers(exercise):
    """The starter code as it stands, a function that breaks, and something that is no function."""
    *_, last = ast.parse(exercise["source"]).body
    names = {
        node.id
        for word in last.value.keywords or last.value.args
        for node in ast.walk(word)
        if isinstance(node, ast.Name)
    }
    call = ast.unparse(last)
    instead = lambda answer: re.sub(rf"\b({'|'.join(names)})(?=[,)])", answer, call)  # noqa: E731
    broken = "def broken(*args, **more):\n    raise KeyError('not yet')\n\n\n"
    return [exercise["source"], broken + instead("broken"), instead("3")]


@each_chapter
def test_every_solution_passes_and_three_wrong_answers_do_not_in_the_pages_own_editor(visit, site, chapter):
    with visit(site + page_of(chapter), deeper=True) as page:
        for exercise, solution in exercises(chapter):
            bench = bench_of(page, exercise)
            assert run(bench, solution["source"]).startswith("✓ "), solution["source"]
            assert all(word.startswith("✓ ") for word in bench.locator(".result .right").all_inner_texts())
            for code in wrong_answers(exercise):
                said = run(bench, code)
                assert said.startswith("✗ "), (code, said)
                assert "✓" not in said.splitlines()[0]


def test_the_button_runs_too_and_the_colour_only_repeats_what_the_sign_says(bench):
    write(bench, next(exercises(FIRST))[0]["source"])
    bench.get_by_role("button", name="Run").click()
    expect(done(bench).locator(".wrong")).to_have_text(
        "✗ next_letter: (w_q, w_k) must not be None: does the function return something?"
    )
    assert bench.locator(".result").get_attribute("role") == "status"
    expect(bench.get_by_role("button", name="Stop")).to_be_hidden()


def test_an_endless_loop_is_stopped_and_what_it_had_printed_stays(bench):
    write(bench, "print('before')\nwhile True:\n    pass")
    bench.page.keyboard.press("Control+Enter")
    expect(bench.get_by_text("before", exact=True)).to_be_visible(timeout=START)
    bench.get_by_role("button", name="Stop").click()
    expect(done(bench)).to_contain_text("before")
    expect(bench.locator(".result")).to_contain_text(
        "Stopped. Your code is untouched; Python starts anew at the next run."
    )
    expect(bench.get_by_role("button", name="Run")).to_be_focused()
    assert run(bench, "1 + 1") == "2"


def test_what_is_printed_shown_and_raised_comes_in_order_with_the_readers_own_lines(bench):
    said = run(bench, "print('first')\ndisplay(2)\ndef third():\n    return 1 / 0\nthird()").splitlines()
    assert said[:2] == ["first", "2"]
    assert "  Line 4, in third" in said
    assert said[-1] == "ZeroDivisionError: division by zero"
    assert not [line for line in said if "File" in line]


def test_code_that_shows_nothing_says_so(bench):
    assert run(bench, "x = 1") == "It ran, and had nothing to show."


def test_a_figure_is_drawn_where_inline_styles_are_forbidden_and_a_table_is_a_table(bench):
    run(bench, "import matplotlib.pyplot as plt\n_ = plt.plot([1, 3, 2])")
    picture = bench.get_by_role("img", name="Figure")
    assert picture.bounding_box()["width"] > 300
    assert "stroke: rgb(31, 119, 180)" in picture.locator("[stroke='#1f77b4']").first.evaluate(
        "(line) => `stroke: ${getComputedStyle(line).stroke}`"
    )
    assert "font cache" not in bench.locator(".result").inner_text()
    run(bench, "table(['a', 'b'], [[1, 2]])")
    expect(bench.get_by_role("columnheader")).to_have_text(["a", "b"])


def test_a_picture_cannot_bring_a_script_or_a_link_even_where_the_host_forbids_nothing(visit):
    needs_python()
    shapes = "<a href='javascript:document.title=3'><text>x</text></a><image href='https://example.org/a.png'/><rect/>"
    script = "<script>document.title = 2</script>"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' onload='document.title=1'>{script}{shapes}</svg>"
    with served() as site, visit(site + page_of(FIRST)) as page:
        bench, title = first_of(page), page.title()
        run(bench, f"class Bad:\n    def _repr_svg_(self):\n        return {svg!r}\nBad()")
        expect(bench.locator(".result rect")).to_have_count(1)
        assert not bench.locator(".result :is(script, a, [onload], [href])").count()
        assert page.title() == title


def test_what_was_written_stays_when_the_page_is_left_until_it_is_reset(visit, site):
    with visit(site + page_of(FIRST)) as page:
        bench = first_of(page)
        button = bench.get_by_role("button", name="Reset")
        assert button.get_attribute("aria-disabled") == "true"
        write(bench, "mine = 1")
        assert button.get_attribute("aria-disabled") == "false"
        page.reload()
        text = "() => CodeField.all[0].text"
        assert page.evaluate(text) == "mine = 1"
        button.click()
        assert page.evaluate(text).startswith("def my_maps(n):")
        page.reload()
        assert page.evaluate(text).startswith("def my_maps(n):")
        assert page.evaluate("Object.keys(JSON.parse(record.file).code ?? {})") == []


def test_what_passes_counts_and_a_part_of_the_model_goes_on_to_the_next_chapter(visit, site):
    with visit(site + page_of(FIRST), deeper=True) as page:
        by_call = {
            cell["source"].split("check.")[1].split("=")[0]: (cell, solution) for cell, solution in exercises(FIRST)
        }
        for cell, solution in (by_call["build(softmax"], by_call["catch(softmax"]):
            run(bench_of(page, cell), solution["source"].replace(", keep=False", ""))
        assert page.evaluate("[record.passed, Object.keys(record.parts)]") == [["catch.softmax"], ["softmax"]]
        page.goto(site + page_of(CHAPTERS[1]))
        page.evaluate("() => document.querySelectorAll('details.deeper').forEach((part) => part.open = true)")
        cell, solution = next(both for both in exercises(CHAPTERS[1]) if "check.build" in both[0]["source"])
        said = run(bench_of(page, cell), solution["source"].replace(", keep=False", ""))
        assert said.endswith("2 of 10 parts are now yours")


def test_where_storage_is_refused_an_exercise_runs_all_the_same(visit, site):
    with visit(site + page_of(FIRST), first=NO_STORAGE) as page:
        assert run(first_of(page), "1 + 1") == "2"


def test_a_lost_worker_is_told_and_the_next_run_has_another(bench):
    write(bench, "import time\nwhile True:\n    time.sleep(0.01)")
    bench.page.keyboard.press("Control+Enter")
    bench.page.wait_for_function("() => python.ready", timeout=START)
    bench.page.evaluate("python.worker.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }))")
    expect(done(bench)).to_contain_text("Python was lost: out of memory. Your code is untouched")
    assert run(bench, "1 + 1") == "2"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_no_barrier_in_what_has_come_out(visit, site, theme, width):
    with visit(site + page_of(FIRST), width=width, color_scheme=theme) as page:
        bench = first_of(page)
        said = run(bench, "print('word ' * 99)\nfor i in range(50): print(i)\ncheck.next_letter(3)")
        assert "✗ next_letter" in said
        assert not barriers(page, {"include": [[".exercise"]], "runOnly": STANDARDS})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_a_script_the_starter_code_stands_there_and_no_dead_button(visit, site):
    with visit(site + page_of(FIRST), java_script_enabled=False) as page:
        expect(page.locator(".exercise").first.locator(".cell_input pre")).to_be_visible()
        expect(first_of(page)).to_be_hidden()


def test_a_site_has_the_code_of_every_chapter(site, browser):
    page = browser.new_page()
    for chapter in CHAPTERS:
        answer = page.request.get(f"{site}_python/chapters/{chapter.stem}.json")
        assert json.loads(answer.text()) == code_of(chapter)
    page.close()


COPIED = """Object.defineProperty(navigator, "clipboard", {
  value: { writeText: async (text) => { window.copied = text; } },
});"""


def test_a_link_carries_the_code_and_what_the_other_reader_wrote_is_not_lost(visit, site):
    code = "def my_maps(n):\n    return None  # é, ≤ and 𝄞\n" * 40
    with visit(site + page_of(FIRST), first=COPIED) as page:
        write(first_of(page), code)
        first_of(page).get_by_role("button", name="Copy link to this code").click()
        address = page.wait_for_function("() => window.copied").json_value()
    with visit(site + page_of(FIRST)) as page:
        bench = first_of(page)
        write(bench, "mine = 1")
        page.goto(address)
        expect(bench.locator(".linked")).to_contain_text("This code came with the link.")
        assert bench.locator("textarea").input_value() == code
        bench.get_by_role("button", name="Run").click()
        done(bench)
        page.reload()  # looked at and run, and not changed: nothing of the reader's is replaced
        write(bench, "changed = 1")
        page.wait_for_function("() => record.code('838650e0') === 'changed = 1'")
        bench.get_by_role("button", name="Back to my code").click()
        expect(bench.locator(".linked")).to_have_text("This is your code.")
        page.goto(site + page_of(FIRST))
        expect(bench.locator("textarea")).to_have_value("mine = 1")


def test_a_link_whose_code_is_cut_short_says_so_and_leaves_the_field_alone(visit, site):
    with visit(f"{site}{page_of(FIRST)}?code-838650e0=S0lN") as page:
        bench = bench_of(page, {"id": "838650e0"})
        expect(bench.locator(".result")).to_have_text("The link's code is not complete, so it is not shown.")
        field = bench.locator("textarea")
        assert field.input_value() == field.evaluate("(one) => one.defaultValue")


def test_a_tab_that_wrote_nothing_takes_over_what_another_wrote_and_drops_nothing_when_it_closes(visit, site):
    with visit(site + page_of(FIRST)) as page:
        other = page.context.new_page()
        other.goto(site + page_of(FIRST))
        write(first_of(page), "written = 1")
        page.wait_for_function("() => record.code('838650e0') === 'written = 1'")
        expect(first_of(other).locator("textarea")).to_have_value("written = 1")
        other.close(run_before_unload=True)
        page.reload()
        expect(first_of(page).locator("textarea")).to_have_value("written = 1")


def test_a_verdict_does_not_outlive_its_code_and_a_solved_exercise_stays_marked(visit, site):
    exercise, solution = next(exercises(FIRST))
    with visit(site + page_of(FIRST)) as page:
        bench = bench_of(page, exercise)
        solved, old = bench.locator(".solved"), bench.locator(".before")
        expect(solved).to_be_hidden()
        run(bench, solution["source"].replace(", keep=False", ""))  # as the reader's own
        expect(solved).to_be_visible()
        expect(old).to_be_hidden()
        write(bench, "another = 1")
        expect(old).to_be_visible()
        page.reload()
        expect(solved).to_be_visible()
        expect(old).to_be_hidden()


def test_stop_stands_where_a_second_press_hits_no_other_button(visit, site):
    with visit(site + page_of(FIRST)) as page:
        bench = first_of(page)
        write(bench, "while True:\n    pass")
        bench.get_by_role("button", name="Run").click()
        stop = bench.get_by_role("button", name="Stop")
        box = stop.bounding_box()
        stop.click()
        done(bench)
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert bench.locator(".cm-content").inner_text().startswith("while True:")
        expect(bench.locator(".result")).to_contain_text("Stopped.")
