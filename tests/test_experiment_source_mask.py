import numpy as np
import pytest

from attncourse.results import load_result
from attnlib.dates.train import held_out_dates
from experiments.free_running import new_model
from experiments.source_mask import ARMS, SETTINGS, alone, ask, loss_of, said, together, trained


@pytest.fixture(scope="module")
def result():
    return load_result("source_mask")


def shares(result, arm, reading, what):
    return np.array([run[reading][what] for run in result["runs"][arm].values()])


# The result file


def test_result_is_complete(result):
    assert set(result["runs"]) == set(ARMS)
    for runs in result["runs"].values():
        assert set(runs) == {str(seed) for seed in SETTINGS.seeds}
        assert all(set(run) == set(ARMS) for run in runs.values())


# A small part, run again


@pytest.mark.parametrize(("arm", "masked"), ARMS.items())
def test_a_short_run_learns_and_only_the_mask_makes_padding_harmless(arm, masked):
    """A seed not used before."""
    small = SETTINGS._replace(steps=150, texts=40)
    asked = ask(trained(100, masked, small), masked, small)
    assert (asked["changed"] == 0) == masked


# What the README and the chapter say


def test_with_the_mask_no_answer_depends_on_padding(result):
    for arm in ARMS:
        assert not shares(result, arm, "mask", "changed").any()


def test_trained_without_the_mask_a_model_does_not_collapse(result):
    assert shares(result, "no mask", "no mask", "in a batch").min() > 0.5


def test_but_half_of_its_answers_depend_on_padding(result):
    assert shares(result, "no mask", "no mask", "changed").min() > 0.4


def test_and_it_is_worse_than_with_the_mask_with_every_seed(result):
    assert (shares(result, "no mask", "no mask", "in a batch") < shares(result, "mask", "mask", "in a batch")).all()


def test_what_collapses_is_a_model_that_is_read_otherwise_than_trained(result):
    assert shares(result, "mask", "no mask", "in a batch").mean() < 0.25


# The parts


def test_every_way_of_reading_has_the_same_texts():
    pairs = held_out_dates(50)
    ways = [alone(pairs), together(pairs, 8), together(pairs, 8, 5)]
    texts = [sorted(tuple(row[:n]) for b in way for row, n in zip(b.source, b.lengths, strict=True)) for way in ways]
    assert texts[0] == texts[1] == texts[2]
    assert all((b.lengths == b.source.shape[1]).all() for b in ways[0])
    assert [b.source.shape[1] - b.lengths.max() for b in ways[2]] == [5] * 7


def test_answers_belong_to_their_texts():
    pairs, params = held_out_dates(12), new_model(0)
    one, other = said(params, alone(pairs), True), said(params, together(pairs[::-1], 5), True)
    assert one == other
    assert len(one) == len({text.lower() for text, _ in pairs})


def test_the_loss_without_a_mask_sees_padding():
    batch = together(held_out_dates(6), 6)[0]
    wider = together(held_out_dates(6), 6, 7)[0]
    params = new_model(1)
    assert loss_of(True)(params, batch)[0] == pytest.approx(loss_of(True)(params, wider)[0], abs=1e-6)
    assert abs(loss_of(False)(params, batch)[0] - loss_of(False)(params, wider)[0]) > 1e-4
