import numpy as np
import pytest

from attncourse.figures.order import four_ways, length_extrapolation, longer_texts, order_training
from attncourse.figures.order.four_ways import WAYS
from attncourse.figures.order.longer_texts import LENGTHS
from attncourse.figures.order.longer_texts import WAYS as READ_BEYOND
from attncourse.figures.order.runs import ARMS, TASKS
from attncourse.results import load_result


@pytest.fixture(scope="module")
def stored():
    return load_result("order")


def test_the_list_of_arms_is_that_of_the_experiment(stored):
    assert set(stored["arms"]) == {f"{task}: {arm}" for task in TASKS.values() for arm in ARMS}


@pytest.mark.parametrize("explorer", [order_training, length_extrapolation])
def test_every_arm_can_be_chosen(explorer):
    assert explorer.controls["arm"].stops == ARMS


@pytest.mark.parametrize("values", order_training.states)
def test_training_shows_the_stored_runs(stored, values):
    numbers = order_training.measure(**values)
    runs = stored["arms"][f"{TASKS[values['task']]}: {values['arm']}"]["runs"].values()
    row = ARMS.index(values["arm"])
    assert sorted(numbers.accuracy[row]) == sorted(run["accuracy"]["12"] for run in runs)
    every = stored["settings"]["record_every"]
    first = np.median([np.mean(run["loss"][: 20 // every]) for run in runs])
    assert numbers.medians[row, 0] == pytest.approx(first)
    assert numbers.steps[-1] == stored["settings"]["steps"] - 10
    low, high = numbers.spread
    assert (low <= numbers.medians[row]).all()
    assert (numbers.medians[row] <= high).all()


@pytest.mark.parametrize("values", order_training.states)
def test_training_is_said_to_be_learned_where_the_curve_passes_half_a_nat(values):
    numbers = order_training.measure(**values)
    median = numbers.medians[ARMS.index(values["arm"])]
    before = median[numbers.steps < numbers.learned_at - 20]
    assert (before >= 0.5).all()
    if np.isfinite(numbers.learned_at):
        assert median[len(before)] < 0.5
        assert f"in {numbers.learned_at:.0f} steps" in order_training.readout(numbers)
    else:
        assert "never" in order_training.readout(numbers)


@pytest.mark.parametrize("arm", ARMS)
def test_lengths_show_the_stored_runs(stored, arm):
    numbers = length_extrapolation.measure(arm)
    runs = stored["arms"][f"previous: {arm}"]["runs"].values()
    assert numbers.lengths.tolist() == stored["settings"]["longer"]
    at_24 = [run["accuracy"]["24"] for run in runs]
    shown = numbers.medians[ARMS.index(arm), numbers.lengths == 24]
    if arm == "learned":
        assert at_24 == [None] * len(at_24)
        assert np.isnan(shown).all()
        assert "no vector" in length_extrapolation.readout(numbers)
    else:
        assert shown == pytest.approx(np.median(at_24))
        assert f"{np.median(at_24):.1%} at 24" in length_extrapolation.readout(numbers)


def test_the_dashed_curve_is_a_model_that_is_right_at_the_places_of_the_training():
    numbers = length_extrapolation.measure()
    for seq, share in zip(numbers.lengths, numbers.seen_places, strict=True):
        asked = np.arange(1, seq)  # the first token has no previous one
        assert share == pytest.approx((asked < 12).mean())


@pytest.mark.parametrize("values", four_ways.states)
def test_ways_show_the_stored_runs(values):
    stored = load_result("order_controls")["on_the_way"]
    numbers = four_ways.measure(**values)
    for arm, shown in zip(WAYS.values(), numbers.right, strict=True):
        assert sorted(shown) == sorted(seed[str(values["steps"])] for seed in stored[arm].values())


def test_without_order_nobody_passes_the_dashed_line_by_more_than_chance():
    numbers = four_ways.measure(steps=1600)
    nothing, masked, index, waves, small = numbers.right
    assert nothing == pytest.approx(numbers.without_order, abs=0.015)
    assert masked == pytest.approx(numbers.without_order_causal, abs=0.02)
    assert index.max() < 0.35
    assert min(waves.min(), small.min()) > 0.9
    assert four_ways.measure(steps=400).right[2].max() < numbers.without_order  # the index: worse than nothing


@pytest.mark.parametrize("values", longer_texts.states)
def test_longer_texts_show_the_stored_runs_and_the_line_of_the_known_places(values):
    numbers, seq = longer_texts.measure(**values), values["seq"]
    for (file, name), shown in zip(READ_BEYOND.values(), numbers.right, strict=True):
        runs = load_result(file)["arms"][name]["runs"].values()
        assert sorted(shown[-1]) == sorted(run["accuracy"][str(seq)] for run in runs)
    assert numbers.read[-1] == seq
    for length, share in zip(LENGTHS, numbers.known_places, strict=True):
        asked = np.arange(1, length)  # the first token has no previous one
        assert share == pytest.approx((asked < 12).mean())


def test_beyond_the_training_random_signs_know_no_new_place_and_rotary_carries_farthest():
    for seq in (16, 24, 48):
        numbers = longer_texts.measure(seq=seq)
        signs, waves, rotary = np.median(numbers.right[:, -1], axis=-1)
        known = numbers.known_places[len(numbers.read) - 1]
        guessed = (1 - known) / 16
        assert signs < known + 1.5 * guessed
        assert signs < waves < rotary
