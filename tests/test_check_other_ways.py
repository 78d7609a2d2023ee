"""The core exercises, solved in other ways than the course's: other sums, single precision, loops, lists, copies."""

import heapq
import itertools
from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest

from attncourse import check
from attnlib import attention, attention_weights, causal_mask, softmax, wave_angles


def single(x):
    return np.asarray(x, dtype=np.float32)


def next_by_a_loop(size):
    w_q = np.zeros((size, size))
    for i in range(size):
        w_q[i, (i + 1) % size] = 50 * size
    return w_q, np.identity(size)


def lift_in_single_precision(query, key, h):
    query, key = single(query) / h, single(key) / h
    return np.c_[query, np.ones_like(query)], np.c_[key, -(key**2) / 2]


def smaller_copies(w_q, w_k, learning_rate):
    query, key = w_q.copy(), w_k.copy()
    query /= query.shape[-1] ** 0.25
    key /= key.shape[-1] ** 0.25
    return query, key, learning_rate / np.sqrt(query.shape[-1])


def without_by_deleting(heads, w_o, target):
    blocks = w_o.reshape(len(heads), -1, w_o.shape[-1])
    rest = [(np.delete(heads, i, axis=0), np.delete(blocks, i, axis=0)) for i in range(len(heads))]
    return [np.mean((np.einsum("hsd,hdm->sm", *pair) - target) ** 2) for pair in rest]


def without_by_subtracting(heads, w_o, target):
    output, d_v = np.concatenate(heads, axis=1) @ w_o, heads.shape[-1]
    return tuple(
        np.square(output - head @ w_o[i * d_v : (i + 1) * d_v] - target).mean() for i, head in enumerate(heads)
    )


def rows_of_a_copy_zeroed(heads, w_o, target):
    costs = np.empty(len(heads))
    for i in range(len(heads)):
        blocks = w_o.copy().reshape(len(heads), -1, w_o.shape[-1])
        blocks[i] = 0
        costs[i] = (
            (np.moveaxis(heads, 0, 1).reshape(len(target), -1) @ blocks.reshape(w_o.shape) - target) ** 2
        ).mean()
    return costs


def circle(seq, size=200.0, form=tuple):
    angle = 0.3 + 2 * np.pi * np.arange(seq) / seq
    key = np.c_[np.cos(angle), np.sin(angle)]
    return form([size * np.array([np.roll(key, 1, axis=0), np.roll(key, -1, axis=0)]), np.array([key, key])])


def neighbours_exchanged(layer, x):
    """Swaps of neighbours make up every order."""
    for i in range(len(x) - 1):
        order = [*range(i), i + 1, i, *range(i + 2, len(x))]
        if not np.allclose(layer(x[order]), layer(x)[order]):
            return False
    return True


def a_roll_and_a_swap(layer, x):
    """These two make up every order."""
    orders = [np.roll(np.arange(len(x)), 1), np.r_[1, 0, 2 : len(x)]]
    return all(np.abs(layer(x[order]) - layer(x)[order]).max() < 1e-6 for order in orders)


def by_permutation_matrices(layer, x):
    own = np.random.default_rng(3)
    matrices = [own.permutation(np.eye(len(x))) for _ in range(50)]
    return np.all([np.linalg.norm(layer(one @ x) - one @ layer(x)) < 1e-8 for one in matrices])


def rows_exchanged_in_copies(layer, x):
    for i, j in itertools.combinations(range(len(x)), 2):
        moved, due = x.copy(), layer(x).copy()
        moved[[i, j]], due[[i, j]] = moved[[j, i]], due[[j, i]]
        if not np.allclose(layer(moved), due):
            return False
    return True


def of_other_rows(layer, x):
    own = np.random.default_rng(1)
    for _ in range(30):
        other, order = own.normal(size=x.shape), own.permutation(len(x))
        if not np.allclose(layer(other[order]), layer(other)[order]):
            return False
    return True


def back_by_indices(r, d_model, size=200.0):
    angle, even, w_q = wave_angles(r, d_model), np.arange(0, d_model, 2), np.zeros((d_model, d_model))
    w_q[even, even] = w_q[even + 1, even + 1] = np.cos(angle)
    w_q[even, even + 1], w_q[even + 1, even] = np.sin(angle), -np.sin(angle)
    return size * w_q


def seen(query, key, value):
    return attention(query, key, value, causal_mask(len(key), len(key))[-len(query) :])[0]


def keys_and_values_side_by_side(cache, query, key, value):
    new = np.hstack([key, value])
    cache = new if cache is None else np.vstack([cache, new])
    return seen(query, cache[:, : key.shape[-1]], cache[:, key.shape[-1] :]), cache


def in_lists(cache, query, key, value):
    key, value = ((cache[i] if cache else []) + part.tolist() for i, part in enumerate((key, value)))
    return seen(query, np.array(key), np.array(value)).tolist(), [key, value]


def in_an_object(cache, query, key, value):
    if cache:
        key, value = np.vstack([cache.key, key]), np.vstack([cache.value, value])
    return seen(query, key, value), SimpleNamespace(key=key, value=value)


