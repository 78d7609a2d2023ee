"""The exercises of chapter 1: softmax, masks, two soft lookups, additive scores, and attention over a stream."""

import math
import tracemalloc

import numpy as np

from attncourse.check.base import checker, require, require_shape
from attnlib.attention import attention

_SIZES = [2, 3, 5, 7, 11]  # drawn without repeats, so that no two axes can be taken for each other


@checker
def softmax(answer):
    """``answer(x)``: (..., n) scores to (..., n) weights along the last axis."""
    rng = np.random.default_rng(0)
    for lead in [(), (3,), (2, 3)]:
        x = rng.normal(size=(*lead, int(rng.choice([5, 7]))))
        given = x.copy()
        weights = require_shape(answer(x), x.shape, "the result")
        require(np.array_equal(x, given), "the argument must stay as it is: your function changed x")
        require((weights >= 0).all(), f"weights must be zero or more: the smallest is {weights.min():.2f}")
        _require_rows_sum_to_one(weights)
    ratio = np.divide(*np.ravel(answer(np.array([math.log(3), 0.0]))))
    require(
        math.isclose(ratio, 3), f"a score larger by log 3 must weigh 3 times as much: yours weighs {ratio:.2f} times"
    )
    high = require_shape(answer(x + 1000), x.shape, "softmax of scores around 1000")
    require(np.allclose(high, weights), "adding 1000 to every score must change no weight")
    levels = np.array([[1000.0], [0.0], [-1000.0]]) + rng.normal(size=(3, 5))
    apart = require_shape(answer(levels), (3, 5), "softmax of one row around 1000 and one around −1000")
    _require_rows_sum_to_one(apart)


@checker
def attention_weights(answer):
    """``answer(query, key, mask)``: (..., seq_q, d_k), (..., seq_k, d_k), (seq_q, seq_k) to (..., seq_q, seq_k)."""
    rng = np.random.default_rng(1)
    direct = answer(np.array([[2 * math.log(3), 0, 0, 0]]), np.eye(4)[:2], np.ones((1, 2), bool))
    ratio = np.divide(*require_shape(direct, (1, 2), "the result")[0])
    hint = "is the score divided by √d_k?" if math.isclose(ratio, 9) else "weights are exp(score) over its sum"
    require(
        math.isclose(ratio, 3), f"a scaled score of log 3 beside 0 must weigh 3 : 1: yours is {ratio:.2f} : 1 ({hint})"
    )
    for lead in [(), (2,)]:
        seq_q, seq_k, d_k = rng.permutation([3, 5, 7]).tolist()
        query, key = rng.normal(size=(*lead, seq_q, d_k)), rng.normal(size=(*lead, seq_k, d_k))
        mask = np.tile(rng.permutation(seq_k) < 2, (seq_q, 1))
        attn_weights = require_shape(answer(query, key, mask), (*lead, seq_q, seq_k), "the result")
        leak = np.where(mask, 0, attn_weights).max()
        require(leak == 0, f"a masked key must weigh 0 (True = may attend): one of yours weighs {leak:.2f}")
        _require_rows_sum_to_one(attn_weights)
        alone = answer(query, key[..., mask[0], :], np.ones((seq_q, 2), bool))
        require(np.allclose(attn_weights[..., mask[0]], alone), "a masked key must count as little as an absent one")
        mask[1] = False
        masked = require_shape(answer(query, key, mask), attn_weights.shape, "the weights with a fully masked row")
        total = masked[..., 1, :].sum(axis=-1).max()
        require(total == 0, f"a query that may attend to nothing must get weights of zero: yours sum to {total:.2f}")
        require(np.allclose(masked[..., 0, :], attn_weights[..., 0, :]), "a masked row must not change another row")


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
            change = np.abs(moved - output).max()
            require(
                change < 1e-9, f"lengths must not count: {name} made 5 times longer moved the output by {change:.2f}"
            )
    query, value = np.array([[3.0, 0.0, 0.0]]), np.array([[8.0], [0.0]])
    for beta, other, cosine in [(1.0, [0.0, 5.0, 0.0], 0), (2.0, [0.0, 5.0, 0.0], 0), (1.0, [-1.0, 0.0, 0.0], -1)]:
        expected = 8 / (1 + math.exp(beta * (cosine - 1)))
        got = answer(query, np.array([[0.5, 0.0, 0.0], other]), value, beta).item()
        require(
            math.isclose(got, expected),
            f"cosines of 1 and {cosine} with beta = {beta:g} must mix the values 8 and 0 to {expected:.2f}: "
            f"yours is {got:.2f}",
        )
    nowhere = answer(query, np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), value, 1.0)
    require_shape(nowhere, (1, 1), "the output beside a key of zeros, which has no direction and counts as cosine 0,")
    require(math.isclose(nowhere.item(), 8 / (1 + math.exp(-1))), "a key of zeros must count as cosine 0")


