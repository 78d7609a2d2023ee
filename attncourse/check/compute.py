"""The exercises of chapter 1: maps to the next letter, distances as dot products, cosines, and a stream."""

import math

import numpy as np

from attncourse.check.base import checker
from attncourse.check.memory import peak_memory
from attncourse.check.require import require, require_close, require_parts, require_shape
from attncourse.check.withheld import withhold
from attnlib.attention import attention
from attnlib.scores import cosine_scores
from attnlib.softmax import softmax

_SIZES = [2, 3, 5, 7, 11]  # drawn without repeats, so that no two axes can be taken for each other


@checker
def next_letter(answer):
    """``answer(n)``: to two maps (n, d_k), for queries and keys of n one-hot letters."""
    rng = np.random.default_rng(0)
    for n in [5, 2, 3, 26, 30]:
        w_q, w_k = require_parts(answer(n), "w_q", "w_k")
        w_q, w_k = _matrix(w_q, n, "d_k", f"w_q for n = {n}"), _matrix(w_k, n, "d_k", f"w_k for n = {n}")
        require(
            w_q.shape == w_k.shape,
            f"queries and keys must have one width d_k: w_q has shape {w_q.shape}, w_k {w_k.shape}",
        )
        order = rng.permutation(n)  # which letter stands at each place
        x = np.eye(n)[order]
        attn_weights = attention(x @ w_q, x @ w_k, x)[0]  # (n, n): a column a letter, since letters are their values
        for letter, row in enumerate(attn_weights[order.argsort()]):
            wanted, found = (letter + 1) % n, int(row.argmax())
            said = f"of {n} letters, letter {letter + 1} must give its weight to letter {wanted + 1}"
            require(np.ptp(row) > 1e-9, f"{said}: yours gives the same weight to all")
            require(found == wanted, f"{said}: yours gives most to letter {found + 1}{_why(letter, found, n)}")
            require(
                row[wanted] >= 0.9,
                f"{said}, at least 0.9: yours gives {row[wanted]:.2f} (scores are divided by √{w_k.shape[1]}, and "
                f"{n - 1} other letters share the rest)",
            )


def _why(letter: int, found: int, n: int) -> str:
    if found == letter:
        return ", itself"
    return ", the one before" if found == (letter - 1) % n else ""


def _matrix(found, rows, columns, what):
    """A matrix with so many rows and any number of columns, which go by a name."""
    try:
        shape = np.shape(found)
    except ValueError:  # rows of several lengths, which ``require_shape`` names
        shape = (rows, 0)
    require(len(shape) in (0, 2), f"{what} must have shape ({rows}, {columns}): yours has {shape}")
    return require_shape(found, (rows, *shape[1:]), what)


@checker
def cosine_attention(answer):
    """``answer(query, key, value, beta)``: (seq_q, d_k), (seq_k, d_k), (seq_k, d_v), number to (seq_q, d_v)."""
    answer = withhold(answer, cosine_scores)
    rng = np.random.default_rng(2)
    for _ in range(3):
        seq_q, seq_k, d_k, d_v = rng.permutation(_SIZES)[:4].tolist()
        query, key, value = (rng.normal(size=shape) for shape in [(seq_q, d_k), (seq_k, d_k), (seq_k, d_v)])
        output = require_shape(answer(query, key, value, 2.0), (seq_q, d_v), "the result")
        for name, moved in {
            "the queries": answer(5 * query, key, value, 2.0),
            "one of the keys": answer(query, key * np.where(np.arange(seq_k) == 1, 5, 1)[:, None], value, 2.0),
        }.items():
            require_close(
                require_shape(moved, (seq_q, d_v), "the result"),
                output,
                f"norms must not count: {name} made 5 times longer moved the output",
            )
    query, value = np.array([[3.0, 0.0, 0.0]]), np.array([[8.0], [0.0]])
    for beta, other, cosine in [(1.0, [0.0, 5.0, 0.0], 0), (2.0, [0.0, 5.0, 0.0], 0), (1.0, [-1.0, 0.0, 0.0], -1)]:
        mixed = answer(query, np.array([[0.5, 0.0, 0.0], other]), value, beta)
        require_close(
            require_shape(mixed, (1, 1), "the result")[0, 0],
            8 / (1 + math.exp(beta * (cosine - 1))),
            f"cosines of 1 and {cosine} with beta = {beta:g} mix the values 8 and 0 in a known way",
        )
    nowhere = answer(query, np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), value, 1.0)
    nowhere = require_shape(
        nowhere, (1, 1), "the output beside a key of zeros, which has no direction and counts as cosine 0,"
    )
    require_close(nowhere[0, 0], 8 / (1 + math.exp(-1)), "a key of zeros must count as cosine 0")


