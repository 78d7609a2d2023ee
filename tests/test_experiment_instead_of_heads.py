from itertools import islice

import numpy as np
import pytest

from attncourse.results import load_result
from attnlib import count_parameters
from attnlib.attention_model import attention_model
from attnlib.tasks import IGNORED, previous_and_next, random_tokens
from experiments.instead_of_heads import OFFSETS, SETTINGS, Arm, arms, new_model, new_run, others
from experiments.questions import loss_vjp
from experiments.training import fit_whole

FEW = SETTINGS._replace(steps=2 * SETTINGS.record_every, longer=1, fresh_sequences=8)


@pytest.fixture(scope="module")
def result():
    return load_result("instead_of_heads")


def accuracies(result, arm, mark):
    return np.array([np.mean(run[mark]) for run in result["arms"][arm.name]["runs"].values()])


# The result file


def test_result_is_complete(result):
    assert list(result["arms"]) == [arm.name for arm in arms()]
    for arm in arms():
        found = result["arms"][arm.name]["runs"]
        assert set(found) == {str(seed) for seed in SETTINGS.seeds}
        for run in found.values():
            assert len(run["loss"]) == SETTINGS.steps * SETTINGS.longer // SETTINGS.record_every
            assert len(run["early"]) == len(run["late"]) == len(OFFSETS[arm.task])


def test_no_chosen_learning_rate_is_at_an_end_of_its_grid(result):
    low, *_, high = SETTINGS.learning_rates
    assert all(low < stored["learning_rate"] < high for stored in result["arms"].values())


@pytest.mark.parametrize("task", OFFSETS)
def test_models_of_a_task_have_as_many_parameters_to_one_part_in_a_hundred(result, task, rng):
    of_task = [arm for arm in arms() if arm.task == task]
    counts = [count_parameters(new_model(rng, arm)) for arm in of_task]
    assert counts == [result["arms"][arm.name]["parameters"] for arm in of_task]
    assert max(counts) < 1.01 * min(counts)


# A small part, run again


@pytest.mark.parametrize("arm", arms(), ids=lambda arm: arm.name)
def test_running_again_gives_the_stored_losses(result, arm):
    stored = result["arms"][arm.name]
    again = new_run(SETTINGS.seeds[0], arm, stored["learning_rate"], FEW)["loss"]
    np.testing.assert_allclose(again, stored["runs"][str(SETTINGS.seeds[0])]["loss"][:2], rtol=2e-3)


# What the README and the chapter say


def test_as_many_heads_as_questions_answer_them_at_once(result):
    for task, heads in (("two patterns", 2), ("four patterns", 4)):
        assert accuracies(result, Arm(task, heads), "early").min() > 0.99
        assert accuracies(result, Arm(task, 1), "early").max() < 0.65


def test_one_head_answers_two_questions_with_help(result):
    assert accuracies(result, Arm("two patterns", 1, "two layers"), "early").min() > 0.98
    assert accuracies(result, Arm("two patterns", 1, "feed-forward"), "late").min() > 0.97
    assert accuracies(result, Arm("two patterns", 1), "late").max() < 0.95


def test_one_head_does_not_answer_four_with_the_same_help(result):
    alone, *helped = (
        accuracies(result, Arm("four patterns", 1, help), "late") for help in ("alone", "feed-forward", "two layers")
    )
    assert alone.max() < 0.6
    assert min(marks.min() for marks in helped) > alone.max() + 0.1
    assert max(marks.mean() for marks in helped) < 0.9


def test_two_heads_in_two_layers_answer_four(result):
    assert accuracies(result, Arm("four patterns", 2, "two layers"), "early").min() > 0.97


# The parts


def test_two_others_are_the_neighbours():
    mine, theirs = (
        next(batches)
        for batches in (
            others(np.random.default_rng(3), "two patterns", 4),
            previous_and_next(np.random.default_rng(3), 4, SETTINGS.seq, SETTINGS.vocab),
        )
    )
    np.testing.assert_array_equal(mine.tokens, theirs.tokens)
    np.testing.assert_array_equal(mine.targets, theirs.targets)


def test_four_others_are_those_at_the_offsets(rng):
    tokens, targets = next(others(rng, "four patterns", 3))
    for sequence, wanted in zip(tokens, targets, strict=True):
        for i, row in enumerate(wanted):
            for offset, target in zip(OFFSETS["four patterns"], row, strict=True):
                j = i + offset
                assert target == (sequence[j] if 0 <= j < len(sequence) else IGNORED)


def test_the_longer_training_goes_on_where_the_shorter_one_ended():
    arm = Arm("two patterns", 2)
    short, long = (new_run(7, arm, 0.003, FEW._replace(longer=longer)) for longer in (2, 3))
    assert short["early"] == long["early"]
    np.testing.assert_allclose(short["loss"][:2], long["loss"][:2])
    assert long["loss"][0] > long["loss"][2] > long["loss"][-1]


def test_of_two_layers_with_a_head_each_the_first_learns_to_look_ahead_and_the_second_back(result):
    arm = Arm("two patterns", 1, "two layers")
    start, data, _ = np.random.default_rng(SETTINGS.seeds[0]).spawn(3)
    batches = islice(others(data, arm.task, SETTINGS.batch), SETTINGS.steps)
    learning_rate = result["arms"][arm.name]["learning_rate"]
    params = fit_whole(new_model(start, arm), loss_vjp, batches, learning_rate).params
    [tokens] = islice(random_tokens(np.random.default_rng(0), 64, SETTINGS.seq, SETTINGS.vocab), 1)
    _, attn_weights = attention_model(params, tokens)
    first, second = (layer.mean(axis=0)[0] for layer in attn_weights)
    assert np.diagonal(first, 1).mean() > 0.9
    assert np.diagonal(second, -1).mean() > 0.9
