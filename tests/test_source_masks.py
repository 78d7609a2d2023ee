"""A mask of the source hides its tokens from every query alike; one of another build is refused, not misread."""

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
    words = r"source_mask must have one row for all queries, \(\.\.\., 1, seq_source\), as padding_mask makes it: got "
    with pytest.raises(ValueError, match=rf"{words}source_mask \(3, 3\)"):
        call(mask[:, 0])
    with pytest.raises(ValueError, match=rf"{words}source_mask \(3, 3, 3\)"):
        call(mask & mask.mT)
    np.testing.assert_array_equal(call(mask[:, None]), call(mask))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_one_mask_for_all_sequences_needs_no_axis_of_queries(call):
    mask = np.array([True, True, False])
    np.testing.assert_array_equal(call(mask), call(mask[None, None]))
