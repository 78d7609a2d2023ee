"""The checks of chapter 6: LayerNorm by hand, statistics that skip padding, what a change reaches, and gradients."""

import numpy as np

from attncourse.check.base import checker, require, require_shape
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
        before = x.copy()
        plain = require_shape(answer(x, np.ones(d_model), np.zeros(d_model), 0.0), x.shape, "the output")
        require(np.array_equal(x, before), "the argument must stay as it was: yours changed x in place")
        mean = np.abs(plain.mean(axis=-1)).max()
        require(mean < 1e-9, f"every token's mean must become 0: one of yours is {mean:.3g} away from it")
        variance = plain.var(axis=-1).flat[0]
        require(
            not np.allclose(variance, 1 - 1 / d_model),
            f"the variance is a mean of d_model squares (biased): with d_model = {d_model} yours comes out at "
            f"{variance:.3f}, as if the squares had been divided by {d_model - 1}",
        )
        require(np.allclose(plain.var(axis=-1), 1), f"every token's variance must become 1: yours is {variance:.3g}")
        found = require_shape(answer(x, gain, bias, 0.0), x.shape, "the output with gain and bias")
        require(np.allclose(found, plain * gain + bias), "the output is normed · gain + bias, feature by feature")
        small = 1e-3 * x
        found, wanted = np.asarray(answer(small, gain, bias, 1e-5)), normalise(small, gain, bias, 1e-5)
        require(
            np.allclose(found, wanted),
            "eps is added to the variance, inside the root: "
            f"for numbers of a few thousandths yours is off by {np.abs(found - wanted).max():.3g}",
        )
        far = 1e8 + x
        found, wanted = np.asarray(answer(far, gain, bias, 1e-5)), normalise(far, gain, bias, 1e-5)
        require(
            np.allclose(found, wanted, atol=1e-5),
            "far from 0 the digits must survive: first the mean, then the mean of the squared distances from it, "
            "not E[x²] − E[x]²",
        )
        flat = require_shape(answer(np.full_like(x, 7.0), gain, bias, 1e-5), x.shape, "the output for equal numbers")
        require(np.allclose(flat, bias), "a token of equal numbers becomes 0 before gain and bias: yours does not")


@checker
def masked_statistics(answer):
    """``answer(x, mask)`` is (mean, variance) of each feature over the tokens that count."""
    rng = np.random.default_rng(62)
    for batch, seq, d_model in [(3, 5, 2), (4, 7, 6), (2, 1, 3)]:
        x = 2 + rng.normal(size=(batch, seq, d_model))
        mask = np.arange(seq) < rng.integers(1, seq + 1, size=batch)[:, None]
        x[~mask] = np.nan
        found = _pair(answer(x, mask), "(mean, variance)")
        kept = x[mask]
        require(
            np.isfinite(np.asarray(found[0], dtype=np.float64)).all(),
            "padding holds NaN here and must not be touched: 0 · NaN is NaN, so choose with np.where",
        )
        mean = require_shape(found[0], (d_model,), "the mean")
        by_sentence = np.mean([row[real].mean(axis=0) for row, real in zip(x, mask, strict=True)], axis=0)
        require(
            np.allclose(mean, kept.mean(axis=0)) or not np.allclose(mean, by_sentence),
            "every token counts once: yours is a mean of the sentences' means, where short sentences weigh too much",
        )
        require(
            np.allclose(mean, kept.mean(axis=0)),
            f"divide by the {len(kept)} tokens that count, not by all {batch * seq}: "
            f"the mean of the first feature is {kept.mean(axis=0)[0]:.3f}, yours {mean[0]:.3f}",
        )
        variance = require_shape(found[1], (d_model,), "the variance")
        require(
            len(kept) == 1 or not np.allclose(variance, kept.var(axis=0, ddof=1)),
            f"the variance is biased: divide by {len(kept)}, not by {len(kept) - 1}",
        )
        require(
            np.allclose(variance, kept.var(axis=0)),
            "the variance is the mean squared distance of the tokens that count: "
            f"{kept.var(axis=0)[0]:.3f} for the first feature, yours {variance[0]:.3f}",
        )
        again = _pair(answer(np.where(mask[..., None], x, 100.0), mask), "(mean, variance)")
        require(
            np.allclose(again[0], mean) and np.allclose(again[1], variance),
            "the mask says what is padding, not NaN: with 100 in the padding your statistics are others",
        )


