"""Which cells of a chapter are for the reader to fill in, and the fields that the page has for them."""

import pytest
from bs4 import BeautifulSoup

from attnbook.exercises import code_of, is_exercise, workbench_html
from tests.notebooks import CHAPTERS

CODE = 'def f(x):\n    return x < 1 & "a"  # </textarea>\n\n\ncheck.f(f)'


def cell(source, kind="code", **metadata):
    return {"id": "1a2b", "cell_type": kind, "source": source, "metadata": metadata}


@pytest.mark.parametrize(
    ("given", "due"),
    [
        (cell(CODE), True),
        (cell(CODE, tags=["solution", "hide-cell"]), False),
        (cell("x = 1\nprint(x)"), False),
        (cell("found = check.f(f)"), False),
        (cell("check.f(f)", kind="markdown"), False),
    ],
    ids=["starter", "solution", "plain", "kept", "text"],
)
def test_an_exercise_is_a_cell_that_ends_in_a_check_and_is_no_solution(given, due):
    assert is_exercise(given) is due


def test_the_field_holds_the_code_as_it_is_and_names_what_describes_it():
    bench = BeautifulSoup(workbench_html(cell(CODE), "01_compute", "1. Find <it>"), "html.parser").form
    field = bench.textarea
    assert field.text.removeprefix("\n") == CODE, "a parser of pages drops the first line break"
    assert int(field["rows"]) == CODE.count("\n") + 1
    assert field["aria-label"] == "Your code: 1. Find <it>"
    assert bench.find(id=field["aria-describedby"]) is not None
    assert (bench["data-chapter"], bench["data-cell"]) == ("01_compute", "1a2b")


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_every_exercise_of_a_chapter_is_followed_by_its_solution(chapter):
    kinds = [cell["kind"] for cell in code_of(chapter) if cell["kind"] != "shown"]
    assert kinds == ["exercise", "solution"] * (len(kinds) // 2)
    assert len(kinds) >= 12
