import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import (
    AdamState,
    adam_start,
    adam_step,
    init_encoder,
    init_multi_head,
    tree_leaves,
    tree_map,
    warmup_schedule,
)

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def draw(rng, dtype=np.float64):
    return tuple(rng.normal(size=shape).astype(dtype) for shape in [(3, 5), (7,), ()][:2]), np.asarray(2.0, dtype)


def by_the_paper(theta, grads, alpha, beta1=0.9, beta2=0.98, eps=1e-9):
    """Algorithm 1 of Kingma and Ba, line by line, for one number."""
    m = v = 0.0
    for t, g in enumerate(grads, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        theta -= alpha * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return theta


@pytest.mark.parametrize("constants", [{}, {"beta1": 0.5, "beta2": 0.7, "eps": 0.1}, {"beta1": 0.0, "beta2": 0.0}])
def test_algorithm_1_line_by_line(rng, constants):
    grads = rng.normal(size=6)
    params, state = np.array(0.3), adam_start(np.array(0.3))
    for g in grads:
        params, state = adam_step(params, np.asarray(g), state, 0.05, **constants)
    assert_allclose(params, by_the_paper(0.3, grads, 0.05, **constants), rtol=1e-12)
    assert state.step == 6


@pytest.mark.parametrize("size", [1e-6, 1, 1e6])
def test_the_first_step_is_as_long_as_the_learning_rate_whatever_the_gradient(rng, size):
    params = rng.normal(size=(3, 5))
    grads = size * rng.normal(size=(3, 5))
    moved, _ = adam_step(params, grads, adam_start(params), 0.01)
    assert_allclose(params - moved, 0.01 * np.sign(grads), rtol=0.1)


def test_a_constant_gradient_gives_steps_of_the_learning_rate():
    params, state = np.zeros(2), adam_start(np.zeros(2))
    for _ in range(50):
        params, state = adam_step(params, np.array([3.0, -0.2]), state, 0.01)
    assert_allclose(params, [-0.5, 0.5], rtol=1e-6)


def test_it_finds_the_bottom_of_a_valley(rng):
    params, state = rng.normal(size=4), adam_start(np.zeros(4))
    bottom, steep = rng.normal(size=4), np.array([1.0, 10, 100, 1000])
    for step in range(1, 2001):
        params, state = adam_step(params, steep * (params - bottom), state, 0.1 / step**0.5)
    assert_allclose(params, bottom, atol=1e-2)


def test_no_gradient_is_no_step():
    params = (np.ones(3), np.zeros((0, 2)))
    moved, state = adam_step(params, (np.zeros(3), np.zeros((0, 2))), adam_start(params), 1.0)
    assert_array_equal(moved[0], params[0])
    assert moved[1].shape == (0, 2)
    assert all(np.isfinite(x).all() for x in tree_leaves(state))


def test_a_learning_rate_of_zero_moves_nothing_and_remembers(rng):
    params, grads = draw(rng), draw(rng)
    moved, state = adam_step(params, grads, adam_start(params), 0.0)
    tree_map(assert_array_equal, moved, params)
    assert all((m != 0).all() for m in tree_leaves(state.mean))


@both_dtypes
@pytest.mark.parametrize("number", [float, np.float32, np.float64])
def test_parameters_and_state_keep_their_dtype_whatever_that_of_the_learning_rate(rng, dtype, number):
    params, state = draw(rng, dtype), adam_start(draw(rng, dtype))
    for _ in range(3):
        params, state = adam_step(
            params, draw(rng, dtype), state, number(0.1), beta1=number(0.5), beta2=number(0.5), eps=number(1e-9)
        )
    assert {x.dtype for x in tree_leaves((params, state.mean, state.square))} == {np.dtype(dtype)}


def test_nothing_is_changed_in_place(rng):
    params, grads = draw(rng), draw(rng)
    _, state = adam_step(params, grads, adam_start(params), 0.1)
    trees = params, grads, state
    before = tree_map(np.copy, trees)
    moved, after = adam_step(params, grads, state, 0.1)
    tree_map(assert_array_equal, trees, before)
    assert state.step == 1
    assert after.step == 2
    assert not any(
        np.shares_memory(new, old) for new in tree_leaves((moved, after)) for old in tree_leaves((params, state))
    )


def test_the_state_starts_at_zero_and_is_built_like_the_parameters(rng):
    params = init_multi_head(rng, 12, 3)
    state = adam_start(params)
    assert isinstance(state, AdamState)
    assert state.step == 0
    for part in (state.mean, state.square):
        assert part[4:] == params[4:]
        tree_map(lambda x, zero: assert_array_equal(zero, np.zeros_like(x), strict=True), params, part)


def test_what_is_no_array_stays(rng):
    params = init_multi_head(rng, 12, 3, 1)
    moved, _ = adam_step(params, params, adam_start(params), 0.1)
    assert moved[4:] == params[4:]
    assert moved[4:6] == (3, 1)


def test_each_parameter_moves_by_itself(rng):
    params, grads = draw(rng), draw(rng)
    together, _ = adam_step(params, grads, adam_start(params), 0.1)
    alone = tree_map(lambda p, g: adam_step(p, g, adam_start(p), 0.1)[0], params, grads)
    tree_map(assert_array_equal, together, alone)


@pytest.mark.parametrize(
    ("grads", "error", "words"),
    [
        ((np.ones(2),), ValueError, "built alike: got a tuple of 2 and a tuple of 1"),
        ((np.ones(2), None), ValueError, "built alike: got an array and no array"),
        ((np.ones(2), np.ones((3, 1))), ValueError, r"shape of its parameter: got param \(3,\), grad \(3, 1\)"),
        ((np.ones(1), np.ones(3)), ValueError, r"shape of its parameter: got param \(2,\), grad \(1,\)"),
        ((np.ones(2), np.ones(())), ValueError, r"shape of its parameter: got param \(3,\), grad \(\)"),
        ((np.ones(2, np.float32), np.ones(3)), TypeError, r"param and grad must share one dtype: got param float64"),
        ((np.ones(2, int), np.ones(3)), TypeError, r"grad must be float32 or float64: got int64 \(2,\)"),
    ],
)
def test_gradients_that_do_not_fit_their_parameters_are_restated(grads, error, words):
    params = (np.ones(2), np.ones(3))
    with pytest.raises(error, match=words):
        adam_step(params, grads, adam_start(params), 0.1)


@pytest.mark.parametrize(
    ("name", "number", "wanted"),
    [
        ("learning_rate", -0.1, "be a finite number of 0 or more"),
        ("learning_rate", np.nan, "be a finite number of 0 or more"),
        ("learning_rate", np.inf, "be a finite number of 0 or more"),
        ("beta1", 1.0, "lie from 0 to below 1"),
        ("beta1", -0.1, "lie from 0 to below 1"),
        ("beta2", 1.0, "lie from 0 to below 1"),
        ("eps", 0.0, "be a finite number above 0"),
        ("eps", np.inf, "be a finite number above 0"),
    ],
)
def test_numbers_out_of_range_are_restated(name, number, wanted):
    with pytest.raises(ValueError, match=f"{name} must {wanted}: got {number}"):
        adam_step(np.ones(2), np.ones(2), adam_start(np.ones(2)), **{"learning_rate": 0.1, name: number})


# Gradients that are none


@both_dtypes
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_is_named_with_its_step(rng, dtype, bad):
    params = init_encoder(rng, 2, 6, 2, 4, dtype=dtype)
    state = adam_start(params)._replace(step=6)
    grads = tree_map(np.ones_like, params)
    grads.layers[1].attention.w_k[2, 3] = bad
    words = r"the gradient of layers\[1\]\.attention\.w_k \(6, 6\) is not finite \((nan|inf)\) at step 7"
    with pytest.raises(FloatingPointError, match=words):
        adam_step(params, grads, state, 0.1)


@both_dtypes
def test_a_gradient_whose_square_would_overflow_is_named_instead_of_stopping_its_parameter_for_ever(dtype):
    largest = np.finfo(dtype).max
    params, grads = (np.ones(2, dtype), np.ones(1, dtype)), (np.array([1, -(largest**0.6)], dtype), np.ones(1, dtype))
    with pytest.raises(FloatingPointError, match=r"the gradient of \[0\] \(2,\) is too large for its square \(\S+\)"):
        adam_step(params, grads, adam_start(params), 0.1)
    grads = (np.array([1, -(largest**0.4)], dtype), grads[1])
    moved, _ = adam_step(params, grads, adam_start(params), 0.1)
    assert_allclose(moved[0], [0.9, 1.1], rtol=1e-5)


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        (None, TypeError, "state must be an AdamState, as adam_start makes them: got NoneType"),
        ((0, np.zeros(2), np.zeros(2)), TypeError, "state must be an AdamState, .* got tuple"),
        (adam_start(np.ones(2))._replace(step=-1), ValueError, r"state\.step must be 0 or more: got -1"),
        (adam_start((np.ones(2),)), ValueError, "built alike"),
        (adam_start(np.ones(1)), ValueError, r"shapes of the parameters: got param \(2,\), mean \(1,\), square \(1,\)"),
        (adam_start(np.ones(2, np.float32)), TypeError, "param, mean and square must share one dtype"),
    ],
)
def test_a_state_of_other_parameters_is_restated(state, error, words):
    with pytest.raises(error, match=words):
        adam_step(np.ones(2), np.ones(2), state, 0.1)


