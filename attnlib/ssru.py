"""A recurrent cell, the SSRU: in place of attention to the past, a state that each token fades and adds to."""

from typing import NamedTuple

import numpy as np

from attnlib.activations import relu, relu_vjp
from attnlib.arguments import as_count, as_float_type, as_floats, describe
from attnlib.linear import init_linear, linear, linear_vjp
from attnlib.params import check_params
from attnlib.shapes import check_sequences


class SSRUParams(NamedTuple):
    """What a token adds to the state, and how much of the state it keeps."""

    w: np.ndarray  # (d_in, d_state)
    w_f: np.ndarray  # (d_in, d_state)
    b_f: np.ndarray  # (d_state,)


def init_ssru(rng, d_model, dtype=np.float64):
    """Random maps that keep the variance of their inputs, and a bias of zero: at first half of the state is kept.

    Args:
        rng: a ``numpy.random.Generator``.
        d_model: width of a token's vector, and of the state.
        dtype: float32 or float64.

    Returns:
        ``SSRUParams``

    Raises:
        TypeError, ValueError: if ``rng`` is no generator, the width not a positive integer, or ``dtype`` is neither
            float32 nor float64.
    """
    d_model, dtype = as_count("d_model", d_model), as_float_type(dtype)
    w, w_f = (init_linear(rng, d_model, d_model, dtype) for _ in range(2))
    return SSRUParams(w, w_f, np.zeros(d_model, dtype))


def ssru(params, x, state=None):
    """Each token keeps a part of the state, fills up the rest, and reads what is positive in it.

    The part is f = sigmoid(x · w_f + b_f), one number a feature; the state becomes f · state + (1 − f) · (x · w).
    A state is a weighted mean of what all tokens so far have added, as in attention; but the weights were fixed when
    the tokens came, and no later one can ask for another mixture.

    Args:
        params: ``SSRUParams``.
        x: (..., seq, d_in)
        state: (..., d_state) from the tokens before; None means zeros, nothing was there.

    Returns:
        ``(output, state)``, shapes (..., seq, d_state) and (..., d_state): the state after the last token.

    Raises:
        TypeError: if ``params`` is of another kind, or the arrays are not all float32 or all float64.
        ValueError: if the shapes do not fit.

    Source: Kim et al. (2019), the "simpler simple recurrent unit".
    """
    state = check_ssru(params, x, state)
    kept, new = gate(linear(x, params.w_f, params.b_f)), linear(x, params.w)
    states = fade(kept, new, state)
    return relu(states[..., 1:, :]), states[..., -1, :]


def ssru_vjp(params, x, state=None):
    """``ssru``'s output, and its pullback: grad_output (..., seq, d_state) → ``(grad_params, grad_x)``.

    If there is a state before the first token, its gradient stands behind them.
    """
    state = check_ssru(params, x, state)
    asked, back_f = linear_vjp(x, params.w_f, params.b_f)
    new, back_w = linear_vjp(x, params.w)
    kept = gate(asked)
    states = fade(kept, new, state)
    output, back_relu = relu_vjp(states[..., 1:, :])

    def pullback(grad_output):
        grad_states = back_relu(grad_output)
        grad = np.zeros_like(states[..., 0, :])
        for t in reversed(range(x.shape[-2])):  # what a state passes on comes back with what was read from it
            grad_states[..., t, :] += grad
            grad = grad_states[..., t, :] * kept[..., t, :]
        grad_kept = grad_states * (states[..., :-1, :] - new)
        grad_x, grad_w_f, grad_b_f = back_f(grad_kept * kept * (1 - kept))
        grad_x_new, grad_w = back_w(grad_states * (1 - kept))
        grads = SSRUParams(grad_w, grad_w_f, grad_b_f), grad_x + grad_x_new
        return grads if state is None else (*grads, grad)

    return output, pullback


def gate(x):
    """The sigmoid, 1 / (1 + e^−x), by tanh, which does not overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def fade(kept, new, state):
    """All states, (..., seq + 1, d_state), the one before the first token included."""
    *lead, seq, d_state = kept.shape
    states = [np.zeros((*lead, d_state), kept.dtype) if state is None else state]
    for t in range(seq):
        states.append(kept[..., t, :] * states[-1] + (1 - kept[..., t, :]) * new[..., t, :])
    return np.stack(states, axis=-2)


def check_ssru(params, x, state):
    """The state as an array, or None; the maps fit the tokens and one another, and it fits both.

    Raises:
        TypeError, ValueError: if not.
    """
    check_params(params, SSRUParams)
    x, w, w_f, *states = as_floats(x=x, w=params.w, w_f=params.w_f, **({} if state is None else {"state": state}))
    check_sequences(x=x)
    wanted = [(*x.shape[:-2], w.shape[-1])] * len(states)
    if w.shape != w_f.shape or [state.shape for state in states] != wanted:
        raise ValueError(
            "w and w_f (d_in, d_state) must share their shape, and state (..., d_state) fit x (..., seq, d_in): got "
            f"{describe(w=w, w_f=w_f, x=x)}" + "".join(f", {describe(state=state)}" for state in states)
        )
    return states[0] if states else None
