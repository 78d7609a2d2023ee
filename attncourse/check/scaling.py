"""The checks of chapter 2: the variance of a score, training without 1/√d_k, the Jacobian's norm, the temperature."""

import numpy as np

from attncourse.check.base import checker
from attncourse.check.compare import apart, close
from attncourse.check.memory import peak_memory
from attncourse.check.require import require, require_close, require_parts, require_shape
from attnlib.attention import attention_vjp
from attnlib.softmax import entropy, softmax, softmax_jacobian


@checker
def score_variance(answer):
    """``answer(cov_q, cov_k)`` is the variance of q · k for independent q and k of mean 0 with these covariances."""
    rng = np.random.default_rng(21)
    found = require_shape(answer(np.eye(7), np.eye(7)), (), "the variance")
    require_close(found, 7, "7 independent components of variance 1 must give variance d_k = 7")
    ones = np.ones((5, 5))
    found = require_shape(answer(ones, ones), (), "the variance")
    require_close(
        found,
        25,
        "5 components that are all the same number, in q and in k, must give variance d_k² = 25",
        mistakes={
            "the variances of the terms do not simply add: components that go together add to the variance too. "
            "With 5 components that are all the same number it is 25, and yours says 5": 5
        },
    )
    for d_k in (2, 3, 6):
        cov_q, cov_k = (_covariance(rng, d_k) for _ in range(2))
        found = require_shape(answer(cov_q, cov_k), (), "the variance")
        wanted = np.einsum("ce,ce->", cov_q, cov_k)
        require_close(
            found,
            wanted,
            f"the variance of q · k for d_k = {d_k}, as a double sum over pairs of components",
            mistakes={
                "q_c q_e comes with k_c k_e only, of the same two components: yours sums all entries of a product of "
                "matrices": (cov_q @ cov_k).sum(),
                "q_c q_e comes with k_c k_e only, of the same two components: yours multiplies all pairs with all "
                "pairs": cov_q.sum() * cov_k.sum(),
                "yours counts each component's own variance only: components that go together add to it": np.trace(
                    cov_q
                )
                * np.trace(cov_k)
                / d_k,
                "yours is the standard deviation: the variance is its square": wanted**0.5,
            },
        )


def _covariance(rng, d_k):
    """One that a random mixture of independent numbers has."""
    mixture = rng.normal(size=(d_k, d_k))
    return mixture @ mixture.T


@checker
def undivided(answer):
    """``answer(w_q, w_k, learning_rate)`` starts a layer without 1/√d_k that trains as one with it."""
    rng = np.random.default_rng(22)
    for d_in, d_k, learning_rate in [(5, 16, 1.0), (6, 9, 3.0), (4, 2, 0.5)]:
        w_q, w_k = rng.normal(size=(2, d_in, d_k)) / d_in**0.5
        found_q, found_k, rate = require_parts(answer(w_q, w_k, learning_rate), "w_q", "w_k", "learning_rate")
        found_q, found_k = (
            require_shape(found, (d_in, d_k), name).astype(np.float64)
            for found, name in ((found_q, "w_q"), (found_k, "w_k"))
        )
        rate = float(require_shape(rate, (), "the learning rate"))
        seed = int(rng.integers(1000))
        wanted, found = _losses(w_q, w_k, learning_rate, None, seed), _losses(found_q, found_k, rate, 1.0, seed)
        if close(found, wanted):
            continue
        size = np.linalg.norm(found_q) * np.linalg.norm(found_k) / np.linalg.norm(w_q) / np.linalg.norm(w_k)
        require(
            close(size * d_k**0.5, 1),
            f"the scores must start as those of the layer that divides, whose scale is 1/√{d_k}: both maps together "
            f"make yours {size:.4g} times as large as the scores before the division, where {d_k**-0.5:.4g} is due",
        )
        of_q, of_k = (np.linalg.norm(a) / np.linalg.norm(b) for a, b in ((found_q, w_q), (found_k, w_k)))
        require(
            close(of_q, of_k),
            f"one learning rate moves both maps, so both must start smaller by the same factor: yours are {of_q:.4g} "
            f"and {of_k:.4g} times as large",
        )
        require_close(
            found,
            wanted,
            f"the loss of every step must be that of the layer that divides, here with d_k = {d_k}, and your learning "
            f"rate is {rate / learning_rate:.4g} times the one given",
        )


def _losses(w_q, w_k, learning_rate, scale, seed):
    """Of the first four steps of plain gradient descent on a task like the chapter's."""
    rng, losses = np.random.default_rng(seed), []
    for _ in range(4):
        x, value = rng.normal(size=(8, w_q.shape[0])), rng.normal(size=(8, 3))
        output, pullback = attention_vjp(x @ w_q, x @ w_k, value, scale=scale)
        losses.append(((output - value) ** 2).mean())
        grad_query, grad_key, _ = pullback(2 * (output - value) / value.size)
        w_q, w_k = w_q - learning_rate * x.T @ grad_query, w_k - learning_rate * x.T @ grad_key
    return np.array(losses)


@checker
def jacobian_norm(answer):
    """``answer(attn_weights)`` is the Frobenius norm of diag(a) − a aᵀ for each row a of weights."""
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
    long = np.full(1500, 1 / 1500)
    share = peak_memory(lambda: answer(long)) / (8 * long.size**2)
    require(share < 0.5, f"sums over the weights must do: for {long.size} yours took {share:.0%} of their matrix")


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