def with_their_number(cache, query, key, value):
    keys, values, count = cache or (key[:0], value[:0], 0)
    key, value = np.vstack([keys, key]), np.vstack([values, value])
    return seen(query, key, value), (key, value, count + len(query))


def token_by_token(cache, query, key, value):
    cache, outputs = deque() if cache is None else cache, []
    for one, pair in zip(query, zip(key, value, strict=True), strict=True):
        cache.append(pair)
        outputs.append(attention(one[None], *map(np.array, zip(*cache, strict=True)))[0][0])
    return outputs, cache


def own_softmax(cache, query, key, value):
    if cache is not None:
        key, value = np.vstack([cache["key"], key]), np.vstack([cache["value"], value])
    scores = np.einsum("jd,id->ij", key, query) / np.sqrt(key.shape[-1])
    scores[np.arange(len(key)) > np.arange(len(key) - len(query), len(key))[:, None]] = -np.inf
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True) @ value, {"key": key, "value": value}


def by_a_heap(next_probs, steps, width):
    beams = [((), 1.0)]
    for _ in range(steps):
        longer = [((*said, i), prob * p) for said, prob in beams for i, p in enumerate(next_probs(said))]
        beams = heapq.nlargest(width, longer, key=lambda beam: beam[1])
    return beams[0][0]


def by_tables(next_probs, steps, width):
    said, scores = np.empty((1, 0), dtype=int), np.zeros(1)
    for _ in range(steps):
        longer = scores[:, None] + np.log(single([next_probs(tuple(tokens)) for tokens in said]))
        beam, token = np.unravel_index(np.argsort(-longer, axis=None)[:width], longer.shape)
        said, scores = np.c_[said[beam], token], longer[beam, token]
    return said[0]


def by_recursion(next_probs, steps, width, beams=((0.0, []),)):
    if not steps:
        return beams[0][1]
    longer = [(cost - np.log(p), [*said, i]) for cost, said in beams for i, p in enumerate(next_probs(said))]
    return by_recursion(next_probs, steps - 1, width, sorted(longer)[:width])


def folded_copies(gain, bias, w, b):
    new_w, new_b = w.copy(), b.copy()
    new_w *= gain.reshape(-1, 1)
    new_b += w.T @ bias
    return [new_w, new_b]


def folded_by_asking(gain, bias, w, b):
    def old(normed):
        return (normed * gain + bias) @ w + b

    return np.stack([old(one) - old(0 * gain) for one in np.eye(len(gain))]), old(0 * gain)


def merged_by_average(n, m, v, k, p, q):
    mean = np.average([m, p], axis=0, weights=[n, k])
    return mean, np.average([v + (m - mean) ** 2, q + (p - mean) ** 2], axis=0, weights=[n, k])


def merged_in_a_copy(n, m, v, k, p, q):
    mean, apart = m.copy(), p - m
    mean += apart * k / (n + k)
    return [mean, (v * n + q * k + apart**2 * n * k / (n + k)) / (n + k)]


def feature_by_feature(n, m, v, k, p, q):
    pairs = [merged_by_average(n, m[i], v[i], k, p[i], q[i]) for i in range(len(m))]
    return tuple(zip(*pairs, strict=True))


def by_heads_laid_side_by_side(attn_weights, value, w_o):
    num_heads, seq_q, seq_k = attn_weights.shape
    found = np.zeros((seq_q, seq_k))
    for i, j in np.ndindex(seq_q, seq_k):
        found[i, j] = np.linalg.norm(
            np.concatenate([attn_weights[h, i, j] * value[h, j] for h in range(num_heads)]) @ w_o
        )
    return found


def weights_shared_again(query, key, value):
    attn_weights, columns = attention_weights(query, key), []
    for j in range(len(key)):
        rest = attn_weights.copy()
        rest[:, j] = 0
        rest /= rest.sum(axis=1, keepdims=True)
        columns.append(np.linalg.norm(rest @ value - attn_weights @ value, axis=1))
    return np.array(columns).T


def scores_of_minus_infinity(query, key, value):
    scores, columns = query @ key.T / np.sqrt(key.shape[1]), []
    for j in range(len(key)):
        hidden = scores.copy()
        hidden[:, j] = -np.inf
        columns.append(np.sqrt(((softmax(hidden) @ value - softmax(scores) @ value) ** 2).sum(axis=1)))
    return np.stack(columns, axis=1)


def all_keys_hidden_at_once(query, key, value):
    query, key, value = (np.broadcast_to(x, (len(key), *x.shape)) for x in (query, key, value))
    hidden = attention(query, key, value, ~np.eye(len(key), dtype=bool)[:, None])[0]
    return np.linalg.norm(hidden - attention(query, key, value)[0], axis=-1).T


