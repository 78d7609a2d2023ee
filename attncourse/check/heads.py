"""The exercises of chapter 3: cut and merge heads, the whole layer, its sum of heads, low rank, shared keys."""

import numpy as np

from attncourse.check.base import checker, require, require_shape
from attnlib.attention import attention
from attnlib.heads import merge_heads as merged
from attnlib.heads import split_heads as split
from attnlib.multi_head import MultiHeadParams, init_multi_head
from attnlib.multi_head import multi_head_attention as layer


@checker
def split_heads(answer):
    """``answer(x, num_heads)``: (..., seq, num_heads · head_dim) to (..., num_heads, seq, head_dim)."""
    rng = np.random.default_rng(31)
    for lead, num_heads, seq, head_dim in [((), 2, 5, 3), ((4,), 3, 2, 7), ((2, 3), 5, 7, 1)]:
        x = rng.normal(size=(*lead, seq, num_heads * head_dim))
        found = require_shape(answer(x, num_heads), (*lead, num_heads, seq, head_dim), "the result")
        changed = x.copy()
        changed[..., 1, :] += 1
        moved = (answer(changed, num_heads) != found).any(axis=(*range(len(lead)), -3, -1))
        require(
            moved.tolist() == [token == 1 for token in range(seq)],
            "a token's numbers must stay with the token: x changed at token 1, "
            f"and your heads changed at {_listed('token', moved)}",
        )
        for head in range(num_heads):
            wanted = x[..., head * head_dim : (head + 1) * head_dim]
            require(
                np.array_equal(found[..., head, :, :], wanted),
                f"head {head} must hold features {head * head_dim} to {(head + 1) * head_dim - 1} of every token: "
                f"yours starts with {found[..., head, :, :].flat[0]:.2f} where {wanted.flat[0]:.2f} is due",
            )


@checker
def merge_heads(answer):
    """``answer(x)``: (..., num_heads, seq, head_dim) to (..., seq, num_heads · head_dim)."""
    rng = np.random.default_rng(32)
    for lead, num_heads, seq, head_dim in [((), 2, 5, 3), ((4,), 3, 2, 7), ((2, 3), 5, 7, 2)]:
        x = rng.normal(size=(*lead, num_heads, seq, head_dim))
        found = require_shape(answer(x), (*lead, seq, num_heads * head_dim), "the result")
        changed = x.copy()
        changed[..., 1, :] += 1
        moved = (answer(changed) != found).any(axis=(*range(len(lead)), -1))
        require(
            moved.tolist() == [token == 1 for token in range(seq)],
            "a token's vector must be made of its own heads: they changed at token 1, "
            f"and your vectors changed at {_listed('token', moved)}",
        )
        require(
            np.array_equal(split(found, num_heads), x),
            f"split_heads must undo merge_heads: with {num_heads} heads of width {head_dim}, token 0 starts with "
            f"{found.flat[0]:.2f}, {found.flat[1]:.2f} where {merged(x).flat[0]:.2f}, {merged(x).flat[1]:.2f} is due",
        )


@checker
def multi_head(answer):
    """``answer(x, w_q, w_k, w_v, w_o, num_heads)`` is self-attention with several heads, (..., seq, d_model)."""
    rng = np.random.default_rng(33)
    for lead, num_heads, seq, head_dim in [((), 1, 5, 3), ((), 2, 5, 3), ((4,), 3, 2, 5)]:
        d_model = num_heads * head_dim
        x = rng.normal(size=(*lead, seq, d_model))
        w_q, w_k, w_v, w_o = rng.normal(size=(4, d_model, d_model))
        params = MultiHeadParams(w_q, w_k, w_v, w_o, num_heads)
        what = f"the output for {num_heads} head{'s' * (num_heads > 1)}"
        found = require_shape(answer(x, *params[:5]), x.shape, what)
        twice = answer(x, w_q, w_k, w_v, 2 * w_o, num_heads)
        require(np.allclose(twice, 2 * found), "the last step is a linear map: twice w_o must give twice the output")
        even = answer(x, 0 * w_q, w_k, w_v, w_o, num_heads)
        mean = np.broadcast_to((x @ w_v @ w_o).mean(axis=-2, keepdims=True), x.shape)
        require(
            np.allclose(even, mean),
            "if w_q is zero every token counts alike, in every head, and the output must be the mean of "
            f"x · w_v · w_o over the tokens: with {num_heads} heads yours is off by {np.abs(even - mean).max():.2g}",
        )
        wanted = layer(params, x, x, x)[0]
        error = np.abs(found - wanted).max()
        one_scale = layer(params, x, x, x, scale=d_model**-0.5)[0]
        require(
            error < 1e-8 or not np.allclose(found, one_scale),
            f"the scores of a head must be divided by the root of its own width {head_dim}, not of d_model = {d_model}",
        )
        require(
            error < 1e-8,
            f"each of the {num_heads} heads must attend in its own {head_dim} columns of w_q, w_k and w_v: "
            f"yours is off by up to {error:.2g}",
        )


