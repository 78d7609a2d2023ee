"""The checks of chapter 6: parameters that fold away, statistics of halves, what a change reaches, and gradients."""

import numpy as np

from attncourse.check.base import checker
from attncourse.check.require import require, require_close, require_flags, require_parts, require_shape
from attncourse.check.withheld import withhold
from attnlib.batch_norm import batch_norm
from attnlib.layer_norm import layer_norm as normalise
from attnlib.rms_norm import rms_norm, rms_norm_vjp


@checker
def fold_layer_norm(answer):
    """``answer(gain, bias, w, b)`` is (w, b) of the linear map that has taken over LayerNorm's gain and bias."""
    rng = np.random.default_rng(61)
    for d_model, d_out in [(3, 5), (4, 4), (6, 2)]:
        gain, bias = rng.normal(size=(2, d_model))
        w, b = rng.normal(size=(d_model, d_out)), rng.normal(size=d_out)
        new_w, new_b = require_parts(answer(gain, bias, w, b), "w", "b")
        new_w, new_b = require_shape(new_w, w.shape, "the new w"), require_shape(new_b, b.shape, "the new b")
        ones, zeros, token = np.ones(d_model), np.zeros(d_model), rng.normal(size=(4, d_model))
        columns = "the gain stretches the features that come in, the rows of w: yours stretches its columns"
        turned = {columns: w * gain} if d_model == d_out else {}
        require_close(
            new_w,
            gain[:, None] * w,
            "row i of the new w is gain[i] times row i of the old one",
            mistakes={
                "the gain is still missing: your w is the old one": w,
                "the gain multiplies: yours divides by it": w / gain[:, None],
                "row i is stretched by gain[i] alone: in yours the bias is mixed in": (gain * bias)[:, None] * w,
            }
            | turned,
        )
        require_close(
            new_b,
            bias @ w + b,
            "the new b is what a token of zeros before gain and bias was given",
            mistakes={
                "the bias is still missing: your b is the old one": b,
                "the old b is missing: yours is what LayerNorm's bias alone comes to": bias @ w,
                "the bias meets the old w, not the stretched one: it was added behind the gain": bias @ new_w + b,
                "the bias is added before the map, so it passes through w: it is not subtracted": b - bias @ w,
            },
        )
        require_close(
            normalise(token, ones, zeros) @ new_w + new_b,
            normalise(token, gain, bias) @ w + b,
            "every token must come out as before",
        )


