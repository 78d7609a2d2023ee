import numpy as np
import pytest

from attncourse.results import load_result
from attnlib import greedy, padding_mask, tree_map
from attnlib.dates.model import date_loss_vjp
from attnlib.dates.task import BEGIN, END, STEPS, as_batch
from attnlib.dates.train import held_out_dates
from attnlib.transformer import transformer
from experiments.free_running import (
    MASKS,
    SETTINGS,
    ask,
    compare,
    forced,
    free,
    loss_of,
    new_model,
    stages,
)

LEAKY = [mask for mask in MASKS if mask != "causal"]


@pytest.fixture(scope="module")
def result():
    return load_result("free_running")


@pytest.fixture(scope="module")
def batch():
    return as_batch(held_out_dates(60))


def shares(result, mask, way, what, *inner):
    """(seeds, stages)"""
    runs = result["runs"][mask].values()
    return np.array([[at[inner[0]][way][what] if inner else at[way][what] for at in run] for run in runs], dtype=float)


# The result file


def test_result_is_complete(result):
    assert set(result["runs"]) == set(MASKS)
    for runs in result["runs"].values():
        assert set(runs) == {str(seed) for seed in SETTINGS.seeds}
        assert {len(run) for run in runs.values()} == {len(SETTINGS.stages)}
        assert {len(at[way]["by_step"]) for run in runs.values() for at in run for way in ("forced", "free")} == {STEPS}
    assert len(SETTINGS.seeds) >= 3


# A small part, run again


def test_running_again_gives_the_stored_shares(result):
    *_, params = stages(0, "causal", SETTINGS._replace(stages=SETTINGS.stages[:2]))
    again, stored = ask(params, "causal", as_batch(held_out_dates(SETTINGS.texts))), result["runs"]["causal"]["0"][1]
    for way in ("forced", "free"):
        assert again[way]["characters"] == pytest.approx(stored[way]["characters"], abs=0.05)
        assert again[way]["whole"] == pytest.approx(stored[way]["whole"], abs=0.02)


def test_a_reduced_run_with_the_flipped_mask_is_soon_right_and_says_nothing(batch):
    """A seed not used before. Teacher forcing counts the characters that the mask let through."""
    *_, params = stages(200, "flipped", SETTINGS._replace(stages=(120,)))
    asked = ask(params, "flipped", batch)
    assert asked["forced"]["characters"] > 0.9
    assert asked["free"]["whole"] == 0
    assert asked["free"]["characters"] < 0.4


# What the README and the chapter say


def test_whole_answers_are_the_same_either_way(result):
    """If every likeliest character after the right ones is right, the model says these, and the other way round."""
    np.testing.assert_array_equal(*(shares(result, "causal", way, "whole") for way in ("forced", "free")))


def test_right_characters_are_fewer_when_the_model_reads_its_own(result):
    teacher, own = (shares(result, "causal", way, "characters") for way in ("forced", "free"))
    assert (own < teacher).all()
    assert (teacher - own)[:, -1].mean() < (teacher - own)[:, 1].mean()


def test_after_a_mistake_of_its_own_the_model_makes_more(result):
    teacher, own = (shares(result, "causal", way, "after_a_mistake") for way in ("forced", "free"))
    assert (own < teacher).all()
    assert (teacher - own)[:, 2:].min() > 0.04


def test_many_right_characters_are_fewer_right_dates(result):
    characters, whole = (shares(result, "causal", "forced", what)[:, -1] for what in ("characters", "whole"))
    assert characters.min() > 0.95
    assert (whole < characters).all()


@pytest.mark.parametrize("mask", LEAKY)
def test_a_mask_that_shows_the_answer_gives_accuracy_that_means_nothing(result, mask):
    assert shares(result, mask, "forced", "characters")[:, -1].min() > 0.99
    assert (
        shares(result, mask, "forced", "characters")[:, -1].min()
        > shares(result, "causal", "forced", "characters")[:, -1].max()
    )
    assert shares(result, mask, "free", "whole").max() == 0
    assert shares(result, mask, "free", "characters")[:, -1].max() < 0.2


@pytest.mark.parametrize("mask", LEAKY)
def test_the_right_mask_comes_too_late_for_a_model_trained_without_it(result, mask):
    for way in ("forced", "free"):
        assert shares(result, mask, way, "characters", "with_causal_mask")[:, -1].max() < 0.6


# The parts


def test_masks_are_what_they_are_called():
    np.testing.assert_array_equal(MASKS["flipped"](3), [[False, True, True], [False, False, True], [False] * 3])
    np.testing.assert_array_equal(MASKS["causal"](3), ~MASKS["flipped"](3))
    assert MASKS["no mask"](2).all()


@pytest.mark.parametrize("mask", LEAKY)
def test_a_leaky_mask_shows_what_should_be_said(batch, mask):
    """The first step's logits move with the second input, which is the first answer; with the causal mask not."""
    params, other = new_model(0), np.where(np.arange(STEPS) == 1, 5, batch.target)

    def change_of_the_first_step(mask):
        targets = batch.target, other
        first, second = (transformer(params, batch.source, t, None, MASKS[mask](STEPS))[0][:, 0] for t in targets)
        return np.abs(first - second).max()

    assert change_of_the_first_step("causal") == 0
    assert change_of_the_first_step(mask) > 0.01


def test_with_the_causal_mask_it_is_the_date_model_s_loss_and_greedy_decoding(batch):
    params = new_model(2)
    (loss, back), (expected, back_expected) = (f(params, batch) for f in (loss_of("causal"), date_loss_vjp))
    assert loss == expected
    tree_map(np.testing.assert_array_equal, back(1.0), back_expected(1.0))
    source_mask = padding_mask(batch.lengths, batch.source.shape[1])
    said = greedy(params, batch.source, BEGIN, STEPS, source_mask, cached=False).tokens
    np.testing.assert_array_equal(free(params, "causal", batch), said)


def test_what_is_said_freely_is_what_is_said_after_itself(batch):
    """Teacher forcing with the model's own text as the teacher."""
    params = new_model(1)
    said = free(params, "causal", batch)
    own = batch._replace(target=np.insert(said[:, :-1], 0, BEGIN, axis=1))
    np.testing.assert_array_equal(forced(params, "causal", own), said)


def test_all_texts_are_dates_of_eleven_signs(batch):
    assert (batch.wanted[:, -1] == END).all()
    assert (batch.wanted >= 0).all()


def test_compare_counts_by_hand():
    right = np.array([[True, False, True, False], [True, True, True, True]])
    numbers = compare(right, right & [True, True, False, True])
    assert numbers["forced"]["characters"] == pytest.approx(6 / 8)
    assert numbers["forced"]["by_step"] == [1.0, 0.5, 1.0, 0.5]
    assert numbers["forced"]["whole"] == 0.5
    assert numbers["forced"]["after_a_mistake"] == 0.5  # one of the two behind the first text's mistake
    assert numbers["free"]["whole"] == 0
    assert numbers["free"]["after_a_mistake"] == pytest.approx(1 / 3)
    assert compare(np.ones((2, 4), bool), right)["forced"]["after_a_mistake"] is None
