"""The exercises of chapter 3: a layer as a sum of heads, heads of width 2, shared keys, low rank."""

import numpy as np

from attncourse.check.base import checker
from attncourse.check.compare import TOLERANCE, apart, close
from attncourse.check.require import ViolatedError, require, require_close, require_parts, require_shape
from attnlib.attention import attention, attention_weights


@checker
def factor_scores(answer):
    """``answer(weight, d_k)``: (d_q, d_key) to w_q (d_q, d_k) and w_k (d_key, d_k), the best score of that rank."""
    rng = np.random.default_rng(35)
    for d_q, d_key, d_k in [(5, 7, 5), (7, 5, 2), (6, 6, 1)]:
        weight = rng.normal(size=(d_q, d_key))
        w_q, w_k = require_parts(answer(weight, d_k), "w_q", "w_k")
        w_q, w_k = require_shape(w_q, (d_q, d_k), "w_q"), require_shape(w_k, (d_key, d_k), "w_k")
        left, sizes, right = np.linalg.svd(weight, full_matrices=False)
        missed, least = np.linalg.norm(w_q @ w_k.T - weight), np.linalg.norm(sizes[d_k:])
        if missed < least + TOLERANCE:
            continue
        for words, parts, power in [
            ("each singular value must come in once, on either side: yours come in on both", slice(d_k), 2),
            ("each direction has its size, a singular value: yours leaves the sizes out", slice(d_k), 0),
            ("the largest singular values matter most: yours are the smallest", slice(-d_k, None), 1),
        ]:
            require(not close(w_q @ w_k.T, (left[:, parts] * sizes[parts] ** power) @ right[parts]), words)
        raise ViolatedError(
            "w_q · w_kᵀ must be as close to the weight as rank {} allows, {} away (root of the sum of squares): "
            "yours is {} away".format(d_k, *apart(least, missed))
        )


@checker
def grouped_query(answer):
    """``answer(query, key, value)``: query (num_heads, seq_q, d_k) and fewer heads in key and value."""
    rng = np.random.default_rng(36)
    for num_heads, kv_heads, seq_q, seq_k, d_k, d_v in [(3, 3, 2, 5, 4, 7), (4, 1, 2, 5, 3, 7), (6, 2, 5, 3, 7, 4)]:
        query = rng.normal(size=(num_heads, seq_q, d_k))
        key, value = rng.normal(size=(kv_heads, seq_k, d_k)), rng.normal(size=(kv_heads, seq_k, d_v))
        found = require_shape(answer(query, key, value), (num_heads, seq_q, d_v), "the output")
        group = num_heads // kv_heads
        for head in range(num_heads):
            outputs = [attention(query[head], k, v)[0] for k, v in zip(key, value, strict=True)]
            require_close(
                found[head],
                outputs[head // group],
                f"query head {head + 1} must attend to key head {head // group + 1} of {kv_heads}, and yours to none",
                mistakes={
                    f"neighbours must share: of {num_heads} query heads the first {group} read key head 1, and so on; "
                    f"your head {head + 1} reads key head {other + 1} instead of {head // group + 1}": output
                    for other, output in enumerate(outputs)
                },
            )


@checker
def removal_costs(answer):
    """``answer(heads, w_o, target)`` is, for each head, how far the output is from the target without that head."""
    rng = np.random.default_rng(37)
    for num_heads, seq, d_v, d_model in [(3, 5, 2, 7), (2, 4, 5, 4), (1, 7, 2, 3), (4, 1, 3, 1)]:
        heads, w_o = rng.normal(size=(num_heads, seq, d_v)), rng.normal(size=(num_heads * d_v, d_model))
        # Not the output itself: then the mean square of what a head adds would pass, and the target never be read.
        target = rng.normal(size=(seq, d_model))
        found = require_shape(answer(heads, w_o, target), (num_heads,), "the result")
        terms = heads @ w_o.reshape(num_heads, d_v, d_model)
        without = terms.sum(axis=0) - terms
        squares = (without - target) ** 2
        require_close(
            found,
            squares.mean(axis=(1, 2)),
            f"the mean squared distance to the target without each of {num_heads} heads",
            mistakes={
                "the head itself must go, not all others: yours keeps one head alone": _costs(terms, target),
                "the distance is to the target: yours is to the output of all heads": (terms**2).mean(axis=(1, 2)),
                f"a mean over all {seq} · {d_model} numbers is due: yours is their sum": squares.sum(axis=(1, 2)),
                "a mean of squares is due, and no root of it": np.sqrt(squares.mean(axis=(1, 2))),
                f"a mean over tokens and features is due: yours divides by {seq}, the tokens, alone": squares.sum(
                    axis=(1, 2)
                )
                / seq,
                "distances must be squared: yours are absolute": np.abs(without - target).mean(axis=(1, 2)),
                "each head must meet its own block of rows of w_o: yours deals the rows out in turn": _costs_without(
                    heads @ w_o.reshape(d_v, num_heads, d_model).swapaxes(0, 1), target
                ),
                "the cost is the distance without the head, not what the head's removal adds to it": squares.mean(
                    axis=(1, 2)
                )
                - ((terms.sum(axis=0) - target) ** 2).mean(),
            },
        )


@checker
def narrow_heads(answer):
    """``answer(seq)`` is (w_q, w_k), both (2, seq, 2): two heads of width 2, one looks back and one looks ahead."""
    for seq in (12, 3, 5, 4):
        w_q, w_k = (
            require_shape(w, (2, seq, 2), f"{name} for {seq} tokens")
            for w, name in zip(require_parts(answer(seq), "w_q", "w_k"), ("w_q", "w_k"), strict=True)
        )
        attn_weights = attention_weights(w_q.astype(float), w_k.astype(float))  # the tokens are the rows of an identity
        looks = [_towards(attn_weights, [-1, 1]), _towards(attn_weights, [1, -1])]
        require(
            looks[0] > 0.9 or looks[1] < 0.9,
            "head 1 must look at the token before and head 2 at the token after: yours are the other way round",
        )
        for head, (offset, side) in enumerate(((-1, "before"), (1, "after"))):
            for i in range(max(0, -offset), min(seq, seq - offset)):
                row = attn_weights[head, i]
                most = int(row.argmax())
                words = f"token {most + 1} gets most, {row[most]:.2f}"
                if np.ptp(row) < TOLERANCE:
                    words = "and so much to every token"
                elif most == i + offset:
                    words = "which is the most of all, but too little: longer queries make a softmax sharper"
                require(
                    row[i + offset] >= 0.9,
                    f"with {seq} tokens, token {i + 1} must give at least 0.9 of its weight in head {head + 1} to the "
                    f"token {side} it: yours gives {row[i + offset]:.2f}, {words}",
                )


def _costs(outputs, target):
    """The mean squared distance to the target of each output."""
    return ((outputs - target) ** 2).mean(axis=(1, 2))


def _costs_without(terms, target):
    """The same without each of the terms."""
    return _costs(terms.sum(axis=0) - terms, target)


def _towards(attn_weights, offsets):
    """The smallest weight that a token gives to the one at its head's offset, where there is one."""
    return min(np.diagonal(head, offset).min() for head, offset in zip(attn_weights, offsets, strict=True))
