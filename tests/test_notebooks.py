"""What every committed chapter must be: executed, clean, and complete as a lesson."""

import json
import re

import pytest

from attnbook.drawing import load
from attnbook.notebooks import COLLAPSED
from attncourse.explorer import EXPLORER_MIME
from attncourse.quiz import QUIZ_MIME
from attncourse.verdict import VERDICT_MIME
from tests.notebooks import CHAPTERS, NOTEBOOKS, code_cells, prose, stored

FOLDED = {  # what MyST-NB folds by a tag, JupyterLab folds by a key: tag → keys
    "hide-input": {"source_hidden"},
    "remove-input": {"source_hidden"},
    "hide-output": {"outputs_hidden"},
    "remove-output": {"outputs_hidden"},
    "hide-cell": {"source_hidden", "outputs_hidden"},
    "remove-cell": {"source_hidden", "outputs_hidden"},
}

each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
each_notebook = pytest.mark.parametrize("chapter", NOTEBOOKS, ids=lambda chapter: chapter.stem)


def source(cell) -> str:
    return "".join(cell["source"])


def results(chapter, cells) -> dict[str, bool]:
    """The exercises whose checks left a line in these cells, and whether they passed."""
    lines = [line for text in stored(chapter, "text/plain", cells) for line in text.splitlines()]
    return {found[2]: found[1] == "✓" for line in lines if (found := re.match(r"([✓✗]) (\w+): ", line))}


def test_there_are_chapters():
    assert CHAPTERS


@each_notebook
def test_every_cell_was_run_once_from_top_to_bottom(chapter):
    """A cell without a count is one that nbval does not compare."""
    assert [cell["execution_count"] for cell in code_cells(chapter)] == list(range(1, len(code_cells(chapter)) + 1))


@each_notebook
def test_the_metadata_name_the_kernel_and_nothing_of_one_machine(chapter):
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info"}
    assert "widget-view" not in chapter.read_text(encoding="utf-8")
    assert all(set(cell["metadata"]) <= {"jupyter", "tags", COLLAPSED} for cell in notebook["cells"])
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])


@each_notebook
def test_no_output_is_long_or_names_a_place_on_one_machine(chapter):
    for cell in code_cells(chapter):
        for output in cell["outputs"]:
            data = {mime: part for mime, part in output.get("data", {}).items() if mime != "image/png"}
            text = "".join(output.get("text", "")) + "".join(data.get("text/plain", ""))
            assert len(text.splitlines()) <= 60
            found = re.search(
                r"/home/|/Users/|/root/|/tmp/|[A-Z]:\\\\|0x[0-9a-f]{6}", json.dumps([output.get("text"), data])
            )
            assert not found, f"{source(cell)[:60]!r} shows {found[0]!r}"


@each_notebook
def test_no_cell_fails_unless_it_says_so(chapter):
    for cell in code_cells(chapter):
        if "raises-exception" not in cell["metadata"].get("tags", ()):
            assert all(output["output_type"] != "error" for output in cell["outputs"]), source(cell)


@each_notebook
def test_what_is_folded_on_the_page_is_folded_in_jupyterlab(chapter):
    for cell in code_cells(chapter):
        keys = set().union(*(FOLDED.get(tag, ()) for tag in cell["metadata"].get("tags", ())))
        assert cell["metadata"].get("jupyter", {}) == dict.fromkeys(keys, True), source(cell)


@each_chapter
def test_worked_solutions_are_out_of_sight(chapter):
    solutions = code_cells(chapter, tag="solution")
    assert solutions
    assert all("hide-cell" in cell["metadata"]["tags"] for cell in solutions)


@each_notebook
def test_its_text_is_plain_markdown_that_jupyterlab_shows_as_the_page_does(chapter):
    """No role and no directive; and a link to another chapter names its file, which both can open."""
    assert not re.search(r"^\s*(:{3,}|`{3,})\{|\{[\w:-]+\}`|^\([\w-]+\)=", prose(chapter), re.MULTILINE)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(chapter)) if not link.startswith("https://")]
    assert all((chapter.parent / link).is_file() for link in links)


@each_notebook
def test_all_imports_stand_in_the_first_code_cell(chapter):
    first, *others = code_cells(chapter)
    assert "import numpy as np" in source(first)
    for cell in others:
        assert not re.search(r"^\s*(import|from)\s", source(cell), re.MULTILINE), source(cell)


@each_notebook
def test_every_stored_explorer_is_the_one_in_the_library(chapter):
    stored_explorers = stored(chapter, EXPLORER_MIME)
    assert stored_explorers
    for described in stored_explorers:
        explorer = load(described["source"])
        assert described["name"] == explorer.name
        assert described["caption"] == explorer.caption
        now = {name: list(control.stops) for name, control in explorer.controls.items()}
        assert {parameter["name"]: parameter["stops"] for parameter in described["parameters"]} == now
        assert len(described["readouts"]) == len(explorer.states)


@each_chapter
def test_its_verdicts_are_on_claims_of_this_chapter(chapter):
    claims = [record["id"] for record in stored(chapter, VERDICT_MIME)]
    assert claims
    assert {claim.partition(".")[0] for claim in claims} == {str(int(chapter.stem[:2]))}


@each_chapter
def test_four_exercises_or_more_each_with_a_starter_and_a_worked_solution(chapter):
    solutions = code_cells(chapter, tag="solution")
    starters = [cell for cell in code_cells(chapter) if cell not in solutions]
    solved, started = results(chapter, solutions), results(chapter, starters)
    assert len(solved) >= 4
    assert set(solved) == set(started)
    assert all(solved.values())
    assert not any(started.values()), "a starter that passes is no exercise"


@each_chapter
def test_five_questions_at_the_end(chapter):
    questions = [question for quiz in stored(chapter, QUIZ_MIME) for question in quiz]
    assert len(questions) == 5
    for question in questions:
        answers = [option["answer"] for option in question["options"]]
        assert question["right"] in answers
        assert all(option["reason"] for option in question["options"])
