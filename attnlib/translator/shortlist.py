"""The shortlist: which tokens of the target a source makes likely, so that some hundreds are weighed, not 32,000."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_tokens

MAGIC = 0xF11A48D5013417F5


class Shortlist(NamedTuple):
    """For each token of the source the tokens that often translate it, counted once for the whole language."""

    frequent: int  # the first so many tokens are always on the list
    starts: np.ndarray  # (source vocab + 1,): the list of token i is listed[starts[i] : starts[i + 1]]
    listed: np.ndarray  # (...) tokens of the target


def read_shortlist(data):
    """The shortlist in a file as Marian and Firefox use it.

    Args:
        data: the file's bytes: six unsigned 64-bit integers (a mark, a checksum, how many tokens are always listed,
            how many at most for each source token, and the lengths of what follows), then starts and lists.

    Returns:
        ``Shortlist``

    Raises:
        ValueError: if it is no such file, or its length is not what its head says.
    """
    head = np.frombuffer(data, "<u8", min(6, len(data) // 8))
    if len(head) < 6 or head[0] != MAGIC:
        raise ValueError("this is no shortlist: its first bytes are others")
    frequent, _, starts, listed = (int(number) for number in head[2:])
    if len(data) != 48 + 8 * starts + 4 * listed:
        raise ValueError(f"a shortlist of {starts} and {listed} numbers has another length: got {len(data)} bytes")
    return Shortlist(
        frequent,
        np.frombuffer(data, "<u8", starts, offset=48).astype(np.int64),
        np.frombuffer(data, "<u4", listed, offset=48 + 8 * starts).astype(np.int64),
    )


def candidates(shortlist, source):
    """The tokens of the target that a source allows, in rising order.

    Args:
        shortlist: ``Shortlist``.
        source: (seq_source,) integers.

    Returns:
        (...) integers.

    Raises:
        TypeError, ValueError: if the source holds no tokens of the shortlist's vocabulary.
    """
    source = as_tokens(source, len(shortlist.starts) - 1, "source")
    lists = [shortlist.listed[shortlist.starts[token] : shortlist.starts[token + 1]] for token in source]
    return np.unique(np.concatenate([np.arange(shortlist.frequent), *lists]))
