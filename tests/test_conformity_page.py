"""The tables of the appendix on conformity, made from results."""

import json

import pytest

from attnbook.conformity import VIEWS, counted, every_case, habits, named, percent, ratios, reasons
from conformity.report import RESULTS
from tests.notebooks import ROOT

RESULT = {
    "rows": [
        ["Sum", "test_one", "passes", 1e-8, 0.5, ""],
        ["Sum", "two", "out of reach", None, None, "no two"],
        ["Mean", "three", "passes", 2e-8, 0.001, ""],
        ["Mean", "four", "out of reach", None, None, "no two"],
    ]
}


def rows(text):
    """The cells of a table's rows, without its head."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def test_cases_are_counted_by_group_and_together():
    assert rows(counted(RESULT)) == [
        ["`Sum`", "1 of 2", "50"],
        ["`Mean`", "1 of 2", "0.1"],
        ["All", "2 of 4", "50"],
    ]


def test_a_reason_is_told_once_with_all_places_where_it_holds():
    assert rows(reasons(RESULT)) == [["no two", "`Sum`\u00a01, `Mean`\u00a01", "2"]]


def test_every_case_has_its_difference_or_its_reason():
    assert rows(every_case(RESULT))[:2] == [["`one`", "passes", "1.0·10⁻⁸", "50"], ["`two`", "no two", "", ""]]


def test_a_share_has_two_digits():
    assert [percent(x) for x in (0.98, 0.0002, 0, 0.999)] == ["98", "0.02", "0", "100"]


def test_a_name_stands_without_its_modules():
    assert [named(group) for group in ("nn.functional.relu", "Sum in float16")] == ["`relu`", "`Sum` in float16"]


def test_an_error_of_the_library_stands_beside_its_ratio_to_the_plain_formulas():
    row = ["softmax", "some scores", 2e-8, 1e-8, 2.0, 0.3, 0.1, 3.0]
    assert rows(ratios({"rows": [row]})) == [["softmax, some scores", "2.0·10⁻⁸", "2", "0.30", "3"]]


def test_libraries_that_answer_a_question_alike_stand_together_and_its_answers_follow_each_other():
    result = {"rows": [["b", "Y", "", "1"], ["a", "X", "", "1"], ["b", "X", "k=1", "3"], ["b", "Z", "in a mode", "1"]]}
    assert rows(habits(result)) == [["b", "1", "Y; Z (in a mode)"], ["b", "3", "X (k=1)"], ["a", "1", "X"]]


def test_the_page_shows_every_result_with_its_command_and_versions():
    page = (ROOT / "appendix" / "conformity.md").read_text("utf-8")
    for path in RESULTS.glob("*.json"):
        assert f"{{conformity}} {path.stem} versions" in page
        assert json.loads(path.read_text("utf-8"))["command"] == f"python -m conformity.{path.stem}"


@pytest.mark.parametrize("line", ["onnx counted", "onnx every-case", "torch_samples reasons", "errors ratios"])
def test_a_view_of_a_stored_result_is_a_table(line):
    name, view = line.split()
    result = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    table = [line.count(" | ") for line in VIEWS[view](result).splitlines()]
    assert len(set(table)) == 1
    assert len(table) > 3
