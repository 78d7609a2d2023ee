"""Chapter 7's checks accept the notebook's own solutions and name what is wrong with other answers."""

import numpy as np
import pytest

from attncourse import check
from attnlib import attention, attention_vjp
from tests.exercises import exercise_tests, solutions_of
from tests.notebooks import ROOT

CHAPTER = ROOT / "chapters" / "07_ask_another_sequence.ipynb"

SOLUTIONS = solutions_of(CHAPTER)


def lazy(memory, w_k, w_v):
    return lambda query: attention(query, memory @ w_k, memory @ w_v)[0]


def transposed_maps(memory, w_k, w_v):
    key, value = memory @ w_k, memory @ w_v
    return lambda query: attention(query, -key, value)[0]


def copies_the_ingredients(memory, w_k, w_v):
    return lazy(memory.copy(), w_k.copy(), w_v.copy())


def by_differences(step):
    def answer(x, memory, w_q, w_k, w_v, grad_output):
        found = np.zeros_like(memory)
        for place in np.ndindex(memory.shape):
            moved = np.zeros_like(memory)
            moved[place] = step
            ahead, behind = (attention(x @ w_q, m @ w_k, m @ w_v)[0] for m in (memory + moved, memory - moved))
            found[place] = ((ahead - behind) * grad_output).sum() / (2 * step)
        return found

    return answer


def gradients(x, memory, w_q, w_k, w_v, grad_output):
    _, grad_key, grad_value = attention_vjp(x @ w_q, memory @ w_k, memory @ w_v)[1](grad_output)
    return grad_key @ w_k.T, grad_value @ w_v.T


def unscaled(memory, w_k, w_v):
    key, value = memory @ w_k, memory @ w_v
    return lambda query: attention(query, key, value, scale=1.0)[0]


def one_query_at_a_time(memory, w_k, w_v):
    key, value = memory @ w_k, memory @ w_v
    return lambda query: attention(query[:1], key, value)[0][0]


def remembers_the_first(memory, w_k, w_v):
    key, value = memory @ w_k, memory @ w_v
    kept = []

    def ask(query):
        kept.append(attention(query, key, value)[0])
        return kept[0]

    return ask


def maps_exchanged(x, memory, w_q, w_k, w_v, grad_output):
    _, grad_key, grad_value = attention_vjp(x @ w_q, memory @ w_k, memory @ w_v)[1](grad_output)
    return grad_key @ w_v.T + grad_value @ w_k.T


def to_the_queries(x, memory, w_q, w_k, w_v, grad_output):
    grad_query, _, _ = attention_vjp(x @ w_q, memory @ w_k, memory @ w_v)[1](grad_output)
    return grad_query @ w_q.T


def not_transposed(x, memory, w_q, w_k, w_v, grad_output):
    _, grad_key, grad_value = attention_vjp(x @ w_q, memory @ w_k, memory @ w_v)[1](grad_output)
    return grad_key @ w_k + grad_value @ w_v


def changes_the_memory(x, memory, w_q, w_k, w_v, grad_output):
    found = sum(gradients(x, memory, w_q, w_k, w_v, grad_output))
    memory -= found
    return found


def vectors(attn_weights, value, w_o):
    """(num_heads, seq_q, seq_k, d_model)"""
    num_heads, _, d_v = value.shape
    return attn_weights[..., None] * (value @ w_o.reshape(num_heads, d_v, -1))[:, None]


def norms(attn_weights, value, w_o):
    return np.linalg.norm(vectors(attn_weights, value, w_o).sum(axis=0), axis=-1)


def interleaved(attn_weights, value, w_o):
    num_heads, _, d_v = value.shape
    return norms(attn_weights, value, w_o.reshape(d_v, num_heads, -1).swapaxes(0, 1).reshape(w_o.shape))


def zeroed_in_place(attn_weights, value, w_o):
    value[:, 0] += 1
    return norms(attn_weights, value, w_o)


