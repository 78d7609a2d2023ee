import math
import re

import numpy as np
import pytest

from attncourse.digits import in_digits
from attncourse.drawing.svg import to_svg
from attncourse.figures.order import (
    alibi_slopes,
    binary_counter,
    clock_hands,
    encoding_heatmap,
    line_or_circle,
    nearest_position,
    rotary_scores,
    shuffle,
    similarity_by_offset,
    sinusoid_formula,
)
from attncourse.figures.order.shuffle import ORDERS, WORDS
from attnlib import alibi_bias, sinusoidal_positions

# Shuffle

SHUFFLED = list(ORDERS)[1:]


@pytest.mark.parametrize("order", SHUFFLED)
def test_without_encoding_and_mask_a_shuffle_only_shuffles_the_outputs(order):
    shown = shuffle.measure(order=order)
    assert shown.equivariant
    np.testing.assert_allclose(shown.after, shown.before[list(shown.order)], atol=1e-12)
    assert "only trade places" in shuffle.readout(shown)


@pytest.mark.parametrize("how", [{"encoding": True}, {"causal": True}, {"encoding": True, "causal": True}])
def test_an_encoding_or_a_causal_mask_makes_the_order_count(how):
    for order in SHUFFLED:
        shown = shuffle.measure(order=order, **how)
        assert not shown.equivariant
        assert shown.change.max() > 0.1


def test_it_starts_unshuffled_and_asks_for_a_new_order():
    shown = shuffle.measure()
    np.testing.assert_array_equal(shown.after, shown.before)
    assert "choose a new order" in shuffle.readout(shown)


def test_words_that_see_the_same_words_keep_their_outputs_under_a_causal_mask():
    shown = shuffle.measure(order="my toy hid its cat", causal=True)
    assert shown.change[WORDS.index("my")] == 0
    assert "4 of 5 words" in shuffle.readout(shown)


def test_on_a_line_only_the_ends_win_and_on_a_circle_every_position_does():
    on_line, on_circle = zip(*(line_or_circle.measure(**values).best for values in line_or_circle.states), strict=True)
    assert set(on_line) == {0, 11}
    assert set(on_circle) == set(range(12))


def test_the_largest_product_on_line_and_circle_leaves_no_doubt():
    for values in line_or_circle.states:
        *_, second, first = np.sort(line_or_circle.measure(**values).products, axis=-1).T
        assert (first - second).min() > 0.01


def test_every_order_has_the_same_words_and_is_what_it_says():
    for order, which in ORDERS.items():
        assert sorted(order.split()) == sorted(WORDS)
        assert [WORDS[word] for word in which] == order.split()


# The encoding itself


def test_the_formula_is_drawn_from_the_librarys_encoding():
    shown = sinusoid_formula.measure()
    np.testing.assert_array_equal(shown.encoding, sinusoidal_positions(32, 8))
    np.testing.assert_allclose(shown.waves, 2 * np.pi * 10000.0 ** (np.arange(4) / 4))


@pytest.mark.parametrize("state", [{}, {"seq": 8, "d_model": 4}], ids=["many", "few"])
def test_every_cell_of_the_table_says_its_number(state):
    shown, lines = encoding_heatmap.measure(**state), to_svg(encoding_heatmap.frame(state))
    words = [in_digits(number) for number in shown.encoding.ravel()]
    if state:
        said = [line.partition('data-value="')[2].partition('"')[0] for line in lines if "data-value=" in line]
    else:
        [every] = [line for line in lines if "data-values" in line]
        said = every.partition('data-values="')[2].partition('"')[0].split("|")
    assert said == words


def test_a_cell_of_the_table_says_the_formula_that_makes_its_number():
    lines = to_svg(encoding_heatmap.frame({"seq": 8, "d_model": 4, "base": 100}))
    cells = [dict(re.findall(r'data-(row|column|value)="(.*?)"', line)) for line in lines if "data-value=" in line]
    for cell in cells:
        p = int(cell["row"].removeprefix("pos = "))
        wave, base, i, d_model = re.fullmatch(r"(sin|cos)\(pos ÷ (\d+)\^\((\d+)/(\d+)\)\)", cell["column"]).groups()
        number = getattr(math, wave)(p / int(base) ** (int(i) / int(d_model)))
        assert cell["value"] == in_digits(number)
    assert len(cells) == 32


def test_a_wave_repeats_after_its_length():
    shown = encoding_heatmap.measure(seq=128, d_model=32, base=100)
    for pair, wave in enumerate(shown.waves):
        p = np.arange(5)
        np.testing.assert_allclose(np.sin(2 * np.pi * p / wave), shown.encoding[:5, 2 * pair], atol=1e-12)


def test_every_row_has_norm_root_of_half_the_width():
    for d_model in (8, 32, 128):
        assert encoding_heatmap.measure(d_model=d_model).norm == pytest.approx((d_model / 2) ** 0.5)


def test_still_pairs_are_those_with_a_wave_of_more_than_four_sequences():
    shown = encoding_heatmap.measure(seq=64, d_model=64, base=10000)
    assert shown.still == sum(2 * np.pi * 10000 ** (i / 32) > 256 for i in range(32)) > 0


