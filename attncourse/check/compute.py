"""The exercises of chapter 1: softmax, masks, two soft lookups, additive scores, and attention over a stream."""

import math

import numpy as np

from attncourse.check.base import checker
from attncourse.check.compare import TOLERANCE, apart
from attncourse.check.memory import peak_memory
from attncourse.check.require import require, require_close, require_shape
from attnlib.attention import attention

_SIZES = [2, 3, 5, 7, 11]  # drawn without repeats, so that no two axes can be taken for each other


@checker
def softmax(answer):
    """``answer(x)``: (..., n) scores to (..., n) weights along the last axis."""
    rng = np.random.default_rng(0)
    for lead in [(), (3,), (2, 3)]:
        x = rng.normal(size=(*lead, int(rng.choice([5, 7]))))
        weights = require_shape(answer(x), x.shape, "the result")
        require((weights >= 0).all(), f"weights must be zero or more: the smallest is {weights.min():.4g}")
        require_close(weights.sum(axis=-1), 1, "rows must sum to 1")
    pair = require_shape(answer(np.array([math.log(3), 0.0])), (2,), "the result")
    require_close(pair[0] / pair[1], 3, "a score larger by log 3 must weigh 3 times as much")
    exps = np.exp(x)
    require_close(weights, exps / exps.sum(axis=-1, keepdims=True), "weights are exp(score) over the sum of its row")
    high = require_shape(answer(x + 1000), x.shape, "softmax of scores around 1000")
    require_close(high, weights, "adding 1000 to every score must change no weight")
    levels = np.array([[1000.0], [0.0], [-1000.0]]) + rng.normal(size=(3, 5))
    rows = require_shape(answer(levels), (3, 5), "softmax of one row around 1000 and one around −1000")
    require_close(rows.sum(axis=-1), 1, "rows must sum to 1")


@checker
def attention_weights(answer):
    """``answer(query, key, mask)``: (..., seq_q, d_k), (..., seq_k, d_k), (seq_q, seq_k) to (..., seq_q, seq_k)."""
    rng = np.random.default_rng(1)
    direct = answer(np.array([[2 * math.log(3), 0, 0, 0]]), np.eye(4)[:2], np.ones((1, 2), bool))
    direct = require_shape(direct, (1, 2), "the result", finite=False)[0]
    require(np.nan_to_num(direct).any(), "True means may attend: yours hides what it should show")
    require_close(
        direct[0] / direct[1],
        3,
        "weights are exp(score) over its sum, so a scaled score of log 3 beside 0 must weigh 3 times as much",
        mistakes={
            "a scaled score of log 3 beside 0 must weigh 3 : 1: yours is 9 : 1 (is the score divided by √d_k?)": 9
        },
    )
    for lead in [(), (2,)]:
        seq_q, seq_k, d_k = rng.permutation([3, 5, 7]).tolist()
        query, key = rng.normal(size=(*lead, seq_q, d_k)), rng.normal(size=(*lead, seq_k, d_k))
        mask = np.tile(rng.permutation(seq_k) < 2, (seq_q, 1))
        attn_weights = require_shape(answer(query, key, mask), (*lead, seq_q, seq_k), "the result")
        leak = np.abs(np.where(mask, 0, attn_weights)).max()
        require(leak == 0, f"a masked key must weigh 0 (True = may attend): one of yours weighs {leak:.4g}")
        require_close(attn_weights.sum(axis=-1), 1, "rows must sum to 1")
        wanted = attention(query, key, key, mask)[1]
        require_close(attn_weights, wanted, "weights are exp(score) over its sum, over the keys that are not masked")
        kept = key[..., mask[0], :]
        alone = require_shape(answer(query, kept, np.ones((seq_q, 2), bool)), (*lead, seq_q, 2), "the result")
        require_close(attn_weights[..., mask[0]], alone, "a masked key must count as little as an absent one")
        mask[1] = False
        masked = require_shape(answer(query, key, mask), attn_weights.shape, "the weights with a fully masked row")
        total = np.abs(masked[..., 1, :]).sum(axis=-1).max()
        require(total == 0, f"a query that may attend to nothing must get weights of zero: yours sum to {total:.4g}")
        require_close(masked[..., 0, :], attn_weights[..., 0, :], "a masked row must not change another row")