def without(query, key, value, hide):
    output, _ = attention(query, key, value)
    return np.stack([hide(j) - output for j in range(len(key))], axis=1)


def masked(query, key, value):
    return without(query, key, value, lambda j: attention(query, key, value, mask=np.arange(len(key)) != j)[0])


def not_renormalised(query, key, value):
    _, attn_weights = attention(query, key, value)
    lost = [np.linalg.norm(attn_weights[:, [j]] * value[j], axis=-1) for j in range(len(key))]
    return np.stack(lost, axis=-1)


def zero_value(query, key, value):
    def hide(j):
        return attention(query, key, np.where(np.arange(len(key))[:, None] == j, 0, value))[0]

    return np.linalg.norm(without(query, key, value, hide), axis=-1)


def zero_key(query, key, value):
    def hide(j):
        return attention(query, np.where(np.arange(len(key))[:, None] == j, 0, key), value)[0]

    return np.linalg.norm(without(query, key, value, hide), axis=-1)


def by_distance(query, key, value):
    output, attn_weights = attention(query, key, value)
    return attn_weights * np.linalg.norm(value - output[:, None], axis=-1)


def in_closed_form(query, key, value):
    _, attn_weights = attention(query, key, value)
    return by_distance(query, key, value) / (1 - attn_weights)


def deleted(query, key, value):
    output, _ = attention(query, key, value)
    rest = [attention(query, np.delete(key, j, 0), np.delete(value, j, 0))[0] for j in range(len(key))]
    return [[float(np.linalg.norm(r[i] - output[i])) for r in rest] for i in range(len(query))]


