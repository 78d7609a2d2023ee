import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import rotate, rotate_vjp, sinusoidal_positions, turn_pairs, turn_pairs_vjp, wave_angles

SEQ, WIDTH = 5, 6

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
every_lead = pytest.mark.parametrize("lead", [(), (3,), (2, 4), (0,)], ids=str)


def test_one_pair_turns_by_its_position_in_radians():
    turned = rotate(np.array([[1.0, 0.0]] * 3))
    assert_allclose(turned, [[np.cos(p), np.sin(p)] for p in range(3)], rtol=1e-15)


def test_a_quarter_turn_goes_from_the_first_feature_to_the_second():
    assert_allclose(rotate(np.array([[2.0, 3.0]]), [np.pi / 2]), [[-3, 2]], rtol=1e-15)


@every_lead
def test_a_pair_is_a_complex_number_that_is_multiplied(rng, lead):
    x = rng.normal(size=(*lead, SEQ, WIDTH))
    turns = np.exp(1j * wave_angles(np.arange(SEQ), WIDTH))
    expected = (x[..., 0::2] + 1j * x[..., 1::2]) * turns
    assert_allclose(rotate(x), np.stack([expected.real, expected.imag], axis=-1).reshape(x.shape), atol=1e-14)


def test_it_turns_the_encoding_of_position_zero_into_every_other():
    """Its hands start upright, at (0, 1), and turn clockwise: to the sine and cosine, rotate backwards."""
    start = np.tile(sinusoidal_positions(1, WIDTH), (SEQ, 1))
    assert_allclose(rotate(start, -np.arange(SEQ)), sinusoidal_positions(SEQ, WIDTH), atol=1e-15)


def test_scores_depend_on_the_distance_only(rng):
    query, key = rng.normal(size=(2, WIDTH))
    positions = np.array([0, 3, 10, 1000])
    for distance in [0, 1, -4]:
        turned_query = rotate(np.tile(query, (4, 1)), positions + distance)
        turned_key = rotate(np.tile(key, (4, 1)), positions)
        scores = np.sum(turned_query * turned_key, axis=-1)
        assert_allclose(scores, scores[0], rtol=1e-11)
        together = rotate(query[None], [distance])[0] @ key
        assert_allclose(scores[0], together, rtol=1e-12)


def test_scores_do_depend_on_the_sign_of_the_distance(rng):
    query, key = rng.normal(size=(2, 1, WIDTH))
    assert abs(float((rotate(query, [3]) @ key.T - rotate(query, [-3]) @ key.T).item())) > 0.1


@every_lead
@both_dtypes
def test_every_vector_keeps_its_norm_and_the_array_its_dtype(rng, lead, dtype):
    x = rng.normal(size=(*lead, SEQ, WIDTH)).astype(dtype)
    turned = rotate(x, np.arange(100, 100 + SEQ))
    assert turned.dtype == dtype
    assert_allclose(np.linalg.norm(turned, axis=-1), np.linalg.norm(x, axis=-1), rtol=20 * np.finfo(dtype).eps)


def test_turns_add_up(rng):
    x, one, other = rng.normal(size=(SEQ, WIDTH)), np.array([3, 0, -2, 7, 1]), np.array([1, 5, 2.5, 0, -9])
    assert_allclose(rotate(rotate(x, one), other), rotate(x, one + other), rtol=1e-12)
    assert_allclose(rotate(rotate(x, one), -one), x, rtol=1e-13)


def test_position_zero_changes_nothing(rng):
    x = rng.normal(size=(SEQ, WIDTH))
    assert_array_equal(rotate(x)[0], x[0])
    assert_array_equal(rotate(x, np.zeros(SEQ)), x)


def test_positions_count_from_zero_unless_given(rng):
    x = rng.normal(size=(2, SEQ, WIDTH))
    assert_array_equal(rotate(x), rotate(x, np.arange(SEQ)))
    assert_array_equal(rotate(x), rotate(x, [0.0, 1.0, 2.0, 3.0, 4.0]))


@every_lead
def test_pairing_halves_is_the_same_turn_with_the_features_in_another_order(rng, lead):
    x = rng.normal(size=(*lead, SEQ, WIDTH))
    order = np.arange(WIDTH).reshape(2, -1).T.ravel()  # feature i beside feature i + width/2
    halves = rotate(x, halves=True)
    assert_array_equal(rotate(x[..., order]), halves[..., order])
    assert x.size == 0 or not np.allclose(rotate(x), halves)


def test_in_halves_a_quarter_turn_goes_from_the_first_half_to_the_second():
    x, quarters = np.array([[1.0, 2, 3, 4]]), np.array([0.0, 1])  # pairs (1, 3) and (2, 4)
    assert_array_equal(turn_pairs(x, 1 - quarters, quarters, halves=True), [[1, -4, 3, 2]])


