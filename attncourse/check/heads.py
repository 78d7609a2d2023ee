"""The exercises of chapter 3: cut and merge heads, the whole layer, its sum of heads, low rank, shared keys."""

import numpy as np

from attncourse.check.base import checker
from attncourse.check.compare import TOLERANCE, apart, close
from attncourse.check.require import require, require_close, require_parts, require_shape
from attnlib.attention import attention
from attnlib.heads import merge_heads as merged
from attnlib.masks import causal_mask
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
        after = require_shape(answer(changed, num_heads), found.shape, "the result")
        moved = (after != found).any(axis=(*range(len(lead)), -3, -1))
        require(
            moved.tolist() == [token == 1 for token in range(seq)],
            "a token's numbers must stay with the token: x changed at token 1, "
            f"and your heads changed {_places('token', moved)}",
        )
        for head in range(num_heads):
            require_close(
                found[..., head, :, :],
                x[..., head * head_dim : (head + 1) * head_dim],
                f"head {head} must hold features {head * head_dim} to {(head + 1) * head_dim - 1} of every token",
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
        after = require_shape(answer(changed), found.shape, "the result")
        moved = (after != found).any(axis=(*range(len(lead)), -1))
        require(
            moved.tolist() == [token == 1 for token in range(seq)],
            "a token's vector must be made of its own heads: they changed at token 1, "
            f"and your vectors changed {_places('token', moved)}",
        )
        require_close(
            found, merged(x), f"split_heads must undo merge_heads: with {num_heads} heads of width {head_dim}"
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
        seen = layer(params, x, x, x, causal_mask(seq, seq))[0]
        require(not close(found, seen), "every token may attend to every other: yours hides the later ones")
        twice = require_shape(answer(x, w_q, w_k, w_v, 2 * w_o, num_heads), x.shape, what)
        require_close(twice, 2 * found, "the last step is a linear map: twice w_o must give twice the output")
        even = require_shape(answer(x, 0 * w_q, w_k, w_v, w_o, num_heads), x.shape, what)
        require_close(
            even,
            (x @ w_v @ w_o).mean(axis=-2, keepdims=True),
            "if w_q is zero every token counts alike, in every head, and the output must be the mean of "
            f"x · w_v · w_o over the tokens, here with num_heads = {num_heads}",
        )
        require_close(
            found,
            layer(params, x, x, x)[0],
            f"each of the {num_heads} heads must attend in its own {head_dim} columns of w_q, w_k and w_v",
            mistakes={
                f"the scores of a head must be divided by the root of its own width {head_dim}, "
                f"not of d_model = {d_model}": layer(params, x, x, x, scale=d_model**-0.5)[0]
            },
        )


@checker
def head_contributions(answer):
    """``answer(heads, w_o)``: (num_heads, seq, d_v) and (num_heads · d_v, d_out) to (num_heads, seq, d_out)."""
    rng = np.random.default_rng(34)
    for num_heads, seq, d_v, d_out in [(2, 5, 3, 7), (3, 2, 5, 4), (1, 7, 2, 3)]:
        heads, w_o = rng.normal(size=(num_heads, seq, d_v)), rng.normal(size=(num_heads * d_v, d_out))
        found = require_shape(answer(heads, w_o), (num_heads, seq, d_out), "the result")
        require_close(
            found.sum(axis=0),
            merged(heads) @ w_o,
            f"the contributions of all heads, here {num_heads}, must sum to concat · w_o: in the sum",
        )
        for head in range(num_heads):
            alone = answer(heads * (np.arange(num_heads) == head)[:, None, None], w_o)
            alone = require_shape(alone, found.shape, "the result")
            require(
                close(alone[head], found[head]) and close(np.delete(alone, head, axis=0), 0),
                f"a contribution must come from its own head alone: with all heads but {head} set to zero, "
                f"yours moved or put something elsewhere",
            )


@checker
def factor_scores(answer):
    """``answer(weight, d_k)``: (d_q, d_key) to w_q (d_q, d_k) and w_k (d_key, d_k), the best score of that rank."""
    rng = np.random.default_rng(35)
    for d_q, d_key, d_k in [(5, 7, 5), (7, 5, 2), (6, 6, 1)]:
        weight = rng.normal(size=(d_q, d_key))
        w_q, w_k = require_parts(answer(weight, d_k), "w_q", "w_k")
        w_q, w_k = require_shape(w_q, (d_q, d_k), "w_q"), require_shape(w_k, (d_key, d_k), "w_k")
        missed = np.linalg.norm(w_q @ w_k.T - weight)
        least = np.linalg.norm(np.linalg.svd(weight, compute_uv=False)[d_k:])
        require(
            missed < least + TOLERANCE,
            "w_q · w_kᵀ must be as close to the weight as rank {} allows, {} away (root of the sum of squares): "
            "yours is {} away".format(d_k, *apart(least, missed)),
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
                f"query head {head} must attend to key head {head // group} of {kv_heads}, and yours to none of them",
                mistakes={
                    f"neighbours must share: of {num_heads} query heads the first {group} read key head 0, and so on; "
                    f"your head {head} reads key head {other} instead of {head // group}": output
                    for other, output in enumerate(outputs)
                },
            )


@checker
def removal_costs(answer):
    """``answer(params, x, target)`` is, for each head, how far the output is from the target without that head."""
    rng = np.random.default_rng(37)
    for lead, num_heads, seq, head_dim in [((), 2, 5, 3), ((4,), 3, 2, 2), ((), 1, 3, 4)]:
        params = init_multi_head(rng, num_heads * head_dim, num_heads)
        x = rng.normal(size=(*lead, seq, num_heads * head_dim))
        # Not the output itself: then the mean square of what a head adds would pass, and the target never be read.
        target = rng.normal(size=x.shape)
        found = require_shape(answer(params, x, target), (num_heads,), "the result")
        for head in range(num_heads):
            rows = np.arange(num_heads * head_dim) // head_dim != head
            without = layer(params._replace(w_o=params.w_o * rows[:, None]), x, x, x)[0]
            require_close(
                found[head],
                ((without - target) ** 2).mean(),
                f"the mean squared distance to the target without head {head} of {num_heads}",
            )


def _places(noun, flags):
    """Where the flags are set, in words."""
    where = np.flatnonzero(flags).tolist()
    return "nowhere" if not where else f"at {noun}{'s' * (len(where) > 1)} {', '.join(map(str, where))}"