@checker
def merge_statistics(answer):
    """``answer(count_1, mean_1, variance_1, count_2, mean_2, variance_2)`` is (mean, variance) of both halves."""
    rng = np.random.default_rng(62)
    for counts, d_model, far in [((3, 5), 2, 0.0), ((6, 6), 3, 0.0), ((1, 7), 4, 0.0), ((2, 9), 3, 1e8)]:
        one, two = (
            far + shift + rng.normal(size=(count, d_model)) for count, shift in zip(counts, (0, 2), strict=True)
        )
        given = [(len(half), half.mean(axis=0), half.var(axis=0)) for half in (one, two)]
        (n, m, v), (k, p, q) = given
        mean, variance = require_parts(answer(*given[0], *given[1]), "mean", "variance")
        every, share = np.concatenate([one, two]), n / (n + k)
        require_close(
            require_shape(mean, (d_model,), "the mean"),
            every.mean(axis=0),
            f"the mean is over all {n + k} tokens",
            mistakes={
                f"every token counts once: with {n} and {k} tokens the halves do not weigh the same": (m + p) / 2,
                "the larger half must weigh more: yours gives each the weight of the other": (1 - share) * m
                + share * p,
                "a mean divides by the number of tokens: yours is a sum": n * m + k * p,
            },
        )
        variance = require_shape(variance, (d_model,), "the variance")
        if far:
            words = "with means near a hundred million the digits must survive: add squared distances, not squares"
            require(np.allclose(variance, every.var(axis=0), rtol=1e-5), words)
            continue
        inside = share * v + (1 - share) * q
        require_close(
            variance,
            every.var(axis=0),
            f"the variance is the mean squared distance of all {n + k} tokens from their common mean",
            mistakes={
                "two halves of variance 0 can have different means, and then the whole has a variance: the distance "
                "between the means is missing": inside,
                "so is the distance between the means, and every token counts once": (v + q) / 2,
                f"the variance is biased: divide by {n + k}, not by {n + k - 1}": every.var(axis=0, ddof=1),
                "a variance is asked for: yours is its root": every.std(axis=0),
                "the distance between the means must be squared": inside + share * (1 - share) * (p - m),
                "the squared distance between the means has the weight share · (1 − share)": inside + (p - m) ** 2,
                "a variance is a mean: yours is a sum of squares": (n + k) * every.var(axis=0),
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
        for name, norm, wanted in _norms(rng, here, sentence, position, d_model):
            found = require_flags(answer(norm, x, token), here.shape, "the answer")
            for place in np.ndindex(here.shape):
                require(
                    found[place] == wanted[place],
                    f"{name}: {wanted.sum()} of {wanted.size} tokens' outputs change with the token at {token}; "
                    f"the one at {place} {'does' if wanted[place] else 'does not'}, and yours says otherwise",
                )


def _norms(rng, here, sentence, position, d_model):
    """Norms to be judged: a name, the norm, and which outputs a change of one token reaches."""
    one, zero, everywhere = np.ones(d_model), np.zeros(d_model), np.ones_like(here)

    def over(axes):
        return lambda x: (x - x.mean(axis=axes, keepdims=True)) / x.std(axis=axes, keepdims=True)

    return [
        ("LayerNorm (it sees neither a number added to all features nor a factor)", over(-1), here),
        ("LayerNorm, rounded to nine digits", lambda x: over(-1)(x).round(9), here),
        (
            "LayerNorm whose last digits differ from call to call",
            lambda x: over(-1)(x) + 1e-13 * rng.normal(size=x.shape),
            here,
        ),
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
    answer = withhold(answer, rms_norm_vjp)
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
            mistakes={
                "grad_gain meets the normalised x: yours meets x as it came": _over_tokens(grad_output * x),
                "grad_gain is a sum over all tokens: yours is a mean": wanted_gain / (x.size // d_model),
                "the output is gain · normed, so the gradient of the gain is without it: yours is multiplied by the "
                "gain": wanted_gain * gain,
            },
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
        tiny = 1e-12
        by_tiny, _ = require_parts(answer(tiny * x, gain, grad_output, tiny**2 * eps), "grad_x", "grad_gain")
        require_close(
            tiny * require_shape(by_tiny, x.shape, "grad_x"),
            wanted_x,
            "for an x and a root of eps 10¹² times as small, grad_x must be 10¹² times as large. Follow the formula, "
            "since no step of a finite difference fits every size. In units of 10¹²",
        )


@checker
def fold_batch_norm(answer):
    """``answer(w, b, mean, variance, gain, bias, eps)`` is (w, b) of one linear map for linear, then BatchNorm."""
    rng = np.random.default_rng(66)
    for d_in, d_out in [(3, 5), (4, 4), (6, 2)]:
        w, b = rng.normal(size=(d_in, d_out)), rng.normal(size=d_out)
        mean, variance = rng.normal(size=d_out), rng.uniform(0.1, 2, size=d_out)
        gain, bias = rng.normal(size=(2, d_out))
        new_w, new_b = require_parts(answer(w, b, mean, variance, gain, bias, 0.1), "w", "b")
        new_w = require_shape(new_w, w.shape, "the new w")
        new_b = require_shape(new_b, b.shape, "the new b")
        scale = gain / np.sqrt(variance + 0.1)
        rows = "feature j is a column of w: yours stretches its rows"
        turned = {rows: scale[:, None] * w} if d_in == d_out else {}
        require_close(
            new_b,
            (b - mean) * scale + bias,
            "for x = 0 the output is what BatchNorm makes of b",
            mistakes={
                "the mean is taken away before the scale: yours is taken away after it": b * scale - mean + bias,
                "the mean is still missing: your b holds none of it": b * scale + bias,
                "the old b is missing: BatchNorm's mean is taken away from it": bias - mean * scale,
                "BatchNorm's bias is still missing": (b - mean) * scale,
                "BatchNorm's bias is added last: yours is scaled": (b - mean + bias) * scale,
                "eps belongs to the variance: yours leaves it out": (b - mean) * gain / np.sqrt(variance) + bias,
                "eps belongs under the root: yours stands outside it": (b - mean) * gain / (np.sqrt(variance) + 0.1)
                + bias,
                "BatchNorm divides by the root of variance + eps: yours divides by the sum itself": (b - mean)
                * gain
                / (variance + 0.1)
                + bias,
                "the gain is still missing": (b - mean) / np.sqrt(variance + 0.1) + bias,
            },
        )
        require_close(
            new_w,
            w * scale,
            "column j of the new w is gain[j] / √(variance[j] + eps) times column j of the old one",
            mistakes={
                "the scale is still missing: your w is the old one": w,
                "the gain is still missing in w": w / np.sqrt(variance + 0.1),
            }
            | turned,
        )


def _over_tokens(x):
    """Sums over all axes but the last."""
    return x.reshape(-1, x.shape[-1]).sum(axis=0)
