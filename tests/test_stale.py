"""A notebook that is older than the library is told apart from one that is not, in every part."""

import copy
import json
import logging
from types import SimpleNamespace

import pytest

from attnbook.drawing import draw_all
from attnbook.mime import CourseRenderer
from attnbook.stale import complaint
from attncourse.explorer import EXPLORER_MIME
from attncourse.figures.scaling.temperature import temperature


@pytest.fixture
def stored():
    """What the notebook of today holds."""
    return json.loads(json.dumps(temperature.describe()))


def test_a_notebook_of_today_gives_no_complaint(stored):
    assert complaint(stored, temperature, temperature.describe()) == ""


def test_a_stale_sentence_is_named_with_its_state_both_versions_and_the_cure(stored):
    now, stop = stored["readouts"][3], temperature.controls["temperature"].stops[3]
    stored["readouts"][3] = "The largest weight is 2."
    assert complaint(stored, temperature, temperature.describe()) == (
        f"explorer temperature, state temperature={stop!r}: the notebook says 'The largest weight is 2.', "
        f"the library {now!r}: run `make notebooks`"
    )


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda old: old.update(caption="Another."), "caption"),
        (lambda old: old["parameters"][0]["stops"].append(99), "parameters 0 stops 14"),
        (lambda old: old["parameters"][0].update(default=0.3), "parameters 0 default"),
        (lambda old: old["readouts"].pop(), "state temperature="),
        (lambda old: old["readouts"].append("More."), "readouts 14"),
        (lambda old: old.update(digests=["0a1b"]), "digests"),
    ],
)
def test_every_part_is_compared(stored, change, where):
    old = copy.deepcopy(stored)
    change(old)
    assert complaint(old, temperature, temperature.describe()).startswith(f"explorer temperature, {where}")


def test_the_number_of_further_differences_is_said(stored):
    stored["readouts"][2:5] = ["Old."] * 3
    assert "(2 more differ): run" in complaint(stored, temperature, temperature.describe())


def test_the_page_shows_the_librarys_sentence_and_the_build_warns(stored, caplog, tmp_path):
    at_start = temperature.states.index(temperature.defaults)
    now, stored["readouts"][at_start] = stored["readouts"][at_start], "Stale."
    list(draw_all([temperature], tmp_path / "pictures", workers=1))
    app = SimpleNamespace(doctreedir=tmp_path / "doctrees")
    env = SimpleNamespace(docname="chapters/02", temp_data={}, note_reread=lambda: None, app=app)
    renderer = SimpleNamespace(renderer=SimpleNamespace(sphinx_env=env))
    sphinx = logging.getLogger("sphinx")
    sphinx.addHandler(caplog.handler)
    try:
        [node] = CourseRenderer.handle_mime(
            renderer, SimpleNamespace(mime_type=EXPLORER_MIME, content=stored), inline=False
        )
    finally:
        sphinx.removeHandler(caplog.handler)
    assert "Stale." in caplog.text
    assert "Stale." not in node.astext()
    assert f'<output aria-live="polite">{now}</output>' in node.astext()
