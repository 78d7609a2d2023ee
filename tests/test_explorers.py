"""Every state of every explorer can be measured, said and drawn, and none changes unseen."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

from attncourse.drawing.canvas import NARROW, SMALL, WIDE, to_webp
from tests.digest import digest
from tests.explorers import all_explorers, artists, corners, texts

EXPLORERS = all_explorers()
DRAWN = json.loads((Path(__file__).parent / "golden" / "figures.json").read_text(encoding="utf-8"))
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
        seen = {digest(explorer.measure(**(explorer.defaults | {name: stop}))) for stop in control.stops}
        assert len(seen) > 1, f"{name} changes nothing"


@every_explorer
def test_every_control_changes_the_sentence(explorer):
    """A reader who does not see the picture hears that something moved."""
    for name, control in explorer.controls.items():
        said = {explorer.readout(explorer.measure(**(explorer.defaults | {name: stop}))) for stop in control.stops}
        assert len(said) > 1, f"{name} changes no word"


@every_explorer
def test_measuring_twice_gives_the_same_numbers(explorer):
    assert digest(explorer.measure(**explorer.defaults)) == digest(explorer.measure(**explorer.defaults))


@every_explorer
@both_layouts
def test_all_states_have_the_size_of_the_sheet_and_the_frames_stay_small(explorer, narrow):
    sizes = set()
    for state in corners(explorer):
        figure = explorer.frame(state, narrow=narrow)
        width, height = (round(inches * CSS_DPI) for inches in figure.get_size_inches())
        sizes.add((width, height))
        assert len(to_webp(figure)) <= 25_000
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
@both_layouts
def test_what_is_drawn_is_what_was_drawn(explorer, narrow):
    """If a figure is meant to change: ``python -m tests.golden.make_figures``, and look at it."""
    drawn = [digest(list(artists(explorer.frame(state, narrow=narrow)))) for state in corners(explorer)]
    assert drawn == DRAWN[explorer.name]["narrow" if narrow else "wide"]


def test_digest_sees_the_sixth_digit_and_not_the_last_bit():
    numbers = np.random.default_rng(0).normal(size=50)
    assert digest(numbers) == digest(numbers * (1 + 1e-13))
    changed = numbers.copy()
    changed[7] *= 1 + 1e-4
    assert digest(changed) != digest(numbers)


def test_digest_tells_nan_infinity_and_minus_zero_apart_as_it_should():
    assert digest(np.array([0.0, 1.0])) == digest(np.array([-0.0, 1.0]))
    assert digest(np.array([np.nan, 1.0])) != digest(np.array([0.0, 1.0]))
    assert digest(np.array([np.inf, 1.0])) != digest(np.array([-np.inf, 1.0]))
    assert digest((1, "a")) != digest((1, "b"))
