"""Which shapes fit together: every check restates the call."""

import numpy as np

from attnlib.arguments import describe, listed


def check_sequences(**arrays):
    """Each array is (..., seq, width) with a width of at least one.

    Raises:
        ValueError: if an array has fewer than two axes, or vectors of length zero.
    """
    for name, array in arrays.items():
        if array.ndim < 2:
            raise ValueError(f"{name} must have shape (..., seq, width), two axes or more: got {name} {array.shape}")
        if array.shape[-1] == 0:
            raise ValueError(f"{name} must hold vectors of length 1 or more: got {name} {array.shape}")


def check_leading_axes(**arrays):
    """The axes before the last two broadcast against each other.

    Raises:
        ValueError: if they do not.
    """
    try:
        np.broadcast_shapes(*(array.shape[:-2] for array in arrays.values()))
    except ValueError:
        raise ValueError(f"the leading axes of {listed(arrays)} must broadcast: got {describe(**arrays)}") from None


def check_matching_d_k(query, key):
    """Queries and keys can be multiplied: (..., seq_q, d_k) and (..., seq_k, d_k).

    Raises:
        ValueError: if the rank, d_k or the leading axes do not fit.
    """
    check_sequences(query=query, key=key)
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(f"query and key must share d_k: got {describe(query=query, key=key)}")
    check_leading_axes(query=query, key=key)


def check_one_value_a_key(query, key, value):
    """There are as many values as keys: (..., seq_k, d_k) and (..., seq_k, d_v).

    Raises:
        ValueError: if the rank, seq_k or the leading axes do not fit.
    """
    check_sequences(query=query, key=key, value=value)
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(f"key and value must share seq_k, one value a key: got {describe(key=key, value=value)}")
    check_leading_axes(query=query, key=key, value=value)