@checker
def nadaraya_watson(answer):
    """``answer(query, key, value, width)``: (seq_q,), (seq_k,), (seq_k,), number to (seq_q,)."""
    rng = np.random.default_rng(3)
    for width in (0.5, 2.0):
        seq_q, seq_k = rng.permutation([3, 5]).tolist()
        query, key, value = rng.normal(size=seq_q), rng.normal(size=seq_k), rng.normal(size=seq_k)
        output = require_shape(answer(query, key, value, width), (seq_q,), "the result")
        level = answer(query, key, np.full(seq_k, 4.0), width)
        require(np.allclose(level, 4), f"if every value is 4 the result must be 4: yours is {level[0]:.2f}")
        change = np.abs(answer(query + 10, key + 10, value, width) - output).max()
        require(change < 1e-6, f"only distances count: queries and keys moved by 10 moved the result by {change:.2f}")
        distance = width * math.sqrt(2 * math.log(3))  # where a Gaussian has fallen to a third
        half = answer(np.zeros(1), np.array([0.0, distance]), np.array([4.0, 0.0]), width).item()
        require(
            math.isclose(half, 3),
            f"with width {width:g}, keys at distance 0 and {distance:.2f} must weigh 3 : 1 and mix the values 4 and 0 "
            f"to 3: yours is {half:.2f}",
        )
    far = require_shape(
        answer(np.array([100.0]), np.array([0.0, 1.0]), np.array([6.0, 7.0]), 0.1),
        (1,),
        "far from all keys, the result",
    )
    require(math.isclose(far[0], 7), f"far from all keys the nearest one decides, here with 7: yours is {far[0]:.2f}")


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
            largest <= bound, f"tanh stays below 1, so no score exceeds Σ|v| = {bound:.2f}: yours reaches {largest:.2f}"
        )
        i, j = int(rng.integers(seq_q)), int(rng.integers(seq_k))
        pair = np.concatenate([query[..., i, :], key[..., j, :]], axis=-1)
        expected = np.ravel(np.tanh(pair @ np.concatenate([w_q, w_k])) @ v)[0]
        got = np.ravel(scores[..., i, j])[0]
        require(
            math.isclose(got, expected, abs_tol=1e-9),
            f"the score of query {i} and key {j} must be v · tanh(query w_q + key w_k) = {expected:.2f}: "
            f"yours is {got:.2f}",
        )


@checker
def streaming_attention(answer):
    """``answer(query, stream)``: (d_k,) and an iterator of pairs (d_k,), (d_v,), to (d_v,)."""
    rng = np.random.default_rng(5)
    query, key = np.array([2 * math.log(3), 0, 0, 0]), np.eye(4)[:2]
    got = require_shape(answer(query, _stream(key, np.array([[4.0], [0.0]]))), (1,), "the result").item()
    require(math.isclose(got, 3), f"scaled scores of log 3 and 0 must mix the values 4 and 0 to 3: yours is {got:.2f}")
    for seq_k, d_k, d_v in [(1, 3, 5), (7, 5, 3), (13, 3, 2)]:
        query, key, value = rng.normal(size=d_k), rng.normal(size=(seq_k, d_k)), rng.normal(size=(seq_k, d_v))
        output = require_shape(answer(query, _stream(key, value)), (d_v,), f"the output for {seq_k} pairs")
        error = np.abs(output - attention(query[None], key, value)[0][0]).max()
        require(
            error < 1e-9,
            f"{seq_k} pairs must give what attention gives: yours is off by {error:.2f} "
            "(a stream may reuse its arrays)",
        )
    for low, high in [(0, 2000), (-2000, -1000)]:
        key, value = np.linspace(low, high, 7)[:, None], np.arange(7.0)[:, None]
        steep = require_shape(
            answer(np.ones(1), _stream(key, value)), (1,), f"the output for scores from {low} to {high}"
        )
        require(
            math.isclose(steep.item(), 6),
            f"scores rising from {low} to {high} must give the last value, 6: yours is {steep.item():.2f}",
        )
    length, width = 300, 1000
    tracemalloc.start()
    answer(np.zeros(width), ((np.ones(width), np.full(width, float(i))) for i in range(length)))
    share = tracemalloc.get_traced_memory()[1] / (8 * width * length)
    tracemalloc.stop()
    require(share < 0.5, f"memory must not grow with the stream: yours kept {share:.0%} of the keys")


def _require_rows_sum_to_one(weights):
    sums = weights.sum(axis=-1).ravel()
    row = int(np.abs(sums - 1).argmax())
    require(abs(sums[row] - 1) < 1e-9, f"rows must sum to 1: row {row} sums to {sums[row]:.2f}")


def _stream(key, value):
    """One (key, value) pair after the other, each time in the same two arrays, as a reader of a long file would."""
    one_key, one_value = np.empty_like(key[0]), np.empty_like(value[0])
    for one_key[:], one_value[:] in zip(key, value, strict=True):
        yield one_key, one_value
