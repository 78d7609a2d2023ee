import numpy as np
import pytest

from attncourse.results import load_result
from attnlib.testing import check_vjp
from experiments.lookup import Params, draw_batch, initial_params, loss_and_gradient, score_gradients
from experiments.scale_training import SETTINGS, arms, name, new_run, sgd_step, train


@pytest.fixture(scope="module")
def result():
    return load_result("scale_training")


def arm(result, d_k, optimiser, scale):
    return result["arms"][name(d_k, optimiser, scale)]


def losses(result, *key):
    """(seeds, blocks)"""
    return np.array([run["loss"] for run in arm(result, *key)["runs"].values()])


# The result file


def test_result_is_complete(result):
    assert set(result["arms"]) == {name(*each) for each in arms()}
    for d_k, optimiser, scale in arms():
        stored = arm(result, d_k, optimiser, scale)
        assert set(stored["runs"]) == {str(seed) for seed in SETTINGS.seeds}
        assert losses(result, d_k, optimiser, scale).shape[1] == SETTINGS.steps // SETTINGS.record_every


def test_no_chosen_learning_rate_is_at_an_end_of_its_grid(result):
    for d_k, optimiser, scale in arms():
        low, *_, high = SETTINGS.learning_rates[optimiser]
        assert low < arm(result, d_k, optimiser, scale)["learning_rate"] < high


# A small part, run again


@pytest.mark.parametrize(("d_k", "optimiser", "scale"), arms())
def test_running_again_gives_the_stored_losses(result, d_k, optimiser, scale):
    stored = arm(result, d_k, optimiser, scale)
    few = SETTINGS._replace(steps=10)  # later the unscaled layer multiplies every rounding error
    again = new_run(SETTINGS.seeds[0], d_k, scale, optimiser, stored["learning_rate"], few)
    first = stored["runs"][str(SETTINGS.seeds[0])]
    np.testing.assert_allclose(again["loss"], first["loss"][:2], rtol=1e-3)
    np.testing.assert_allclose(again["entropy"], first["entropy"][:2], rtol=1e-3)
    assert again["start"]["grad_w_q"] == pytest.approx(first["start"]["grad_w_q"], rel=1e-3)


def test_a_reduced_run_comes_to_the_same_conclusion(result):
    """Mean loss of 30 steps with a new seed: at d_k = 16 the scales are alike, at 1024 they are not."""
    few = SETTINGS._replace(steps=30)

    def mean_loss(d_k, scale):
        return np.mean(new_run(200, d_k, scale, "sgd", arm(result, d_k, "sgd", scale)["learning_rate"], few)["loss"])

    for d_k in SETTINGS.widths:
        again = mean_loss(d_k, "none") / mean_loss(d_k, "√d_k")
        stored = losses(result, d_k, "sgd", "none")[:, :6].mean() / losses(result, d_k, "sgd", "√d_k")[:, :6].mean()
        assert again == pytest.approx(stored, rel=0.5)
        assert (again > 5) == (stored > 5) == (d_k == 1024)


# What the README and the chapter say


@pytest.mark.parametrize("optimiser", SETTINGS.learning_rates)
def test_wide_and_unscaled_it_learns_later_but_it_learns(result, optimiser):
    scaled, unscaled = losses(result, 1024, optimiser, "√d_k"), losses(result, 1024, optimiser, "none")
    first = [(runs < 0.1).argmax(axis=1) + 1 for runs in (scaled, unscaled)]
    assert first[1].min() > 4 * first[0].max()  # every unscaled seed is slower than every scaled one
    assert (unscaled[:, -10:].mean(axis=1) < 0.1).all()
    assert unscaled[:, 0].min() > 1.5


@pytest.mark.parametrize("optimiser", SETTINGS.learning_rates)
def test_at_small_width_the_scale_makes_little_difference(result, optimiser):
    first = [np.median((losses(result, 16, optimiser, scale) < 0.1).argmax(axis=1) + 1) for scale in ("√d_k", "none")]
    assert first[0] <= first[1] < 2 * first[0]


def test_gradient_becomes_rare_not_small(result):
    def start(scale):
        runs = arm(result, 1024, "sgd", scale)["runs"].values()
        each = np.array([run["start"]["grad_of_each_query"] for run in runs])
        largest = np.sort(each**2, axis=1)[:, -6:].sum() / (each**2).sum()  # 6 of 64 queries
        return np.median(each), largest, np.median([run["start"]["grad_w_q"] for run in runs])

    (median, share, of_map), (median_unscaled, share_unscaled, of_map_unscaled) = start("√d_k"), start("none")
    assert median_unscaled < median / 1000
    assert share < 0.5
    assert share_unscaled > 0.8
    assert of_map_unscaled > 5 * of_map


# The parts


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


def test_scale_is_a_smaller_start_with_a_smaller_learning_rate():
    """Maps d_k^¼ times smaller, learning rate √d_k times smaller, and no scale: the same run, step by step."""
    d_k, few = 16, SETTINGS._replace(steps=40)
    params = initial_params(np.random.default_rng(0), d_k)
    smaller = Params(*(w * d_k**-0.25 for w in params))
    scaled = train(params, np.random.default_rng(1), None, "sgd", 3.0, few)
    unscaled = train(smaller, np.random.default_rng(1), 1.0, "sgd", 3.0 * d_k**-0.5, few)
    np.testing.assert_allclose(unscaled["loss"], scaled["loss"], rtol=1e-6)


def test_gradient_descent_moves_every_entry_by_its_gradient(rng):
    params, grads = (Params(*rng.normal(size=(2, 3, 5))) for _ in range(2))
    moved, _ = sgd_step(params, grads, None, 0.01)
    for param, grad, there in zip(params, grads, moved, strict=True):
        np.testing.assert_allclose(there, param - 0.01 * grad)