# The schedule


def test_the_schedule_by_hand():
    rate = warmup_schedule(4, warmup_steps=9)
    assert_allclose([rate(step) for step in (1, 9, 36)], [0.5 / 27, 0.5 / 3, 0.5 / 6], rtol=1e-14)


def test_the_schedule_of_the_paper():
    """d_model^−0.5 · min(step^−0.5, step · 4000^−1.5)"""
    rate = warmup_schedule(512)
    for step in [1, 100, 3999, 4000, 4001, 100_000]:
        assert rate(step) == pytest.approx(512**-0.5 * min(step**-0.5, step * 4000**-1.5), rel=1e-14)
    assert rate(4000) == pytest.approx(7e-4, rel=0.01)


def test_the_schedule_rises_in_a_straight_line_to_its_peak_and_falls_as_one_over_the_root():
    rate = warmup_schedule(64, 100, factor=2.0)
    rates = np.array([rate(step) for step in range(1, 401)])
    assert rates.argmax() + 1 == 100
    assert rates.max() == pytest.approx(2 / (64 * 100) ** 0.5)
    assert_allclose(np.diff(rates[:100]), rates[0], rtol=1e-9)
    assert_allclose(rates[399], rates[99] / 2, rtol=1e-12)


def test_the_schedule_gives_python_numbers_that_change_no_dtype():
    assert type(warmup_schedule(np.int64(64), np.int64(100), np.float64(2))(np.int64(7))) is float


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((0,), ValueError, "d_model must be 1 or more: got 0"),
        ((64, 0), ValueError, "warmup_steps must be 1 or more: got 0"),
        ((64, 10.0), TypeError, r"warmup_steps must be an integer: got 10\.0"),
        ((64, 10, np.inf), ValueError, "factor must be a finite number of 0 or more: got inf"),
    ],
)
def test_bad_sizes_are_restated(arguments, error, words):
    with pytest.raises(error, match=words):
        warmup_schedule(*arguments)


@pytest.mark.parametrize("step", [0, -1])
def test_steps_count_from_one(step):
    with pytest.raises(ValueError, match=rf"step must be . or more: got {step}"):
        warmup_schedule(64)(step)


def test_matrices_are_squared_entry_by_entry_like_arrays():
    """``*`` between two of NumPy's matrices would be their product."""
    params, grads = np.ones((2, 2)), np.array([[1.0, 2.0], [3.0, 4.0]])
    expected, state = adam_step(params, grads, adam_start(params), 0.1)
    as_matrices = [x.view(np.matrix) for x in (params, grads)]
    found, found_state = adam_step(*as_matrices, adam_start(as_matrices[0]), 0.1)
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(found_state.square, state.square)


def test_a_schedule_may_be_multiplied_by_nothing_or_by_less_than_one():
    assert warmup_schedule(4, 9, 0)(3) == 0
    assert warmup_schedule(4, 9, 0.5)(3) == warmup_schedule(4, 9)(3) / 2
