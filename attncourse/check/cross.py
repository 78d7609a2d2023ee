"""The checks of chapter 7: attention to another sequence, its memory kept, its gradient, and what removal reveals."""

import numpy as np

from attncourse.check.base import checker
from attncourse.check.compare import TOLERANCE
from attncourse.check.require import require, require_close, require_judgement, require_shape
from attnlib.attention import attention, attention_vjp


@checker
def cross_attention(answer):
    """``answer(x, memory, w_q, w_k, w_v)`` is one head of attention from x to the memory."""
    rng = np.random.default_rng(71)
    for seq_q, seq_k, width, memory_width, d_k, d_v in [(3, 5, 4, 6, 2, 7), (6, 2, 3, 5, 4, 1), (1, 1, 2, 3, 5, 4)]:
        x, memory = rng.normal(size=(seq_q, width)), rng.normal(size=(seq_k, memory_width))
        w_q, w_k, w_v = (rng.normal(size=s) for s in [(width, d_k), (memory_width, d_k), (memory_width, d_v)])
        what = f"the output for seq_q = {seq_q} and seq_k = {seq_k}"
        found = require_shape(answer(x, memory, w_q, w_k, w_v), (seq_q, d_v), what)
        shuffled = require_shape(answer(x, rng.permutation(memory), w_q, w_k, w_v), (seq_q, d_v), what)
        require_close(shuffled, found, "a shuffled memory must give the same output")
        value = memory @ w_v
        inside = (found >= value.min(axis=0) - TOLERANCE) & (found <= value.max(axis=0) + TOLERANCE)
        require(inside.all(), "an output is a weighted mean of the memory's values: yours lies outside their range")
        require_close(
            found,
            attention(x @ w_q, memory @ w_k, value)[0],
            "queries come from x, keys and values from the memory, and scores are divided by √d_k",
        )


@checker
def fast_asker(answer):
    """``answer(memory, w_k, w_v)`` returns a function of queries that does not touch the memory's maps again."""
    rng = np.random.default_rng(72)
    for seq_k, width, d_k, d_v in [(5, 4, 3, 6), (2, 7, 5, 1)]:
        memory = rng.normal(size=(seq_k, width))
        w_k, w_v = rng.normal(size=(width, d_k)), rng.normal(size=(width, d_v))
        keys, values = memory @ w_k, memory @ w_v
        ask = answer(memory, w_k, w_v)
        require(ask is not None, "the answer must not be None: does the function return something?")
        require(callable(ask), f"the answer must be a function of the queries: yours is of type {type(ask).__name__}")
        queries = [rng.normal(size=(seq_q, d_k)) for seq_q in (1, 4)]
        wanted = [attention(query, keys, values)[0] for query in queries]
        for query, expected in zip(queries, wanted, strict=True):
            found = require_shape(ask(query), expected.shape, f"the answer to queries of shape {query.shape}")
            require_close(found, expected, "the outputs must be those of attention to the memory")
        memory[:], w_k[:], w_v[:] = 0, 0, 0  # whoever kept the results, and not the ingredients, does not notice
        again = require_shape(ask(queries[0]), wanted[0].shape, "the answer to a query asked again")
        require_close(again, wanted[0], "keys and values must be computed before any query, not from the memory again")


@checker
def memory_gradient(answer):
    """``answer(x, memory, w_q, w_k, w_v, grad_output)`` is the gradient by the memory."""
    rng = np.random.default_rng(73)
    for seq_q, seq_k, width, d_k, d_v in [(3, 5, 4, 2, 6), (4, 2, 5, 3, 1)]:
        x, memory = rng.normal(size=(seq_q, width)), rng.normal(size=(seq_k, width))
        w_q, w_k, w_v = rng.normal(size=(width, d_k)), rng.normal(size=(width, d_k)), rng.normal(size=(width, d_v))
        grad_output = rng.normal(size=(seq_q, d_v))
        found = answer(x, memory, w_q, w_k, w_v, grad_output)
        found = require_shape(found, memory.shape, "the gradient by the memory")
        _, back = attention_vjp(x @ w_q, memory @ w_k, memory @ w_v)
        _, grad_key, grad_value = back(grad_output)
        through = {"keys": grad_key @ w_k.T, "values": grad_value @ w_v.T}
        alone = "the memory is read twice, as keys and as values: yours holds the gradient through the {} alone"
        require_close(
            found,
            through["keys"] + through["values"],
            "the gradients through the keys and through the values must add up",
            mistakes={alone.format(name): part for name, part in through.items()},
        )


@checker
def depends_on_order(answer):
    """``answer(layer, x, memory)`` says whether shuffling the memory's rows changes the layer's output."""
    rng = np.random.default_rng(74)
    for seq_q, seq_k, width in [(3, 6, 4), (5, 4, 2)]:
        x, memory = rng.normal(size=(seq_q, width)), rng.normal(size=(seq_k, width))
        for name, layer, truth in _layers(seq_q, seq_k):
            require_judgement(answer(layer, x, memory), truth, f"{name} (seq_k = {seq_k})")


def _layers(seq_q, seq_k):
    """Layers to be judged: a name, the layer, and whether the order of the memory counts."""
    first_only = np.arange(seq_k) < seq_k - 1  # the last row is hidden, wherever it came from
    near_first = -0.5 * np.abs(np.arange(seq_k) - (seq_k - 1) / 2)  # the same after a reversal

    def ask(mask=None, bias=None):
        return lambda x, memory: attention(x, memory, memory, mask, bias)[0]

    return [
        ("cross-attention", ask(), False),
        ("a layer that ignores the memory", lambda x, memory: 2 * x, False),
        ("the memory's mean added to every query", lambda x, memory: x + memory.mean(axis=0), False),
        ("keys of the memory, each with the value of the next row",
         lambda x, memory: attention(x, memory, np.roll(memory, -1, axis=0))[0], True),
        ("a mask that hides the last place", ask(mask=first_only), True),
        ("a bias by distance from the middle (reversing the memory does not reveal it)", ask(bias=near_first), True),
    ]  # fmt: skip


@checker
def removal_effects(answer):
    """``answer(query, key, value)``: how far the output of each query moves if one key is hidden from all of them."""
    rng = np.random.default_rng(75)
    for seq_q, seq_k, d_k, d_v in [(2, 5, 3, 4), (4, 3, 2, 6)]:
        query, key, value = (rng.normal(size=s) for s in [(seq_q, d_k), (seq_k, d_k), (seq_k, d_v)])
        value[0] = value[1:].mean(axis=0)
        found = require_shape(answer(query, key, value), (seq_q, seq_k), f"the effects of {seq_k} keys")
        require((found >= 0).all(), f"a distance is never negative: your smallest effect is {found.min():.4g}")
        output, attn_weights = attention(query, key, value)
        without = [attention(query, key, value, mask=np.arange(seq_k) != j)[0] for j in range(seq_k)]
        require_close(
            found,
            np.stack([np.linalg.norm(moved - output, axis=-1) for moved in without], axis=-1),
            "column j must hold ‖output without key j − output‖, the other weights summing to 1 again",
            mistakes={
                "yours are the weights themselves: they do not say how far a value is from the others": attn_weights
            },
        )
