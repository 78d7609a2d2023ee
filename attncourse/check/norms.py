"""The checks of chapter 6: LayerNorm by hand, statistics that skip padding, what a change reaches, and gradients."""

import numpy as np

from attncourse.check.base import checker
from attncourse.check.require import require, require_close, require_flags, require_parts, require_shape
from attnlib.batch_norm import batch_norm
from attnlib.layer_norm import layer_norm as normalise
from attnlib.rms_norm import rms_norm, rms_norm_vjp


@checker
def layer_norm(answer):
    """``answer(x, gain, bias, eps)`` is LayerNorm over the last axis of ``x``, two-pass and biased."""
    rng = np.random.default_rng(61)
    for lead, d_model in [((4,), 6), ((2, 5), 3), ((), 8)]:
        gain, bias = rng.normal(size=(2, d_model))
        x = 2 + 3 * rng.normal(size=(*lead, d_model))
        plain = require_shape(answer(x, np.ones(d_model), np.zeros(d_model), 0.0), x.shape, "the output")
        require_close(plain.mean(axis=-1), 0, "every token's mean must become 0")
        require_close(
            plain.var(axis=-1),
            1,
            "every token's variance must become 1",
            mistakes={
                f"the variance is a mean of d_model squares (biased): with d_model = {d_model} yours comes out at "
                f"{1 - 1 / d_model:.3f}, as if the squares had been divided by {d_model - 1}": 1 - 1 / d_model
            },
        )
        found = require_shape(answer(x, gain, bias, 0.0), x.shape, "the output with gain and bias")
        require_close(found, plain * gain + bias, "the output is normed · gain + bias, feature by feature")
        small = 1e-3 * x
        for eps in (1e-5, 1e-4):  # two, so that one which is written into the function does not pass
            found = require_shape(answer(small, gain, bias, eps), x.shape, "the output for small numbers")
            require_close(
                found,
                normalise(small, gain, bias, eps),
                f"eps, here {eps:g}, is added to the variance, inside the root, and numbers of a few thousandths "
                "reveal it",
            )
        far = 1e8 + x
        found = require_shape(answer(far, gain, bias, 1e-5), x.shape, "the output far from 0")
        require_close(
            found,
            normalise(far, gain, bias, 1e-5),
            "far from 0 the digits must survive: first the mean, then the mean of the squared distances from it, "
            "not E[x²] − E[x]²",
        )
        flat = require_shape(answer(np.full_like(x, 7.0), gain, bias, 1e-5), x.shape, "the output for equal numbers")
        require_close(flat, bias, "a token of equal numbers becomes 0 before gain and bias")


@checker
def masked_statistics(answer):
    """``answer(x, mask)`` is (mean, variance) of each feature over the tokens that count."""
    rng = np.random.default_rng(62)
    for batch, seq, d_model in [(3, 5, 2), (4, 7, 6), (2, 1, 3)]:
        x = 2 + rng.normal(size=(batch, seq, d_model))
        mask = np.arange(seq) < rng.integers(1, seq + 1, size=batch)[:, None]
        x[~mask] = np.nan
        mean, variance = require_parts(answer(x, mask), "mean", "variance")
        kept = x[mask]
        mean = require_shape(mean, (d_model,), "the mean", finite=False)
        require(
            np.isfinite(mean).all(),
            "padding holds NaN here and must not be touched: 0 · NaN is NaN, so choose with np.where",
        )
        require_close(
            mean,
            kept.mean(axis=0),
            f"the mean is over the {len(kept)} tokens that count, not over all {batch * seq}",
            mistakes={
                "every token counts once: yours is a mean of the sentences' means, where short sentences weigh "
                "too much": np.mean([row[real].mean(axis=0) for row, real in zip(x, mask, strict=True)], axis=0)
            },
        )
        variance = require_shape(variance, (d_model,), "the variance")
        require_close(
            variance,
            kept.var(axis=0),
            "the variance is the mean squared distance of the tokens that count",
            mistakes={
                f"the variance is biased: divide by {len(kept)}, not by {len(kept) - 1}": kept.var(axis=0, ddof=1)
            },
        )
        again = require_parts(answer(np.where(mask[..., None], x, 100.0), mask), "mean", "variance")
        for name, other, one in zip(("mean", "variance"), again, (mean, variance), strict=True):
            require_close(
                require_shape(other, (d_model,), f"the {name}"),
                one,
                f"the mask says what is padding, not NaN: with 100 in the padding the {name} is another",
            )


@checker
def running_statistics(answer):
    """``answer(mean, variance, x, momentum)`` is (mean, variance) after one more batch, as PyTorch keeps them."""
    rng = np.random.default_rng(63)
    for shape, momentum in [((2, 3, 4), 0.1), ((1, 5, 2), 0.3), ((4, 2, 3), 1.0)]:
        x = 1 + 2 * rng.normal(size=shape)
        mean, variance = rng.normal(size=shape[-1]), rng.uniform(1, 2, size=shape[-1])
        new_mean, new_variance = require_parts(answer(mean, variance, x, momentum), "mean", "variance")
        tokens = x.reshape(-1, shape[-1])
        require_close(
            require_shape(new_mean, mean.shape, "the mean"),
            mean + momentum * (tokens.mean(axis=0) - mean),
            f"the mean goes {momentum:.0%} of the way to the batch's mean",
            mistakes={
                f"momentum = {momentum} is the share of the new batch here: yours gives the new batch "
                f"{1 - momentum:.1f}": momentum * mean + (1 - momentum) * tokens.mean(axis=0)
            },
        )
        biased, unbiased = (variance + momentum * (tokens.var(axis=0, ddof=k) - variance) for k in (0, 1))
        require_close(
            require_shape(new_variance, variance.shape, "the variance"),
            unbiased,
            f"the variance goes {momentum:.0%} of the way to the batch's",
            mistakes={
                f"the batch's variance counts unbiased, times n / (n − 1) with n = {len(tokens)} tokens: "
                "yours is biased": biased
            },
        )


