from collections import Counter

import numpy as np
import pytest

from attncourse.figures.norms import drift, long_sequence, norm_grid, ripple, shared_mean
from attncourse.figures.norms.batch import FEATURES, MASK, PLACES, SEQ, X
from attncourse.figures.norms.drift import MEAN, SIZES, SPREADS
from attncourse.figures.norms.long_sequence import LAYER as LAYER_NORM
from attncourse.figures.norms.long_sequence import LENGTHS, LONGEST
from attncourse.figures.norms.long_sequence import PER_FEATURE as ONE_SET
from attncourse.figures.norms.long_sequence import PER_POSITION as EACH_POSITION
from attncourse.figures.norms.ripple import COUNTED, INFERENCE, LAYER, MASKED, NONE, NORMS, PADDING, RMS
from attncourse.figures.norms.sharing import KINDS, PER_FEATURE, PER_POSITION, SENTENCE, TOKEN, share_of
from attncourse.figures.norms.sharing import RMS as RMS_KIND
from attnlib import batch_norm, batch_statistics, layer_norm, rms_norm
from tests.explorers import every_state, numbers_in, said_by, words_of

ONES, ZEROS = np.ones(4), np.zeros(4)
OUTPUTS = 4 * int(MASK.sum())  # of real tokens


def test_the_batch_has_tokens_where_it_has_words():
    assert X.shape == (3, SEQ, len(FEATURES))
    assert all(MASK[place] for place in PLACES.values())
    assert len(PLACES) == MASK.sum()
    assert not X[~MASK].any()


# The picture


def test_the_picture_shows_the_statistics_of_columns_and_rows():
    shown = norm_grid.measure()
    np.testing.assert_allclose(shown.features.mean, X[MASK].mean(axis=0))
    np.testing.assert_allclose(shown.features.variance, X[MASK].var(axis=0))
    np.testing.assert_allclose(shown.tokens.mean, X.mean(axis=-1))
    np.testing.assert_allclose(shown.tokens.variance, X.var(axis=-1))
    np.testing.assert_allclose(shown.mean_square, (X**2).mean(axis=-1))


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_the_picture_writes_every_statistic(narrow):
    shown, words = norm_grid.measure(), words_of(norm_grid, {}, narrow=narrow)
    for values in (*shown.features, shown.tokens.mean[MASK], shown.tokens.variance[MASK], shown.mean_square[MASK]):
        assert {f"{value:.2f}" for value in values} <= set(words)


# Who shares a mean


@every_state(shared_mean)
def test_the_norms_own_output_follows_from_the_statistics_shown(state):
    shown = shared_mean.measure(**state)
    for share in (shown.masked, shown.counted):
        assert share.normed == pytest.approx((shown.value - share.mean) / np.sqrt(share.variance + 1e-5))


def _sentence_norm(x):
    output = np.zeros_like(x)
    for i, tokens in enumerate(MASK):
        numbers = x[i, tokens].ravel()
        output[i, tokens] = layer_norm(numbers, np.ones_like(numbers), np.zeros_like(numbers)).reshape(-1, 4)
    return output


FUNCTIONS = {
    PER_FEATURE: lambda x: batch_norm(x, ONES, ZEROS, mask=MASK),
    PER_POSITION: lambda x: batch_norm(x, ONES, ZEROS, mask=MASK, per_position=True),
    TOKEN: lambda x: layer_norm(x, ONES, ZEROS),
    SENTENCE: _sentence_norm,
    RMS_KIND: lambda x: rms_norm(x, ONES),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("word", "feature"), [("dogs", "b"), ("sing", "d"), ("slowly", "a")])
