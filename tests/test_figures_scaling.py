import numpy as np
import pytest

from attncourse.drawing.numerals import in_words
from attncourse.drawing.svg import to_svg
from attncourse.figures.scaling import jacobian, jacobian_norms, saturation, scale_training, temperature, variance
from attncourse.figures.scaling.jacobian import jacobian_norm
from attncourse.figures.scaling.random_queries import random_queries_and_keys
from attncourse.figures.scaling.scales import WIDTHS, doublings, scale_factor
from attnlib import attention_weights, softmax, softmax_jacobian

NONE, ROOT, WHOLE = range(3)  # the order of scales in arrays


@pytest.fixture(scope="module")
def norms():
    """Three quartiles of ‖J‖ for each scale and width."""
    return jacobian_norms.measure().quartiles


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
    none, root, whole = (saturation.measure(1024, scale) for scale in ("none", "√d_k", "d_k"))
    assert none.sorted_weights[0] > 0.95
    assert none.entropy < 0.15
    assert 0.2 < root.sorted_weights[0] < 0.3
    assert whole.sorted_weights[0] < 0.07
    assert whole.entropy == pytest.approx(np.log(16), abs=1e-3)


@pytest.mark.parametrize(("scale", "power"), [("none", 1), ("√d_k", 0.5), ("d_k", 0)])
def test_mean_of_the_matching_key_grows_with_the_width_unless_divided_by_it(scale, power):
    for d_k in (64, 1024):
        assert saturation.measure(d_k, scale, 0.3).mean == pytest.approx(0.3 * d_k**power, rel=0.06)


def test_correlated_and_wide_it_saturates_in_spite_of_the_root():
    narrow, wide = (saturation.measure(d_k, "√d_k", 0.3) for d_k in (16, 1024))
    assert narrow.matching_weight < 0.3
    assert wide.matching_weight > 0.99
    assert wide.norm < narrow.norm / 100


def test_curve_passes_through_the_point():
    for state in saturation.states:
        numbers = saturation.measure(**state)
        assert numbers.curve[WIDTHS.index(state["d_k"])] == numbers.norm


def test_laboratory_and_static_picture_agree(norms):
    """Two sets of draws: close where rows are alike, within sampling error where the norm spans many decades."""
    for i, scale in enumerate(("none", "√d_k", "d_k")):
        for j, d_k in enumerate(WIDTHS):
            rtol = 0.5 if scale == "none" and d_k > 16 else 0.03
            assert saturation.measure(d_k, scale).norm == pytest.approx(norms[1, i, j], rel=rtol)


def test_readout_says_the_measured_numbers():
    numbers = saturation.measure(256, "none", 0.1)
    sentence = saturation.readout(numbers)
    for words in (f"{numbers.mean:.3g}", f"{numbers.std:.2g}", f"{numbers.entropy:.2f}", in_words(numbers.norm)):
        assert words in sentence


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
        assert 1 / 4 < jacobian.measure(d_k, "none").norm / typical < 4


def test_an_entry_of_the_jacobian_says_the_weights_it_is_made_of():
    shapes = to_svg(jacobian.frame({"d_k": 4, "scale": "none"}))
    p = jacobian.measure(4, "none").attn_weights
    entry = next(shape for shape in shapes if "weight 3 by score 4:" in shape)
    assert f"−{p[2]:.2f} × {p[3]:.2f} = −{p[2] * p[3]:.2f}" in entry
    assert 'data-lights="weight2 weight3 entry23"' in entry


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


def test_divided_by_d_k_the_gradient_is_that_of_equal_weights(norms):
    assert norms[1, WHOLE, -1] == pytest.approx(np.sqrt(15) / 16, rel=1e-3)


def test_medians_are_stable_across_seeds_as_the_caption_says(norms):
    other = jacobian_norms.measure(seed=1).quartiles[1]
    np.testing.assert_allclose(other[ROOT:], norms[1, ROOT:], rtol=0.01)
    np.testing.assert_allclose(other[NONE], norms[1, NONE], rtol=0.25)


def test_a_band_shows_the_middle_half_of_every_scale():
    bands = [shape for shape in to_svg(jacobian_norms.frame()) if 'class="fill-ink" fill-opacity' in shape]
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


def test_training_picture_says_the_steps_of_the_result():
    numbers = scale_training.measure()
    sentence = scale_training.readout(numbers)
    for steps in numbers.steps_to_learn[:, 0].ravel():
        assert f"{steps:.0f}" in sentence


def test_a_doubling_of_the_width_is_one_step():
    np.testing.assert_allclose(doublings([1, 32, 1024]), [0, 5, 10])
