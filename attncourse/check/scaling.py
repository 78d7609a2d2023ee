"""The checks of chapter 2: the scale of the scores, the gradient of the softmax, the temperature."""

import numpy as np

from attncourse.check.base import checker
from attncourse.check.compare import apart, close
from attncourse.check.require import require, require_close, require_shape
from attnlib.softmax import entropy, softmax, softmax_jacobian


@checker
def score_variance(answer):
    """``answer(d_k, std_q, std_k)`` is the variance of q · k, as a simulation finds it."""
    rng = np.random.default_rng(21)
    for d_k, std_q, std_k in [(7, 1.0, 1.0), (96, 1.0, 1.0), (48, 3.0, 1.0), (48, 1.0, 3.0), (12, 0.5, 0.25)]:
        query = rng.normal(scale=std_q, size=(20_000, d_k))
        key = rng.normal(scale=std_k, size=(20_000, d_k))
        measured = (query * key).sum(axis=-1).var()
        found = require_shape(answer(d_k, std_q, std_k), (), "the variance")
        require(
            abs(found - measured) < 0.08 * measured,
            "20,000 pairs with d_k = {}, std_q = {:g}, std_k = {:g} have variance {}: yours says {}".format(
                d_k, std_q, std_k, *apart(measured, found)
            ),
        )


@checker
def scaled_scores(answer):
    """``answer(query, key)`` is query · keyᵀ / √d_k, in the dtype of its input."""
    rng = np.random.default_rng(22)
    for lead, seq_q, seq_k, d_k in [((), 2, 5, 3), ((4,), 3, 2, 64), ((2, 3), 6, 7, 5)]:
        query = rng.normal(size=(*lead, seq_q, d_k))
        key = rng.normal(size=(*lead, seq_k, d_k))
        found = require_shape(answer(query, key), (*lead, seq_q, seq_k), "the scores")
        wanted = np.einsum("...qd,...kd->...qk", query, key) / d_k**0.5
        factor = np.sum(found * wanted) / np.sum(wanted**2)
        require(
            close(factor, 1) or not close(found, factor * wanted),
            f"scores must be divided by √d_k: with d_k = {d_k}, seq_q = {seq_q} and seq_k = {seq_k} "
            f"yours are {apart(factor, 1)[0]} times what they should be",
        )
        require_close(found, wanted, "entry (i, j) must be query i · key j / √d_k")
        for dtype in (np.float32, np.float64):
            got = require_shape(answer(query.astype(dtype), key.astype(dtype)), found.shape, "the scores").dtype
            require(got == dtype, f"{np.dtype(dtype)} in must give {np.dtype(dtype)} out: yours gives {got}")


@checker
def softmax_pullback(answer):
    """``answer(attn_weights, grad_weights)`` is the gradient by the scores."""
    rng = np.random.default_rng(23)
    for shape in [(5,), (2, 5), (3, 2, 4)]:
        scores, grad_weights = rng.normal(size=shape), rng.normal(size=shape)
        attn_weights = softmax(scores)
        found = require_shape(answer(attn_weights, grad_weights), shape, "the gradient by the scores")
        level = require_shape(answer(attn_weights, np.ones(shape)), shape, "the gradient by the scores")
        require_close(
            level,
            0,
            "if the loss rises by the same amount for every weight, nothing is gained by moving a score, since "
            "the weights sum to 1: the gradient must be 0",
        )
        require_close(
            found.sum(axis=-1),
            0,
            "adding one number to all scores of a row changes no weight, so the gradient of a row must sum to 0",
        )
        direction, step = rng.normal(size=shape), 1e-6
        change = softmax(scores + step * direction) - softmax(scores - step * direction)
        require_close(
            (found * direction).sum(),
            (grad_weights * change).sum() / (2 * step),
            "the product with a random direction must be what the loss changes by, a unit step in that direction",
        )


@checker
def jacobian_norm(answer):
    """``answer(attn_weights)`` is the Frobenius norm of diag(p) − p pᵀ for each row p."""
    rng = np.random.default_rng(24)
    for seq_k in (2, 7):
        found = require_shape(answer(np.full(seq_k, 1 / seq_k)), (), "the norm of one row")
        require_close(found, (seq_k - 1) ** 0.5 / seq_k, f"{seq_k} equal weights have norm √{seq_k - 1}/{seq_k}")
    for shape in [(5,), (2, 5), (3, 2, 4)]:
        attn_weights = softmax(2 * rng.normal(size=shape))
        found = require_shape(answer(attn_weights), shape[:-1], f"the norms of {shape} weights")
        wanted = np.linalg.norm(softmax_jacobian(attn_weights), axis=(-2, -1))
        require_close(found, wanted, "each row has the norm of its own Jacobian")
    one_hot = require_shape(answer(np.array([0.0, 1.0, 0.0])), (), "the norm of a one-hot row")
    require_close(one_hot, 0, "a one-hot row must have norm 0")
    almost = softmax(rng.normal(size=(500, 4)) + 20 * np.eye(4)[1])
    found = require_shape(answer(almost), (500,), "the norms of rows that are almost one-hot", finite=False)
    bad = ~(np.abs(found) < 1e-5)  # true for NaN too
    require(
        not bad.any(),
        "rounding can push a sum of squares slightly below 0: of 500 rows that are almost one-hot, "
        f"yours gives {bad.sum()} a norm that is not close to 0, such as {found[bad.argmax()]:.2g}",
    )


@checker
def temperature_for(answer):
    """``answer(scores, wanted)`` is the temperature at which the weights have the wanted entropy."""
    rng = np.random.default_rng(25)
    for seq_k, share in [(2, 0.5), (6, 0.9), (6, 0.1), (40, 0.5), (40, 0.02)]:
        scores, wanted = rng.normal(size=seq_k), share * np.log(seq_k)
        found = _temperature(answer, scores, wanted)
        reached = entropy(softmax(scores / found))
        due, yours = apart(wanted, reached)
        require(
            abs(reached - wanted) < 1e-3 * np.log(seq_k),
            f"the entropy of {seq_k} weights must become {due}: at your temperature {found:.4g} it is {yours}",
        )
        larger = _temperature(answer, 1000 * scores, wanted)
        require(
            np.isclose(larger, 1000 * found, rtol=0.05),
            "scores 1000 times as large need a temperature 1000 times as high, here {}: yours is {}".format(
                *apart(1000 * found, larger)
            ),
        )


def _temperature(answer, scores, wanted):
    """The reader's temperature, once it is one positive number."""
    found = require_shape(answer(scores, wanted), (), "the temperature")
    require(found > 0, f"a temperature must be above 0: yours is {found:.4g}")
    return float(found)
