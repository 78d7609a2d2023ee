import numpy as np
import pytest

from attncourse.figures.norms import (
    deep_stack,
    leak_by_batch,
    leaky_norm,
    norm_by_depth,
    norm_training,
    train_inference,
)
from attncourse.figures.norms.deep_stack import DEPTHS, RIGHT, TEXT
from attncourse.figures.norms.leaky_norm import AXES, READINGS, STEPS
from attncourse.figures.norms.norm_by_depth import BATCH, LAYER
from attncourse.figures.norms.norm_training import LOSSES
from attncourse.figures.norms.runs import BATCHES, NORMS
from attncourse.results import load_result
from tests.explorers import every_state, words_of


@pytest.fixture(scope="module")
def stored():
    return load_result("norms")


def runs(stored, norm, batch):
    return list(stored["arms"][f"{norm}, batch {batch}"]["runs"].values())


def test_every_arm_of_the_experiment_can_be_chosen(stored):
    controls = train_inference.controls
    arms = {f"{norm}, batch {batch}" for norm in controls["norm"].stops for batch in controls["batch"].stops}
    assert arms == set(stored["arms"])
    assert list(BATCHES) == stored["settings"]["batches"]


@every_state(train_inference)
def test_both_modes_are_those_of_the_stored_runs(stored, state):
    numbers = train_inference.measure(**state)
    of_arm = runs(stored, **state)
    assert numbers.steps.tolist() == stored["settings"]["measured_at"]
    for place in (0, -1):
        training, inference = ([run[mode][place] for run in of_arm] for mode in ("training", "inference"))
        assert numbers.training[place] == pytest.approx(np.mean(training))
        assert numbers.inference[place] == pytest.approx(np.mean(inference))
        np.testing.assert_allclose(numbers.ratio[:, place], np.divide(inference, training))
        assert f"{np.mean(inference):.2g}" in train_inference.readout(numbers)


@every_state(train_inference)
def test_the_modes_differ_for_batch_norms_alone(state):
    numbers = train_inference.measure(**state)
    if state["norm"].startswith("BatchNorm"):
        assert (numbers.strays > 0.01).all()
        assert np.abs(numbers.ratio - 1).max() > 0.05
    else:
        assert numbers.strays is None
        np.testing.assert_allclose(numbers.ratio, 1, atol=2e-3)  # stored with four digits
        assert "one computation" in train_inference.readout(numbers)
        assert "in training mode" not in words_of(train_inference, state)


@every_state(train_inference)
def test_layer_norm_is_drawn_beside_the_others(state):
    numbers = train_inference.measure(**state)
    np.testing.assert_array_equal(numbers.layer_norm, train_inference.measure("LayerNorm", state["batch"]).inference)
    assert ("LayerNorm" in words_of(train_inference, state)) == (state["norm"] != "LayerNorm")


@every_state(norm_training)
def test_final_losses_are_those_of_the_stored_runs(stored, state):
    numbers, key = norm_training.measure(**state), LOSSES[state["loss"]].key
    for batch, of_batch in zip(BATCHES, numbers.seeds, strict=True):
        for norm, seeds in zip(NORMS, of_batch, strict=True):
            wanted = [run["end"][key] for run in runs(stored, norm, batch)]
            if wanted[0] is None:
                assert np.isnan(seeds).all()
            else:
                assert seeds.tolist() == wanted


@pytest.mark.parametrize("narrow", [False, True])
@every_state(norm_training)
def test_every_mean_is_written_beside_its_dots(state, narrow):
    numbers, words = norm_training.measure(**state), words_of(norm_training, state, narrow)
    known = numbers.mean[~np.isnan(numbers.mean)]
    assert {f"{mean:#.2g}" for mean in known} <= set(words)
    assert words.count("no statistics") == np.isnan(numbers.mean).sum()


def test_only_statistics_per_position_cannot_read_two_dates():
    for loss in LOSSES:
        unknown = np.isnan(norm_training.measure(loss).mean)
        assert unknown.any() == ("two dates" in loss)
        assert set(np.array(NORMS)[unknown.all(axis=0)]) <= {"BatchNorm per position"}


