import numpy as np
import pytest

from attncourse.digits import in_digits
from attncourse.drawing.svg import to_svg
from attncourse.figures.scaling import (
    jacobian,
    jacobian_norms,
    saturation,
    scale_training,
    temperature,
    variance,
    wide_row,
)
from attncourse.figures.scaling.jacobian import jacobian_norm
from attncourse.figures.scaling.jacobian_norms import quantiles
from attncourse.figures.scaling.random_queries import random_queries_and_keys
from attncourse.figures.scaling.scales import WIDTHS, doublings, scale_factor
from attnlib import attention_weights, softmax, softmax_jacobian
from experiments.scale_training import ARMS, SETTINGS, start, training

NONE, ROOT = range(2)  # the order of scales in arrays


@pytest.fixture(scope="module")
def norms():
    """Three quantiles of ‖J‖ for each scale and width."""
    return quantiles(seed=0)


# The numbers behind several figures


def test_random_components_have_mean_zero_and_variance_one():
    for components in random_queries_and_keys(1024, correlation=0.6):
        assert abs(components.mean()) < 0.005
        assert abs(components.var() - 1) < 0.01


def test_only_matching_queries_and_keys_are_correlated():
    query, key = random_queries_and_keys(1024, correlation=0.3)
    cosines = query @ key.mT / 1024
    matching = np.eye(16, dtype=bool)
    assert cosines[:, matching].mean() == pytest.approx(0.3, abs=0.005)
    assert cosines[:, ~matching].mean() == pytest.approx(0, abs=0.005)


def test_norm_agrees_with_the_matrix_and_with_its_closed_form(rng):
    attn_weights = softmax(rng.normal(size=(3, 7, 5)))
    p2, p3 = (attn_weights**2).sum(axis=-1), (attn_weights**3).sum(axis=-1)
    found = jacobian_norm(attn_weights)
    np.testing.assert_allclose(found, np.linalg.norm(softmax_jacobian(attn_weights), axis=(-2, -1)))
    np.testing.assert_allclose(found, np.sqrt(p2 - 2 * p3 + p2**2))


def test_norm_keeps_its_digits_where_one_weight_is_almost_one():
    """Two keys, scores 0 and −s: ‖J‖ = 2 p (1 − p), where p − p² and the closed form are rounding noise."""
    for s in (20.0, 40.0, 80.0):
        other = np.exp(-s) / (1 + np.exp(-s))
        assert jacobian_norm(softmax(np.array([0.0, -s]))) == pytest.approx(2 * other * (1 - other), rel=1e-12)


def test_equal_weights_have_the_norm_of_the_closed_form():
    assert jacobian_norm(np.full(16, 1 / 16)) == pytest.approx(np.sqrt(15) / 16)


def test_scales_are_none_the_librarys_own_and_one_over_d_k():
    assert [scale_factor(scale, 64) for scale in ("none", "√d_k", "d_k")] == [1.0, None, 1 / 64]


# The row of "its"


def test_undivided_and_wide_one_token_takes_nearly_all_and_divided_none_does():
    for draw in (1, 2, 3, 4):
        alone, shared = (wide_row.measure(1024, divided, draw).attn_weights for divided in (False, True))
        assert alone.max() > 0.95
        assert shared.max() < 0.5


def test_the_first_picture_does_not_give_the_answer_away():
    assert wide_row.measure(**wide_row.defaults).attn_weights.max() < 0.5


def test_narrow_vectors_share_in_every_draw():
    for draw in (1, 2, 3, 4):
        assert wide_row.measure(4, False, draw).attn_weights.max() < 0.5


def test_which_token_wins_is_a_matter_of_the_draw():
    winners = {int(wide_row.measure(1024, False, draw).attn_weights.argmax()) for draw in (1, 2, 3, 4)}
    assert len(winners) > 2


def test_all_scores_of_the_row_fit_into_the_picture():
    for state in wide_row.states:
        assert np.abs(wide_row.measure(**state).scores).max() < 55


# Saturation laboratory


@pytest.mark.parametrize(("scale", "power"), [("none", 0.5), ("√d_k", 0), ("d_k", -0.5)])
def test_scores_spread_with_the_root_of_the_width_unless_divided_by_it(scale, power):
    for d_k in (16, 256, 1024):
        assert saturation.measure(d_k, scale).std == pytest.approx(d_k**power, rel=0.05)


def test_sorted_weights_fall_and_sum_to_one():
    for state in saturation.states:
        weights = saturation.measure(**state).sorted_weights
        assert weights.sum() == pytest.approx(1)
        assert (np.diff(weights) <= 0).all()


def test_unscaled_one_key_takes_all_and_divided_by_d_k_all_share():
    none, root, whole = (saturation.measure(1024, scale).sorted_weights for scale in ("none", "√d_k", "d_k"))
    assert none[0] > 0.95
    assert 0.2 < root[0] < 0.3
    assert whole[0] < 0.07


