import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import SSRUParams, init_ssru, ssru, ssru_vjp
from attnlib.testing import assert_weights, check_vjp

SEQ, D_IN, D_STATE = 5, 3, 7

both_forms = pytest.mark.parametrize("cell", [ssru, ssru_vjp], ids=lambda f: f.__name__)


def draw(rng, lead=(), dtype=np.float64):
    shapes = [(D_IN, D_STATE), (D_IN, D_STATE), (D_STATE,), (*lead, SEQ, D_IN)]
    *arrays, x = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    return SSRUParams(*arrays), x


def opened(number):
    """A cell of one feature whose tokens each keep this part of the state, whatever they are."""
    return SSRUParams(np.ones((1, 1)), np.zeros((1, 1)), np.log([number / (1 - number)]))


# Closed forms


def test_each_token_fades_what_was_there_and_fills_up_the_rest():
    output, state = ssru(opened(0.75), np.array([[8.0], [0.0], [4.0]]))
    assert_allclose(output[:, 0], [2, 1.5, 2.125], rtol=1e-14)
    assert_allclose(state, [2.125], rtol=1e-14)


def test_the_paper_s_equations_number_by_number(rng):
    params, x = draw(rng)
    output, state = ssru(params, x)
    for j in range(D_STATE):
        c = 0.0
        for t in range(SEQ):
            f = 1 / (1 + np.exp(-(x[t] @ params.w_f[:, j] + params.b_f[j])))
            c = f * c + (1 - f) * (x[t] @ params.w[:, j])
            assert_allclose(output[t, j], max(c, 0), rtol=1e-12, atol=1e-15)
        assert_allclose(state[j], c, rtol=1e-12)


def test_what_is_negative_in_the_state_is_not_read_but_stays():
    output, state = ssru(opened(0.5), np.array([[-4.0], [0.0]]))
    assert_array_equal(output, np.zeros((2, 1)))
    assert_allclose(state, [-1])


def test_an_open_gate_remembers_for_ever_and_a_shut_one_nothing():
    x = np.array([[3.0], [5.0]])
    keeps, forgets = (SSRUParams(np.ones((1, 1)), np.zeros((1, 1)), np.array([b])) for b in (1000.0, -1000.0))
    assert_array_equal(ssru(keeps, x, np.array([2.0]))[0], [[2], [2]])
    assert_array_equal(ssru(forgets, x, np.array([2.0]))[0], x)


# Properties


def test_a_state_is_a_weighted_mean_of_what_the_tokens_add(rng):
    """As in attention, and what is missing to one is the weight of the state before the first token."""
    params = SSRUParams(np.eye(SEQ), np.full((SEQ, SEQ), 0.3), np.zeros(SEQ))  # one gate for all, token t adds e_t
    _, weights = ssru(params, np.eye(SEQ))
    _, with_state = ssru(params, np.eye(SEQ), np.ones(SEQ))
    of_the_state = (with_state - weights)[0]
    assert_weights(np.append(weights, of_the_state))
    assert (np.diff(weights) > 0).all(), "what came later weighs more"


@pytest.mark.parametrize("lead", [(), (4,), (2, 4)])
def test_one_token_at_a_time_gives_what_all_at_once_give(rng, lead):
    params, x = draw(rng, lead)
    output, last = ssru(params, x)
    state = None
    for t in range(SEQ):
        step, state = ssru(params, x[..., t : t + 1, :], state)
        assert_allclose(step[..., 0, :], output[..., t, :], rtol=1e-12, atol=1e-15)
    assert_allclose(state, last, rtol=1e-12)


def test_a_later_token_changes_no_earlier_output(rng):
    params, x = draw(rng)
    changed = x.copy()
    changed[3:] = np.nan
    assert_array_equal(ssru(params, changed)[0][:3], ssru(params, x)[0][:3])


def test_the_order_of_the_tokens_counts_without_any_positions(rng):
    params, x = draw(rng)
    assert np.abs(ssru(params, x[::-1])[1] - ssru(params, x)[1]).max() > 0.1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_stay_as_they_are(rng, dtype):
    params, x = draw(rng, (2,), dtype)
    assert {array.dtype for array in ssru(params, x)} == {np.dtype(dtype)}


def test_no_tokens_leave_the_state_as_it_is(rng):
    params, x = draw(rng)
    assert_array_equal(ssru(params, x[:0])[1], np.zeros(D_STATE))
    output, state = ssru(params, x[:0], np.ones(D_STATE))
    assert output.shape == (0, D_STATE)
    assert_array_equal(state, np.ones(D_STATE))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_random_maps_have_the_dtype_that_is_asked_for(rng, dtype):
    assert {array.dtype for array in init_ssru(rng, 4, dtype)} == {np.dtype(dtype)}


def test_one_token_alone_has_a_gradient(rng):
    params, x = draw(rng)
    arguments = params, x[:1], rng.normal(size=D_STATE)
    assert check_vjp(lambda *args: ssru(*args)[0], ssru_vjp, arguments, rng) < 1e-6


def test_no_tokens_give_no_gradient_and_pass_none_on(rng):
    params, x = draw(rng)
    output, pullback = ssru_vjp(params, x[:0])
    grads, grad_x = pullback(output)
    assert grad_x.shape == (0, D_IN)
    assert not any(grad.any() for grad in grads)


@both_forms
def test_a_state_of_another_dtype_is_restated(rng, cell):
    params, x = draw(rng)
    with pytest.raises(TypeError, match=r"x, w, w_f and state must share one dtype: got .*state float32 \(7,\)"):
        cell(params, x, np.zeros(D_STATE, np.float32))


def test_maps_of_no_width_are_refused(rng):
    with pytest.raises(ValueError, match="d_model must be 1 or more: got 0"):
        init_ssru(rng, 0)


def test_random_maps_keep_half_of_the_state_at_first(rng):
    params = init_ssru(rng, 64)
    assert [array.shape for array in params] == [(64, 64), (64, 64), (64,)]
    assert_allclose(params.w.var() * 64, 1, rtol=0.1)
    assert_array_equal(params.b_f, np.zeros(64))


# What does not fit


@both_forms
def test_a_state_of_another_shape_is_restated(rng, cell):
    params, x = draw(rng, (4,))
    with pytest.raises(
        ValueError, match=r"state .* fit x .*: got w \(3, 7\), w_f \(3, 7\), x \(4, 5, 3\), state \(7,\)"
    ):
        cell(params, x, np.ones(D_STATE))


@both_forms
def test_maps_that_differ_in_shape_are_restated(rng, cell):
    params, x = draw(rng)
    with pytest.raises(ValueError, match=r"w and w_f .* must share their shape.*: got w \(3, 6\), w_f \(3, 7\)"):
        cell(params._replace(w=params.w[:, 1:]), x)


@both_forms
def test_one_token_without_an_axis_for_the_sequence_is_refused(rng, cell):
    params, x = draw(rng)
    with pytest.raises(ValueError, match=r"x must have shape \(\.\.\., seq, width\).*got x \(3,\)"):
        cell(params, x[0])
