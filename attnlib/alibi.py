"""ALiBi: attention with linear biases, which charges a key for its distance."""

import numpy as np

from attnlib.arguments import as_count, as_float_type, as_size


def alibi_bias(num_heads, seq_q, seq_k, dtype=np.float64, first_query=0):
    """A penalty that grows with the distance between query and key, at another rate in every head.

    Head h of H (counted from 1) subtracts 2^(−8h/H) for each position of distance. Pass it as ``bias``, and beside a
    batch with an axis for that: ``alibi_bias(…)[None]``. The paper has it in decoders, under a causal mask; here later
    keys are charged like earlier ones.

    Args:
        num_heads: number of heads, 1 or more. The formula is the paper's; its published code departs from it
            where the number is no power of two.
        seq_q, seq_k: numbers of queries and keys.
        dtype: float32 or float64.
        first_query: position of the first query, where keys count from 0: the number of keys before it.

    Returns:
        (num_heads, seq_q, seq_k), zero where query and key have one position, and negative elsewhere.

    Raises:
        TypeError, ValueError: if a size is not an integer, or negative, there is no head,
            or ``dtype`` is neither float32 nor float64.

    Source: Press et al. (2022), section 3.
    """
    num_heads, first_query = as_count("num_heads", num_heads), as_size("first_query", first_query)
    seq_q, seq_k, dtype = as_size("seq_q", seq_q), as_size("seq_k", seq_k), as_float_type(dtype)
    slopes = 2.0 ** (-8 * np.arange(1, num_heads + 1) / num_heads)
    query_position = first_query + np.arange(seq_q)[:, None]
    distance = np.abs(query_position - np.arange(seq_k))
    return (slopes[:, None, None] * -distance).astype(dtype)
