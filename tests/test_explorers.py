"""Every state of every explorer can be measured, said and drawn, and none changes unseen."""

import importlib

import numpy as np
import pytest

from attncourse.drawing.canvas import NARROW, SMALL, WIDE
from tests.explorers import all_explorers, corners, texts
from tests.golden import make_states
from tests.golden.numbers import differences, parts, tolerances
from tests.nudge import nudged

EXPLORERS = all_explorers()
CSS_DPI = 96

every_explorer = pytest.mark.parametrize("explorer", EXPLORERS.values(), ids=EXPLORERS)
both_layouts = pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])


@every_explorer
def test_source_names_the_explorer_itself(explorer):
    module, _, name = explorer.source.partition(":")
    assert getattr(importlib.import_module(module), name) is explorer


@every_explorer
def test_default_is_one_of_the_stops(explorer):
    assert explorer.defaults in explorer.states
    assert len(explorer.states) <= 200


@every_explorer
def test_every_state_has_finite_numbers_and_a_sentence(explorer):
    described = explorer.describe()
    assert len(described["readouts"]) == len(explorer.states)
    for sentence in described["readouts"]:
        assert 20 <= len(sentence) <= 400
        assert "nan" not in sentence.lower()
        assert sentence.endswith(".")


@every_explorer
def test_every_control_changes_the_numbers(explorer):
    for name, control in explorer.controls.items():
        first, *others = (parts(explorer.measure(**(explorer.defaults | {name: stop}))) for stop in control.stops)
        assert any(differences(first, other) for other in others), f"{name} changes nothing"


@every_explorer
def test_every_control_changes_the_sentence(explorer):
    """A reader who does not see the picture hears that something moved."""
    for name, control in explorer.controls.items():
        said = {explorer.readout(explorer.measure(**(explorer.defaults | {name: stop}))) for stop in control.stops}
        assert len(said) > 1, f"{name} changes no word"


@every_explorer
def test_measuring_twice_gives_the_same_numbers(explorer):
    once, again = (parts(explorer.measure(**explorer.defaults)) for _ in range(2))
    assert differences(once, again) == []


@every_explorer
def test_the_numbers_of_every_state_are_those_that_were_kept(explorer):
    compare(explorer, "states", make_states.measured(explorer))


@every_explorer
def test_a_number_changed_by_one_in_ten_thousand_is_seen(explorer):
    kept, rng = make_states.kept("states", explorer), np.random.default_rng(0)
    for dtype in (np.float32, np.float64):  # as if it had been measured so
        then = {field: part.astype(dtype) if isinstance(part, np.ndarray) else part for field, part in kept.items()}
        fields = [field for field, part in then.items() if isinstance(part, np.ndarray) and above_the_floor(part).any()]
        if not fields:
            continue  # integers and words only, which are compared exactly
        field = rng.choice(fields)
        now = then | {field: then[field].copy()}
        places = np.argwhere(above_the_floor(now[field]))
        now[field][tuple(places[len(places) // 2])] *= 1 + 1e-4
        (found,) = differences(now, then)
        assert found.startswith(field)


@every_explorer
def test_the_sentence_does_not_hang_on_the_last_digits(explorer):
    """Another machine rounds differently, and the notebooks keep every sentence to the letter."""
    rng = np.random.default_rng(0)
    for state in explorer.states:
        numbers = explorer.measure(**state)
        for _ in range(4):
            said = explorer.readout(nudged(numbers, rng, keep=explorer.controls))
            assert said == explorer.readout(numbers), f"in {state}"


@every_explorer
@both_layouts
def test_all_states_have_the_size_of_the_sheet(explorer, narrow):
    """That every frame stays small in bytes, the site's build checks."""
    sizes = set()
    for state in corners(explorer):
        figure = explorer.frame(state, narrow=narrow)
        width, height = (round(inches * CSS_DPI) for inches in figure.get_size_inches())
        sizes.add((width, height))
    assert len(sizes) == 1, "the page would jump"
    assert width == (NARROW if narrow else WIDE)
    assert height <= (700 if narrow else 460)


@every_explorer
@both_layouts
def test_no_text_is_small_or_cut_off(explorer, narrow):
    for state in corners(explorer):
        figure = explorer.frame(state, narrow=narrow)
        figure.canvas.draw()
        page = figure.bbox
        for text in texts(figure):
            assert text.get_fontsize() >= SMALL, f"{text.get_text()!r} is set in {text.get_fontsize()} points"
            box = text.get_window_extent()
            inside = box.x0 >= page.x0 - 1 and box.y0 >= page.y0 - 1 and box.x1 <= page.x1 + 1 and box.y1 <= page.y1 + 1
            assert inside, f"{text.get_text()!r} is cut off in {state}"


@every_explorer
def test_what_is_drawn_is_what_was_drawn(explorer):
    compare(explorer, "figures", make_states.drawn(explorer))


def compare(explorer, kind, now):
    found = differences(now, make_states.kept(kind, explorer))
    if found:
        pytest.fail(
            f"{explorer.name}: {len(found)} {kind} fields have changed:\n"
            + "\n".join(found[:20])
            + f"\nIf they are meant to, look at the figure, then call: {make_states.COMMAND}"
        )


def above_the_floor(array):
    rtol, atol = tolerances(array)
    return np.isfinite(array) & (np.abs(array) * (0.999e-4 - rtol) > atol)