@checker
def running_statistics(answer):
    """``answer(mean, variance, x, momentum)`` is (mean, variance) after one more batch, as PyTorch keeps them."""
    rng = np.random.default_rng(63)
    for shape, momentum in [((2, 3, 4), 0.1), ((1, 5, 2), 0.3), ((4, 2, 3), 1.0)]:
        x = 1 + 2 * rng.normal(size=shape)
        mean, variance = rng.normal(size=shape[-1]), rng.uniform(1, 2, size=shape[-1])
        kept = mean.copy(), variance.copy()
        found = _pair(answer(mean, variance, x, momentum), "(mean, variance)")
        require(
            np.array_equal(mean, kept[0]) and np.array_equal(variance, kept[1]),
            "the arguments must stay as they were: yours changed the old statistics in place",
        )
        tokens = x.reshape(-1, shape[-1])
        new_mean = require_shape(found[0], mean.shape, "the mean")
        keras = momentum * mean + (1 - momentum) * tokens.mean(axis=0)
        wanted = mean + momentum * (tokens.mean(axis=0) - mean)
        require(
            not np.allclose(new_mean, keras),
            f"momentum = {momentum} is the share of the new batch here: yours gives the new batch {1 - momentum:.1f}",
        )
        require(
            np.allclose(new_mean, wanted),
            f"the mean goes {momentum:.0%} of the way to the batch's mean: the first feature from {mean[0]:.3f} "
            f"to {wanted[0]:.3f}, yours to {new_mean[0]:.3f}",
        )
        new_variance = require_shape(found[1], variance.shape, "the variance")
        biased, unbiased = (variance + momentum * (tokens.var(axis=0, ddof=k) - variance) for k in (0, 1))
        require(
            not np.allclose(new_variance, biased),
            f"the batch's variance counts unbiased, times n / (n − 1) with n = {len(tokens)} tokens: yours is biased",
        )
        require(
            np.allclose(new_variance, unbiased),
            f"the variance goes {momentum:.0%} of the way to the batch's: the first feature from {variance[0]:.3f} "
            f"to {unbiased[0]:.3f}, yours to {new_variance[0]:.3f}",
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
            before = x.copy()
            found = require_shape(answer(norm, x, token), here.shape, "the answer")
            require(np.array_equal(x, before), "the argument must stay as it was: yours changed x in place")
            require(found.dtype == bool, f"the answer must be an array of True and False: yours holds {found.dtype}")
            wrong = np.argwhere(found != wanted)
            require(
                len(wrong) == 0,
                f"{name}: {wanted.sum()} of {wanted.size} tokens' outputs change with the token at {token}, "
                f"yours finds {found.sum()} and is wrong about the one at {tuple(wrong[:1].ravel().tolist())}",
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
        found = _pair(answer(x, gain, grad_output, eps), "(grad_x, grad_gain)")
        grad_x = require_shape(found[0], x.shape, "grad_x")
        grad_gain = require_shape(found[1], gain.shape, "grad_gain")
        wanted_x, wanted_gain = rms_norm_vjp(x, gain, eps)[1](grad_output)
        require(
            np.allclose(grad_gain, wanted_gain),
            "grad_gain is the sum over all tokens of grad_output · normed: "
            f"for the first feature {wanted_gain[0]:.3f}, yours {grad_gain[0]:.3f}",
        )
        no_eps = require_shape(_pair(answer(x, gain, grad_output, 0.0), "(grad_x, grad_gain)")[0], x.shape, "grad_x")
        along = np.abs((no_eps * x).sum(axis=-1)).max()
        require(
            along < 1e-9,
            "with eps = 0 a longer x gives the same output, so grad_x must be orthogonal to x, token by token: "
            f"your product with x is {along:.3g}",
        )
        direction, step = rng.normal(size=x.shape), 1e-6
        ahead, behind = (rms_norm(x + s * direction, gain, eps) for s in (step, -step))
        measured = (grad_output * (ahead - behind)).sum() / (2 * step)
        claimed = (grad_x * direction).sum()
        require(
            np.allclose(grad_x, wanted_x),
            f"along a random direction the loss changes by {measured:.4f}, your grad_x says {claimed:.4f}",
        )


@checker
def fold_batch_norm(answer):
    """``answer(w, b, mean, variance, gain, bias, eps)`` is (w, b) of one linear map for linear, then BatchNorm."""
    rng = np.random.default_rng(66)
    for d_in, d_out in [(3, 5), (6, 2)]:
        w, b = rng.normal(size=(d_in, d_out)), rng.normal(size=d_out)
        mean, variance = rng.normal(size=d_out), rng.uniform(0.1, 2, size=d_out)
        gain, bias = rng.normal(size=(2, d_out))
        before = w.copy()
        found = _pair(answer(w, b, mean, variance, gain, bias, 0.1), "(w, b)")
        new_w = require_shape(found[0], w.shape, "the new w")
        new_b = require_shape(found[1], b.shape, "the new b")
        require(np.array_equal(w, before), "the argument must stay as it was: yours changed w in place")
        wanted = (b - mean) / np.sqrt(variance + 0.1) * gain + bias
        require(
            np.allclose(new_b, wanted),
            f"for x = 0 the output is what BatchNorm makes of b: {wanted[0]:.3f} in the first feature, "
            f"yours {new_b[0]:.3f}",
        )
        x = rng.normal(size=(4, d_in))
        wanted = (x @ w + b - mean) / np.sqrt(variance + 0.1) * gain + bias
        error = np.abs(x @ new_w + new_b - wanted).max()
        require(error < 1e-9, f"x @ w + b must be the normalised output for every x: yours is off by {error:.3g}")


def _pair(found, names):
    """The two arrays that an answer consists of."""
    require(found is not None, f"{names} is None: does the function return something?")
    require(isinstance(found, tuple | list) and len(found) == 2, f"the answer must be a pair {names}")
    return found