def test_divided_by_the_root_the_weights_hardly_depend_on_the_width():
    first = [saturation.measure(d_k, "√d_k").sorted_weights for d_k in (16, 1024)]
    np.testing.assert_allclose(*first, atol=0.02)


def test_enlarged_the_spread_stays_if_divided_by_the_root_and_vanishes_if_divided_by_d_k():
    roots = [saturation.measure(d_k, "√d_k").near for d_k in (16, 1024)]
    np.testing.assert_allclose(*roots, atol=0.02)
    assert saturation.measure(1024, "d_k").near.max() == 1


def test_readout_says_the_measured_numbers():
    numbers = saturation.measure(256, "none")
    for words in (f"{numbers.std:.2g}", f"{numbers.sorted_weights[0]:.2f}", f"{numbers.sorted_weights[1]:.3f}"):
        assert words in saturation.readout(numbers)


# The Jacobian of one row


def test_jacobian_shown_is_the_derivative_of_the_weights_shown():
    numbers = jacobian.measure(16, "none")
    scores, step = np.log(numbers.attn_weights), 1e-6
    for j in range(len(scores)):
        change = np.zeros_like(scores)
        change[j] = step
        slope = (softmax(scores + change) - softmax(scores - change)) / (2 * step)
        np.testing.assert_allclose(numbers.jacobian[:, j], slope, atol=1e-9)


def test_jacobian_rows_sum_to_zero_and_fit_the_colours():
    for state in jacobian.states:
        matrix = jacobian.measure(**state).jacobian
        np.testing.assert_allclose(matrix.sum(axis=-1), 0, atol=1e-15)
        assert np.abs(matrix).max() <= 0.25 + 1e-12


def test_row_shown_is_a_typical_one(rng):
    for d_k in (1, 16, 64, 256, 1024):
        query, key = rng.normal(size=(2000, 1, d_k)), rng.normal(size=(2000, 5, d_k))
        typical = np.median(jacobian_norm(attention_weights(query, key, scale=1.0)))
        assert 1 / 4 < jacobian_norm(jacobian.measure(d_k, "none").attn_weights) / typical < 4


def test_an_entry_of_the_jacobian_says_the_weights_it_is_made_of():
    shapes = to_svg(jacobian.frame({"d_k": 4, "scale": "none"}))
    p = jacobian.measure(4, "none").attn_weights
    entry = next(shape for shape in shapes if "weight of cat by score of toy:" in shape)
    assert f"−{p[1]:.2f} × {p[4]:.2f} = −{p[1] * p[4]:.2f}" in entry
    assert 'data-lights="weight1 weight4 entry14"' in entry


# Medians against the width


def test_unscaled_gradient_first_grows_then_vanishes(norms):
    """In the notes it only shrinks: at d_k = 16 it is larger than the scaled one."""
    median = norms[1, NONE]
    at = dict(zip(WIDTHS, median, strict=True))
    assert at[1] < at[4] < at[8]
    assert at[16] > norms[1, ROOT, WIDTHS.index(16)]
    assert at[64] > at[256] > at[1024]
    assert at[1024] < 1e-4


@pytest.mark.parametrize(
    ("d_k", "expected", "rtol"),
    [(2, 0.31, 0.03), (16, 0.34, 0.05), (64, 0.12, 0.2), (256, 5.7e-3, 0.4), (1024, 2.5e-5, 0.4)],
)
def test_unscaled_medians_agree_with_the_course_facts(norms, d_k, expected, rtol):
    assert norms[1, NONE, WIDTHS.index(d_k)] == pytest.approx(expected, rel=rtol)


def test_root_keeps_the_gradient_at_every_width(norms):
    median = norms[1, ROOT]
    assert median.min() > 0.26
    assert median.max() < 0.32


def test_other_seeds_move_the_medians_as_little_as_the_chapter_says(norms):
    """Without a scale, wide, by up to a factor of two; elsewhere hardly."""
    others = np.array([quantiles(seed)[1] for seed in (1, 2, 3)])
    np.testing.assert_allclose(others[:, ROOT:], np.broadcast_to(norms[1, ROOT:], others[:, ROOT:].shape), rtol=0.01)
    factor = np.exp(np.abs(np.log(others[:, NONE] / norms[1, NONE])))
    assert factor.max() < 2.2
    assert factor[:, : WIDTHS.index(64)].max() < 1.1


def test_the_lines_are_followed_to_the_width_that_is_asked_for(norms):
    numbers = jacobian_norms.measure(16)
    assert numbers.widths == (1, 2, 4, 8, 16)
    np.testing.assert_array_equal(numbers.quantiles, norms[..., :5])


