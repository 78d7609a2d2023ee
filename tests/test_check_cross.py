"""Chapter 7's checks accept the notebook's own solutions and name what is wrong with other answers."""

import numpy as np

from attnlib import attention, attention_vjp
from tests.exercises import exercise_tests, solutions_of
from tests.notebooks import ROOT

CHAPTER = ROOT / "chapters" / "07_ask_another_sequence.ipynb"

SOLUTIONS = solutions_of(CHAPTER)


def keys_by_place(x, memory, w_q, w_k, w_v):
    places = np.arange(len(memory))[:, None] * np.ones(w_k.shape[1])
    return attention(x @ w_q, places + memory @ w_k, memory @ w_v)[0]


def lazy(memory, w_k, w_v):
    return lambda query: attention(query, memory @ w_k, memory @ w_v)[0]


def transposed_maps(memory, w_k, w_v):
    key, value = memory @ w_k, memory @ w_v
    return lambda query: attention(query, -key, value)[0]


def reversal_matters(layer, x, memory):
    return not np.allclose(layer(x, memory[::-1]), layer(x, memory))


def exactly(layer, x, memory):
    order = np.random.default_rng(0).permutation(len(memory))
    return not np.array_equal(layer(x, memory[order]), layer(x, memory))


def shuffles_in_place(layer, x, memory):
    before = layer(x, memory)
    np.random.default_rng(0).shuffle(memory)
    return not np.allclose(layer(x, memory), before)


def gradients(x, memory, w_q, w_k, w_v, grad_output):
    _, grad_key, grad_value = attention_vjp(x @ w_q, memory @ w_k, memory @ w_v)[1](grad_output)
    return grad_key @ w_k.T, grad_value @ w_v.T


def not_renormalised(query, key, value):
    _, attn_weights = attention(query, key, value)
    lost = [np.linalg.norm(attn_weights[:, [j]] * value[j], axis=-1) for j in range(len(key))]
    return np.stack(lost, axis=-1)


WRONG = {
    "cross_attention": [
        (
            lambda x, m, q, k, v: (m @ k) @ (x @ q).T,
            r"the output for seq_q = 3 and seq_k = 5 must have shape \(3, 7\)",
        ),
        (
            lambda x, m, q, k, v: attention(x @ q, m @ k, m @ v),
            r"must be one array of shape \(3, 7\): yours is a tuple of 2",
        ),
        (keys_by_place, r"a shuffled memory must give the same output: yours at \[0, 0\]"),
        (lambda x, m, q, k, v: attention(x @ q, m @ k, m @ v, scale=1.0)[0], r"scores are divided by √d_k: yours at"),
        (lambda x, m, q, k, v: 2 * attention(x @ q, m @ k, m @ v)[0], r"weighted mean of the memory's values"),
    ],
    "fast_asker": [
        (
            lambda m, w_k, w_v: lambda query: attention(query, m @ w_k, m @ w_v),
            r"queries of shape \(1, 3\) must be one array",
        ),
        (lazy, r"computed before any query, not from the memory again"),
        (transposed_maps, r"must be those of attention to the memory: yours at"),
        (lambda memory, w_k, w_v: memory @ w_k, r"must be a function of the queries: yours is of type ndarray"),
        (
            lambda memory, w_k, w_v: lambda query: query,
            r"the answer to queries of shape \(1, 3\) must have shape \(1, 6\)",
        ),
    ],
    "depends_on_order": [
        (lambda layer, x, memory: True, r"cross-attention \(seq_k = 6\): the answer is False"),
        (lambda layer, x, memory: False, r"value of the next row \(seq_k = 6\): the answer is True"),
        (reversal_matters, r"reversing the memory does not reveal it\) .* yours says False"),
        (exactly, r"the answer is False, yours says True"),
        (shuffles_in_place, r"your function changed memory in place, called with layer: a function, x"),
        (lambda layer, x, memory: 1, r"must be True or False: yours is of type int"),
    ],
    "memory_gradient": [
        (lambda *args: gradients(*args)[0], r"through the keys alone"),
        (lambda *args: gradients(*args)[1], r"through the values alone"),
        (gradients, r"gradient by the memory must be one array"),
        (lambda *args: np.subtract(*gradients(*args)), r"must add up: yours at"),
        (lambda x, *rest: np.zeros_like(x), r"the gradient by the memory must have shape \(5, 4\)"),
    ],
    "removal_effects": [
        (lambda query, key, value: attention(query, key, value)[1], r"yours are the weights themselves"),
        (lambda query, key, value: attention(query, key, value), r"effects of 5 keys must be one array"),
        (not_renormalised, r"column j must hold .* the other weights summing to 1 again: yours at"),
        (lambda query, key, value: -SOLUTIONS["removal_effects"](query, key, value), r"a distance is never negative"),
        (lambda query, key, value: SOLUTIONS["removal_effects"](query, key, value)[0], r"must have shape \(2, 5\)"),
    ],
}

test_solution, test_empty_answer, test_wrong_answer = exercise_tests(SOLUTIONS, WRONG)