@checker
def changed_tokens(answer):
    """``answer(norm, x, token)`` says which tokens' outputs change when the token at (sentence, position) does."""
    rng = np.random.default_rng(64)
    for batch, seq, d_model in [(2, 3, 4), (3, 5, 6)]:
        x = rng.normal(size=(batch, seq, d_model))
        token = (1, 2)
        here = np.zeros((batch, seq), dtype=bool)
        here[token] = True
        sentence, position = np.zeros_like(here), np.zeros_like(here)
        sentence[1], position[:, 2] = True, True
        for name, norm, wanted in _norms(here, sentence, position, d_model):
            found = require_flags(answer(norm, x, token), here.shape, "the answer")
            for place in np.ndindex(here.shape):
                require(
                    found[place] == wanted[place],
                    f"{name}: {wanted.sum()} of {wanted.size} tokens' outputs change with the token at {token}; "
                    f"the one at {place} {'does' if wanted[place] else 'does not'}, and yours says otherwise",
                )


def _norms(here, sentence, position, d_model):
    """Norms to be judged: a name, the norm, and which outputs a change of one token reaches."""
    one, zero, everywhere = np.ones(d_model), np.zeros(d_model), np.ones_like(here)

    def over(axes):
        return lambda x: (x - x.mean(axis=axes, keepdims=True)) / x.std(axis=axes, keepdims=True)

    return [
        ("LayerNorm (it sees neither a number added to all features nor a factor)", over(-1), here),
        ("RMSNorm (it sees no factor)", lambda x: rms_norm(x, one, eps=0.0), here),
        ("normalising over the sentence and its features", over((1, 2)), sentence),
        ("normalising over the sequence axis", over(1), sentence),
        ("BatchNorm per position", lambda x: batch_norm(x, one, zero, per_position=True), position),
        ("BatchNorm", lambda x: batch_norm(x, one, zero), everywhere),
        (
            "BatchNorm with the changed token masked",
            lambda x: batch_norm(x, one, zero, mask=~here),
            np.zeros_like(here),
        ),
    ]


@checker
def rms_norm_pullback(answer):
    """``answer(x, gain, grad_output, eps)`` is (grad_x, grad_gain) of RMSNorm."""
    rng = np.random.default_rng(65)
    for lead, d_model in [((3,), 4), ((2, 3), 5)]:
        x, grad_output = rng.normal(size=(2, *lead, d_model))
        gain, eps = rng.normal(size=d_model), 0.1
        grad_x, grad_gain = require_parts(answer(x, gain, grad_output, eps), "grad_x", "grad_gain")
        grad_x = require_shape(grad_x, x.shape, "grad_x")
        wanted_x, wanted_gain = rms_norm_vjp(x, gain, eps)[1](grad_output)
        require_close(
            require_shape(grad_gain, gain.shape, "grad_gain"),
            wanted_gain,
            "grad_gain is the sum over all tokens of grad_output · normed",
        )
        no_eps, _ = require_parts(answer(x, gain, grad_output, 0.0), "grad_x", "grad_gain")
        require_close(
            (require_shape(no_eps, x.shape, "grad_x") * x).sum(axis=-1),
            0,
            "with eps = 0 a longer x gives the same output, so grad_x must be orthogonal to x, and its product with x "
            "0, token by token",
        )
        direction, step = rng.normal(size=x.shape), 1e-6
        ahead, behind = (rms_norm(x + s * direction, gain, eps) for s in (step, -step))
        require_close(
            (grad_x * direction).sum(),
            (grad_output * (ahead - behind)).sum() / (2 * step),
            "the product of grad_x with a random direction must be what the loss changes by, a unit step in that "
            "direction",
        )
        require_close(grad_x, wanted_x, "grad_x must be the gradient in every direction")


@checker
def fold_batch_norm(answer):
    """``answer(w, b, mean, variance, gain, bias, eps)`` is (w, b) of one linear map for linear, then BatchNorm."""
    rng = np.random.default_rng(66)
    for d_in, d_out in [(3, 5), (6, 2)]:
        w, b = rng.normal(size=(d_in, d_out)), rng.normal(size=d_out)
        mean, variance = rng.normal(size=d_out), rng.uniform(0.1, 2, size=d_out)
        gain, bias = rng.normal(size=(2, d_out))
        new_w, new_b = require_parts(answer(w, b, mean, variance, gain, bias, 0.1), "w", "b")
        new_w = require_shape(new_w, w.shape, "the new w")
        new_b = require_shape(new_b, b.shape, "the new b")

        def linear_then_norm(x, w=w, b=b, mean=mean, variance=variance, gain=gain, bias=bias):
            return (x @ w + b - mean) / np.sqrt(variance + 0.1) * gain + bias

        require_close(new_b, linear_then_norm(np.zeros(d_in)), "for x = 0 the output is what BatchNorm makes of b")
        x = rng.normal(size=(4, d_in))
        require_close(x @ new_w + new_b, linear_then_norm(x), "x @ w + b must be the normalised output for every x")
