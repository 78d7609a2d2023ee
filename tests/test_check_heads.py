"""Chapter 3's checks accept the notebook's own solutions and name what is wrong with other answers."""

import numpy as np

from attnlib import attention, merge_heads, multi_head_attention, softmax, split_heads
from attnlib.multi_head import MultiHeadParams
from tests.exercises import exercise_tests, solutions_of
from tests.notebooks import ROOT

CHAPTER = ROOT / "chapters" / "03_split_into_heads.ipynb"

SOLUTIONS = solutions_of(CHAPTER)


def layer(x, w_q, w_k, w_v, w_o, num_heads, **options):
    return multi_head_attention(MultiHeadParams(w_q, w_k, w_v, w_o, num_heads), x, x, x, **options)[0]


def reshape_only(x, num_heads):
    *lead, seq, width = x.shape
    return x.reshape(*lead, num_heads, seq, width // num_heads)


def merge_by_reshape(x):
    *lead, num_heads, seq, head_dim = x.shape
    return x.reshape(*lead, seq, num_heads * head_dim)


def every_other_feature(x, num_heads):
    """Head i gets features i, i + num_heads, …: a token's numbers, in another order."""
    *lead, seq, width = x.shape
    return np.moveaxis(x.reshape(*lead, seq, width // num_heads, num_heads), -1, -3)


def interleaved(x):
    *lead, num_heads, seq, head_dim = x.shape
    return np.moveaxis(x, -3, -1).reshape(*lead, seq, num_heads * head_dim)


def one_wide_head(x, w_q, w_k, w_v, w_o, num_heads):
    return layer(x, w_q, w_k, w_v, w_o, 1)


def scaled_by_d_model(x, w_q, w_k, w_v, w_o, num_heads):
    return layer(x, w_q, w_k, w_v, w_o, num_heads, scale=x.shape[-1] ** -0.5)


def merged_without_the_transpose(x, w_q, w_k, w_v, w_o, num_heads):
    query, key, value = (split_heads(x @ w, num_heads) for w in (w_q, w_k, w_v))
    return merge_by_reshape(attention(query, key, value)[0]) @ w_o


def with_relu(x, w_q, w_k, w_v, w_o, num_heads):
    query, key, value = (split_heads(x @ w, num_heads) for w in (w_q, w_k, w_v))
    return np.maximum(merge_heads(attention(query, key, value)[0]) @ w_o, 0) @ w_o


def not_projected_back(x, w_q, w_k, w_v, w_o, num_heads):
    query, key, value = (split_heads(x @ w, num_heads) for w in (w_q, w_k, w_v))
    return merge_heads(attention(query, key, value)[0])


def equal_shares(heads, w_o):
    output = merge_heads(heads) @ w_o
    return np.stack([output / len(heads)] * len(heads))


def columns_of_w_o(heads, w_o):
    num_heads, _, d_v = heads.shape
    return heads @ np.moveaxis(w_o.reshape(d_v, num_heads, -1), 1, 0)


def tiled(query, key, value):
    times = len(query) // len(key)
    return attention(query, np.tile(key, (times, 1, 1)), np.tile(value, (times, 1, 1)))[0]


def mean_of_the_keys(query, key, value):
    return attention(query, *(np.repeat(x.mean(axis=0, keepdims=True), len(query), axis=0) for x in (key, value)))[0]


def group_of_scores_summed(query, key, value):
    group = query.reshape(len(key), -1, *query.shape[1:]).sum(axis=1)
    return np.repeat(attention(group, key, value)[0], len(query) // len(key), axis=0)


def sizes_on_both_sides(weight, d_k):
    left, sizes, right = np.linalg.svd(weight, full_matrices=False)
    return left[:, :d_k] * sizes[:d_k], (sizes[:, None] * right)[:d_k].T


def first_columns(weight, d_k):
    return weight[:, :d_k], np.eye(weight.shape[1])[:, :d_k]


def smallest_first(weight, d_k):
    left, sizes, right = np.linalg.svd(weight, full_matrices=False)
    return left[:, -d_k:] * sizes[-d_k:], right[-d_k:].T


def cost_of_keeping_one(params, x, target):
    heads, _ = attention(*(split_heads(x @ w, params.num_heads) for w in params[:3]))
    parts = heads @ params.w_o.reshape(params.num_heads, -1, params.w_o.shape[-1])
    return np.moveaxis((parts - np.expand_dims(target, -3)) ** 2, -3, 0).reshape(params.num_heads, -1).mean(axis=-1)


def cost_with_even_weights(params, x, target):
    """Takes away a head's queries instead of its contribution: it still adds the mean of its values."""
    costs = []
    for head in np.arange(params.num_heads):
        others = np.arange(params.w_q.shape[1]) * params.num_heads // params.w_q.shape[1] != head
        output, _ = multi_head_attention(params._replace(w_q=params.w_q * others), x, x, x)
        costs.append(((output - target) ** 2).mean())
    return np.array(costs)


def cost_to_the_full_output(params, x, target):
    return SOLUTIONS["removal_costs"](params, x, multi_head_attention(params, x, x, x)[0])


def cost_summed(params, x, target):
    return SOLUTIONS["removal_costs"](params, x, target) * x.size


def cost_in_place(params, x, target):
    width, costs = len(params.w_o) // params.num_heads, []
    for head in range(params.num_heads):
        params.w_o[head * width : (head + 1) * width] = 0
        costs.append(((multi_head_attention(params, x, x, x)[0] - target) ** 2).mean())
    return np.array(costs)


WRONG = {
    "split_heads": [
        (reshape_only, r"x changed at token 1, and your heads changed at tokens 2, 3"),
        (every_other_feature, r"head 0 must hold features 0 to 2 of every token"),
        (lambda x, h: np.flip(split_heads(x, h), -3), r"head 0 must hold features 0 to 2"),
        (lambda x, h: split_heads(x, h).swapaxes(-3, -2), r"must have shape \(2, 5, 3\): yours has \(5, 2, 3\)"),
        (lambda x, h: split_heads(0 * x, h), r"your heads changed nowhere"),
    ],
    "merge_heads": [
        (merge_by_reshape, r"they changed at token 1, and your vectors changed at tokens 0, 3"),
        (interleaved, r"split_heads must undo merge_heads: with 2 heads of width 3"),
        (lambda x: merge_heads(np.flip(x, -3)), r"split_heads must undo merge_heads"),
        (lambda x: x.swapaxes(-3, -2), r"must have shape \(5, 6\): yours has \(5, 2, 3\)"),
    ],
    "multi_head": [
        (one_wide_head, r"each of the 2 heads must attend in its own 3 columns"),
        (scaled_by_d_model, r"the root of its own width 3, not of d_model = 6"),
        (lambda x, *rest: layer(x, *rest, mask=np.tri(x.shape[-2], dtype=bool)), r"yours hides the later ones"),
        (merged_without_the_transpose, r"the output must be the mean .* with num_heads = 2: yours at \[0, 0\]"),
        (with_relu, r"twice w_o must give twice the output"),
        (not_projected_back, r"twice w_o must give twice the output"),
        (lambda x, w_q, w_k, w_v, w_o, h: layer(x, w_k, w_q, w_v, w_o, h), r"if w_q is zero|in its own 3 columns"),
        (lambda x, w_q, w_k, w_v, w_o, h: softmax(x @ w_q @ w_k.T @ x.mT) @ x @ w_v @ w_o, r"for 1 head|1 heads"),
    ],
    "head_contributions": [
        (equal_shares, r"must come from its own head alone"),
        (columns_of_w_o, r"here 2, must sum to concat · w_o: in the sum: yours at"),
        (lambda heads, w_o: np.flip(SOLUTIONS["head_contributions"](heads, w_o), 0), r"from its own head alone"),
        (lambda heads, w_o: merge_heads(heads) @ w_o, r"must have shape \(2, 5, 7\): yours has \(5, 7\)"),
    ],
    "grouped_query": [
        (tiled, r"of 6 query heads the first 3 read key head 0.* head 1 reads key head 1 instead of 0"),
        (mean_of_the_keys, r"query head 0 must attend to key head 0 of 3, and yours to none"),
        (group_of_scores_summed, r"query head 0 must attend to key head 0 of 1, and yours to none"),
        (lambda query, key, value: attention(query, key, value)[0], r"your code raised ValueError"),
    ],
    "factor_scores": [
        (first_columns, r"as rank 5 allows, 0 away .*: yours is 4\.239 away"),
        (sizes_on_both_sides, r"as rank 5 allows, 0 away"),
        (smallest_first, r"as rank 2 allows"),
        (lambda weight, d_k: (weight, np.eye(weight.shape[1])), r"w_q must have shape \(5, 5\): yours has \(5, 7\)"),
        (lambda weight, d_k: weight[:, :d_k], r"must be 2 things, \(w_q, w_k\): yours is one array of shape \(5, 5\)"),
    ],
    "removal_costs": [
        (cost_of_keeping_one, r"mean squared distance to the target without head 0 of 2"),
        (cost_with_even_weights, r"mean squared distance to the target without head 0 of 2: yours is"),
        (cost_to_the_full_output, r"mean squared distance to the target without head 0 of 2: yours is"),
        (cost_summed, r"without head 0 of 2: yours is"),
        (cost_in_place, r"your function changed params.w_o in place"),
    ],
}

(
    test_the_notebooks_solution_passes,
    test_an_empty_answer_is_named_as_such,
    test_a_wrong_answer_fails_for_the_right_reason,
) = exercise_tests(SOLUTIONS, WRONG)
