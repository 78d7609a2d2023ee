import numpy as np
import pytest

from attncourse.results import load_result
from attnlib.testing import check_vjp
from experiments.lookup import Params, draw_batch, initial_params, loss_and_gradient, score_gradients
from experiments.scale_training import (
    ARMS,
    SETTINGS,
    block_losses,
    first_gradient,
    name,
    new_run,
    runs,
    sgd_step,
    start,
    steps_to_learn,
    table,
    trial,
)
from tests.notebooks import ROOT

OPTIMISERS = tuple(SETTINGS.learning_rates)


@pytest.fixture(scope="module")
def result():
    return load_result("scale_training")


def arm(result, d_k, optimiser, scale):
    return result["arms"][name(d_k, optimiser, scale)]


def losses(result, *key):
    """(seeds, blocks)"""
    return np.array([run["loss"] for run in arm(result, *key)["runs"].values()])


def steps(result, *key):
    """(seeds,) until each has learned."""
    return np.array([steps_to_learn(run) for run in losses(result, *key).tolist()])


# The result file


def test_result_is_complete(result):
    assert set(result["arms"]) == {name(*each) for each in runs()}
    for each in runs():
        assert set(arm(result, *each)["runs"]) == {str(seed) for seed in SETTINGS.seeds}
        assert losses(result, *each).shape[1] == SETTINGS.steps // SETTINGS.record_every


def test_no_chosen_learning_rate_is_at_an_end_of_its_grid(result):
    for d_k, optimiser, scale in runs():
        low, *_, high = SETTINGS.learning_rates[optimiser]
        assert low < arm(result, d_k, optimiser, scale)["learning_rate"] < high


# A small part, run again


@pytest.mark.parametrize(("d_k", "optimiser", "scale"), runs())
def test_running_again_gives_the_stored_losses(result, d_k, optimiser, scale):
    stored = arm(result, d_k, optimiser, scale)
    few = SETTINGS._replace(steps=10)  # later the unscaled layer multiplies every rounding error
    seed = SETTINGS.seeds[0]
    again = new_run(few, seed=seed, d_k=d_k, optimiser=optimiser, arm=scale, learning_rate=stored["learning_rate"])
    first = stored["runs"][str(seed)]
    np.testing.assert_allclose(again["loss"], first["loss"][:2], rtol=1e-3)
    assert again["start"] == pytest.approx(first["start"], rel=1e-3)


def test_a_rate_is_chosen_by_the_steps_that_are_reported(result):
    """The trial of a fast arm, run again, stops where the stored one did."""
    tried = arm(result, 1024, "sgd", "√d_k")["tried"]["10"]
    again = trial(seed=SETTINGS.choosing_seeds[0], d_k=1024, optimiser="sgd", arm="√d_k", learning_rate=10.0)
    assert again == tried[0]


def test_a_run_has_learned_at_the_end_of_the_first_block_below_the_threshold():
    assert steps_to_learn([0.5, 0.2, 0.05, 0.3]) == 15
    assert steps_to_learn([0.05]) == 5
    assert steps_to_learn([0.5] * 80) == SETTINGS.steps


def test_a_reduced_run_comes_to_the_same_conclusion(result):
    """Mean loss of 30 steps with a new seed: at d_k = 16 the scales are alike, at 1024 they are not."""
    few = SETTINGS._replace(steps=30)

    def mean_loss(d_k, scale):
        return np.mean(list(block_losses(200, d_k, "sgd", scale, arm(result, d_k, "sgd", scale)["learning_rate"], few)))

    for d_k in (16, 1024):
        again = mean_loss(d_k, "none") / mean_loss(d_k, "√d_k")
        assert (again > 5) == (d_k == 1024)
    assert mean_loss(1024, "none, small maps") < 2 * mean_loss(1024, "√d_k")


# What the README and the chapter say


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_wide_and_unscaled_it_learns_later_but_it_learns(result, optimiser):
    scaled, unscaled = (steps(result, 1024, optimiser, scale) for scale in ("√d_k", "none"))
    assert unscaled.min() >= 6 * scaled.max()  # every unscaled seed is slower than every scaled one
    late = losses(result, 1024, optimiser, "none")
    assert late[:, 0].min() > 1.5
    assert (unscaled < SETTINGS.steps).all()


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_unscaled_from_small_maps_it_learns_as_fast_as_scaled(result, optimiser):
    for d_k in SETTINGS.widths:
        scaled, small_maps = (np.median(steps(result, d_k, optimiser, arm)) for arm in ("√d_k", "none, small maps"))
        assert abs(small_maps - scaled) <= 5


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_at_small_width_the_scale_makes_little_difference(result, optimiser):
    first = [np.median(steps(result, 16, optimiser, scale)) for scale in ("√d_k", "none")]
    assert first[0] <= first[1] < 2 * first[0]