@checker
def head_contributions(answer):
    """``answer(heads, w_o)``: (num_heads, seq, d_v) and (num_heads · d_v, d_out) to (num_heads, seq, d_out)."""
    rng = np.random.default_rng(34)
    for num_heads, seq, d_v, d_out in [(2, 5, 3, 7), (3, 2, 5, 4), (1, 7, 2, 3)]:
        heads, w_o = rng.normal(size=(num_heads, seq, d_v)), rng.normal(size=(num_heads * d_v, d_out))
        found = require_shape(answer(heads, w_o), (num_heads, seq, d_out), "the result")
        output = merged(heads) @ w_o
        error = np.abs(found.sum(axis=0) - output).max()
        require(
            error < 1e-9,
            f"the contributions of all heads must sum to concat · w_o: with {num_heads} heads your sum is off "
            f"by {error:.2g}",
        )
        for head in range(num_heads):
            alone = answer(heads * (np.arange(num_heads) == head)[:, None, None], w_o)
            require(
                np.allclose(alone[head], found[head]) and np.allclose(np.delete(alone, head, axis=0), 0),
                f"a contribution must come from its own head alone: with all heads but {head} set to zero, "
                f"yours moved or put something elsewhere",
            )


@checker
def factor_scores(answer):
    """``answer(weight, d_k)``: (d_q, d_key) to w_q (d_q, d_k) and w_k (d_key, d_k), the best score of that rank."""
    rng = np.random.default_rng(35)
    for d_q, d_key, d_k in [(5, 7, 5), (7, 5, 2), (6, 6, 1)]:
        weight = rng.normal(size=(d_q, d_key))
        result = answer(weight, d_k)
        require(result is not None, "the result is None: does the function return something?")
        require(isinstance(result, tuple) and len(result) == 2, "return two arrays, w_q and w_k")
        w_q = require_shape(result[0], (d_q, d_k), "w_q")
        w_k = require_shape(result[1], (d_key, d_k), "w_k")
        missed = np.linalg.norm(w_q @ w_k.T - weight)
        least = np.linalg.norm(np.linalg.svd(weight, compute_uv=False)[d_k:])
        require(
            missed < least + 1e-9,
            f"w_q · w_kᵀ must be as close to the weight as rank {d_k} allows, {least:.3f} away "
            f"(root of the sum of squares): yours is {missed:.3f} away",
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
            errors = [
                np.abs(found[head] - attention(query[head], k, v)[0]).max() for k, v in zip(key, value, strict=True)
            ]
            require(
                min(errors) < 1e-9,
                f"query head {head} must attend to one of the {kv_heads} key heads: "
                f"yours agrees with none, and the closest is off by {min(errors):.2g}",
            )
            used = int(np.argmin(errors))
            require(
                used == head // group,
                f"neighbours must share: of {num_heads} query heads the first {group} read key head 0, and so on; "
                f"your head {head} reads key head {used} instead of {head // group}",
            )


@checker
def removal_costs(answer):
    """``answer(params, x, target)`` is, for each head, how far the output is from the target without that head."""
    rng = np.random.default_rng(37)
    for lead, num_heads, seq, head_dim in [((), 2, 5, 3), ((4,), 3, 2, 2), ((), 1, 3, 4)]:
        params = init_multi_head(rng, num_heads * head_dim, num_heads)
        x = rng.normal(size=(*lead, seq, num_heads * head_dim))
        # Not the output itself: then the mean square of what a head adds would pass, and the target never be read.
        target, kept = rng.normal(size=x.shape), params.w_o.copy()
        found = require_shape(answer(params, x, target), (num_heads,), "the result")
        require(np.array_equal(params.w_o, kept), "the parameters must stay as they are: yours changed w_o in place")
        for head in range(num_heads):
            rows = np.arange(num_heads * head_dim) // head_dim != head
            without = layer(params._replace(w_o=kept * rows[:, None]), x, x, x)[0]
            wanted = ((without - target) ** 2).mean()
            require(
                np.isclose(found[head], wanted),
                f"without head {head} of {num_heads} the mean squared distance to the target is {wanted:.4f}: "
                f"yours says {found[head]:.4f}",
            )


def _listed(noun, flags):
    """Which of the flags are set, in words."""
    where = np.flatnonzero(flags).tolist()
    return "nothing" if not where else f"{noun}{'s' * (len(where) > 1)} {', '.join(map(str, where))}"