@checker
def nearest_by_dot(answer):
    """``answer(query, key, bandwidth)``: (seq_q,), (seq_k,), number to (seq_q, m), (seq_k, m), m ≤ 3."""
    rng = np.random.default_rng(3)
    for bandwidth in (1.0, 0.5, 2.0):
        seq_q, seq_k = rng.permutation([5, 7]).tolist()
        query, key = rng.normal(size=seq_q), rng.normal(size=seq_k)
        scores = _dot_products(answer, query, key, bandwidth)
        weights = softmax(scores)
        middle = float(query[0])
        distance = bandwidth * math.sqrt(2 * math.log(3))  # where a Gaussian has fallen to a third
        pair = softmax(_dot_products(answer, np.array([middle]), np.array([middle, middle + distance]), bandwidth))[0]
        moved = softmax(_dot_products(answer, query + 10, key + 10, bandwidth))
        require_close(moved, weights, "only distances count: queries and keys moved by 10 changed the weights")
        require_close(
            pair[0] / pair[1],
            3,
            f"with bandwidth = {bandwidth:g}, keys at distance 0 and {distance:.2f} from the query must weigh 3 : 1",
        )
        wanted = softmax(-((query[:, None] - key) ** 2) / (2 * bandwidth**2))
        require_close(
            weights, wanted, f"with bandwidth = {bandwidth:g}, weights must be proportional to exp(−(q − k)²/2λ²)"
        )


def _dot_products(answer, query, key, bandwidth):
    lifted_query, lifted_key = require_parts(answer(query, key, bandwidth), "lifted queries", "lifted keys")
    lifted_query = _matrix(lifted_query, len(query), "m", "the array of lifted queries")
    m = lifted_query.shape[1]
    require(m <= 3, f"a query must be lifted to at most 3 numbers: yours is lifted to {m}")
    lifted_key = require_shape(lifted_key, (len(key), m), "the array of lifted keys")
    return lifted_query @ lifted_key.T


@checker
def streaming_attention(answer):
    """``answer(query, stream)``: (d_k,) and an iterator of pairs (d_k,), (d_v,), to (d_v,)."""
    rng = np.random.default_rng(5)
    reused = "the stream reuses its two arrays, so copy what you keep: yours knows the last pair alone"
    query, key = np.array([2 * math.log(3), 0, 0, 0]), np.eye(4)[:2]
    found = require_shape(answer(query, _stream(key, np.array([[5.0], [1.0]]))), (1,), "the result")
    require_close(found[0], 4, "scaled scores of log 3 and 0 must mix the values 5 and 1 to 4", mistakes={reused: 1})
    for seq_k, d_k, d_v in [(1, 3, 5), (7, 5, 3), (13, 3, 2)]:
        query, key, value = rng.normal(size=d_k), rng.normal(size=(seq_k, d_k)), rng.normal(size=(seq_k, d_v))
        output = require_shape(answer(query, _stream(key, value)), (d_v,), f"the output for a stream of {seq_k}")
        require_close(
            output,
            attention(query[None], key, value)[0][0],
            f"a stream of {seq_k} must give what attention gives",
            mistakes={reused: value[-1]},
        )
    for low, high in [(0, 2000), (-2000, -1000)]:
        key, value = np.linspace(low, high, 7)[:, None], np.arange(7.0)[:, None]
        steep = answer(np.ones(1), _stream(key, value))
        steep = require_shape(steep, (1,), f"the output for scores from {low} to {high}")
        require_close(steep[0], 6, f"scores rising from {low} to {high} must give the last value, 6")
    length, width = 300, 1000
    query, pairs = np.zeros(width), ((np.ones(width), np.full(width, float(i))) for i in range(length))
    outputs: list = []
    share = peak_memory(lambda: outputs.append(answer(query, pairs))) / (2 * 8 * width * length)
    require(share < 0.25, f"memory must not grow with the stream: yours took {share:.0%} of what the whole stream is")
    found = require_shape(outputs[0], (width,), f"the output for {length} pairs")
    require_close(found, (length - 1) / 2, f"equal scores must give the mean of {length} values")


def _stream(key, value):
    """One (key, value) pair after the other, each time in the same two arrays, as a reader of a long file would."""
    one_key, one_value = np.empty_like(key[0]), np.empty_like(value[0])
    for one_key[:], one_value[:] in zip(key, value, strict=True):
        yield one_key, one_value