WRONG = {
    "token_contributions": [
        (lambda a, v, w: np.linalg.norm(vectors(a, v, w), axis=-1).sum(axis=0), r"heads can cancel each other"),
        (lambda a, v, w: np.linalg.norm(vectors(a, v, w), axis=-1), r"must have shape \(3, 5\): yours has \(2, 3, 5\)"),
        (lambda a, v, w: vectors(a, v, w).sum(axis=0), r"must have shape \(3, 5\): yours has \(3, 5, 6\)"),
        (lambda a, v, w: a.mean(axis=0), r"values are zero contributes nothing, whatever its weight: yours at \[0\]"),
        (lambda a, v, w: norms(a, v, w) ** 2, r"yours are the squares"),
        (interleaved, r"head 1 owns the first d_v rows of w_o"),
        (
            lambda a, v, w: np.linalg.norm(a[..., None] * v[:, None], axis=(0, -1)),
            r"yours are norms before the map w_o",
        ),
        (lambda a, v, w: norms(a, v, w).T, r"must have shape \(3, 5\): yours has \(5, 3\)"),
        (
            lambda a, v, w: np.abs(vectors(a, v, w).sum(axis=0)).sum(axis=-1),
            r"must be the norm of the vector .*: yours at",
        ),
        (lambda a, v, w: vectors(a, v, w).sum(axis=(0, -1)), r"a norm is never negative"),
        (lambda a, v, w: norms(a, v, w).astype(np.float16), r"yours at .* \(dtype float16, not float64\)"),
        (zeroed_in_place, r"your function changed v(alue)? in place"),
        (lambda a, v, w: norms(a, v, w.T), r"must be the norm of the vector .*: yours at"),
    ],
    "fast_asker": [
        (
            lambda m, w_k, w_v: lambda query: attention(query, m @ w_k, m @ w_v),
            r"queries of shape \(1, 3\) must be one array",
        ),
        (lazy, r"computed before any query, not from the memory again"),
        (copies_the_ingredients, r"keep what it needs and no more: with 20 kB of keys and values it keeps 4\d\d kB"),
        (transposed_maps, r"must be those of attention to the memory: yours at"),
        (
            lambda m, w_k, w_v: lambda query: attention(query, m @ w_k, m)[0],
            r"queries of shape \(1, 3\) must have shape",
        ),
        (lambda m, w_k, w_v: lambda query, memory: query, r"your code raised TypeError"),
        (unscaled, r"must be those of attention to the memory: yours at"),
        (one_query_at_a_time, r"queries of shape \(1, 3\) must have shape \(1, 6\): yours has \(6,\)"),
        (remembers_the_first, r"queries of shape \(4, 3\) must have shape \(4, 6\)|must be those of attention"),
        (lambda memory, w_k, w_v: memory @ w_k, r"must be a function of the queries: yours is of type ndarray"),
        (
            lambda memory, w_k, w_v: lambda query: query,
            r"the answer to queries of shape \(1, 3\) must have shape \(1, 6\)",
        ),
    ],
    "memory_gradient": [
        (lambda *args: gradients(*args)[0], r"through the keys alone"),
        (lambda *args: gradients(*args)[1], r"through the values alone"),
        (gradients, r"gradient with respect to the memory must be one array"),
        (lambda *args: sum(gradients(*args)) / 2, r"must add up: yours at"),
        (
            lambda *args: sum(gradients(*args)).T,
            r"the gradient with respect to the memory must have shape \(5, 4\): yours has \(4, 5\)",
        ),
        (maps_exchanged, r"your code raised ValueError"),
        (to_the_queries, r"the gradient with respect to the memory must have shape \(5, 4\): yours has \(3, 4\)"),
        (not_transposed, r"your code raised ValueError"),
        (changes_the_memory, r"your function changed memory in place"),
        (lambda *args: np.subtract(*gradients(*args)), r"must add up: yours at"),
        (lambda x, *rest: np.zeros_like(x), r"the gradient with respect to the memory must have shape \(5, 4\)"),
        (by_differences(1e-5), r"no step of a finite difference fits every size"),
        (by_differences(1e-8), r"no step of a finite difference fits every size"),
    ],
    "removal_effects": [
        (lambda query, key, value: attention(query, key, value)[1], r"yours are the weights themselves"),
        (lambda query, key, value: attention(query, key, value), r"effects of 5 keys must be one array"),
        (not_renormalised, r"sum to less than 1"),
        (zero_value, r"sum to less than 1"),
        (zero_key, r"column j must hold .* the other weights summing to 1 again: yours at"),
        (by_distance, r"without key j the other weights grow, too"),
        (lambda *qkv: np.linalg.norm(masked(*qkv), axis=-1) ** 2, r"yours are the squares"),
        (lambda *qkv: np.abs(masked(*qkv)).sum(axis=-1), r"sums of absolute differences"),
        (lambda *qkv: masked(*qkv).sum(axis=-1), r"a distance is never negative"),
        (lambda *qkv: masked(*qkv), r"must have shape \(2, 5\): yours has \(2, 5, 4\)"),
        (lambda *qkv: in_closed_form(*qkv).T, r"must have shape \(2, 5\): yours has \(5, 2\)"),
        (lambda query, key, value: -SOLUTIONS["removal_effects"](query, key, value), r"a distance is never negative"),
        (lambda query, key, value: SOLUTIONS["removal_effects"](query, key, value)[0], r"must have shape \(2, 5\)"),
    ],
}

test_solution, test_empty_answer, test_wrong_answer = exercise_tests(SOLUTIONS, WRONG)


@pytest.mark.parametrize("answer", [in_closed_form, deleted, lambda *qkv: in_closed_form(*qkv).astype(np.float32)])
def test_other_right_ways_to_remove_a_key_pass(answer):
    assert check.removal_effects(answer), check.removal_effects(answer)


@pytest.mark.parametrize(
    "answer",
    [
        lambda a, v, w: norms(a, v, w).tolist(),
        lambda a, v, w: norms(a, v, w).astype(np.float32),
        lambda a, v, w: np.linalg.norm(
            sum(np.einsum("ij,jd->ijd", a[h], v[h] @ part) for h, part in enumerate(np.split(w, len(a)))), axis=-1
        ),
    ],
)
def test_other_right_ways_to_find_a_contribution_pass(answer):
    assert check.token_contributions(answer), check.token_contributions(answer)
