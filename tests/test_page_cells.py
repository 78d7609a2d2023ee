"""Exercises in the page: what they need of their chapter, what they leave behind, and nothing else."""

import json
import subprocess
import sys

import pytest

from attnbook.exercises import code_of
from attncourse.page import answer
from attncourse.page.cells import part, run
from attncourse.page.needs import before, needed
from attncourse.page.outputs import MOST
from tests.notebooks import CHAPTERS

CODE = {chapter.stem: code_of(chapter) for chapter in CHAPTERS}
SOLVED = [  # an exercise, and the solution that follows it
    pytest.param(name, exercise, solution, id=f"{name[:2]}-{exercise['id']}")
    for name, cells in CODE.items()
    for exercise, solution in zip(
        (cell for cell in cells if cell["kind"] == "exercise"),
        (cell for cell in cells if cell["kind"] == "solution"),
        strict=True,
    )
]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def cell(source, id="a", layer="road", kind="shown"):
    return {"id": id, "source": source, "layer": layer, "kind": kind}


def shown(code, *cells, **more):
    """The outputs of an exercise at the end of these cells."""
    return run(code, "end", [*cells, cell("", "end", "deeper", "exercise")], **more)["outputs"]


def printed(code, *cells):
    return "".join(output["text"] for output in shown(code, *cells))


def test_every_exercise_of_the_course_is_found():
    assert len(SOLVED) == 45


@pytest.mark.parametrize(("chapter", "exercise", "solution"), SOLVED)
def test_every_solution_passes_after_what_it_needs_of_its_chapter(chapter, exercise, solution):
    found = run(solution["source"], exercise["id"], CODE[chapter])
    [output] = found["outputs"]
    lines = output["data"]["text/plain"].splitlines()
    assert lines
    assert all(line.startswith("✓ ") for line in lines)
    assert found["kept"] is None, "a solution does not count as the reader's own"


@pytest.mark.parametrize(("chapter", "exercise", "solution"), SOLVED)
def test_every_exercise_can_be_run_as_it_stands_and_says_what_is_missing(chapter, exercise, solution):
    [output] = run(exercise["source"], exercise["id"], CODE[chapter])["outputs"]
    assert output["data"]["text/plain"].startswith("✗ ")