def test_the_rise_before_the_fall_can_be_seen():
    """On an axis of 232 pixels for 0 to 0.45, it is higher than ten lines are thick."""
    median = jacobian_norms.measure(1024).quantiles[1, NONE]
    assert (median.max() - median[0]) / 0.45 * 232 > 30


def test_the_first_picture_of_the_medians_does_not_tell_where_they_go():
    """All scales start at one point, and the read-out names no other width."""
    numbers = jacobian_norms.measure(**jacobian_norms.defaults)
    assert numbers.widths == (1,)
    assert np.ptp(numbers.quantiles, axis=1).max() == 0
    assert "it was" not in jacobian_norms.readout(numbers)


def test_a_band_shows_the_middle_eight_tenths_of_every_scale():
    bands = [shape for shape in to_svg(jacobian_norms.frame({"d_k": 1024})) if 'class="fill-ink" fill-opacity' in shape]
    assert len(bands) >= len(jacobian_norms.measure().scales)


# Variance and mean


def test_variance_is_d_k_and_correlation_adds_its_square():
    for correlation in (0.0, 0.3, 0.6):
        measured = variance.measure(correlation).variances
        np.testing.assert_allclose(measured, np.array(WIDTHS) * (1 + correlation**2), rtol=0.15)


def test_mean_grows_with_the_width_after_the_root_with_its_root_and_after_d_k_not_at_all():
    for correlation in (0.1, 0.3, 0.6):
        means = variance.measure(correlation).means[:, -1]
        np.testing.assert_allclose(means, correlation * np.array([1024, 32, 1]), rtol=0.06)


def test_without_correlation_the_mean_is_within_its_sampling_error():
    numbers = variance.measure(0.0)
    assert (np.abs(numbers.means[0]) < 4 * np.sqrt(np.array(WIDTHS) / 1024)).all()


# Temperature


def test_temperature_chooses_when_cold_and_averages_when_hot():
    cold, hot = temperature.measure(0.05), temperature.measure(20.0)
    assert cold.attn_weights.max() > 0.99
    assert hot.entropy > 0.99 * np.log(len(hot.attn_weights))
    assert (np.diff(hot.entropy_curve) > 0).all()
    assert (np.diff(hot.largest_curve) < 0).all()


def test_temperature_never_changes_the_order_of_the_keys():
    orders = {tuple(np.argsort(temperature.measure(**state).divided)) for state in temperature.states}
    assert len(orders) == 1


def test_temperature_curves_pass_through_the_points():
    for tau, index in ((0.05, 0), (20.0, -1)):
        numbers = temperature.measure(tau)
        assert numbers.largest_curve[index] == pytest.approx(numbers.attn_weights.max())
        assert numbers.entropy_curve[index] == pytest.approx(numbers.entropy)


def test_a_cut_bar_says_the_whole_score():
    assert any("key 1: 2.1 ÷ 0.05 = 42" in shape for shape in to_svg(temperature.frame({"temperature": 0.05})))


# The experiment's picture (its result has tests of its own)


@pytest.mark.parametrize("state", scale_training.states, ids=str)
def test_training_picture_says_the_steps_and_rates_of_the_result(state):
    numbers = scale_training.measure(**state)
    sentence = scale_training.readout(numbers)
    for steps, rate in zip(numbers.steps_to_learn, numbers.learning_rates, strict=True):
        assert f" {in_digits(steps, '{:.0f}')} " in sentence
        assert f" {rate:g}" in sentence


@pytest.mark.parametrize("d_k", [16, 64, 256, 1024])
def test_where_the_picture_says_that_a_layer_has_learned_its_line_is_at_that_loss_or_below(d_k):
    """But for a tenth, for the median of the seeds' steps is not the step of their median loss."""
    numbers = scale_training.measure(d_k)
    for steps, (_, median, _) in zip(numbers.steps_to_learn, numbers.loss, strict=True):
        loss = np.interp(np.log10(steps), np.log10(numbers.steps), np.log10(median))
        assert 10**loss < 1.1 * numbers.learned


@pytest.mark.parametrize("d_k", [16, 1024])
def test_the_losses_before_training_are_those_of_the_experiment(d_k):
    for arm, shown in zip(ARMS, scale_training.measure(d_k, small_maps=True).start, strict=True):
        begun = (training(*start(seed, d_k, arm), ARMS[arm].scale, "sgd", 0.1) for seed in SETTINGS.seeds)
        assert shown == pytest.approx(np.median([next(losses) for losses in begun]))


def test_smaller_maps_are_a_third_arm_beside_the_two():
    usual, small = (scale_training.measure(1024, "Adam", small_maps) for small_maps in (False, True))
    np.testing.assert_array_equal(usual.loss, small.loss[:2])
    assert len(small.loss) == 3
    assert small.steps_to_learn[2] < usual.steps_to_learn[1] / 5


def test_a_doubling_of_the_width_is_one_step():
    np.testing.assert_allclose(doublings([1, 32, 1024]), [0, 5, 10])