def test_a_step_turns_the_hands_alike_from_every_position():
    for position in (0, 5, 1000):
        shown = clock_hands.measure(position=position, step=3)
        sine, cosine = shown.hands.T
        turned = [sine * np.cos(shown.turned) + cosine * np.sin(shown.turned),
                  cosine * np.cos(shown.turned) - sine * np.sin(shown.turned)]  # fmt: skip
        np.testing.assert_allclose(shown.ahead, np.transpose(turned), atol=1e-12)
        np.testing.assert_allclose(shown.turned[0], 3)


def test_hands_have_length_one_and_turn_clockwise_by_the_angle():
    shown = clock_hands.measure(position=5, step=1)
    np.testing.assert_allclose(np.hypot(*shown.hands.T), 1)
    crossed = shown.ahead[:, 0] * shown.hands[:, 1] - shown.ahead[:, 1] * shown.hands[:, 0]
    np.testing.assert_allclose(crossed, np.sin(shown.turned))


def test_bits_spell_the_position_and_waves_repeat_after_their_period():
    shown = binary_counter.measure(position=11, sines=True)
    np.testing.assert_array_equal(shown.bits @ [1, 2, 4, 8], np.arange(16))
    for column, period in enumerate((2, 2, 4, 4, 8, 8, 16, 16)):
        wave = shown.waves[:, column]
        np.testing.assert_allclose(np.roll(wave, period), wave, atol=1e-12)


@pytest.mark.parametrize("position", range(16))
def test_cosines_name_a_position_up_to_its_mirror_and_with_sines_for_good(position):
    cosines, both = (binary_counter.measure(position, sines) for sines in (False, True))
    twin = (16 - position) % 16
    assert cosines.alike.tolist() == ([] if twin == position else [twin])
    assert len(np.unique(cosines.waves.round(9), axis=0)) == 9
    assert both.alike.tolist() == []


# Distances


def test_similarity_is_even_and_the_same_for_every_position():
    for position in (0, 48, 127):
        shown = similarity_by_offset.measure(position=position)
        assert shown.even
        assert shown.alike


def test_similarity_first_rises_at_twelve_for_a_width_of_128():
    shown = similarity_by_offset.measure(d_model=128)
    assert shown.first_rise == 12
    ahead = shown.similarity[64:]
    assert (np.diff(ahead[:12]) < 0).all()
    assert ahead[12] > ahead[11]


def test_with_two_features_position_710_is_almost_position_0():
    shown = nearest_position.measure(d_model=2, seq=1000)
    assert shown.which[0] == 710
    assert shown.nearest[0] == pytest.approx(6.03e-5, rel=1e-3)  # 710 is 113 turns and 0.00006 radians


def test_with_16_features_the_closest_is_the_neighbour_until_a_position_comes_back():
    near, far = (nearest_position.measure(d_model=16, seq=seq) for seq in (100_000, 600_000))
    assert near.which[near.chosen] == 1
    assert near.nearest[near.chosen] == near.step[near.chosen] == pytest.approx(1.015, abs=5e-4)
    assert far.which[far.chosen] == 596_274
    assert far.nearest[far.chosen] == pytest.approx(0.922, abs=5e-4)


def test_the_closest_is_that_of_the_encodings_themselves():
    for d_model in (2, 8, 32):
        encoding = sinusoidal_positions(1000, d_model)
        distance = np.linalg.norm(encoding[1:] - encoding[0], axis=-1)
        shown = nearest_position.measure(d_model=d_model, seq=1000)
        assert shown.nearest[shown.chosen] == pytest.approx(distance.min())
        assert shown.which[shown.chosen] == distance.argmin() + 1


def test_distance_is_the_norm_of_what_the_pairs_tell_apart():
    for d_model in (2, 4, 16):
        shown = nearest_position.measure(d_model=d_model)
        assert np.linalg.norm(shown.apart) == pytest.approx(shown.nearest[shown.chosen])


def test_more_positions_come_no_less_close():
    distances = [nearest_position.measure(seq=seq).nearest for seq in (16, 100, 1000)]
    assert (np.diff(distances, axis=0) <= 0).all()


# Relative schemes


@pytest.mark.parametrize(("scheme", "relative"), [("no encoding", True), ("added sinusoids", False), ("rotary", True)])
def test_scores_depend_on_the_offset_alone_with_rotary_but_not_with_added_sinusoids(scheme, relative):
    for back in (0, 3, 10):
        shown = rotary_scores.measure(scheme=scheme, back=back)
        assert shown.relative is relative
        assert len(shown.along) == 16 - back
        np.testing.assert_array_equal(shown.along, [shown.scores[r + back, r] for r in range(16 - back)])


def test_rotary_scores_change_with_the_offset():
    assert np.ptp(rotary_scores.measure().scores[:, 0]) > 1


def test_alibi_weights_of_equal_scores_fall_by_the_same_factor_at_every_step():
    for head in (1, 4, 8):
        shown = alibi_slopes.measure(head=head)
        assert shown.slopes[head - 1] == pytest.approx(2.0**-head)
        np.testing.assert_array_equal(shown.bias, alibi_bias(8, 32, 32)[:, -1])
        weights = shown.attn_weights[head - 1]
        assert weights.sum() == pytest.approx(1)
        np.testing.assert_allclose(weights[1:] / weights[:-1], np.exp(shown.slopes[head - 1]))
