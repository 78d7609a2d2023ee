import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import learned_positions, learned_positions_vjp, sinusoidal_positions, wave_angles

SEQ, D_MODEL = 11, 6

# Sines and cosines


def test_the_paper_s_formula_number_by_number():
    """PE(p, 2i) = sin(p / 10000^(2i/d)), PE(p, 2i + 1) = cos(p / 10000^(2i/d))."""
    encoding = sinusoidal_positions(SEQ, D_MODEL)
    for p in range(SEQ):
        for i in range(D_MODEL // 2):
            angle = p / 10000 ** (2 * i / D_MODEL)
            assert_allclose(encoding[p, 2 * i : 2 * i + 2], [np.sin(angle), np.cos(angle)], rtol=1e-13, atol=1e-15)


def test_position_zero_is_zeros_and_ones():
    assert_array_equal(sinusoidal_positions(3, D_MODEL)[0], [0, 1, 0, 1, 0, 1])


@pytest.mark.parametrize("d_model", [2, 6, 64, 512])
def test_every_encoding_has_the_norm_root_of_half_d_model(d_model):
    encoding = sinusoidal_positions(100, d_model)
    assert_allclose(np.linalg.norm(encoding, axis=-1), (d_model / 2) ** 0.5, rtol=1e-13)
    assert np.abs(encoding).max() <= 1


@pytest.mark.parametrize("offset", [1, 5, 40])
def test_a_step_of_k_is_one_rotation_for_all_positions(offset):
    encoding, angles = sinusoidal_positions(60, D_MODEL), wave_angles(offset, D_MODEL)
    step = np.zeros((D_MODEL, D_MODEL))
    for i, angle in enumerate(angles):
        step[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = [
            [np.cos(angle), np.sin(angle)],
            [-np.sin(angle), np.cos(angle)],
        ]
    assert_allclose(encoding[:-offset] @ step.T, encoding[offset:], atol=1e-13)


def test_the_inner_product_of_two_encodings_depends_on_their_distance_only():
    encoding = sinusoidal_positions(60, 32)
    products = encoding @ encoding.T
    for offset in [0, 1, 7, 33]:
        expected = np.cos(wave_angles(offset, 32)).sum()
        assert_allclose(np.diagonal(products, offset), expected, rtol=1e-11)
        assert_allclose(np.diagonal(products, -offset), expected, rtol=1e-11)


def test_all_sines_first_is_the_same_encoding_with_its_features_in_another_order():
    encoding, angles = sinusoidal_positions(SEQ, D_MODEL), wave_angles(np.arange(SEQ), D_MODEL)
    halves = encoding[:, [*range(0, D_MODEL, 2), *range(1, D_MODEL, 2)]]
    assert_array_equal(halves, np.concatenate([np.sin(angles), np.cos(angles)], axis=-1))
    assert_allclose(halves @ halves.T, encoding @ encoding.T, rtol=1e-12)
    assert_array_equal(sinusoidal_positions(SEQ, D_MODEL, halves=True), halves)


def test_tensor2tensor_s_waves_are_those_of_another_base():
    """Its i-th angle is p / base^(i/(n − 1)), n waves in all: the longest wave is base · 2π positions long."""
    n = D_MODEL // 2
    angles = np.arange(SEQ)[:, None] * 10000.0 ** (-np.arange(n) / (n - 1))
    encoding = sinusoidal_positions(SEQ, D_MODEL, base=10000 ** (D_MODEL / (D_MODEL - 2)), halves=True)
    assert_allclose(encoding, np.concatenate([np.sin(angles), np.cos(angles)], axis=-1), rtol=1e-12, atol=1e-15)


def test_the_base_sets_the_longest_wave():
    assert_allclose(wave_angles(1, 4, base=100.0), [1, 0.1], rtol=1e-15)
    assert_allclose(sinusoidal_positions(2, 4, base=100.0)[1], np.sin([1, 1 + np.pi / 2, 0.1, 0.1 + np.pi / 2]))


def test_angles_are_computed_in_float64_whatever_the_dtype():
    exact = sinusoidal_positions(20_001, D_MODEL)
    short = sinusoidal_positions(20_001, D_MODEL, dtype=np.float32)
    assert short.dtype == np.float32
    assert exact.dtype == np.float64
    assert_array_equal(short, exact.astype(np.float32))
    in_float32 = np.sin(np.float32(10000) * np.float32(10000.0) ** (-np.arange(0, D_MODEL, 2, dtype=np.float32) / 6))
    assert np.abs(in_float32 - exact[10_000, 0::2]).max() > 1e-5  # what it would be
    assert wave_angles(np.arange(3, dtype=np.float32), 4).dtype == np.float64


def test_angles_of_any_positions_in_any_shape():
    positions = np.array([[0, 3, -2], [10, 0.5, 1]])
    angles = wave_angles(positions, D_MODEL)
    assert angles.shape == (2, 3, 3)
    assert_allclose(angles[..., 0], positions)
    assert_allclose(angles[..., 2], positions / 10000 ** (4 / 6))
    assert_array_equal(wave_angles(np.array([3, 250], np.uint8), 4), wave_angles([3, 250], 4))


def test_no_positions_are_no_rows():
    assert sinusoidal_positions(0, D_MODEL).shape == (0, D_MODEL)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((3, 7), ValueError, "sines and cosines come in pairs, so the width must be even: got 7"),
        ((3, 0), ValueError, "d_model must be 1 or more: got 0"),
        ((3, 6.0), TypeError, r"d_model must be an integer: got 6\.0"),
        ((-1, 6), ValueError, "seq must be 0 or more: got -1"),
        ((2.5, 6), TypeError, r"seq must be an integer: got 2\.5"),
        ((3, 6, 0), ValueError, "base must be a finite number above 0: got 0"),
        ((3, 6, -10.0), ValueError, r"base must be a finite number above 0: got -10\.0"),
        ((3, 6, np.inf), ValueError, "base must be a finite number above 0: got inf"),
        ((3, 6, np.nan), ValueError, "base must be a finite number above 0: got nan"),
        ((3, 6, 1e4, np.int32), TypeError, "dtype must be float32 or float64: got int32"),
        ((3, 6, 1e4, np.float16), TypeError, "dtype must be float32 or float64: got float16"),
    ],
)
def test_bad_sizes_are_restated(arguments, error, words):
    with pytest.raises(error, match=words):
        sinusoidal_positions(*arguments)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_position_is_finite(bad):
    with pytest.raises(ValueError, match=r"positions must be finite: got NaN or inf in positions \(2,\)"):
        wave_angles([1, bad], 4)


