"""A training is pure functions around a run: the same settings give the same run, and what is live can change in it."""

from itertools import islice

import numpy as np
import pytest

from attncourse.duration import duration
from attncourse.figures.heads import one_or_two_heads_training as heads_training
from attncourse.figures.transformer import date_training
from attncourse.figures.transformer.date_training import right_answers
from attncourse.results import load_result
from attncourse.training import TRAINING_MIME, to_plain
from attnlib.dates.model import exact_matches, load_date_model
from attnlib.dates.train import held_out_dates
from attnlib.params import tree_leaves


def runs(training, **settings):
    """The run before its first step, after it, …"""
    run = training.start(**settings)
    while True:
        yield run
        run = training.step(run)


def after(training, steps, **settings):
    return next(islice(runs(training, **settings), steps, None))


def test_the_same_settings_give_the_same_run():
    one, other = (after(heads_training, 12, heads=2) for _ in range(2))
    assert one.losses == other.losses
    for leaf, again in zip(tree_leaves(one.params), tree_leaves(other.params), strict=True):
        np.testing.assert_array_equal(leaf, again)


def test_a_step_changes_nothing_in_the_run_before_it():
    before = after(heads_training, 3)
    kept = [leaf.copy() for leaf in tree_leaves(before.params)]
    assert heads_training.step(before).losses[:-1] == before.losses
    for leaf, copy in zip(tree_leaves(before.params), kept, strict=True):
        np.testing.assert_array_equal(leaf, copy)


def test_a_live_setting_counts_from_the_next_step_on_and_what_was_learnt_stays():
    run = after(heads_training, 5)
    slower = heads_training.change(run, learning_rate=0.0)
    still = heads_training.step(slower)
    assert slower.losses == run.losses
    for leaf, same in zip(tree_leaves(still.params), tree_leaves(run.params), strict=True):
        np.testing.assert_array_equal(leaf, same)


def test_what_begins_a_new_run_cannot_change_during_one():
    with pytest.raises(ValueError, match="only learning_rate can change during a run: got heads"):
        heads_training.change(heads_training.start(), heads=4)


def test_a_training_is_described_by_its_settings_and_its_recorded_sentence():
    described = heads_training.describe()
    assert [(setting["name"], setting["live"]) for setting in described["settings"]] == [
        ("heads", False),
        ("seed", False),
        ("learning_rate", True),
    ]
    assert described["readout"] in repr(heads_training)
    assert TRAINING_MIME == "application/vnd.attnlib.training+json"


def test_recorded_numbers_come_back_as_they_were():
    numbers = heads_training.measure(after(heads_training, 3), after(heads_training, 2, heads=1))
    assert to_plain(heads_training.recorded) == load_result(heads_training.key)["numbers"]
    assert to_plain(numbers).keys() == to_plain(heads_training.recorded).keys()


@pytest.mark.parametrize("narrow", [False, True])
def test_a_run_can_be_drawn_before_its_first_step_alone_and_beside_another(narrow):
    for run, before in ((heads_training.start(), None), (after(heads_training, 3), heads_training.start(heads=4))):
        numbers = heads_training.measure(run, before)
        assert heads_training.draw(numbers, narrow=narrow).axes
        assert f"After {len(run.losses)} steps" in heads_training.readout(numbers)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 second"), (5.4, "5 seconds"), (80, "80 seconds"), (151, "3 minutes")]
)
def test_a_time_has_no_more_digits_than_it_deserves(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_two_heads_name_both_neighbours_when_the_effect_is_said_to_show_and_one_does_not(seed):
    two, one = (after(heads_training, heads_training.effect, heads=heads, seed=seed).right[-1] for heads in (2, 1))
    assert min(two) > 0.95
    assert min(one) < 0.6


def test_which_question_one_head_gives_up_is_chance():
    before, behind = zip(*(after(heads_training, 150, heads=1, seed=seed).right[-1] for seed in (1, 7)), strict=True)
    assert before[0] < behind[0]
    assert before[1] > behind[1]


def test_a_date_model_learns_and_reads_the_reader_s_text():
    first, later = (after(date_training, steps, text="7.6.21") for steps in (0, 40))
    assert later.right[-1][0] > first.right[0][0] + 0.2
    assert np.mean(later.losses[-5:]) < np.mean(later.losses[:5]) / 1.5
    numbers = date_training.measure(date_training.change(later, text="le 7 juin 2021"))
    assert numbers.attn_weights.shape == (len(numbers.said), len("le 7 juin 2021"))
    assert "“le 7 juin 2021”" in date_training.readout(numbers)
    assert "The stored model reads 2021-06-07" in date_training.readout(numbers)


def test_the_learning_rate_of_the_date_model_rises_at_first():
    start = date_training.start()
    first = tree_leaves(date_training.step(start).params)
    moved = max(np.abs(now - then).max() for now, then in zip(first, tree_leaves(start.params), strict=True))
    np.testing.assert_allclose(moved, start.learning_rate / 100, rtol=0.01)


def test_a_date_is_right_as_a_whole_when_the_model_writes_it_so():
    params = load_date_model()
    assert right_answers(params)[1] == exact_matches(params, held_out_dates(128))


def test_a_text_that_cannot_be_read_is_refused():
    with pytest.raises(ValueError, match="1 to 40 characters"):
        date_training.measure(date_training.start(text=""))


@pytest.mark.parametrize("training", [heads_training, date_training], ids=lambda training: training.name)
def test_the_recorded_run_begins_as_training_does_now(training):
    """Later steps are chaotic: rounding on another machine makes of them another run."""
    points, block = 2, training.steps // 100  # of the recorded curve; steps in a point
    run = after(training, points * block)
    means = np.reshape(run.losses, (points, block)).mean(axis=1)
    np.testing.assert_allclose(training.recorded.loss[1, :points], means, rtol=0.02)
    np.testing.assert_allclose(training.recorded.right[0], run.right[0], atol=0.02)


def test_a_run_advances_until_it_is_time_for_a_picture_or_its_end():
    run = heads_training.advance(heads_training.start(), seconds=60)
    assert len(run.losses) == heads_training.stride
    nearly = run._replace(losses=(0.0,) * (heads_training.steps - 2))
    assert len(heads_training.advance(nearly, seconds=60).losses) == heads_training.steps
    assert heads_training.advance(run, seconds=0) is run