def test_the_numbers_in_colour_are_those_that_move_the_output(kind, word, feature):
    shown = shared_mean.measure(kind, word, feature)
    before = FUNCTIONS[kind](X)[shown.asked]
    moves = np.zeros(X.shape, dtype=bool)
    for cell in np.ndindex(X.shape):
        other = X.copy()
        other[cell] += 1.37
        moves[cell] = abs(FUNCTIONS[kind](other)[shown.asked] - before) > 1e-9
    np.testing.assert_array_equal(shown.masked.members, moves)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_pointing_at_a_number_lights_those_that_share_its_mean(kind, narrow):
    sets = Counter(said_by(shared_mean, {"kind": kind}, "of", narrow))
    tokens = np.argwhere(np.broadcast_to(MASK[..., None], X.shape))
    sizes = Counter(int(share_of(kind, tuple(at), MASK).members.sum()) for at in tokens)
    assert Counter(sets.values()) == {size: numbers // size for size, numbers in sizes.items()}
    assert said_by(shared_mean, {"kind": kind}, "of", narrow) == said_by(shared_mean, {"kind": kind}, "lights", narrow)


def test_a_number_says_what_it_shares():
    assert "“sing” b: 5 · 9 numbers share mean 4.00, variance 3.33" in said_by(
        shared_mean, {"kind": PER_FEATURE}, "words"
    )
    assert "mean of feature b: 4.00" in said_by(norm_grid, {}, "words")
    assert "mean square of “chase”: 10.50" in said_by(norm_grid, {}, "words")


def test_a_position_that_one_sentence_alone_has_leaves_nothing():
    shown = shared_mean.measure(PER_POSITION, "cats", "d")
    assert shown.masked.members.sum() == 1
    assert shown.masked.variance == shown.masked.normed == 0
    assert "1 number has" in shared_mean.readout(shown)
    assert any("it is alone" in text for text in words_of(shared_mean, {"kind": PER_POSITION, "word": "cats"}))


@pytest.mark.parametrize("kind", [TOKEN, RMS_KIND])
def test_padding_never_belongs_to_a_tokens_own_set(kind):
    for word in PLACES:
        shown = shared_mean.measure(kind, word, "c")
        np.testing.assert_array_equal(shown.masked.members, shown.counted.members)
        assert shown.masked.normed == shown.counted.normed
        assert "padding" not in shared_mean.readout(shown)


def test_counting_padding_moves_the_mean_of_a_feature():
    shown = shared_mean.measure(PER_FEATURE, "dogs", "b")
    assert (shown.masked.mean, shown.counted.mean) == (4, 3)
    assert numbers_in(shared_mean.readout(shown)) == [9, 4.0, 3.33, 12, 3.0, 5.5]


# Ripple


@every_state(ripple)
def test_only_batch_statistics_carry_a_change_to_other_tokens(state):
    shown = ripple.measure(**state)
    if state["norm"] not in (COUNTED, MASKED):
        assert shown.others == 0
    elif state["word"] != PADDING or state["norm"] == COUNTED:
        own = 0 if state["word"] == PADDING else 1
        assert shown.others == (int(MASK.sum()) - own) * (1 if state["one_feature"] else 4)
    else:
        assert shown.moved == 0  # masked padding is not looked at


@pytest.mark.parametrize(
    ("norm", "moved"), [(NONE, 1), (LAYER, 4), (RMS, 4), (COUNTED, 9), (MASKED, 9), (INFERENCE, 1)]
)
def test_one_changed_feature_moves_a_row_or_a_column_or_itself(norm, moved):
    assert ripple.measure(norm, "cats", one_feature=True).moved == moved
    assert set(NORMS) == {NONE, LAYER, RMS, COUNTED, MASKED, INFERENCE}


def test_padding_that_is_counted_changes_every_output():
    shown = ripple.measure(COUNTED, PADDING)
    assert shown.moved == OUTPUTS
    assert numbers_in(ripple.readout(shown))[:3] == [36, 36, 36]


def test_at_inference_a_change_is_only_divided_by_the_deviation():
    shown, none = ripple.measure(INFERENCE, "sing"), ripple.measure(NONE, "sing")
    deviation = np.sqrt(batch_statistics(X, MASK).variance + 1e-5)
    np.testing.assert_allclose(shown.change, none.change / deviation, atol=1e-12)


@every_state(ripple)
def test_no_change_is_written_as_zero(state):
    shown = ripple.measure(**state)
    written = [word for word in words_of(ripple, state) if "." in word]
    assert "0.00" not in written
    assert len(written) == np.count_nonzero(shown.change)


# Drift


def test_without_a_spread_of_lengths_there_is_no_padding_to_count():
    for size in SIZES:
        counted, masked = drift.measure(size, 0, counted=True), drift.measure(size, 0, counted=False)
        np.testing.assert_allclose(counted.means, masked.means)
        np.testing.assert_allclose(counted.variances, masked.variances)


def test_zeros_that_count_shrink_the_mean_by_their_share():
    for spread in SPREADS[1:]:
        counted, masked = drift.measure(8, spread, counted=True), drift.measure(8, spread, counted=False)
        share = counted.lengths.sum() / (len(counted.lengths) * counted.lengths.max())
        assert counted.means[0] == pytest.approx(masked.means[0] * share)
        assert (counted.means <= masked.means + 1e-12).all()


def test_masked_statistics_come_closer_with_the_root_of_the_batch_and_counted_ones_do_not():
    shown = drift.measure(32, 8, counted=True)
    assert shown.masked_curve[0] / shown.masked_curve[-1] == pytest.approx(np.sqrt(SIZES[-1] / SIZES[0]), rel=0.25)
    assert shown.counted_curve[-1] > shown.counted_curve[0]


def test_the_spread_of_lengths_moves_counted_statistics_most():
    errors = [drift.measure(16, spread, counted=True).error for spread in SPREADS]
    assert (np.diff(errors) > 0).all()
    masked = [drift.measure(16, spread, counted=False).error for spread in SPREADS]
    assert max(masked) < 0.3 < 0.5 < errors[-1]


def test_the_distance_is_that_of_the_dots():
    shown = drift.measure(4, 2, counted=False)
    assert shown.error == pytest.approx(np.sqrt(((shown.means - MEAN) ** 2).mean()))
    assert shown.error == shown.masked_curve[SIZES.index(4)]
    average, swing, distance = numbers_in(drift.readout(shown))[3:6]
    assert distance == pytest.approx(shown.error, abs=0.005)
    assert np.hypot(average - MEAN, swing) == pytest.approx(distance, abs=0.01)


@every_state(drift)
def test_every_batch_has_a_dot_at_its_mean_inside_the_panel(state):
    shown, axes = drift.measure(**state), drift.draw(drift.measure(**state)).axes[1]
    (dots,) = [line for line in axes.lines if line.get_marker() == "o"]
    x, y = dots.get_data()
    np.testing.assert_allclose(x, np.sort(shown.means[: len(x)]), atol=0.03)
    assert len(set(zip(x, y, strict=True))) == len(x) == 100
    assert axes.get_xlim()[0] < x.min() <= x.max() < axes.get_xlim()[1]
    assert axes.get_ylim()[0] < y.min() <= y.max() < axes.get_ylim()[1]


def test_between_the_stops_of_a_live_slider_there_is_a_picture_too():
    shown = drift.measure(batch_size=7, spread=5, counted=True)
    assert shown.masked_curve[2] < shown.masked_curve[1] < shown.error
    assert "Batches of 7, 7 to 17 tokens" in drift.readout(shown)
    assert "one batch of 7" in [axes.get_title(loc="left") for axes in drift.draw(shown).axes]


# A long sequence


@pytest.mark.parametrize("seq", LENGTHS)
def test_statistics_per_position_end_with_the_longest_training_sentence(seq):
    shown = long_sequence.measure(EACH_POSITION, seq)
    assert shown.refused == (seq > LONGEST) == ("ValueError" in long_sequence.readout(shown))
    assert len(shown.mean) == min(seq, LONGEST)
    assert not shown.seen[LONGEST:].any()


@pytest.mark.parametrize("seq", LENGTHS)
@pytest.mark.parametrize("drifts", [False, True])
def test_layer_norm_gives_every_token_mean_0_and_variance_1_at_any_length(seq, drifts):
    shown = long_sequence.measure(LAYER_NORM, seq, drifts)
    assert len(shown.mean) == seq
    np.testing.assert_allclose(shown.mean, 0, atol=1e-12)
    np.testing.assert_allclose(shown.deviation, 1, atol=1e-4)


def test_one_set_of_statistics_fits_new_positions_only_if_the_features_do_not_drift():
    drifting, steady = (long_sequence.measure(ONE_SET, 32, drifts) for drifts in (True, False))
    assert not drifting.refused
    assert drifting.mean[-1] > 1.5
    assert np.abs(steady.mean[LONGEST:]).mean() < 0.3


@pytest.mark.parametrize("drifts", [False, True])
def test_inside_the_lengths_of_training_every_position_comes_out_alike(drifts):
    shown = long_sequence.measure(EACH_POSITION, LONGEST, drifts)
    assert (np.diff(shown.seen[:LONGEST]) <= 0).all()
    assert shown.seen[LONGEST - 1] > 200
    assert np.abs(shown.mean).max() < 0.5


@pytest.mark.parametrize("explorer", [drift, long_sequence, norm_grid, ripple, shared_mean], ids=lambda e: e.name)
def test_sentences_are_short(explorer):
    assert max(len(explorer.readout(explorer.measure(**state))) for state in explorer.states) <= 180
