"""A mask of the source that could be one a sequence or one a query is refused, not misread."""

import numpy as np
import pytest

from attnlib import decode, encode, greedy, init_transformer, padding_mask, transformer, transformer_vjp

LENGTHS = np.array([3, 2, 1])
SOURCE = np.array([[1, 2, 3], [3, 2, 0], [1, 0, 0]])  # as many sequences as tokens, and as many heads


def params():
    return init_transformer(np.random.default_rng(0), 5, 7, 6, 3, 4)


CALLS = {
    "encode": lambda mask: encode(params(), SOURCE, mask)[0],
    "decode": lambda mask: decode(params(), SOURCE, np.ones((3, 3, 6)), mask)[0],
    "transformer": lambda mask: transformer(params(), SOURCE, SOURCE, mask)[0],
    "transformer_vjp": lambda mask: transformer_vjp(params(), SOURCE, SOURCE, mask)[0],
    "greedy": lambda mask: greedy(params(), SOURCE, 0, 2, mask).probs,
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_one_mask_a_sequence_without_an_axis_of_queries_is_not_taken_for_one_a_query(call):
    mask = padding_mask(LENGTHS, 3)  # (3, 1, 3)
    with pytest.raises(
        ValueError, match=r"one row a sequence or one a query\? .* got source_mask \(3, 3\), tokens \(3, 3"
    ):
        call(mask[:, 0])
    np.testing.assert_array_equal(call(mask[:, None]), call(mask))


def test_a_row_for_each_query_is_taken_where_it_cannot_be_one_a_sequence():
    """Chapter 7 shows what a causal mask does in cross-attention."""
    memory, causal = np.random.default_rng(1).normal(size=(3, 3, 6)), np.tri(3, dtype=bool)
    rows = decode(params(), SOURCE, memory, causal[None])[0]
    np.testing.assert_array_equal(rows, decode(params(), SOURCE, memory, np.tile(causal, (3, 1, 1)))[0])
    np.testing.assert_allclose(decode(params(), SOURCE[:1], memory[:1], causal)[0], rows[:1], rtol=1e-12)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_one_mask_for_all_sequences_needs_no_axis_of_queries(call):
    mask = np.array([True, True, False])
    np.testing.assert_array_equal(call(mask), call(mask[None, None]))
