"""The checks of chapter 7: what each token contributes, what its removal changes, the memory kept, its gradient."""

import numpy as np

from attncourse.check.base import checker
from attncourse.check.memory import held_memory
from attncourse.check.require import require, require_close, require_shape
from attnlib.attention import attention, attention_vjp
from attnlib.softmax import softmax


@checker
def token_contributions(answer):
    """``answer(attn_weights, value, w_o)``: how long a vector each token adds to each output, all heads together."""
    rng = np.random.default_rng(71)
    for num_heads, seq_q, seq_k, d_v, d_model in [(2, 3, 5, 4, 6), (3, 4, 2, 2, 5), (1, 1, 3, 2, 4)]:
        attn_weights = softmax(rng.normal(size=(num_heads, seq_q, seq_k)))
        value, w_o = rng.normal(size=(num_heads, seq_k, d_v)), rng.normal(size=(num_heads * d_v, d_model))
        value[:, 0] = 0
        what = f"the contributions of {seq_k} tokens to {seq_q} outputs"
        found = require_shape(answer(attn_weights, value, w_o), (seq_q, seq_k), what)
        require((found >= 0).all(), f"a norm is never negative: your smallest is {found.min():.4g}")
        require_close(found[:, 0], 0, "a token whose values are zero contributes nothing, whatever its weight")
        by_head = attn_weights[..., None] * (value @ w_o.reshape(num_heads, d_v, d_model))[:, None]
        mixed = attn_weights[..., None] * (value @ w_o.reshape(d_v, num_heads, d_model).swapaxes(0, 1))[:, None]
        require_close(
            found,
            np.linalg.norm(by_head.sum(axis=0), axis=-1),
            "entry (i, j) must be the norm of the vector that token j adds to output i",
            mistakes={
                "heads can cancel each other: add their vectors first, and take the norm of the sum": np.linalg.norm(
                    by_head, axis=-1
                ).sum(axis=0),
                "yours are the squares: the norm is the root of the sum of squares": (by_head.sum(axis=0) ** 2).sum(-1),
                "yours are norms before the map w_o: the output comes after it": np.linalg.norm(
                    attn_weights[..., None] * value[:, None], axis=(0, -1)
                ),
                "head 1 owns the first d_v rows of w_o, head 2 the next: yours takes every num_heads-th row": (
                    np.linalg.norm(mixed.sum(axis=0), axis=-1)
                ),
            },
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
    memory, w_k, w_v = rng.normal(size=(500, 100)), rng.normal(size=(100, 2)), rng.normal(size=(100, 3))
    kept = held_memory(lambda: answer(memory, w_k, w_v))
    require(
        kept < memory.nbytes / 2,
        f"your function must keep what it needs and no more: with {500 * 5 * 8 // 1000} kB of keys and values it keeps "
        f"{kept // 1000} kB, as if the memory, {memory.nbytes // 1000} kB, were among them",
    )


@checker
def memory_gradient(answer):
    """``answer(x, memory, w_q, w_k, w_v, grad_output)`` is the gradient with respect to the memory."""
    rng = np.random.default_rng(73)
    for seq_q, seq_k, width, d_k, d_v in [(3, 5, 4, 2, 6), (4, 2, 5, 3, 1)]:
        x, memory = rng.normal(size=(seq_q, width)), rng.normal(size=(seq_k, width))
        w_q, w_k, w_v = rng.normal(size=(width, d_k)), rng.normal(size=(width, d_k)), rng.normal(size=(width, d_v))
        grad_output = rng.normal(size=(seq_q, d_v))
        found = answer(x, memory, w_q, w_k, w_v, grad_output)
        found = require_shape(found, memory.shape, "the gradient with respect to the memory")
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
        tiny = 1e-12
        by_tiny = require_shape(
            answer(x, tiny * memory, w_q, w_k / tiny, w_v / tiny, grad_output), memory.shape, "the gradient"
        )
        require_close(
            tiny * by_tiny,
            through["keys"] + through["values"],
            "for a memory 10¹² times as small, with w_k and w_v as much larger, the gradient must be 10¹² times as "
            "large. Follow the formulas, since no step of a finite difference fits every size. In units of 10¹²",
        )


@checker
def removal_effects(answer):
    """``answer(query, key, value)``: how far the output of each query moves if one key is hidden from all of them."""
    rng = np.random.default_rng(75)
    for seq_q, seq_k, d_k, d_v in [(2, 5, 3, 4), (4, 3, 2, 6), (3, 3, 2, 1)]:
        query, key, value = (rng.normal(size=s) for s in [(seq_q, d_k), (seq_k, d_k), (seq_k, d_v)])
        found = require_shape(answer(query, key, value), (seq_q, seq_k), f"the effects of {seq_k} keys")
        require((found >= 0).all(), f"a distance is never negative: your smallest effect is {found.min():.4g}")
        output, attn_weights = attention(query, key, value)
        hidden = np.stack([attention(query, key, value, mask=np.arange(seq_k) != j)[0] for j in range(seq_k)], axis=1)
        moved = hidden - output[:, None]  # (seq_q, seq_k, d_v)
        wanted = np.linalg.norm(moved, axis=-1)
        lost = attn_weights[..., None] * value
        require_close(
            found,
            wanted,
            "column j must hold ‖output without key j − output‖, the other weights summing to 1 again",
            mistakes={
                "yours are the weights themselves: they do not say how far a value is from the others": attn_weights,
                "yours lets the other weights sum to less than 1: mask before the softmax, or divide by what is left": (
                    np.linalg.norm(lost, axis=-1)
                ),
                "yours is a(i, j)·‖v(j) − o(i)‖: without key j the other weights grow, too": (
                    wanted * (1 - attn_weights)
                ),
                "yours are the squares: a distance is the root of the sum of squares": wanted**2,
                "yours are sums of absolute differences: the distance is the Euclidean norm": np.abs(moved).sum(-1),
            },
        )
