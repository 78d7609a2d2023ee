"""Every state of every explorer can be measured and said, and none changes unseen."""

import importlib

import numpy as np
import pytest

from tests.explorers import all_explorers
from tests.golden import make_states
from tests.golden.numbers import differences, parts, tolerances
from tests.nudge import nudged

every_explorer = pytest.mark.parametrize("explorer", all_explorers().values(), ids=all_explorers())


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
def test_every_control_changes_the_sentence_at_every_stop_of_every_state(explorer):
    """A reader who does not see the picture hears that something moved."""
    sentences = {tuple(state.values()): explorer.readout(explorer.measure(**state)) for state in explorer.states}
    for i, (name, control) in enumerate(explorer.controls.items()):
        for stops, sentence in sentences.items():
            for stop in control.stops:
                other = *stops[:i], stop, *stops[i + 1 :]
                assert stops == other or sentences[other] != sentence, f"{name}: {stops} and {other} read the same"


@every_explorer
def test_measuring_twice_gives_the_same_numbers(explorer):
    once, again = (parts(explorer.measure(**explorer.defaults)) for _ in range(2))
    assert differences(once, again) == []


@every_explorer
def test_the_numbers_of_every_state_are_those_that_were_kept(explorer):
    make_states.assert_kept(explorer, "states", make_states.measured(explorer))


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


def above_the_floor(array):
    rtol, atol = tolerances(array)
    return np.isfinite(array) & (np.abs(array) * (0.999e-4 - rtol) > atol)
