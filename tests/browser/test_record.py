"""What a reader has done is kept in their browser, told as a notebook tells it, and goes from one to the other."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from attncourse import check, kept
from attncourse.capstone.parts import PARTS
from attncourse.check.catches import CATCHES
from attncourse.check.progress import CHAPTERS
from tests.browser.served import served
from tests.browser.test_accessibility import barriers
from tests.browser.test_page import CHAPTER_PAGES
from tests.browser.test_refused import NO_STORAGE, POLICY

pytestmark = [pytest.mark.browser, pytest.mark.site]

LOST = "Your browser keeps nothing of this: it is lost when you leave the page."
FIRST = f"{CHAPTER_PAGES[0]}.html"
SOFTMAX = "def softmax(é):\n    return é\n"
RECORDS = {
    "nothing": {"passed": [], "parts": {}},
    "a few": {
        "passed": ["next_letter", "catch.layer_norm", "cosine_attention", "of another course"],
        "parts": {"softmax": SOFTMAX, "another": ""},
    },
    "a part that is none": {"passed": [], "parts": {"another": ""}},
    "all": {
        "passed": [*check.__all__, *(f"catch.{name}" for name in CATCHES)],
        "parts": dict.fromkeys(PARTS, "def f(): ..."),
    },
}
# Leaves no room in localStorage but what is there already.
FILL = """() => {
  for (let size = 2 ** 24, number = 0; size >= 1; ) {
    try { localStorage.setItem(`full ${number++}`, "x".repeat(size)); } catch { size /= 2; }
  }
}"""
MAKE_ROOM = """() => Object.keys(localStorage)
  .filter((key) => key.startsWith("full")).forEach((key) => localStorage.removeItem(key))"""
TABLE = """() => [...document.querySelectorAll(".progress tr")].map(
  (row) => [...row.cells].map((cell) => (cell.querySelector("[aria-hidden]") ?? cell).textContent)
)"""


def keep(page: Page, call: str, *arguments: object):
    return page.evaluate(f"(all) => record.{call}(...all)", list(arguments))


def held(page: Page) -> dict:
    return json.loads(page.evaluate("() => record.file"))


def load(page: Page, text: str) -> str:
    """Choose a file with this text; returns what the page says then."""
    page.locator(".progress [role=status]").evaluate("(line) => (line.textContent = '')")
    page.locator(".progress input[type=file]").set_input_files(
        {"name": "attention-course.json", "mimeType": "application/json", "buffer": text.encode()}
    )
    expect(page.locator(".progress [role=status]")).not_to_be_empty()
    return page.locator(".progress [role=status]").inner_text()


def save(page: Page) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save to a file").click()
    assert download.value.suggested_filename == kept.FILE.name
    return Path(download.value.path()).read_text("utf-8")


def assert_tells_what_python_tells(page: Page) -> None:
    told = check.progress()
    assert page.evaluate(TABLE) == [told.head, *told.rows]
    assert page.locator(".progress .model").inner_text() == told.last
    dots = page.locator(".progress td:has(.unseen)")
    for cell in dots.all():
        shown = cell.locator("[aria-hidden]").inner_text()
        assert cell.locator(".unseen").text_content() == f"{shown.count('●')} of {len(shown)}"


@pytest.mark.parametrize("name", RECORDS)
def test_the_page_and_a_notebook_tell_the_same_of_the_same_file(visit, site, name, kept_file):
    text = json.dumps(RECORDS[name])
    with visit(site) as page:
        load(page, text)
        kept_file.write_text(text, "utf-8")
        assert_tells_what_python_tells(page)
        page.reload()
        assert_tells_what_python_tells(page)
        kept_file.write_text(save(page), "utf-8")
        assert_tells_what_python_tells(page)


def test_a_file_goes_from_the_page_to_a_notebook_and_back_with_all_that_is_in_it(visit, site, kept_file):
    with visit(f"{site}{FIRST}") as page:
        keep(page, "keepCode", "838650e0", "x = 'é'\n")
        keep(page, "keepAnswer", "1a2b3c4d", "The cat")
        keep(page, "keepCourse", json.dumps(RECORDS["a few"]))
        page.goto(site)
        kept_file.write_text(save(page), "utf-8")
        kept.keep_exercise("nearest_by_dot")
        kept.keep_part("attention", SOFTMAX)
        page.get_by_role("button", name="Forget everything").click()
        page.locator("dialog").get_by_role("button", name="Forget everything").click()
        expect(page.locator(".progress [role=status]")).to_have_text("Everything is forgotten.")
        assert held(page)["passed"] == []
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Load from a file").click()
        chooser.value.set_files(kept_file)
        expect(page.locator(".progress [role=status]")).to_have_text(
            "Came in: 5 passed exercises, 3 parts of the model, 1 piece of code, 1 answer."
        )
        assert_tells_what_python_tells(page)
        in_a_notebook = json.loads(kept_file.read_text("utf-8"))
        assert sorted(held(page)["passed"]) == sorted(in_a_notebook["passed"])
        assert held(page) | {"passed": []} == in_a_notebook | {"passed": []}
        page.goto(f"{site}{FIRST}")
        assert keep(page, "code", "838650e0") == "x = 'é'\n"
        assert keep(page, "answer", "1a2b3c4d") == "The cat"


def test_the_checks_in_the_page_get_the_file_that_they_themselves_write(visit, site, kept_file):
    with visit(f"{site}{FIRST}") as page:
        assert page.evaluate("() => record.course") is None
        kept.save(kept.Kept(["next_letter"], {"softmax": SOFTMAX}))
        keep(page, "keepCourse", kept_file.read_text("utf-8"))
        keep(page, "keepCode", "838650e0", "x = 1")
        assert page.evaluate("() => record.course") == kept_file.read_text("utf-8")
        before = held(page)
        keep(page, "keepCourse", "the reader's own code has written this")
        assert held(page) == before


def test_what_is_loaded_is_added_and_what_is_here_stays(visit, site):
    with visit(site) as page:
        keep(page, "keepCourse", json.dumps({"passed": ["next_letter"], "parts": {"softmax": "mine"}}))
        keep(page, "keepCode", "838650e0", "mine")
        keep(page, "keepPlace", {"page": "mine", "section": "mine", "title": "mine"})
        file = {
            "passed": ["undivided"],
            "parts": {"softmax": "theirs", "attention": "theirs"},
            "code": {"838650e0": "theirs", "another": "theirs"},
            "place": {"page": "theirs", "section": "theirs", "title": "theirs"},
        }
        said = load(page, json.dumps(file))
        assert said == (
            "Came in: 1 passed exercise, 1 part of the model, 1 piece of code. "
            "2 entries differ from yours here, which stay."
        )
        assert held(page) == {
            "passed": ["next_letter", "undivided"],
            "parts": {"softmax": "mine", "attention": "theirs"},
            "code": {"838650e0": "mine", "another": "theirs"},
            "answers": {},
            "place": {"page": "mine", "section": "mine", "title": "mine"},
        }
        assert load(page, page.evaluate("() => record.file")) == "Came in: nothing that is not here already."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"passed": ["undivided"]}',
        '{"passed": "undivided", "parts": {}}',
        '{"passed": [1], "parts": {}}',
        '{"passed": ["undivided"], "parts": []}',
        '{"passed": ["undivided"], "parts": {"softmax": 1}}',
        '{"passed": ["undivided"], "parts": {}, "code": {"838650e0": 1}}',
    ],
)
def test_a_broken_file_is_refused_and_changes_nothing(visit, site, text):
    with visit(site) as page:
        keep(page, "keepCourse", json.dumps(RECORDS["a few"]))
        before = held(page)
        assert load(page, text) == "This is no file of this course: nothing was changed."
        assert held(page) == before


def test_keys_that_are_broken_or_not_of_a_record_count_as_none(visit, site):
    others = (
        "attention-course-1/",
        "attention-course-1/place/last",
        "attention-course-1/unknown/x",
        "attention-course-1/constructor/x",
        "theme",
    )
    with visit(site) as page:
        page.evaluate("(keys) => keys.forEach((key) => localStorage.setItem(key, '{'))", others)
        page.reload()
        assert held(page) == {"passed": [], "parts": {}, "code": {}, "answers": {}, "place": {}}
        keep(page, "keepCode", "838650e0", "x")
        page.reload()
        assert keep(page, "code", "838650e0") == "x"


def test_code_is_kept_over_a_reload_until_it_is_dropped(visit, site):
    with visit(f"{site}{FIRST}") as page:
        assert keep(page, "code", "838650e0") is None
        assert keep(page, "code", "constructor") is None
        keep(page, "keepCode", "838650e0", "")
        keep(page, "keepCode", "another", "x")
        page.reload()
        assert keep(page, "code", "838650e0") == ""
        keep(page, "dropCode", "838650e0")
        page.reload()
        assert keep(page, "code", "838650e0") is None
        assert keep(page, "code", "another") == "x"


def test_an_answer_and_its_reason_are_there_again_after_a_reload_and_not_read_out(visit, site):
    with visit(f"{site}{FIRST}") as page:
        questions = page.locator(".quiz fieldset")
        for question in (questions.nth(0), questions.nth(2)):
            question.locator("label").last.click()
        said = questions.nth(2).get_by_role("status").inner_text()
        assert questions.nth(2).get_by_role("status").get_attribute("aria-live") == "polite"
        page.reload()
        assert page.locator(".quiz input:checked").count() == 2
        assert questions.nth(2).locator("input").last.is_checked()
        assert questions.nth(2).get_by_role("status").inner_text() == said
        assert questions.nth(2).get_attribute("data-answered") in ("right", "wrong")
        assert questions.nth(2).get_by_role("status").get_attribute("aria-live") == "off"
        assert questions.nth(1).get_by_role("status").inner_text() == ""


def test_an_answer_that_a_question_no_longer_has_is_not_shown(visit, site):
    with visit(f"{site}{FIRST}") as page:
        question = page.locator(".quiz fieldset").first
        keep(page, "keepAnswer", question.get_attribute("data-question"), "An answer of last year")
        page.reload()
        assert not page.locator(".quiz input:checked").count()
        assert question.get_by_role("status").inner_text() == ""


def test_two_tabs_add_to_one_record_and_each_shows_what_the_other_did(visit, site):
    with visit(f"{site}{FIRST}") as one:
        other = one.context.new_page()
        other.goto(f"{site}{FIRST}")
        question = other.locator(".quiz fieldset").first
        for number, page in enumerate([one, other] * 3):
            keep(page, "keepCode", f"cell {number}", str(number))
        for tab in (one, other):  # a browser takes a moment to tell its tabs of one another
            for number in range(6):
                tab.wait_for_function("(cell) => record.code(cell) !== null", arg=f"cell {number}")
        one.locator(".quiz fieldset").first.locator("label").first.click()
        expect(question.locator("input").first).to_be_checked()
        expect(question.get_by_role("status")).not_to_be_empty()
        assert held(one) == held(other)
        assert held(one)["code"] == {f"cell {number}": str(number) for number in range(6)}

        first_page = one.context.new_page()
        first_page.goto(site)
        keep(one, "keepCourse", json.dumps(RECORDS["a few"]))
        expect(first_page.locator(".progress td").first.locator("[aria-hidden]")).to_have_text("●○")
        keep(first_page, "forget")
        expect(question.locator("input").first).not_to_be_checked()
        expect(question.get_by_role("status")).to_be_empty()
        assert held(one)["code"] == {}


def test_a_page_that_comes_back_shows_what_was_done_while_it_was_away(visit, site):
    with visit(site) as page:
        key = "attention-course-1/passed/next_letter"
        page.evaluate("(key) => localStorage.setItem(key, '')", key)  # of which no event tells
        page.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        assert page.locator(".progress td").first.locator("[aria-hidden]").inner_text() == "●○"


def test_what_a_check_adds_does_not_undo_what_another_tab_did_meanwhile(visit, site):
    given = {"passed": ["next_letter", "undivided"], "parts": {"softmax": "old"}}
    with visit(f"{site}{FIRST}") as page:
        keep(page, "keepCourse", json.dumps({"passed": ["next_letter"], "parts": {"softmax": "new"}}))
        after = {"passed": [*given["passed"], "rotate"], "parts": {"softmax": "old", "attention": "x"}}
        keep(page, "keepCourse", json.dumps(after), json.dumps(given))
        assert json.loads(page.evaluate("() => record.course")) == {
            "passed": ["next_letter", "rotate"],
            "parts": {"softmax": "new", "attention": "x"},
        }


def test_where_storage_is_refused_all_works_for_the_page_and_it_says_once_that_nothing_is_kept(visit, site):
    with visit(f"{site}{FIRST}", first=NO_STORAGE) as page:
        notice, questions = page.locator(".notice"), page.locator(".quiz fieldset")
        keep(page, "keepPlace", {"page": "x", "section": "y", "title": "z"})
        expect(notice).to_be_empty()  # nobody asked for it
        questions.nth(0).locator("label").first.click()
        expect(notice).to_have_text(LOST)
        page.evaluate("() => tell('')")
        questions.nth(1).locator("label").first.click()
        keep(page, "keepCode", "838650e0", "x")
        assert keep(page, "code", "838650e0") == "x"
        expect(notice).to_be_empty()
        expect(questions.nth(1).get_by_role("status")).not_to_be_empty()
        assert page.locator(".quiz input:checked").count() == 2
        page.reload()
        assert not page.locator(".quiz input:checked").count()
        page.goto(site)
        expect(page.locator(".progress .refused")).to_have_text(LOST)
        load(page, json.dumps(RECORDS["a few"]))
        expect(page.locator(".progress td").first.locator("[aria-hidden]")).to_have_text("●○")
        keep(page, "forget")
        expect(page.locator(".progress td").first.locator("[aria-hidden]")).to_have_text("○○")


def test_where_storage_is_full_nothing_is_lost_while_the_page_is_open(visit, site):
    with visit(site) as page:
        keep(page, "keepCode", "before", "x")
        expect(page.locator(".progress .refused")).to_be_hidden()
        page.evaluate(FILL)
        keep(page, "keepCode", "after", "x" * 1000)
        expect(page.locator(".notice")).to_have_text(LOST)
        expect(page.locator(".progress .refused")).to_be_visible()
        assert held(page)["code"] == {"before": "x", "after": "x" * 1000}
        assert json.loads(save(page))["code"] == {"before": "x", "after": "x" * 1000}
        page.evaluate(MAKE_ROOM)
        keep(page, "keepCode", "later", "x")
        expect(page.locator(".progress .refused")).to_be_hidden()
        page.reload()
        assert held(page)["code"] == {"before": "x", "after": "x" * 1000, "later": "x"}


def test_the_first_page_leads_back_to_the_last_heading_that_was_on_the_screen_for_some_seconds(visit, site):
    with visit(site) as page:
        assert not page.locator(".go-on").count()
        page.goto(f"{site}{CHAPTER_PAGES[1]}.html#what-does-a-wide-spread-do-to-the-weights")
        page.wait_for_function("() => record.place")
        page.goto(site)
        expect(page.locator(".go-on")).to_have_text(
            "Go on where you stopped: 2. See why scores are divided by √dₖ, What does a wide spread do to the weights?"
        )
        assert page.evaluate("() => scrollY") == 0
        page.locator(".go-on a").click()
        page.wait_for_url(f"**/{CHAPTER_PAGES[1]}.html#what-does-a-wide-spread-do-to-the-weights")
        expect(page.locator("#what-does-a-wide-spread-do-to-the-weights")).to_be_in_viewport()


def test_who_reads_on_below_a_heading_or_in_an_opened_section_comes_back_there(visit, site):
    with visit(site) as page:
        page.goto(f"{site}{CHAPTER_PAGES[4]}.html")
        section = page.locator("details.deeper", has_text="a decoder alone is a language model").first
        section.locator("summary").first.click()
        section.locator("figure").first.evaluate("(figure) => figure.scrollIntoView({ block: 'center' })")
        page.wait_for_function("() => record.place?.title.includes('language model')")


def test_a_heading_that_passes_by_is_not_where_the_reader_stopped(visit, site):
    with visit(site) as page:
        page.clock.install(time=0)
        page.clock.pause_at(1000)
        page.goto(f"{site}{CHAPTER_PAGES[1]}.html#summary")
        page.locator("#summary").wait_for()
        page.evaluate("() => new Promise((done) => new IntersectionObserver(done).observe(document.body))")
        page.clock.run_for(2500)
        assert page.evaluate("() => record.place") is None
        page.clock.run_for(1000)
        assert page.evaluate("() => record.place.section") == "summary"


@pytest.mark.parametrize("page_name", ["javascript:alert(1)//", "../404", "01_compute_attention.html"])
def test_a_place_that_is_no_chapter_is_not_offered(visit, site, page_name):
    with visit(site) as page:
        keep(page, "keepPlace", {"page": page_name, "section": "summary", "title": "Summary"})
        assert not page.locator(".go-on").count()


def test_all_is_forgotten_only_when_the_reader_says_so_twice(visit, site):
    with visit(site) as page:
        keep(page, "keepCourse", json.dumps(RECORDS["a few"]))
        page.get_by_role("button", name="Forget everything").click()
        page.locator("dialog").get_by_role("button", name="Keep it").click()
        page.get_by_role("button", name="Forget everything").click()
        page.keyboard.press("Escape")
        assert set(held(page)["passed"]) == set(RECORDS["a few"]["passed"])
        page.get_by_role("button", name="Forget everything").click()
        page.locator("dialog").get_by_role("button", name="Forget everything").click()
        page.reload()
        assert held(page)["passed"] == []


def test_every_chapter_says_where_it_is_kept_and_links_there(visit, site):
    for chapter in (CHAPTER_PAGES[0], CHAPTER_PAGES[-1]):
        with visit(f"{site}{chapter}.html") as page:
            line = page.locator("#exercises > .kept")
            assert line.inner_text().startswith("What you do here is kept in this browser only: your progress.")
            assert "MB" in line.inner_text()
            line.get_by_role("link").click()
            page.wait_for_url("**/intro.html#your-progress")
            assert page.locator(".progress tbody tr").count() == len(CHAPTERS)


def test_a_strict_host_lets_the_record_be_saved_and_loaded(visit):
    with served(headers={"Content-Security-Policy": POLICY}) as site, visit(site) as page:
        text = save(page)
        assert load(page, text) == "Came in: nothing that is not here already."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_in_the_progress_with_its_question_open(visit, site, scheme):
    with visit(site, width=360, color_scheme=scheme) as page:
        keep(page, "keepPlace", {"page": Path(CHAPTER_PAGES[0]).name, "section": "summary", "title": "Summary"})
        load(page, json.dumps(RECORDS["a few"]))
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
        assert not barriers(page, {})
        page.get_by_role("button", name="Forget everything").click()
        assert not barriers(page, {})
