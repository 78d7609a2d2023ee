"""A task that only attention can do, and one layer to learn it, with its gradient.

16 keys, each with a value; every query is a copy of one of the keys and wants that key's value.
The layer knows the vectors behind keys and queries only through its own two maps, which start at random.
All examples are drawn anew: none is seen twice, so that each loss is one on unseen data.
"""

from typing import NamedTuple

import numpy as np

from attnlib import attention_vjp

SEQ = 16  # keys in one example, and queries
D_IN = 16  # width of the vectors behind keys and queries
D_V = 8


class Params(NamedTuple):
    """The layer: queries are x @ w_q, keys are x @ w_k."""

    w_q: np.ndarray  # (d_in, d_k)
    w_k: np.ndarray  # (d_in, d_k)


class Batch(NamedTuple):
    """Examples of the task."""

    asked: np.ndarray  # (batch, seq, d_in) each a copy of a row of ``stored``
    stored: np.ndarray  # (batch, seq, d_in)
    value: np.ndarray  # (batch, seq, d_v)
    wanted: np.ndarray  # (batch, seq, d_v) the value of the copied row


def initial_params(rng: np.random.Generator, d_k: int) -> Params:
    """Random maps whose outputs have variance 1 in each component."""
    return Params(*rng.normal(size=(2, D_IN, d_k)) * D_IN**-0.5)


def draw_batch(rng: np.random.Generator, batch: int) -> Batch:
    """New vectors, new values, and queries that each ask for one of the keys, chosen at random."""
    stored = rng.normal(size=(batch, SEQ, D_IN))
    value = rng.normal(size=(batch, SEQ, D_V))
    target = rng.integers(SEQ, size=(batch, SEQ, 1))
    return Batch(np.take_along_axis(stored, target, 1), stored, value, np.take_along_axis(value, target, 1))


def loss_and_gradient(params: Params, batch: Batch, scale: float | None) -> tuple[float, Params]:
    """Mean squared error of what the layer looks up, and its gradient by the two maps."""
    output, pullback = attention_vjp(batch.asked @ params.w_q, batch.stored @ params.w_k, batch.value, scale=scale)
    error = output - batch.wanted
    grad_query, grad_key, _ = pullback(2 * error / error.size)
    grads = Params(_map_gradient(batch.asked, grad_query), _map_gradient(batch.stored, grad_key))
    return float((error**2).mean()), grads


def _map_gradient(x: np.ndarray, grad_output: np.ndarray) -> np.ndarray:
    """Of a loss by w, where the layer computes x @ w for all rows of all examples."""
    return x.reshape(-1, x.shape[-1]).T @ grad_output.reshape(-1, grad_output.shape[-1])


def score_gradients(params: Params, batch: Batch, scale: float | None) -> np.ndarray:
    """For each query the norm of the gradient of its own squared error by its scores, what the softmax lets through.

    Returns:
        (batch · seq,)
    """
    query, key = batch.asked @ params.w_q, batch.stored @ params.w_k
    bias = np.zeros((*query.shape[:-1], key.shape[-2]))  # added to the scores, so its gradient is theirs
    output, pullback = attention_vjp(query, key, batch.value, bias=bias, scale=scale)
    grad_scores = pullback(2 * (output - batch.wanted) / output.shape[-1])[-1]
    return np.linalg.norm(grad_scores, axis=-1).ravel()
