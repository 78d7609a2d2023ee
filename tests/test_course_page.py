"""What a page asks of Python, asked without a page."""

import json
import subprocess
import sys

import pytest

from attncourse import page
from attncourse.controls import Text
from attncourse.drawing.svg import to_svg
from tests.explorers import all_explorers

EXPLORERS = [explorer for explorer in all_explorers().values() if explorer.controls]
HEATMAP = "attncourse.figures.order.encoding_heatmap:encoding_heatmap"


def ask(question, **arguments):
    return json.loads(page.answer(question, json.dumps(arguments)))


def test_a_question_loads_no_matplotlib_before_a_figure_is_asked_for():
    code = "import sys, attncourse.page, attncourse.check, attnlib; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_figure_needs_matplotlib():
    assert page.part("figures.controls", json.dumps({"source": HEATMAP})) == "drawing"


@pytest.mark.parametrize("explorer", EXPLORERS, ids=lambda explorer: explorer.name)
def test_a_page_draws_a_figure_as_the_library_does(explorer):
    values = explorer.defaults
    numbers = explorer.measure(**values)
    assert ask("figures.measure", source=explorer.source, values=values) == {
        "result": {"readout": explorer.readout(numbers)}
    }
    drawn = ask("figures.draw", source=explorer.source, values=values, narrow=False)["result"]
    assert drawn == to_svg(explorer.draw(numbers))


@pytest.mark.parametrize("explorer", EXPLORERS, ids=lambda explorer: explorer.name)
def test_between_two_stops_every_slider_has_values_that_the_figure_can_show(explorer):
    controls = ask("figures.controls", source=explorer.source)["result"]
    for (name, control), told in zip(explorer.controls.items(), controls, strict=True):
        assert set(told["stops"]) <= set(told["values"])
        assert len(told["texts"]) == len(told["values"])
        between = [value for value in told["values"] if value not in told["stops"]]
        for value in between[:: max(1, len(between) // 3)]:
            found = ask("figures.measure", source=explorer.source, values=explorer.defaults | {name: value})
            assert found["result"]["readout"]
        if told["kind"] == "text":
            assert isinstance(control, Text)


def test_a_text_that_cannot_be_read_is_refused_with_the_reason():
    source = "attncourse.figures.date_reader:date_reader"
    assert (
        "1 to 40 characters"
        in ask("figures.measure", source=source, values={"text": "", "step": 1})["result"]["refused"]
    )


def test_a_fault_of_the_courses_own_is_an_error_with_its_place():
    found = ask("figures.measure", source=HEATMAP, values={"no_such": 1})
    assert found["error"].startswith("TypeError: ")
    assert "figures.py" in found["trace"]
