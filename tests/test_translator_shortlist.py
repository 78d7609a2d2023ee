"""The shortlist, on a file that is written here: 4 tokens of the source, 2 tokens that are always allowed."""

import struct

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnlib.translator.shortlist import MAGIC, candidates, read_shortlist

LISTS = [[], [7, 5], [5, 9, 1], [30]]
STARTS = [0, 0, 2, 5, 6]
HEAD = MAGIC, 123, 2, 3, len(STARTS), sum(map(len, LISTS))
DATA = struct.pack("<6Q5Q6I", *HEAD, *STARTS, *(token for some in LISTS for token in some))


def test_each_source_token_adds_its_list_to_the_tokens_that_are_always_allowed():
    shortlist = read_shortlist(DATA)
    for token, listed in enumerate(LISTS):
        assert_array_equal(candidates(shortlist, [token]), sorted({0, 1, *listed}))


def test_a_token_that_is_listed_twice_stands_once_and_in_order():
    assert_array_equal(candidates(read_shortlist(DATA), [2, 1, 2, 3]), [0, 1, 5, 7, 9, 30])


def test_tokens_of_another_vocabulary_are_refused():
    with pytest.raises(ValueError, match=r"source must lie between 0 and 3: got 1 to 4"):
        candidates(read_shortlist(DATA), np.array([1, 4]))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04" * 20, DATA[8:]])
def test_what_is_no_shortlist_is_refused(data):
    with pytest.raises(ValueError, match=r"^this is no shortlist: its first bytes are others$"):
        read_shortlist(data)


@pytest.mark.parametrize("data", [DATA[:-4], DATA + b"\0"])
def test_a_length_that_the_head_does_not_say_is_refused(data):
    with pytest.raises(ValueError, match=f"of 5 and 6 numbers has another length: got {len(data)} bytes"):
        read_shortlist(data)
