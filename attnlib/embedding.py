"""Look up a vector for each token, and collect the gradients of each vector again."""

import numpy as np

from attnlib.arguments import as_floats, as_gradient, as_tokens, describe
from attnlib.rows import as_rows


def embedding(table, tokens):
    """The row of the table for each token.

    Args:
        table: (vocab, d_model)
        tokens: (...) integers from 0 to vocab − 1.

    Returns:
        (..., d_model)

    Raises:
        TypeError: if the table is not float32 or float64, or the tokens are not integers.
        ValueError: if the table is no matrix, or a token is not in it. A negative one does not count from the end.
    """
    [table] = as_floats(table=table)
    if table.ndim != 2:
        raise ValueError(f"table must have shape (vocab, d_model): got {describe(table=table)}")
    return table[as_tokens(tokens, len(table))]


def embedding_vjp(table, tokens):
    """``embedding``, and its pullback: grad_output (..., d_model) → grad_table (vocab, d_model).

    A row collects the gradients of all places where its token stood. Tokens are integers and have no gradient.
    """
    output = embedding(table, tokens)
    tokens = np.ravel(tokens)

    def pullback(grad_output):
        rows = as_rows(as_gradient(grad_output, output))
        grad_table = np.zeros(np.shape(table), output.dtype)
        # Sorted by token, the rows of one token lie together and are added in one sweep: faster than one at a time.
        order = np.argsort(tokens, kind="stable")
        found, starts = np.unique(tokens[order], return_index=True)
        if len(found):
            grad_table[found] = np.add.reduceat(rows[order], starts, axis=0)
        return grad_table

    return output, pullback