# Learned positions


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_learned_positions_are_the_first_rows(rng, dtype):
    table = rng.normal(size=(7, 3)).astype(dtype)
    assert_array_equal(learned_positions(table, 4), table[:4], strict=True)
    assert learned_positions(table, 0).shape == (0, 3)
    assert_array_equal(learned_positions(table, 7), table)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_positions_that_were_not_used_get_no_gradient(rng, dtype):
    table = rng.normal(size=(7, 3)).astype(dtype)
    output, pullback = learned_positions_vjp(table, 4)
    grad = pullback(np.ones((4, 3)))
    assert grad.dtype == output.dtype == dtype
    assert_array_equal(grad, np.repeat([1.0, 0.0], [4, 3])[:, None] * np.ones(3))


def test_a_table_that_is_too_short_or_no_table_is_restated():
    with pytest.raises(ValueError, match=r"no row for some of seq=8 positions: got table \(7, 3\)"):
        learned_positions(np.ones((7, 3)), 8)
    with pytest.raises(ValueError, match=r"got table \(7,\)"):
        learned_positions_vjp(np.ones(7), 3)
    with pytest.raises(TypeError, match=r"table must be float32 or float64: got int64 \(7, 3\)"):
        learned_positions(np.ones((7, 3), np.int64), 3)
    with pytest.raises(TypeError, match=r"seq must be an integer: got 3\.0"):
        learned_positions(np.ones((7, 3)), 3.0)


def test_a_base_below_one_makes_ever_shorter_waves():
    assert_allclose(wave_angles([1.0], 4, base=0.25), [[1.0, 2.0]])
