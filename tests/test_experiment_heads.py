import numpy as np
import pytest

from attncourse.results import load_result
from attnlib import attention_weights, count_parameters
from attnlib.attention_model import attention_model
from experiments.heads import (
    SETTINGS,
    Arm,
    arms,
    equal_heads,
    new_model,
    new_run,
    positions_pointed_at,
)
from experiments.questions import QUESTIONS, TASKS

EQUAL = [arm for arm in arms() if arm == equal_heads(arm)]


@pytest.fixture(scope="module")
def result():
    return load_result("heads")


def runs(result, *arm, **more):
    return list(result["arms"][Arm(*arm, **more).name]["runs"].values())


def accuracies(result, *arm, **more):
    """(seeds,) mean of the questions"""
    return np.array([np.mean(run["accuracy"]) for run in runs(result, *arm, **more)])


# The result file


def test_result_is_complete(result):
    assert set(result["arms"]) == {arm.name for arm in arms()}
    for arm in arms():
        stored = result["arms"][arm.name]
        seeds = SETTINGS.seeds if arm in EQUAL else SETTINGS.fewer_seeds
        assert set(stored["runs"]) == {str(seed) for seed in seeds}
        assert {len(run["loss"]) for run in stored["runs"].values()} == {SETTINGS.steps // SETTINGS.record_every}
        assert {len(run["accuracy"]) for run in stored["runs"].values()} == {QUESTIONS[arm.task]}


def test_no_chosen_learning_rate_is_at_an_end_of_its_grid(result):
    low, *_, high = SETTINGS.learning_rates
    assert all(low < stored["learning_rate"] < high for stored in result["arms"].values())


@pytest.mark.parametrize("task", TASKS)
def test_any_number_of_heads_has_the_same_number_of_parameters(result, task, rng):
    counts = {count_parameters(new_model(rng, Arm(task, num_heads))) for num_heads in SETTINGS.heads}
    stored = {result["arms"][Arm(task, num_heads).name]["parameters"] for num_heads in SETTINGS.heads}
    assert len(counts) == 1
    assert stored == counts


# A small part, run again


@pytest.mark.parametrize("arm", arms(), ids=lambda arm: arm.name)
def test_running_again_gives_the_stored_losses(result, arm):
    stored = result["arms"][arm.name]
    few = SETTINGS._replace(steps=SETTINGS.record_every * 2, fresh_sequences=1)
    again = new_run(SETTINGS.seeds[0], arm._replace(longer=1), stored["learning_rate"], few)["loss"]
    first = stored["runs"][str(SETTINGS.seeds[0])]["loss"]
    if arm.longer == 1:
        np.testing.assert_allclose(again, first[:2], rtol=1e-3)
    else:  # its blocks are longer, and the first one holds what was run again
        np.testing.assert_allclose(np.mean(again), first[0], rtol=0.2)


def test_a_reduced_run_comes_to_the_same_conclusion():
    """A quarter of the steps and a new seed: one head and 32 heads miss much of what two and four heads learn."""
    few = SETTINGS._replace(steps=100, fresh_sequences=64)

    def score(num_heads):
        return np.mean(new_run(200, Arm("two patterns", num_heads), 0.01, few)["accuracy"])

    assert min(score(2), score(4)) > max(score(1), score(32)) + 0.2


def test_a_whole_run_again_gives_the_stored_accuracy(result):
    arm, seed = Arm("two patterns", 2), SETTINGS.seeds[1]
    stored = result["arms"][arm.name]
    again = new_run(seed, arm, stored["learning_rate"])
    np.testing.assert_allclose(again["accuracy"], stored["runs"][str(seed)]["accuracy"], atol=0.01)
    assert again["pointed_at"] == pytest.approx(stored["runs"][str(seed)]["pointed_at"], rel=0.05)


# What the README and the chapter say


def test_one_head_learns_one_of_the_two_neighbours(result):
    each = np.array([run["accuracy"] for run in runs(result, "two patterns", 1)])
    assert each.max(axis=1).min() > 0.8
    assert each.min(axis=1).max() < 0.5
    assert len(set(each.argmax(axis=1))) == 2  # and which of the two depends on the seed


def test_two_to_eight_heads_learn_both_and_32_do_not(result):
    for num_heads in (2, 4, 8):
        assert accuracies(result, "two patterns", num_heads).min() > 0.999
    assert accuracies(result, "two patterns", 16).min() > 0.95
    assert accuracies(result, "two patterns", 16).max() < accuracies(result, "two patterns", 8).min()
    assert accuracies(result, "two patterns", 32).max() < 0.85


def test_where_one_pattern_suffices_one_head_is_as_good_as_any(result):
    one = accuracies(result, "one pattern", 1).mean()
    assert one > 0.999
    for num_heads in SETTINGS.heads[1:]:
        assert accuracies(result, "one pattern", num_heads).mean() <= one + 0.001
    assert accuracies(result, "one pattern", 32).max() < accuracies(result, "one pattern", 1).min()


def test_four_times_the_steps_do_not_close_the_gap(result):
    for num_heads in (1, 32):
        assert accuracies(result, "two patterns", num_heads, longer=SETTINGS.longer).max() < 0.95


def test_it_is_the_rank_of_the_scores_more_than_the_number_of_heads(result):
    """32 heads as before; what doubles is the width of their queries and keys, or of their values, or both."""
    before = accuracies(result, "two patterns", 32)
    scores, values, both = (accuracies(result, "two patterns", 32, *wider) for wider in ((2, 1), (1, 2), (2, 2)))
    assert before.max() < values.min() < values.max() < scores.min()
    assert both.mean() > scores.mean()
    assert both.min() > 0.98


# The parts


def test_heads_of_rank_one_point_at_two_keys_at_most(rng, result):
    """A score q·k of two numbers is highest for the largest key or the smallest."""
    query, key = rng.normal(size=(200, 11, 1)), rng.normal(size=(200, 7, 1))
    favourites = attention_weights(query, key).argmax(axis=-1)
    assert max(len(set(row)) for row in favourites) == 2
    assert {round(run["pointed_at"], 6) for run in runs(result, "two patterns", 32)} == {2.0}
    assert min(run["pointed_at"] for run in runs(result, "two patterns", 2)) > 8


def test_heads_of_rank_two_can_point_at_every_key():
    angles = np.arange(7) * 2 * np.pi / 7
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    np.testing.assert_array_equal(attention_weights(circle, circle).argmax(axis=-1), np.arange(7))


def test_positions_pointed_at_are_counted_as_a_loop_would(rng):
    params = new_model(rng, Arm("two patterns", 4))
    tokens = rng.integers(SETTINGS.vocab, size=(3, SETTINGS.seq))
    [attn_weights] = attention_model(params, tokens)[1]
    counts = [len({int(row.argmax()) for row in head}) for sequence in attn_weights for head in sequence]
    assert positions_pointed_at(attn_weights) == pytest.approx(np.mean(counts))


@pytest.mark.parametrize("task", TASKS)
def test_tasks_ask_for_the_neighbours(task, rng):
    tokens, targets = next(TASKS[task](rng, 2, 5, 7))
    assert targets.shape == (2, 5, QUESTIONS[task])
    np.testing.assert_array_equal(targets[:, 1:, 0], tokens[:, :-1])
    if task == "two patterns":
        np.testing.assert_array_equal(targets[:, :-1, 1], tokens[:, 1:])
