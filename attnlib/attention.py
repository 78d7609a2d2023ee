"""Scaled dot-product attention and its gradient."""

import numpy as np

from attnlib.arguments import as_floats, as_gradient, as_mask, as_scale, describe
from attnlib.broadcast import check_broadcasts, unbroadcast
from attnlib.scores import scaled_dot_scores
from attnlib.shapes import check_one_value_a_key
from attnlib.softmax import softmax


@np.errstate(over="ignore", invalid="ignore")  # softmax looks at the scores and raises an error that says more
def attention_weights(query, key, mask=None, bias=None, scale=None):
    """How much each query attends to each key: softmax(query keyᵀ / √d_k).

    Args:
        query: (..., seq_q, d_k)
        key: (..., seq_k, d_k)
        mask: boolean, broadcastable to (..., seq_q, seq_k). True means *may attend*.
        bias: float, broadcastable to (..., seq_q, seq_k), added to the scaled scores. −inf hides a key.
        scale: multiplies the scores. None means 1/√d_k, with the width d_k of one head.

    Returns:
        (..., seq_q, seq_k) weights. Rows sum to one, or to zero if the query may attend to nothing
        (also if there are no keys at all). float32 in, float32 out; float64 in, float64 out.

    Raises:
        TypeError: if ``mask`` is not boolean, or the other arrays are not all float32 or all float64.
        ValueError: if shapes do not fit, or a score that is not masked is NaN or +inf.

    Source: Vaswani et al. (2017), eq. 1.
    """
    scores = scaled_dot_scores(query, key, scale)  # (..., seq_q, seq_k)
    if bias is not None:
        _, bias = as_floats(scores=scores, bias=bias)
        check_broadcasts(scores, bias=bias)
        scores = scores + bias
    if mask is not None:
        mask = as_mask(mask)
        check_broadcasts(scores, mask=mask)
        scores = np.where(mask, scores, -np.inf)
    return softmax(scores)


def attention(query, key, value, mask=None, bias=None, scale=None):
    """Each query's weighted mean of the values: softmax(query keyᵀ / √d_k) value.

    Args:
        query: (..., seq_q, d_k)
        key: (..., seq_k, d_k)
        value: (..., seq_k, d_v)
        mask, bias, scale: as for ``attention_weights``.

    Returns:
        ``(output, attn_weights)``, shapes (..., seq_q, d_v) and (..., seq_q, seq_k).
        A query that may attend to nothing gets weights and an output of zero.
        A value whose weight is zero does not count, even if it is NaN.

    Raises:
        TypeError: as ``attention_weights``.
        ValueError: as ``attention_weights``, if the number of values is not seq_k,
            or if a value that is NaN or infinite has a weight above zero.

    Source: Vaswani et al. (2017), eq. 1.
    """
    query, key, value = as_floats(query=query, key=key, value=value)
    check_one_value_a_key(query, key, value)
    attn_weights = attention_weights(query, key, mask, bias, scale)
    check_attended_values(attn_weights, value)
    return attn_weights @ zero_unless_finite(value), attn_weights


@np.errstate(over="ignore", invalid="ignore")
def attention_vjp(query, key, value, mask=None, bias=None, scale=None):
    """``attention``, and its pullback: grad_output (..., seq_q, d_v) → ``(grad_query, grad_key, grad_value)``.

    With a bias, ``grad_bias`` stands behind them. Each gradient has the shape of its own argument; that of a query that
    may attend to nothing is zero.
    """
    output, attn_weights = attention(query, key, value, mask, bias, scale)
    query, key, value = as_floats(query=query, key=key, value=value)
    query, key = zero_unless_finite(query), zero_unless_finite(key)  # weight zero, else attention had raised
    scale = as_scale(scale, d_k=key.shape[-1])

    @np.errstate(over="ignore", invalid="ignore")
    def pullback(grad_output):
        grad_output = as_gradient(grad_output, output)
        grad_value = attn_weights.mT @ grad_output
        # In place from here on: for long texts these are the largest arrays.
        grad_scores = grad_output @ value.mT  # by the weights, so far
        np.copyto(grad_scores, 0, where=attn_weights == 0)  # here too 0 · NaN and 0 · inf are to be 0
        # Back through softmax: the mean of these is grad_output · output, a shorter sum. Zero where masked.
        grad_scores -= np.vecdot(grad_output, output)[..., None]
        grad_scores *= attn_weights
        grad_query = grad_scores @ key * scale
        grad_key = grad_scores.mT @ query * scale
        grads = [(grad_query, query), (grad_key, key), (grad_value, value)]
        if bias is not None:
            grads.append((grad_scores, bias))
        return tuple(unbroadcast(grad, np.shape(x)) for grad, x in grads)

    return output, pullback


def check_attended_values(attn_weights, value):
    """No query gives weight to a value that is NaN or infinite.

    Raises:
        ValueError: if one does.
    """
    finite = np.isfinite(value)
    if not finite.all() and ((attn_weights > 0) @ ~finite).any():
        raise ValueError(
            f"value must be finite where a query may attend to it: got NaN or inf in {describe(value=value)}"
        )


def zero_unless_finite(x):
    """``x`` with 0 in place of NaN and ±inf: a copy, if there are any."""
    return x if np.isfinite(x).all() else np.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0)