@checker
def cosine_attention(answer):
    """``answer(query, key, value, beta)``: (seq_q, d_k), (seq_k, d_k), (seq_k, d_v), number to (seq_q, d_v)."""
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
                f"lengths must not count: {name} made 5 times longer moved the output",
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
def nadaraya_watson(answer):
    """``answer(query, key, value, width)``: (seq_q,), (seq_k,), (seq_k,), number to (seq_q,)."""
    rng = np.random.default_rng(3)
    for width in (0.5, 2.0):
        seq_q, seq_k = rng.permutation([3, 5]).tolist()
        query, key, value = rng.normal(size=seq_q), rng.normal(size=seq_k), rng.normal(size=seq_k)
        output = require_shape(answer(query, key, value, width), (seq_q,), "the result")
        level = require_shape(answer(query, key, np.full(seq_k, 4.0), width), (seq_q,), "the result")
        require_close(level, 4, "if every value is 4 the result must be 4")
        moved = require_shape(answer(query + 10, key + 10, value, width), (seq_q,), "the result")
        require_close(moved, output, "only distances count: queries and keys moved by 10 moved the result")
        distance = width * math.sqrt(2 * math.log(3))  # where a Gaussian has fallen to a third
        half = answer(np.zeros(1), np.array([0.0, distance]), np.array([4.0, 0.0]), width)
        require_close(
            require_shape(half, (1,), "the result")[0],
            3,
            f"with width {width:g}, keys at distance 0 and {distance:.2f} must weigh 3 : 1 and mix the values 4 and 0 "
            "to 3",
        )
        bells = np.exp(-((query[:, None] - key) ** 2) / (2 * width**2))
        require_close(output, bells @ value / bells.sum(axis=-1), "the result is the mean of the values by weight")
    far = answer(np.array([100.0]), np.array([0.0, 1.0]), np.array([6.0, 7.0]), 0.1)
    far = require_shape(far, (1,), "far from all keys, the result")
    require_close(far[0], 7, "far from all keys the nearest one decides, here with 7")


@checker
def additive_scores(answer):
    """``answer(query, key, w_q, w_k, v)``: (..., seq_q, d_q), (..., seq_k, d_k), weights to (..., seq_q, seq_k)."""
    rng = np.random.default_rng(4)
    for lead in [(), (), (2,)]:
        seq_q, seq_k, d_q, d_k, d_hidden = rng.permutation([3, 5, 7, 11, 13]).tolist()
        query, key = rng.normal(size=(*lead, seq_q, d_q)), rng.normal(size=(*lead, seq_k, d_k))
        w_q, w_k, v = (rng.normal(size=shape) for shape in [(d_q, d_hidden), (d_k, d_hidden), d_hidden])
        scores = require_shape(answer(query, key, w_q, w_k, v), (*lead, seq_q, seq_k), "the score matrix")
        bound, largest = np.abs(v).sum(), np.abs(scores).max()
        require(
            largest <= bound + TOLERANCE,
            "tanh stays below 1, so no score exceeds Σ|v| = {}: yours reaches {}".format(*apart(bound, largest)),
        )
        i, j = int(rng.integers(seq_q)), int(rng.integers(seq_k))
        pair = np.concatenate([query[..., i, :], key[..., j, :]], axis=-1)
        require_close(
            scores[..., i, j],
            np.tanh(pair @ np.concatenate([w_q, w_k])) @ v,
            f"the score of query {i} and key {j} must be v · tanh(query w_q + key w_k)",
        )


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