@both_dtypes
def test_cosines_and_sines_may_be_given_one_set_a_sequence(rng, dtype):
    x, angles = rng.normal(size=(2, 4, SEQ, WIDTH)).astype(dtype), rng.normal(size=(2, 1, SEQ, WIDTH // 2))
    cos, sin = np.cos(angles).astype(dtype), np.sin(angles).astype(dtype)
    turned = turn_pairs(x, cos, sin)
    assert_array_equal(turned[1, 3], turn_pairs(x[1, 3], cos[1, 0], sin[1, 0]), strict=True)


def test_rotate_turns_by_the_cosines_and_sines_of_the_positions(rng):
    x, angles = rng.normal(size=(SEQ, WIDTH)), wave_angles(np.arange(SEQ), WIDTH)
    for halves in (False, True):
        assert_array_equal(rotate(x, halves=halves), turn_pairs(x, np.cos(angles), np.sin(angles), halves))


def test_the_base_slows_the_later_pairs(rng):
    x = np.tile([1.0, 0.0], (2, 2))
    assert_allclose(rotate(x, base=100.0)[1], [np.cos(1), np.sin(1), np.cos(0.1), np.sin(0.1)], rtol=1e-14)


def test_far_positions_lose_nothing_in_float32(rng):
    x = rng.normal(size=(1, WIDTH))
    exact, short = rotate(x, [12345]), rotate(x.astype(np.float32), [12345])
    assert_allclose(short, exact, atol=4e-7)


def test_no_positions():
    assert rotate(np.ones((2, 0, WIDTH))).shape == (2, 0, WIDTH)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint64, np.int64, np.float32])
def test_the_gradient_turns_back_for_positions_of_every_dtype(rng, dtype):
    x, positions = rng.normal(size=(SEQ, WIDTH)), np.array([0, 1, 5, 100, 127], dtype)
    output, pullback = rotate_vjp(x, positions)
    assert_allclose(pullback(output), x, rtol=1e-12)


def test_positions_that_change_later_do_not_change_the_gradient(rng):
    x, positions = rng.normal(size=(SEQ, WIDTH)), np.arange(SEQ)
    output, pullback = rotate_vjp(x, positions)
    positions += 3
    assert_allclose(pullback(output), x, rtol=1e-12)


both_forms = pytest.mark.parametrize("turn", [rotate, rotate_vjp], ids=lambda f: f.__name__)


@both_forms
@pytest.mark.parametrize(
    ("x", "positions", "error", "words"),
    [
        (np.ones((5, 7)), None, ValueError, "width must be even: got 7"),
        (np.ones(6), None, ValueError, r"x must have shape \(\.\.\., seq, width\), two axes or more: got x \(6,\)"),
        (np.ones((5, 0)), None, ValueError, r"x must hold vectors of length 1 or more: got x \(5, 0\)"),
        (np.ones((5, 6)), [1, 2], ValueError, r"shape \(seq,\), one a vector: got positions \(2,\), x \(5, 6\)"),
        (np.ones((5, 6)), 3, ValueError, r"one a vector: got positions \(\), x \(5, 6\)"),
        (np.ones((2, 5, 6)), np.ones((2, 5)), ValueError, r"one a vector: got positions \(2, 5\), x \(2, 5, 6\)"),
        (np.ones((2, 6)), [1, np.nan], ValueError, r"positions must be finite: got NaN or inf in positions \(2,\)"),
        (np.ones((5, 6), int), None, TypeError, r"x must be float32 or float64: got int64 \(5, 6\)"),
    ],
)
def test_what_does_not_fit_is_restated(turn, x, positions, error, words):
    with pytest.raises(error, match=words):
        turn(x, positions)


@both_forms
def test_the_base_is_above_zero(turn):
    with pytest.raises(ValueError, match="base must be a finite number above 0: got 0"):
        turn(np.ones((5, 6)), base=0)


@pytest.mark.parametrize("turn", [turn_pairs, turn_pairs_vjp], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("x", "cos", "sin", "error", "words"),
    [
        ((5, 7), (5, 3), (5, 3), ValueError, r"x needs an even width.*: got x \(5, 7\), cos \(5, 3\), sin \(5, 3\)"),
        ((5, 6), (5, 2), (5, 3), ValueError, r"cos and sin must broadcast .*: got x \(5, 6\), cos \(5, 2\)"),
        ((5, 6), (5, 3), (2, 5, 3), ValueError, r"must broadcast .* width / 2\): .* sin \(2, 5, 3\)"),
        ((6,), (3,), (3,), ValueError, r"x must have shape \(\.\.\., seq, width\), two axes or more: got x \(6,\)"),
    ],
)
def test_cosines_and_sines_that_do_not_fit_are_restated(turn, x, cos, sin, error, words):
    with pytest.raises(error, match=words):
        turn(np.ones(x), np.ones(cos), np.ones(sin))


def test_cosines_and_sines_share_the_dtype():
    with pytest.raises(TypeError, match="x, cos and sin must share one dtype: got x float32"):
        turn_pairs(np.ones((5, 6), np.float32), np.ones((5, 3)), np.ones((5, 3)))
