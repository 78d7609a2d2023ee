"""From one wide vector a token to several narrow ones, and back."""

from attnlib.arguments import as_count, as_floats, describe
from attnlib.shapes import check_sequences


def split_heads(x, num_heads):
    """Cut each vector into ``num_heads`` equal pieces, and give the heads an axis of their own.

    It cuts *projected* vectors: before, a linear map has mixed every input feature into every head.

    Args:
        x: (..., seq, num_heads · head_dim)
        num_heads: number of pieces, 1 or more.

    Returns:
        (..., num_heads, seq, head_dim). A view; nothing is copied.

    Raises:
        TypeError: if ``x`` is not float32 or float64, or ``num_heads`` is not an integer.
        ValueError: if the width is not a multiple of ``num_heads``.

    Source: Vaswani et al. (2017), section 3.2.2.
    """
    [x], num_heads = as_floats(x=x), as_count("num_heads", num_heads)
    check_sequences(x=x)
    *lead, seq, width = x.shape
    if width % num_heads:
        raise ValueError(f"the width must be a multiple of num_heads = {num_heads}: got {describe(x=x)}")
    # A token's numbers lie side by side, so the heads are cut first;
    # only then do the axes trade places.
    pieces = x.reshape(*lead, seq, num_heads, width // num_heads)
    return pieces.swapaxes(-3, -2)


def merge_heads(x):
    """Lay the heads' vectors of each token side by side again: the inverse of ``split_heads``.

    Args:
        x: (..., num_heads, seq, head_dim)

    Returns:
        (..., seq, num_heads · head_dim). A copy, or a view if there is one head.

    Raises:
        TypeError: if ``x`` is not float32 or float64.
        ValueError: if ``x`` has fewer than three axes.

    Source: Vaswani et al. (2017), section 3.2.2, "Concat".
    """
    [x] = as_floats(x=x)
    if x.ndim < 3:
        raise ValueError(f"x must have shape (..., num_heads, seq, head_dim): got {describe(x=x)}")
    *lead, num_heads, seq, head_dim = x.shape
    return x.swapaxes(-3, -2).reshape(*lead, seq, num_heads * head_dim)
