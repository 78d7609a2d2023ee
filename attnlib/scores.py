"""Five ways to score a key against a query. The score decides the kind of attention."""

import numpy as np

from attnlib.arguments import as_floats, as_scale, describe
from attnlib.normalise import root_mean_square
from attnlib.shapes import check_leading_axes, check_matching_d_k, check_sequences


@np.errstate(over="ignore", invalid="ignore")  # softmax looks at the scores and raises an error that says more
def dot_scores(query, key):
    """The inner product of every query with every key.

    Args:
        query: (..., seq_q, d_k)
        key: (..., seq_k, d_k)

    Returns:
        (..., seq_q, seq_k) scores, any real number; they grow with the length of either vector.

    Raises:
        TypeError: if an array is not float32 or float64, or the two differ.
        ValueError: if ``query`` and ``key`` disagree on d_k or on their leading axes.

    Source: Luong et al. (2015), section 3.1, "dot".
    """
    query, key = as_floats(query=query, key=key)
    check_matching_d_k(query, key)
    return query @ key.mT


@np.errstate(over="ignore", invalid="ignore")
def scaled_dot_scores(query, key, scale=None):
    """The inner product of every query with every key, divided by √d_k.

    Args:
        query: (..., seq_q, d_k)
        key: (..., seq_k, d_k)
        scale: multiplies the scores. None means 1/√d_k, with the width d_k of one head.

    Returns:
        (..., seq_q, seq_k) scores.

    Raises:
        TypeError: as ``dot_scores``.
        ValueError: as ``dot_scores``, or if ``scale`` is not one finite number.

    Source: Vaswani et al. (2017), section 3.2.1.
    """
    scores = dot_scores(query, key)
    return scores * as_scale(scale, d_k=np.shape(key)[-1])


def cosine_scores(query, key):
    """The cosine of the angle between every query and every key: their lengths do not count.

    Args:
        query: (..., seq_q, d_k)
        key: (..., seq_k, d_k)

    Returns:
        (..., seq_q, seq_k) scores from −1 to 1. A vector of zeros has no direction and scores 0,
        one with NaN or infinity NaN.

    Raises:
        TypeError, ValueError: as ``dot_scores``.

    Source: Graves et al. (2014), eq. 6.
    """
    query, key = as_floats(query=query, key=key)
    check_matching_d_k(query, key)
    return unit_vectors(query) @ unit_vectors(key).mT


@np.errstate(over="ignore", invalid="ignore")
def bilinear_scores(query, key, weight):
    """The inner product after a learned linear map: query · weight · key.

    Args:
        query: (..., seq_q, d_q)
        key: (..., seq_k, d_k), whose width may differ from that of the queries.
        weight: (d_q, d_k)

    Returns:
        (..., seq_q, seq_k) scores.

    Raises:
        TypeError: if an array is not float32 or float64, or they differ.
        ValueError: if the shapes do not fit.

    Source: Luong et al. (2015), section 3.1, "general".
    """
    query, key, weight = as_floats(query=query, key=key, weight=weight)
    check_sequences(query=query, key=key)
    check_leading_axes(query=query, key=key)
    if weight.shape != (query.shape[-1], key.shape[-1]):
        raise ValueError(f"weight must have shape (d_q, d_k): got {describe(query=query, key=key, weight=weight)}")
    return query @ weight @ key.mT


@np.errstate(over="ignore", invalid="ignore")
def additive_scores(query, key, w_q, w_k, v):
    """A small network with one hidden layer reads each pair: v · tanh(query w_q + key w_k).

    Args:
        query: (..., seq_q, d_q)
        key: (..., seq_k, d_k), whose width may differ from that of the queries.
        w_q: (d_q, d_hidden)
        w_k: (d_k, d_hidden)
        v: (d_hidden,)

    Returns:
        (..., seq_q, seq_k) scores, between −Σ|v| and Σ|v|.

    Raises:
        TypeError: if an array is not float32 or float64, or they differ.
        ValueError: if the shapes do not fit.

    Source: Bahdanau et al. (2015), appendix A.1.2.
    """
    query, key, w_q, w_k, v = as_floats(query=query, key=key, w_q=w_q, w_k=w_k, v=v)
    check_sequences(query=query, key=key)
    check_leading_axes(query=query, key=key)
    if v.ndim != 1 or w_q.shape != (query.shape[-1], *v.shape) or w_k.shape != (key.shape[-1], *v.shape):
        got = describe(query=query, key=key, w_q=w_q, w_k=w_k, v=v)
        raise ValueError(f"w_q, w_k and v must have shapes (d_q, d_hidden), (d_k, d_hidden) and (d_hidden,): got {got}")
    from_query = (query @ w_q)[..., :, None, :]
    from_key = (key @ w_k)[..., None, :, :]
    hidden = np.tanh(from_query + from_key)  # (..., seq_q, seq_k, d_hidden)
    return hidden @ v


def unit_vectors(x):
    """Each vector along the last axis divided by its length; a vector of zeros stays as it is."""
    return x / root_mean_square(x) / x.shape[-1] ** 0.5
