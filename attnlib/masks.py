"""Who may attend to whom: boolean masks, True = may attend."""

import numpy as np

from attnlib.arguments import as_array, as_size, describe


def causal_mask(seq_q, seq_k):
    """Each query may attend to the keys up to and including its own position.

    Top-left aligned: query 0 sees key 0 only, also when seq_q and seq_k differ. The diagonal is kept.

    Args:
        seq_q: number of queries.
        seq_k: number of keys.

    Returns:
        (seq_q, seq_k) boolean, True = may attend.

    Raises:
        TypeError, ValueError: if a size is not an integer, or negative.

    Source: Vaswani et al. (2017), section 3.2.3.
    """
    seq_q, seq_k = as_size("seq_q", seq_q), as_size("seq_k", seq_k)
    query_position = np.arange(seq_q)[:, None]
    key_position = np.arange(seq_k)
    return key_position <= query_position


def padding_mask(lengths, seq_k):
    """Every query may attend to the first ``length`` keys of its sequence; the rest is padding.

    It hides keys, not queries: the outputs of padded *queries* are numbers too, and the loss must skip them.

    Args:
        lengths: (...) integers from 0 to seq_k, usually (batch,).
        seq_k: number of keys, padding included.

    Returns:
        (..., 1, seq_k) boolean, True = may attend. For queries of shape (batch, num_heads, seq_q, d_k)
        insert the axis of the heads: ``padding_mask(lengths, seq_k)[:, None]`` is (batch, 1, 1, seq_k).
        Without it a mask is one a head, and no error can tell if there are as many heads as sequences.

    Raises:
        TypeError: if the lengths or seq_k are not integers.
        ValueError: if a length is negative or above seq_k.
    """
    lengths, seq_k = as_array("lengths", lengths), as_size("seq_k", seq_k)
    if not np.issubdtype(lengths.dtype, np.integer):
        raise TypeError(f"lengths must be integers: got {lengths.dtype} {lengths.shape}")
    if ((lengths < 0) | (lengths > seq_k)).any():
        raise ValueError(
            f"lengths must lie between 0 and seq_k = {seq_k}: got {lengths.min()} to {lengths.max()} "
            f"in {describe(lengths=lengths)}"
        )
    return np.arange(seq_k) < lengths[..., None, None]
