"""The exercises as they stand in the notebooks: two of the chapter's own, a part to build, a test to write."""

import ast
import re

import pytest

from attnbook.exercises import code_of, kept_as
from attncourse import check
from attncourse.capstone.parts import PARTS
from attncourse.check.catches import CATCHES
from attncourse.check.progress import CHAPTERS
from tests.exercises import solutions_of
from tests.notebooks import CHAPTERS as NOTEBOOKS
from tests.notebooks import code_cells, prose

BUILD = "## Going deeper: build your own Transformer, part "
CATCH = "## Going deeper: write the test that catches it, "
WITH_CAPSTONE = [chapter for chapter in NOTEBOOKS if BUILD in prose(chapter)]

each_chapter = pytest.mark.parametrize("chapter", WITH_CAPSTONE, ids=lambda chapter: chapter.stem)


def number(chapter):
    return int(chapter.stem[:2])


def check_calls(cells):
    """Every call of a check in these cells."""
    calls = [
        node for cell in cells for node in ast.walk(ast.parse("".join(cell["source"]))) if isinstance(node, ast.Call)
    ]
    return [call for call in calls if ast.unparse(call.func).startswith("check.")]


@each_chapter
def test_a_chapter_asks_for_its_parts_and_one_property_after_its_own_exercises(chapter):
    text = prose(chapter)
    assert text.index("## Test yourself") < text.index(f"{BUILD}{number(chapter)} of 7, ") < text.index(CATCH)
    assert re.findall(r"^### (\d)\. ", text[: text.index("## Test yourself")], re.MULTILINE) == ["1", "2"]
    calls = {
        ast.unparse(call.func): {word.arg for word in call.keywords} - {"keep"}
        for call in check_calls(code_cells(chapter))
    }
    assert calls["check.build"] == {name for name, part in PARTS.items() if part.chapter == number(chapter)}
    assert calls["check.catch"] == {name for name, catch in CATCHES.items() if catch.chapter == number(chapter)}


@each_chapter
def test_its_own_two_exercises_are_those_that_progress_counts_as_core(chapter):
    names = list(
        dict.fromkeys(ast.unparse(call.func).removeprefix("check.") for call in check_calls(code_cells(chapter)))
    )
    assert set(names[:2]) == set(CHAPTERS[number(chapter) - 1].core)
    assert names[2:4] == ["build", "catch"]
    assert CHAPTERS[number(chapter) - 1].title.split()[0] in prose(chapter).splitlines()[0]


@each_chapter
def test_no_worked_solution_counts_as_the_readers_own(chapter):
    for call in check_calls(code_cells(chapter, tag="solution")):
        assert "keep=False" in ast.unparse(call), "a solution that runs must not be taken for the reader's"


@each_chapter
def test_what_depends_on_the_reader_is_not_called_in_a_committed_cell(chapter):
    names = {ast.unparse(call.func) for call in check_calls(code_cells(chapter))}
    assert names.isdisjoint({"check.progress", "check.model"})


@each_chapter
def test_its_part_and_its_property_pass_every_time(chapter):
    answers = {name: answer for name, answer in solutions_of(chapter).items() if "." in name}
    assert answers
    for name, answer in answers.items():
        kind, _, what = name.partition(".")
        for _ in range(4 if kind == "catch" else 1):
            assert getattr(check, kind)(**{what: answer}, keep=False)


def test_the_record_keeps_each_exercise_under_names_that_its_check_writes():
    written = {"parts": {*PARTS}, "passed": {*check.__all__, *(f"catch.{name}" for name in CATCHES)}}
    for chapter in NOTEBOOKS:
        for cell in code_of(chapter):
            if cell["kind"] == "exercise":
                section, names = kept_as(cell["source"])
                assert names
                assert {*names} <= written[section]