def test_gradient_becomes_rare_not_small(result):
    def at_the_start(scale):
        each = [run["start"] for run in arm(result, 1024, "sgd", scale)["runs"].values()]
        return [np.median([run[what] for run in each]) for what in ("median_query", "share_of_tenth", "grad_w_q")]

    (median, share, of_map), (median_unscaled, share_unscaled, of_map_unscaled) = map(at_the_start, ("√d_k", "none"))
    assert median_unscaled < median / 1000
    assert share < 0.3
    assert share_unscaled > 0.7
    assert of_map_unscaled / of_map == pytest.approx(9, abs=0.5)
    section = (ROOT / "experiments" / "README.md").read_text("utf-8").partition("1/√d_k?\n")[2]
    assert f"a tenth of them carry {share_unscaled:.2f} (with the scale {share:.2f})" in section


def test_the_table_has_a_line_for_each_width_and_optimiser_and_a_column_for_each_arm(result):
    head, _, *lines = table(result).splitlines()
    assert len(lines) == len(SETTINGS.widths) * len(OPTIMISERS)
    assert {line.count("|") for line in (head, *lines)} == {3 + len(ARMS)}


# The parts


def test_all_arms_start_from_the_same_maps_but_for_their_size():
    (usual, _), (small, _) = start(0, 16, "none"), start(0, 16, "none, small maps")
    for w, smaller in zip(usual, small, strict=True):
        np.testing.assert_allclose(smaller, w / 2)


def test_a_run_of_small_maps_starts_with_the_scores_of_the_scaled_one():
    scaled, small_maps = (first_gradient(0, 64, arm) for arm in ("√d_k", "none, small maps"))
    assert small_maps["median_query"] == pytest.approx(scaled["median_query"])


def test_gradient_of_the_maps_agrees_with_a_central_difference(rng):
    params, batch = initial_params(rng, d_k=3), draw_batch(rng, batch=2)

    def loss(w_q, w_k):
        return np.array(loss_and_gradient(Params(w_q, w_k), batch, scale=0.7)[0])

    def vjp(w_q, w_k):
        value, grads = loss_and_gradient(Params(w_q, w_k), batch, scale=0.7)
        return np.array(value), lambda grad_output: tuple(grad_output * grad for grad in grads)

    check_vjp(loss, vjp, params, rng)


def test_task_asks_for_the_value_of_a_key_that_is_there(rng):
    batch = draw_batch(rng, batch=3)
    for asked, stored, value, wanted in zip(*batch, strict=True):
        same = (asked[:, None] == stored).all(axis=-1)
        assert (same.sum(axis=-1) == 1).all()
        np.testing.assert_array_equal(same @ value, wanted)


def test_sharp_and_uniform_attention_have_the_losses_the_picture_compares_with(rng):
    batch = draw_batch(rng, batch=200)
    width = batch.stored.shape[-1]
    sharp, _ = loss_and_gradient(Params(np.eye(width), np.eye(width)), batch, scale=100.0)
    alike, _ = loss_and_gradient(Params(np.eye(width), np.zeros((width, width))), batch, scale=1.0)
    assert 0 < sharp < 0.02  # not 0: now and then a longer key outscores the one that is asked for
    assert alike == pytest.approx(1 - 1 / 16, rel=0.02)


def test_components_start_with_variance_one_and_scores_with_variance_d_k(rng):
    params, batch = initial_params(rng, d_k=64), draw_batch(rng, batch=400)
    query, key = batch.asked @ params.w_q, batch.stored @ params.w_k
    assert query.var() == pytest.approx(1, rel=0.1)
    assert (query @ key.mT).var() == pytest.approx(64, rel=0.2)


def test_gradient_by_scores_vanishes_when_all_queries_are_saturated(rng):
    params, batch = initial_params(rng, d_k=16), draw_batch(rng, batch=2)
    assert np.median(score_gradients(params, batch, scale=1e-9)) > 0.1
    assert score_gradients(params, batch, scale=1e9).max() < 1e-12


@pytest.mark.parametrize(("optimiser", "rate", "power"), [("sgd", 3.0, -1 / 2), ("adam", 0.01, -1 / 4)])
def test_the_scale_is_a_reparametrisation(optimiser, rate, power):
    """Maps d_k^¼ times smaller, without the scale: the same run step by step, at a rate that is smaller too.

    Gradient descent needs one smaller by √d_k, Adam, whose steps do not grow with the gradient, by d_k^¼.
    """
    few = SETTINGS._replace(steps=40)
    with_scale = list(block_losses(0, 16, optimiser, "√d_k", rate, few))
    small_maps = list(block_losses(0, 16, optimiser, "none, small maps", rate * 16**power, few))
    np.testing.assert_allclose(small_maps, with_scale, rtol=1e-5)


def test_gradient_descent_moves_every_entry_by_its_gradient(rng):
    params, grads = (Params(*rng.normal(size=(2, 3, 5))) for _ in range(2))
    moved, _ = sgd_step(params, grads, None, 0.01)
    for param, grad, there in zip(params, grads, moved, strict=True):
        np.testing.assert_allclose(there, param - 0.01 * grad)