@every_state(deep_stack)
def test_a_stack_shows_the_stored_runs_and_their_share_of_right_letters(state):
    numbers = deep_stack.measure(**state)
    norm = BATCH if state["norm"] == "BatchNorm" else state["norm"]
    arm = f"{norm}, {state['depth']} layer{'s' * (state['depth'] > 1)}"
    stored = load_result("norm_depth")["arms"][arm]["runs"].values()
    assert numbers.end == pytest.approx(np.mean([run["end"] for run in stored]))
    assert numbers.sizes[-1] == pytest.approx(np.mean([run["sizes"][-1] for run in stored]))
    assert len(numbers.answers) == len(RIGHT) == len(TEXT) == 14
    assert numbers.right == pytest.approx(np.mean([run["accuracy"] for run in stored]))
    assert f"{numbers.right:.2f} of the letters" in deep_stack.readout(numbers)


def test_twelve_layers_need_the_norm_and_the_first_picture_does_not_say_so():
    assert deep_stack.measure(12, "LayerNorm").end < 0.3 < 20 < deep_stack.measure(12, "none").end
    assert deep_stack.measure().end < 0.3


def test_the_row_mends_as_the_share_of_right_letters_does():
    shown = [deep_stack.measure(*state) for state in ((12, "none"), (2, "none"), (12, "LayerNorm"))]
    hits = [sum(answer == right for answer, right in zip(each.answers, RIGHT, strict=True)) for each in shown]
    assert hits == sorted(hits)
    assert hits[-1] == len(RIGHT)
    assert [each.right for each in shown] == sorted(each.right for each in shown)


@every_state(norm_by_depth)
def test_losses_by_depth_are_those_of_the_stored_runs(state):
    arms, found = load_result("norm_depth")["arms"], norm_by_depth.measure(**state).arms[state["norm"]]
    for depth, size, losses in zip(DEPTHS, found.sizes, found.losses, strict=True):
        stored = arms[f"{state['norm']}, {depth} layer{'s' * (depth > 1)}"]["runs"].values()
        assert losses.tolist() == [run["end"] for run in stored]
        assert size == pytest.approx(np.mean([run["sizes"][-1] for run in stored]))


def test_the_picture_by_depth_does_not_say_at_first_how_batch_norm_does():
    default, batch_norm = (words_of(norm_by_depth, {"norm": norm}) for norm in (LAYER, BATCH))
    assert norm_by_depth.defaults == {"norm": LAYER}
    assert "0.13 BatchNorm" in batch_norm
    assert not any("BatchNorm" in word for word in default)


@every_state(leaky_norm)
def test_the_leak_shows_the_stored_shares(state):
    numbers = leaky_norm.measure(**state)
    runs = load_result("leaky_norm")["arms"][AXES[state["axis"]]]["runs"].values()
    at, mode = STEPS.index(state["step"]), READINGS[state["reading"]]
    assert numbers.share == pytest.approx(np.mean([run[mode][at] for run in runs]))
    assert len(numbers.chances) == len(numbers.example) - 1


@every_state(leak_by_batch)
def test_the_leak_by_batch_shows_the_stored_shares_and_at_first_one_sequence(state):
    found, arms = leak_by_batch.measure(**state), load_result("leaky_norm")["batch_norm"]
    shares, use = (
        [[run[mode] for run in arm["runs"].values()] for arm in arms.values()] for mode in ("training", "use")
    )
    shown = [1, 2, 4, 8].index(state["size"]) + 1
    assert found.shares.tolist() == shares[:shown]
    assert found.in_use == pytest.approx(np.mean(use, axis=1))
    words = words_of(leak_by_batch, state)
    assert [word in words for word in ("0.75", "0.27", "0.15", "0.11")] == [shown > at for at in range(4)]


def test_steps_that_can_be_chosen_are_those_that_were_measured():
    assert list(STEPS) == load_result("leaky_norm")["settings"]["measured_at"]


@pytest.mark.parametrize(
    "explorer", [deep_stack, leak_by_batch, leaky_norm, norm_by_depth, train_inference, norm_training]
)
def test_sentences_are_short(explorer):
    assert max(len(explorer.readout(explorer.measure(**state))) for state in explorer.states) <= 190
