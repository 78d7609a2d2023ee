import numpy as np
import pytest

from attncourse.results import load_result
from attnlib.params import tree_map
from attnlib.tasks import IGNORED
from attnlib.testing import check_vjp
from experiments.leaky_norm import (
    ARMS,
    DIGITS,
    SETTINGS,
    batch_name,
    digits,
    logits_in_use,
    logits_of,
    new_batch_run,
    new_run,
    read_in_batches,
)
from experiments.normed_model import MASKED, OVER_SEQUENCE, init_normed_model, normed_model_vjp, over_sequence_vjp

both_kinds = pytest.mark.parametrize("kind", ARMS.values())


@pytest.fixture(scope="module")
def result():
    return load_result("leaky_norm")


def shares(result, axis, mode):
    """(seeds,) right digits after training"""
    return np.array([run[mode][-1] for run in result["arms"][axis]["runs"].values()])


def small_model(rng, kind):
    """A model of random gains, biases and positions."""
    model = init_normed_model(rng, kind, DIGITS, DIGITS, 8, 2, 11, 2, longest=5)
    return tree_map(lambda leaf: leaf + rng.normal(size=leaf.shape) / 4, model)


def test_the_mistaken_norm_gives_each_feature_mean_0_along_its_sequence(rng):
    x = 3 + rng.normal(size=(2, 5, 3))
    output, _ = over_sequence_vjp(x, np.ones(3), np.zeros(3))
    np.testing.assert_allclose(output.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(output.std(axis=1), 1, rtol=1e-4)


def test_its_gradients_agree_with_a_central_difference(rng):
    x, (gain, bias) = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 3))
    check_vjp(lambda *args: over_sequence_vjp(*args)[0], over_sequence_vjp, (x, gain, bias), rng)


@both_kinds
def test_gradients_of_the_decoder_agree_with_a_central_difference(kind, rng):
    model, tokens, lengths = small_model(rng, kind), rng.integers(DIGITS, size=(3, 5)), np.full(3, 5)

    def vjp(params):
        forward = normed_model_vjp(params, kind, tokens, lengths, causal=True)
        return forward.logits, forward.pullback

    check_vjp(lambda params: vjp(params)[0], vjp, (model,), rng, rtol=1e-5)


@both_kinds
def test_the_mask_hides_the_future_and_only_the_mistaken_norm_shows_it(kind, rng):
    model, tokens = small_model(rng, kind), rng.integers(DIGITS, size=(3, 5))
    other = tokens.copy()
    other[:, -1] = (tokens[:, -1] + 1) % DIGITS
    before, after = (logits_of(model, kind, each)[:, :-1] for each in (tokens, other))
    assert np.allclose(before, after, rtol=0, atol=1e-12) == (kind != OVER_SEQUENCE)


@both_kinds
def test_in_use_no_digit_knows_those_behind_it(kind, rng):
    model, tokens = small_model(rng, kind), rng.integers(DIGITS, size=(3, 5))
    other = tokens.copy()
    other[:, 3:] = (tokens[:, 3:] + 1) % DIGITS
    before, after = (logits_in_use(model, kind, each)[:, :3] for each in (tokens, other))
    np.testing.assert_array_equal(before, after)


def test_batch_norm_of_one_sequence_is_the_mistaken_norm(rng):
    model, tokens = small_model(rng, OVER_SEQUENCE), rng.integers(DIGITS, size=(3, 5))
    mistaken = logits_of(model, OVER_SEQUENCE, tokens)
    np.testing.assert_allclose(read_in_batches(model, tokens, 1), mistaken, rtol=0, atol=1e-12)


def test_batch_norm_shows_the_future_of_any_sequence_of_the_batch(rng):
    model, tokens = small_model(rng, MASKED), rng.integers(DIGITS, size=(4, 5))
    other = tokens.copy()
    other[0, -1] = (tokens[0, -1] + 1) % DIGITS
    before, after = (read_in_batches(model, each, 2) for each in (tokens, other))
    changed = ~np.isclose(before, after, rtol=0, atol=1e-12).all(axis=-1)
    assert changed[:2, 0].all()
    assert not changed[2:].any()


def test_every_digit_asks_for_the_next_and_the_last_for_none(rng):
    batch = next(digits(rng, 4, 6))
    np.testing.assert_array_equal(batch.targets[:, :-1], batch.tokens[:, 1:])
    assert (batch.targets[:, -1] == IGNORED).all()


# The result file


def test_result_is_complete(result):
    assert set(result["arms"]) == set(ARMS)
    for arm in result["arms"].values():
        assert set(arm["runs"]) == {str(seed) for seed in SETTINGS.seeds}
        for run in arm["runs"].values():
            assert len(run["training"]) == len(run["use"]) == len(SETTINGS.measured_at)


def test_no_chosen_learning_rate_is_at_an_end_of_its_grid(result):
    low, *_, high = SETTINGS.learning_rates
    assert all(low < arm["learning_rate"] < high for arm in result["arms"].values())


def test_no_chosen_learning_rate_of_batch_norm_is_at_an_end_of_its_grid(result):
    low, *_, high = SETTINGS.batch_rates
    assert all(low < arm["learning_rate"] < high for arm in result["batch_norm"].values())


@pytest.mark.parametrize("axis", ARMS)
def test_running_again_gives_the_stored_shares(result, axis):
    few = SETTINGS._replace(measured_at=(0, 25))
    arm = result["arms"][axis]
    again = new_run(SETTINGS.seeds[0], ARMS[axis], arm["learning_rate"], few)
    stored = arm["runs"][str(SETTINGS.seeds[0])]
    for mode in ("training", "use"):
        np.testing.assert_allclose(again[mode], stored[mode][:2], atol=0.01)


def test_a_reduced_run_comes_to_the_same_conclusion():
    few = SETTINGS._replace(measured_at=(50,), fresh=200)
    leaking = new_run(200, OVER_SEQUENCE, 0.03, few)
    assert leaking["training"][0] > 0.25
    assert leaking["use"][0] < 0.15


def test_a_reduced_run_with_batch_norm_leaks_more_if_one_sequence_is_the_batch():
    few = SETTINGS._replace(batch_steps=400, fresh=200)
    alone, four = (new_batch_run(200, batch, 0.01, few) for batch in (1, 4))
    assert alone["training"] > max(four["training"], alone["use"]) + 0.05


# What the README and the chapter say


def test_random_digits_are_named_in_every_seed_if_the_mean_runs_along_the_sequence(result):
    assert shares(result, "sequence", "training").min() > 0.95
    for axis, mode in (("features", "training"), ("features", "use"), ("sequence", "use")):
        assert np.abs(shares(result, axis, mode) - 0.1).max() < 0.03


def test_batch_norm_leaks_the_less_the_more_sequences_share_its_mean(result):
    leaks = [result["batch_norm"][batch_name(batch)]["runs"].values() for batch in SETTINGS.batches]
    assert all(set(run) == {"training", "use"} for runs in leaks for run in runs)
    means = [np.mean([run["training"] for run in runs]) for runs in leaks]
    assert means == sorted(means, reverse=True)
    assert means[0] > 0.6
    assert all(run["training"] > 0.1 for runs in leaks for run in runs)
    assert all(abs(run["use"] - 0.1) < 0.03 for runs in leaks for run in runs)
