import math

import numpy as np
import pytest

from attncourse.figures.transformer import name_training as training
from attncourse.figures.transformer.name_training import BIGRAM_SMOOTHING, bigram_loss
from attncourse.first_names import first_names
from attncourse.results import load_result
from attnlib import count_parameters
from attnlib.names.characters import VOCAB
from attnlib.names.model import load_name_model
from experiments.name_model import SETTINGS, counted, samples, trained


@pytest.fixture(scope="module")
def result():
    return load_result("name_model")


def ends(result):
    return [run["held_out"][-1] for run in result["runs"].values()]


def best(result, memory):
    return min(result["counts"][str(memory)].values())


# The result file


def test_result_is_complete(result):
    assert set(result["runs"]) == {str(seed) for seed in SETTINGS.seeds}
    assert set(result["counts"]) == {str(memory) for memory in SETTINGS.memories}
    assert set(result["samples"]) == {f"{temperature:g}" for temperature in SETTINGS.temperatures}


def test_the_recorded_run_of_the_page_is_the_first_seed_s(result):
    recorded = load_result("name_training")["numbers"]["held_out"][1]
    np.testing.assert_allclose(recorded, result["runs"]["0"]["held_out"], rtol=1e-3)


# A small part, run again


@pytest.mark.parametrize("seed", [0, 200])
def test_a_short_run_soon_beats_pairs_of_letters(seed):
    run = trained(seed, training.effect)
    assert run.held_out[-1] < bigram_loss()
    if seed == 0:
        stored = load_result("name_model")["runs"]["0"]["held_out"][: len(run.held_out)]
        np.testing.assert_allclose(run.held_out, stored, atol=0.03)


@pytest.mark.parametrize("memory", [0, 1, 2])
def test_counts_are_the_stored_ones(result, memory):
    assert counted(memory) == pytest.approx(result["counts"][str(memory)], rel=1e-3)


def test_samples_are_as_new_as_stored(result):
    stored = result["samples"]["1"]
    found = samples(1.0)
    for what in ("trained on", "held out", "neither"):
        assert found[what] == pytest.approx(stored[what], abs=0.05)
    assert found["names"][:3] == stored["names"][:3]


# What the README and the chapter say


def test_every_seed_beats_counts_of_two_letters_and_equals_those_of_three(result):
    assert max(ends(result)) < best(result, 2) - 0.1 < best(result, 1) - 0.3
    assert np.mean(ends(result)) == pytest.approx(best(result, 3), abs=0.03)


def test_counts_of_four_letters_are_a_little_better_still(result):
    assert 0 < min(ends(result)) - best(result, 4) < 0.05


def test_no_best_smoothing_lies_at_an_end_of_the_grid_but_where_it_hardly_matters(result):
    for memory in SETTINGS.memories[2:]:
        losses = result["counts"][str(memory)]
        assert min(losses, key=losses.get) not in (f"{SETTINGS.smoothings[0]:g}", f"{SETTINGS.smoothings[-1]:g}")
    losses = result["counts"]["0"].values()
    assert max(losses) - min(losses) < 0.001


def test_the_smoothing_of_the_bigram_in_the_figure_is_as_good_as_the_best(result):
    assert bigram_loss() == pytest.approx(best(result, 1), abs=1e-3)
    assert BIGRAM_SMOOTHING in SETTINGS.smoothings


def test_a_low_temperature_repeats_and_a_high_one_invents(result):
    known = [result["samples"][f"{warm:g}"]["trained on"] for warm in SETTINGS.temperatures]
    different = [result["samples"][f"{warm:g}"]["different"] for warm in SETTINGS.temperatures]
    assert known == sorted(known, reverse=True)
    assert different == sorted(different)


def test_numbers_that_the_readme_states():
    training_names, held_out = first_names()
    assert (len(training_names), len(held_out), count_parameters(load_name_model())) == (4647, 516, 13_504)
    assert max(map(len, (*training_names, *held_out))) == 11
    assert math.log(VOCAB) == pytest.approx(3.30, abs=0.005)