def test_no_exercise_and_no_solution_waits_for_matplotlib():
    """In a process of its own, for other tests draw."""
    asked = [
        {"code": cell["source"], "cell": exercise["id"], "cells": CODE[chapter]}
        for chapter, *both in (case.values for case in SOLVED)
        for exercise in both[:1]
        for cell in both
    ]
    program = (
        "import json, sys\nfrom attncourse.page.cells import part, run\n"
        "for asked in json.load(sys.stdin):\n    assert part(**asked) == 'core', asked['code']\n    run(**asked)\n"
        "print([name for name in ('matplotlib', 'PIL', 'ipywidgets') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], input=json.dumps(asked), capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_code_that_draws_says_so_before_it_is_run():
    cells = [cell("from attncourse.figures.compute import flow"), cell("", "end", "road", "exercise")]
    assert part("flow", "end", cells) == "drawing"
    assert part("def f():\n    import matplotlib.pyplot as plt", "end", cells) == "drawing"
    assert part("import numpy", "end", cells) == "core"
    assert part("def f(", "end", cells) == "core"


def test_a_cell_builds_on_the_road_before_it_and_a_deeper_one_on_deeper_ones_too():
    cells = [
        cell("a = 1"),
        cell("b = 2", layer="deeper"),
        cell("solved = 3", kind="solution"),
        cell("", "on the road", "road", "exercise"),
        cell("", "deeper", "deeper", "exercise"),
        cell("late = 4"),
    ]
    assert before("on the road", cells) == ["a = 1"]
    assert before("deeper", cells) == ["a = 1", "b = 2"]


@pytest.mark.parametrize(
    ("code", "chapter", "due"),
    [
        ("y", "x = 1\ny = x\nz = y", ["x = 1", "y = x"]),
        ("softmax", "from attnlib import attention, softmax", ["from attnlib import softmax"]),
        ("np.pi", "import math\nimport numpy as np", ["import numpy as np"]),
        (
            "f()",
            "def f():\n    return g()\ndef g():\n    x = 1\nx = 2",
            ["def f():\n    return g()", "def g():\n    x = 1"],
        ),
        ("rows", "rows = []\nrows.append(1)\nprint(rows)", ["rows = []", "rows.append(1)"]),
        ("a", "a = [0]\na[0] = 1\nb = a[0]", ["a = [0]", "a[0] = 1"]),
        ("t", "for t in [1]:\n    print(t)", ["for t in [1]:\n    print(t)"]),
        ("def f(x):\n    return [i for i in x]", "x = i = 1", []),
    ],
    ids=["indirectly", "one name", "an alias", "functions", "what grows", "an entry", "a loop", "own names"],
)
def test_what_is_needed_is_what_binds_or_changes_a_name_that_is_used(code, chapter, due):
    assert needed(code, [chapter]) == due


def test_what_the_chapter_prints_on_its_way_is_not_shown():
    assert printed("print(x)", cell("for x in range(3):\n    print('no')")) == "2\n"


def test_a_run_begins_with_nothing_of_the_run_before():
    assert shown("leftover = 1") == []
    [output] = shown("leftover")
    assert output["name"] == "NameError"
    setup = cell("import numpy as np\nx = np.zeros(2)")
    shown("x += 1\nnp.set_printoptions(precision=1)", setup)
    assert printed("print(x, 1 / np.array([3.0]))", setup) == "[0. 0.] [0.33333333]\n"


def test_text_values_and_errors_come_in_their_order():
    outputs = shown("import sys\nprint(1)\nprint(2)\nprint(3, file=sys.stderr)\ndisplay('a')\nprint(4)\n1 / 0")
    assert [(output["kind"], output.get("name")) for output in outputs] == [
        ("stream", "stdout"),
        ("stream", "stderr"),
        ("display", None),
        ("stream", "stdout"),
        ("error", "ZeroDivisionError"),
    ]
    assert outputs[0]["text"] == "1\n2\n"


def test_the_last_expression_is_shown_in_the_forms_that_it_has_and_none_is_not():
    assert shown("1\nNone") == []
    table = cell("from attncourse import table")
    [output] = shown("table(['a'], [[1]])", table)
    assert output["data"]["text/markdown"].startswith("| a |")
    assert "text/plain" in output["data"]


def test_an_error_shows_the_readers_own_lines_alone():
    setup = cell("def chapters(x):\n    return x[5]")
    [output] = shown("def mine(x):\n    return chapters(x)\n\nmine([])", setup)
    assert [line for line in output["traceback"].splitlines() if not set(line) <= {" ", "^", "~"}] == [
        "Traceback (most recent call last):",
        "  Line 4, in <module>",
        "    mine([])",
        "  Line 2, in mine",
        "    return chapters(x)",
        "IndexError: list index out of range",
    ]


@pytest.mark.parametrize("code", ["x = (1,", "x = 1\nreturn x", "def f():\n    nonlocal x"])
def test_code_that_is_no_python_says_where(code):
    [output] = shown(code)
    assert output["name"] == "SyntaxError"
    assert output["traceback"].startswith(f"  Line {code.count(chr(10)) + 1}\n")


def test_an_exit_ends_the_cell_and_not_python():
    [output] = shown("raise SystemExit('enough')")
    assert output["name"] == "SystemExit"


def test_a_flood_of_text_is_cut_and_says_so():
    text = printed("for i in range(30_000):\n    print('abc', i)")
    assert len(text) < MOST + 100
    assert text.endswith("… and more: the page shows the first 100,000 characters.\n")


def test_text_is_told_as_it_comes():
    told = []
    shown("print('a')", tell=told.append)
    assert "".join(json.loads(piece)["text"] for piece in told) == "a\n"


def test_a_figure_is_shown_as_svg_whether_it_is_returned_or_left_open():
    for last in ("plt.gcf()\nplt.close()", "None"):
        outputs = shown(f"import matplotlib.pyplot as plt\nplt.plot([1, 2])\ndisplay(plt.gcf())\n{last}")
        assert "<svg" in outputs[0]["data"]["image/svg+xml"]
    assert len(outputs) == 2, "the one that was left open"
    assert "style" not in outputs[0]["data"]["image/svg+xml"], "a site may forbid it"


def test_what_passes_is_kept_beside_what_was_and_goes_back_to_the_page():
    chapter, exercise, solution = SOLVED[0].values
    code = solution["source"].replace(", keep=False", "")
    kept = '{"passed": ["rotate"], "parts": {}, "code": {"a": "b"}}'
    found = run(code, exercise["id"], CODE[chapter], kept=kept)
    assert json.loads(found["kept"])["passed"] == ["rotate", "next_letter"]
    assert run("1", exercise["id"], CODE[chapter])["kept"] is None, "another reader's is not there"


def test_a_function_that_the_reader_wrote_has_a_source():
    chapter, exercise, _ = next(case.values for case in SOLVED if "check.build" in case.values[1]["source"])
    code = exercise["source"].replace("pass", "return np.exp(scores)")
    [output] = run(code, exercise["id"], CODE[chapter])["outputs"]
    assert "✗ build.softmax" in output["data"]["text/plain"]
    assert "source" not in output["data"]["text/plain"]


def test_the_page_asks_by_name_and_gets_json():
    asked = {"code": "print(1)", "cell": "a", "cells": [cell("", "a", "road", "exercise")], "kept": None}
    found = json.loads(answer("cells.run", json.dumps(asked)))
    assert found == {"result": {"outputs": [{"kind": "stream", "name": "stdout", "text": "1\n"}], "kept": None}}
