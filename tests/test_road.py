"""A chapter's main road teaches in twenty-five minutes, and needs nothing of what goes deeper."""

import ast
import contextlib
import io
import re
from collections.abc import Iterator

import pytest

from attnbook.ledger import verdicts_of
from attnbook.notebooks import COLLAPSED, cells_of, heading, is_deeper, layers
from attncourse.explorer import EXPLORER_MIME
from attncourse.listing import Listing
from attncourse.training import TRAINING_MIME
from tests.notebooks import CHAPTERS, NOTEBOOKS
from tests.road import AT_THE_END, code_lines, length, listed, steps, too_wide

each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)

FIRST_LINES = re.compile(r"# .+\n\n(?P<opening>.+)\n\n\*25 minutes\. You need: .+\*", re.DOTALL)
DEEPER = re.compile(r"Going deeper: .+ \(\d+ minutes?\)")


def road_of(chapter):
    return layers(cells_of(chapter))[0]


@each_chapter
def test_the_road_is_short(chapter):
    road = length(road_of(chapter))
    assert road.words <= 1800
    assert road.code_lines <= 120
    assert 3 <= road.figures <= 5
    assert 8 <= road.steps <= 14


@each_chapter
def test_no_line_of_code_is_cut_off_at_the_column(chapter):
    assert too_wide(cells_of(chapter)) == []


@each_chapter
def test_a_listing_has_fifteen_lines_at_most(chapter):
    assert max(map(listed, cells_of(chapter))) <= 15


@each_chapter
def test_it_opens_in_a_few_words_with_its_time_and_what_it_needs_and_a_figure(chapter):
    first, imports, *rest = road_of(chapter)
    opening = FIRST_LINES.fullmatch(first["source"].strip())
    assert opening, first["source"]
    assert len(opening["opening"].split()) <= 100
    assert imports["cell_type"] == "code"
    before = next(i for i, cell in enumerate(rest) if _explorers(cell))
    assert sum(len(cell["source"].split()) for cell in rest[:before]) <= 120
    assert sum(map(code_lines, rest[:before])) <= 6


@each_chapter
def test_a_heading_starts_its_cell_and_has_no_number_and_no_claim(chapter):
    for cell in cells_of(chapter):
        if cell["cell_type"] == "markdown":
            text = re.sub(r"^```.*?^```", "", cell["source"], flags=re.DOTALL | re.MULTILINE)
            found = re.findall(r"^#+ .+", text, re.MULTILINE)
            assert found == [] or (len(found) == 1 and cell["source"].startswith(found[0])), found
    assert not [title for title in steps(road_of(chapter)) if re.match(r"Claim|\d", title)]


@each_chapter
def test_the_road_ends_in_summary_exercises_and_questions(chapter):
    titles = [found[1] for cell in road_of(chapter) if (found := heading(cell)) and found[0] == 2]
    assert titles[-3:] == ["Summary", "Exercises", "Test yourself"]
    assert set(titles[-3:]) == AT_THE_END


@pytest.mark.parametrize("chapter", NOTEBOOKS, ids=lambda chapter: chapter.stem)
def test_what_goes_deeper_is_called_so_with_its_minutes_and_is_closed(chapter):
    for cell in cells_of(chapter):
        called = bool((found := heading(cell)) and found[1].startswith("Going deeper"))
        assert called == is_deeper(cell) == (COLLAPSED in cell["metadata"])
        if called:
            assert DEEPER.fullmatch(found[1]), found[1]


@each_chapter
def test_every_verdict_stands_on_the_road_under_a_question(chapter):
    assert len(list(verdicts_of(chapter))) == sum("verdict(" in cell["source"] for cell in road_of(chapter))
    assert {question for question, _ in verdicts_of(chapter)} <= set(steps(road_of(chapter)))


@each_chapter
def test_the_road_runs_alone_and_finds_what_the_whole_chapter_finds(chapter, monkeypatch):
    monkeypatch.chdir(chapter.parent)
    names: dict = {"__name__": "__main__"}
    for cell in road_of(chapter):
        if cell["cell_type"] == "code" and "raises-exception" not in cell["metadata"].get("tags", ()):
            printed, shown = _run(cell["source"], names)
            kept = {mime: text for output in cell["outputs"] for mime, text in output.get("data", {}).items()}
            streams = "".join(
                "".join(output["text"]) for output in cell["outputs"] if output["output_type"] == "stream"
            )
            assert printed == streams, cell["source"]
            if shown is not None and not isinstance(shown, Listing) and "text/plain" in kept:
                assert repr(shown).split() == "".join(kept["text/plain"]).split(), cell["source"]


def _run(source: str, names: dict) -> tuple[str, object]:
    """Run a cell; what it printed, and what it ends in."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), "<cell>", "exec"), names)
        shown = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None
    return printed.getvalue(), shown


def _explorers(cell, mime: str = EXPLORER_MIME) -> list[dict]:
    return [output["data"][mime] for output in cell.get("outputs", []) if mime in output.get("data", {})]


@each_chapter
def test_every_figure_is_asked_about_before_it_and_answered_behind_it(chapter):
    cells = road_of(chapter)
    for i, cell in enumerate(cells):
        if _explorers(cell):
            assert "**Predict.**" in cells[i - 1]["source"], cell["source"]
            assert cells[i + 1]["source"].startswith('<details class="answer"><summary>'), cell["source"]


@each_chapter
def test_what_is_to_be_predicted_is_not_printed_under_the_question(chapter):
    """A folded output opens with a click, on the page and in JupyterLab."""
    cells = cells_of(chapter)
    for i, cell in enumerate(cells):
        tags, hidden = cell["metadata"].get("tags", ()), cell["metadata"].get("jupyter", {}).get("outputs_hidden")
        assert hidden or "hide-output" not in tags, cell["source"]
        if cell["cell_type"] == "markdown" and "**Predict.**" in cell["source"]:
            shown = next(later for later in cells[i + 1 :] if later.get("outputs"))
            moved = _explorers(shown) or _explorers(shown, TRAINING_MIME)
            assert moved or hidden or "hide-output" in shown["metadata"].get("tags", ()), shown["source"]


def _strings(found) -> Iterator[str]:
    """Every text in what a cell has left behind."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        for part in found.values():
            yield from _strings(part)
    elif isinstance(found, list):
        if found and all(isinstance(part, str) for part in found):
            yield "".join(found) if any(part.endswith("\n") for part in found[:-1]) else " ".join(found)
        else:
            for part in found:
                yield from _strings(part)


NUMBER = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.]\d)|(?<![\w.])\d+(?:\.\d+)? ?%")


@each_chapter
def test_every_measured_number_in_the_prose_is_one_that_the_chapter_has_printed(chapter):
    """A number that was typed goes on saying what was once measured."""
    printed = {
        number.replace(" ", "")
        for cell in cells_of(chapter)
        for text in _strings(cell.get("outputs", []))
        for number in NUMBER.findall(text)
    }
    typed = set()
    for cell in cells_of(chapter):
        if cell["cell_type"] == "markdown":
            plain = re.sub(
                r"^```.*?^```|\$\$.*?\$\$|\$[^$\n]+\$|`[^`\n]+`|\]\([^)]*\)", " ", cell["source"], flags=re.S | re.M
            )
            typed |= {number.replace(" ", "") for number in NUMBER.findall(plain)}
    assert typed <= printed, sorted(typed - printed)