OTHER_WAYS = {
    "next_letter": [
        next_by_a_loop,
        lambda n: (100 * np.eye(n, dtype=np.float32), np.roll(np.eye(n), 1, axis=0)),
        lambda n: [(20 * n * np.roll(np.eye(n, dtype=int), 1, axis=1)).tolist(), np.eye(n).tolist()],
        lambda n: np.stack([30 * np.roll(np.eye(n), 1, axis=1), 5 * np.eye(n)]),
        lambda n: (np.eye(n, n + 2)[np.r_[1:n, 0]] * 1e200, np.eye(n, n + 2)),
    ],
    "nearest_by_dot": [
        lift_in_single_precision,
        lambda query, key, h: ([[q, 1] for q in query], [[k / h**2, -k * k / 2 / h**2] for k in key]),
        lambda q, k, h: (np.array([q, 0 * q + 1]).T, np.array([k, -0.5 * k**2]).T / h**2),
        lambda q, k, h: (np.stack([q**2, q, 0 * q + 1], 1) / (-2 * h * h), np.stack([0 * k + 1, -2 * k, k**2], 1)),
        lambda q, k, h: lift_in_single_precision(q - k.mean(), k - k.mean(), h),
    ],
    "score_variance": [
        np.vdot,
        np.tensordot,
        lambda q, k: q.ravel() @ k.ravel(),
        lambda q, k: np.linalg.eigvals(q @ k).real.sum(),
        lambda q, k: sum(q[c, e] * k[c, e] for c, e in np.ndindex(q.shape)),
        lambda q, k: (single(q) * single(k)).sum(),
    ],
    "undivided": [
        smaller_copies,
        lambda *args: [part.tolist() for part in smaller_copies(*args)],
        lambda *args: tuple(map(single, smaller_copies(*args))),
        lambda *args: tuple(map(np.asarray, smaller_copies(*args))),
        lambda q, k, rate: (q / np.sqrt(np.sqrt(len(q.T))), k / np.sqrt(np.sqrt(len(k.T))), rate / len(q.T) ** 0.5),
    ],
    "removal_costs": [
        without_by_deleting,
        without_by_subtracting,
        rows_of_a_copy_zeroed,
        lambda *args: without_by_subtracting(*map(single, args)),
        lambda *args: single(without_by_deleting(*args)),
    ],
    "narrow_heads": [
        circle,
        lambda seq: circle(seq, form=np.array),
        lambda seq: [part.tolist() for part in circle(seq, 1e4)],
        lambda seq: tuple(map(single, circle(seq))),
        lambda seq: tuple((100 * part).astype(int) for part in circle(seq, 1)),
    ],
    "is_equivariant": [
        neighbours_exchanged,
        a_roll_and_a_swap,
        by_permutation_matrices,
        rows_exchanged_in_copies,
        of_other_rows,
    ],
    "look_back": [
        back_by_indices,
        lambda r, d_model: single(back_by_indices(r, d_model)),
        lambda r, d_model: list(back_by_indices(r, d_model)),
        lambda r, d_model: back_by_indices(r, d_model, 1e200),
        lambda offset, width: back_by_indices(offset, width, 50 * width),
    ],
    "cached_attention": [
        keys_and_values_side_by_side,
        in_lists,
        in_an_object,
        with_their_number,
        token_by_token,
        own_softmax,
    ],
    "beam_search": [
        by_a_heap,
        by_tables,
        by_recursion,
        lambda *args: list(by_a_heap(*args)),
        lambda *args: single(by_a_heap(*args)),
    ],
    "fold_layer_norm": [
        folded_copies,
        folded_by_asking,
        lambda gain, bias, w, b: (np.einsum("i,ij->ij", gain, w), np.einsum("ij,i->j", w, bias) + b),
        lambda *args: folded_copies(*map(single, args)),
        lambda *args: [part.tolist() for part in folded_copies(*args)],
    ],
    "merge_statistics": [
        merged_by_average,
        merged_in_a_copy,
        feature_by_feature,
        lambda *args: np.array(merged_in_a_copy(*args)),
        lambda *args: single(merged_in_a_copy(*args)),
    ],
    "token_contributions": [
        by_heads_laid_side_by_side,
        lambda *args: single(by_heads_laid_side_by_side(*map(single, args))),
        lambda a, v, w: np.linalg.norm(np.einsum("hij,hjd,hdm->ijm", a, v, np.array(np.split(w, len(v)))), axis=-1),
        lambda a, v, w: np.linalg.norm(np.einsum("hdm,hjd,hij->mij", np.array(np.split(w, len(v))), v, a), axis=0),
        lambda a, v, w: list(np.linalg.norm(np.concatenate(a[..., None] * v[:, None], axis=-1) @ w, axis=-1)),
    ],
    "removal_effects": [
        weights_shared_again,
        scores_of_minus_infinity,
        all_keys_hidden_at_once,
        lambda *args: single(weights_shared_again(*map(single, args))),
        lambda *args: weights_shared_again(*args).tolist(),
    ],
}
CASES = [(exercise, answer) for exercise, answers in OTHER_WAYS.items() for answer in answers]


@pytest.mark.parametrize(
    ("exercise", "answer"), CASES, ids=[f"{exercise}-{i}" for i, (exercise, _) in enumerate(CASES)]
)
def test_another_way_to_the_same_numbers_is_as_right(exercise, answer):
    assert getattr(check, exercise)(answer), repr(getattr(check, exercise)(answer))
