"""The ten parts that a reader builds: where each belongs, what it returns, and how it usually goes wrong."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

Edit = tuple[str, str]  # in the course's own source this text becomes that text


class Part(NamedTuple):
    """What there is to know about a part besides its source."""

    chapter: int
    mistakes: dict[str, Edit]  # what to say -> the edit that makes the mistake
    returns: tuple[str, ...] = ("the result",)
    harder: Callable[..., Iterable[tuple[Any, ...]]] = lambda *args: ()  # arguments of the first call -> more to try


RESIDUAL = "what came in must be added to what the sublayer makes of it"
PRE_NORM = "the norm stands before each sublayer, and what is added to stays as it was"


def _some_longer(query: np.ndarray) -> np.ndarray:
    """Every second query 1000 times as long."""
    return query * np.where(np.arange(query.shape[-2]) % 2, 1000, 1)[:, None]


PARTS = {
    "softmax": Part(
        1,
        {
            "each row along the last axis must sum to 1: yours sum to 1 along the last but one": ("axis=-1", "axis=-2"),
            "each row along the last axis must sum to 1: yours sum to 1 along the first": ("axis=-1", "axis=0"),
            "each row must be divided by its own sum: yours is divided by the sum of all rows": (
                "exps.sum(axis=-1, keepdims=True)",
                "exps.sum()",
            ),
            "each row must be divided by its sum: yours is not": (" / exps.sum(axis=-1, keepdims=True)", ""),
            "each row must be divided by its sum: yours stops at exp(score)": (
                "shifted = scores - scores.max(axis=-1, keepdims=True)\n    exps = np.exp(shifted)\n"
                "    return exps / exps.sum(axis=-1, keepdims=True)",
                "return np.exp(scores)",
            ),
            "the weights are exp(score), divided by their sum: yours leaves out exp": ("np.exp(shifted)", "scores"),
            "a weight grows with its score: yours falls": ("np.exp(shifted)", "np.exp(-shifted)"),
            "the weights are powers of e: yours are powers of 2": ("np.exp(", "np.exp2("),
            "right for scores of this size, but far from 0 yours overflows: take away each row's largest score first": (
                "scores - scores.max(axis=-1, keepdims=True)",
                "scores",
            ),
            "right for scores of this size, but where other rows are far larger yours is 0 / 0: take away each row's "
            "own largest score": (
                "scores.max(axis=-1, keepdims=True)",
                "scores.max()",
            ),
            "right for scores of this size, but where the scores of a row lie far apart yours overflows: take away "
            "the largest, not the first": ("scores.max(axis=-1, keepdims=True)", "scores[..., :1]"),
            "take away each row's largest score: yours takes away another": (".max(", ".min("),
            "take away each row's largest score: yours takes away the mean": (".max(", ".mean("),
        },
        returns=("the weights",),
        harder=lambda scores: [(np.concatenate([scores + 1000, scores * 1000], axis=-2),)],
    ),
    "attention": Part(
        2,
        {
            "the scores must be divided by √d_k: yours are not divided": (" / np.sqrt(key.shape[-1])", ""),
            "the scores must be divided by √d_k: yours are divided by d_k": ("np.sqrt(key.shape[-1])", "key.shape[-1]"),
            "the scores must be divided by √d_k: yours are multiplied by it": ("/ np", "* np"),
            "d_k is the width of a key, its last axis: yours takes the number of keys": (
                "key.shape[-1]",
                "key.shape[-2]",
            ),
            "d_k is the width of one head's keys, 16: yours takes the width of a token, 64": ("key.shape[-1]", "64"),
            "True means may attend: yours hides what it should show": (
                "np.where(mask, scores, -np.inf)",
                "np.where(mask, -np.inf, scores)",
            ),
            "yours takes no notice of the mask": ("np.where(mask, scores, -np.inf)", "scores"),
            "a score of 0 hides nothing, since exp(0) is 1: a hidden score must be −∞": ("-np.inf", "0"),
            "the mask belongs before the softmax: yours sets weights to 0 after it, and the rows no longer sum to 1": (
                "softmax(np.where(mask, scores, -np.inf))",
                "np.where(mask, softmax(scores), 0)",
            ),
            "the softmax is missing: yours mixes by scores": (
                "softmax(np.where(mask, scores, -np.inf))",
                "scores * mask",
            ),
            "output and weights are in the wrong order": (
                "attn_weights @ value, attn_weights",
                "attn_weights, attn_weights @ value",
            ),
            "every query has a row of the mask: yours takes the first one's for all": ("(mask,", "(mask[..., :1, :],"),
            "right for scores of this size, but large ones overflow: let softmax take away each row's largest": (
                "softmax(np.where(mask, scores, -np.inf))",
                "np.exp(scores) * mask / (np.exp(scores) * mask).sum(axis=-1, keepdims=True)",
            ),
            "right for scores of this size, but where a hidden one is far larger yours is 0 / 0: hide it before the "
            "softmax": (
                "softmax(np.where(mask, scores, -np.inf))",
                "softmax(scores) * mask / (softmax(scores) * mask).sum(axis=-1, keepdims=True)",
            ),
        },
        returns=("the output", "the weights"),
        harder=lambda query, key, value, mask: [(_some_longer(query[..., :9]), key[..., :9], value, mask)],
    ),
    "multi_head": Part(
        3,
        {
            "heads are cut from each token's vector: reshape to (…, seq, num_heads, width), then swap the two axes": (
                "shape = *x.shape[:-1], params.num_heads, -1\n        return (x @ w).reshape(shape).swapaxes(-3, -2)",
                "*lead, seq, _ = x.shape\n        return (x @ w).reshape(*lead, params.num_heads, seq, -1)",
            ),
            "before the heads are laid side by side, seq and num_heads must be swapped back": (
                "outputs.swapaxes(-3, -2).reshape",
                "outputs.reshape",
            ),
            "a head takes neighbouring columns: yours takes every num_heads-th": (
                "params.num_heads, -1\n        return (x @ w).reshape(shape).swapaxes(-3, -2)",
                "-1, params.num_heads\n        return np.moveaxis((x @ w).reshape(shape), -1, -3)",
            ),
            "the last map, w_o, is missing": (" @ params.w_o", ""),
            "yours has one head: the columns must be cut into num_heads pieces": ("params.num_heads, -1", "1, -1"),
            "yours cuts up the vectors themselves: project them first": ("(x @ w)", "x"),
            "queries are made with w_q: yours with w_k": ("heads(query, params.w_q)", "heads(query, params.w_k)"),
            "keys are made with w_k: yours with w_q": ("heads(key, params.w_k)", "heads(key, params.w_q)"),
            "values are made with w_v: yours with w_k": ("heads(value, params.w_v)", "heads(value, params.w_k)"),
            "yours takes no notice of the mask": ("mask[..., None, :, :]", "np.array(True)"),
            "True means may attend: yours hides what it should show": ("mask[..., None", "~mask[..., None"),
            "the scale is √(width of one head), as attention has it: yours scales once more": (
                "heads(query, params.w_q)",
                "heads(query, params.w_q) / np.sqrt(params.w_q.shape[1] / params.num_heads)",
            ),
        },
        returns=("the output",),
        harder=lambda params, *inputs: [(params._replace(num_heads=8), *inputs)],
    ),
    "positions": Part(
        4,
        {
            "positions count from 0: yours from 1": ("np.arange(seq)[:, None]", "np.arange(1, seq + 1)[:, None]"),
            "sine and cosine of one wave stand side by side: yours has all sines, then all cosines": (
                "np.stack([np.sin(angles), np.cos(angles)], axis=-1)",
                "np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)",
            ),
            "the sine comes first, then the cosine": (
                "[np.sin(angles), np.cos(angles)]",
                "[np.cos(angles), np.sin(angles)]",
            ),
            "the exponent is 2i/d_model: yours is i/d_model": ("np.arange(0, d_model, 2)", "np.arange(d_model // 2)"),
            "a cosine has the angle of the sine before it: yours goes on, with the exponent (2i + 1)/d_model": (
                "np.cos(angles)",
                "np.cos(angles * 10000 ** (-1 / d_model))",
            ),
            "waves grow longer from pair to pair: yours grow shorter, for want of a minus sign": (
                "10000 ** (-np",
                "10000 ** (np",
            ),
            "the longest wave is 10000 · 2π positions long: yours goes by 1000": ("10000", "1000"),
            "an angle is a number of radians: yours are turns, 2π times too large": ("* waves", "* waves * 2 * np.pi"),
            "every second number is a cosine: yours are sines alone": ("np.cos(angles)", "np.sin(angles)"),
        },
        returns=("the positions",),
        harder=lambda seq, d_model: [(7, 6), (1, 2)],
    ),
    "causal_mask": Part(
        5,
        {
            "a token may attend to itself: yours hides the diagonal": ("<=", "<"),
            "True means may attend: yours shows the future and hides the past": ("<=", ">"),
            "yours is upside down: a row is a query, and it sees the columns up to its own number": ("<=", ">="),
            "a token must not attend to the next one": (
                "np.arange(seq) <= np.arange(seq)",
                "np.arange(seq) <= 1 + np.arange(seq)",
            ),
            "no token may attend to a later one: yours hides nothing": ("np.arange(seq) <=", "0 * np.arange(seq) <="),
        },
        returns=("the mask",),
        harder=lambda seq: [(40,)],
    ),
    "padding_mask": Part(
        5,
        {
            "a text of length n has the places 0 to n − 1: yours shows one more": ("<", "<="),
            "a text of length n has the places 0 to n − 1: yours shows one less": (
                "np.arange(seq) <",
                "1 + np.arange(seq) <",
            ),
            "True means may attend: yours shows the padding and hides the text": ("<", ">="),
            "every text has a length of its own: yours takes the first one's for all": (
                "lengths[:, None, None]",
                "lengths[:1, None, None] + 0 * lengths[:, None, None]",
            ),
            "padding must be hidden: yours hides nothing": ("<", "< seq + 0 *"),
            "padding is hidden as a key, on the last axis: the shape is (batch, 1, seq), yours hides queries": (
                "np.arange(seq) < lengths[:, None, None]",
                "np.arange(seq)[:, None] < lengths[:, None, None]",
            ),
            "between batch and seq there must be an axis of length 1, for the queries": (
                "[:, None, None]",
                "[:, None]",
            ),
        },
        returns=("the mask",),
        harder=lambda lengths, seq: [(lengths[:2] - 5, seq + 3)],
    ),
    "encoder_layer": Part(
        5,
        {
            RESIDUAL + ": yours passes on the attention alone": ("x = x + multi_head", "x = multi_head"),
            RESIDUAL + ": yours passes on the feed-forward network alone": ("return x + feed", "return feed"),
            RESIDUAL + ", here x as it came: yours adds to the normalised x": ("x = x + multi", "x = normed + multi"),
            PRE_NORM + ": yours has none before the attention": (
                "normed = layer_norm(x, *params.attention_norm)",
                "normed = x",
            ),
            PRE_NORM + ": yours has none before the feed-forward network": (
                "normed = layer_norm(x, *params.feed_forward_norm)",
                "normed = x",
            ),
            PRE_NORM + ": yours stands after each sum, as in the paper of 2017": (
                "normed = layer_norm(x, *params.attention_norm)\n"
                "    x = x + multi_head(params.attention, normed, normed, normed, mask)\n"
                "    normed = layer_norm(x, *params.feed_forward_norm)\n"
                "    return x + feed_forward(params.feed_forward, normed)",
                "x = layer_norm(x + multi_head(params.attention, x, x, x, mask), *params.attention_norm)\n"
                "    return layer_norm(x + feed_forward(params.feed_forward, x), *params.feed_forward_norm)",
            ),
            "queries, keys and values are all of the normalised x: your values are of x itself": (
                "normed, normed, normed",
                "normed, normed, x",
            ),
            "yours lacks the feed-forward network": (
                "return x + feed_forward(params.feed_forward, normed)",
                "return x",
            ),
            "yours lacks the attention": (
                "x = x + multi_head(params.attention, normed, normed, normed, mask)\n    ",
                "",
            ),
            "yours takes no notice of the mask": ("normed, mask)", "normed, np.ones_like(mask))"),
            "both sublayers begin with x as it came: the second must begin with what the first one made": (
                "normed = layer_norm(x, *params.feed_forward_norm)",
                "normed = layer_norm(x - multi_head(params.attention, normed, normed, normed, mask), "
                "*params.feed_forward_norm)",
            ),
        },
        returns=("the output",),
    ),
    "layer_norm": Part(
        6,
        {
            "mean and variance are a token's own, along the last axis: yours are taken along the tokens": (
                "axis=-1",
                "axis=-2",
            ),
            "mean and variance are a token's own: yours are taken over everything": ("axis=-1, keepdims=True", ""),
            "the variance is a mean of d_model squares: yours is divided by d_model − 1": (
                "(centred**2).mean(axis=-1, keepdims=True)",
                "(centred**2).sum(axis=-1, keepdims=True) / (x.shape[-1] - 1)",
            ),
            "divide by the root of the variance: yours divides by the variance": (
                "np.sqrt(variance + 1e-5)",
                "(variance + 1e-5)",
            ),
            "the mean must be taken away: yours stays": ("centred / np", "x / np"),
            "the mean must be taken away: yours stays, in the variance too": (
                "x - x.mean(axis=-1, keepdims=True)",
                "x",
            ),
            "yours leaves out the gain": (" * gain", ""),
            "yours leaves out the bias": (" + bias", ""),
            "first the gain, then the bias: yours multiplies the bias too": (
                "return centred / np.sqrt(variance + 1e-5) * gain + bias",
                "return (centred / np.sqrt(variance + 1e-5) + bias) * gain",
            ),
            "right for vectors of this size; for vectors 1000 times smaller eps counts, and yours leaves it out": (
                " + 1e-5",
                "",
            ),
            "right for vectors of this size; for vectors 1000 times smaller eps counts: it stands under the root": (
                "np.sqrt(variance + 1e-5)",
                "(np.sqrt(variance) + 1e-5)",
            ),
            "right for vectors of this size; for vectors 1000 times smaller eps counts: it is 1e-5, yours is 1e-6": (
                "1e-5",
                "1e-6",
            ),
            "right for vectors of this size; for vectors 1000 times smaller eps counts: it is 1e-5, yours is 1e-8": (
                "1e-5",
                "1e-8",
            ),
            "right for vectors of this size; with a mean of a million the digits are lost: take it away before you "
            "square": (
                "(centred**2).mean(axis=-1, keepdims=True)",
                "(x**2).mean(axis=-1, keepdims=True) - x.mean(axis=-1, keepdims=True) ** 2",
            ),
        },
        returns=("the result",),
        harder=lambda x, gain, bias: [(x / 1000, gain, bias), (x[..., :7] + 1e6, gain[:7], bias[:7])],
    ),
    "decoder_layer": Part(
        7,
        {
            RESIDUAL + ": yours passes on the self-attention alone": ("x = x + multi_head(own", "x = multi_head(own"),
            RESIDUAL + ": yours passes on the cross-attention alone": (
                "x = x + multi_head(cross",
                "x = multi_head(cross",
            ),
            RESIDUAL + ": yours passes on the feed-forward network alone": ("return x + feed", "return feed"),
            PRE_NORM + ": yours has none before the cross-attention": (
                "normed = layer_norm(x, *params.cross_attention_norm)",
                "normed = x",
            ),
            PRE_NORM + ": yours has none before the self-attention": (
                "normed = layer_norm(x, *params.self_attention_norm)",
                "normed = x",
            ),
            "x asks, the memory answers: in yours x asks itself": (
                "memory, memory, memory_mask",
                "normed, normed, mask",
            ),
            "the memory is normalised already, at the encoder's end: yours normalises it again": (
                "normed, memory, memory, memory_mask",
                "normed, *2 * [layer_norm(memory, *params.cross_attention_norm)], memory_mask",
            ),
            "yours lacks the cross-attention": (
                "x = x + multi_head(cross, normed, memory, memory, memory_mask)\n    ",
                "",
            ),
            "yours lacks the self-attention": ("x = x + multi_head(own, normed, normed, normed, mask)\n    ", ""),
            "yours lacks the feed-forward network": (
                "return x + feed_forward(params.feed_forward, normed)",
                "return x",
            ),
            "self-attention must not see later tokens: yours takes no notice of the mask": (
                "normed, mask)",
                "normed, np.ones_like(mask))",
            ),
            "cross-attention must not see padding: yours takes no notice of memory_mask": (
                "memory_mask)\n",
                "np.ones_like(memory_mask))\n",
            ),
            "each attention has its own maps: yours are exchanged": (
                "own = params.self_attention",
                "own = params.cross_attention",
            ),
        },
        returns=("the output",),
    ),
    "greedy": Part(
        7,
        {
            "the sign for the beginning is not part of the answer": ("said[:, 1:]", "said"),
            "each step reads all that was said, and the last place says the next token: yours asks the first place, or "
            "reads begin alone": ("logits[:, -1]", "logits[:, 0]"),
            "the likeliest token has the largest logit: yours takes the smallest": ("argmax", "argmin"),
            "all that was said must be read again at the next step: yours reads the last token alone": (
                "logits_of(params, said,",
                "logits_of(params, said[:, -1:],",
            ),
            "the padding of the source must be hidden from the encoder": (
                "memory_of(params, source, mask)",
                "memory_of(params, source, np.ones_like(mask))",
            ),
            "the padding of the source must be hidden from the decoder": (
                "said, memory, mask)",
                "said, memory, np.ones_like(mask))",
            ),
            "the padding of the source must be hidden from encoder and decoder": (
                "padding_mask(lengths, source.shape[-1])",
                "padding_mask(0 * lengths + source.shape[-1], source.shape[-1])",
            ),
            "the first token read is begin: yours begins with another": ("begin)", "begin + 1)"),
            "steps tokens are to be said: yours says one too few": ("range(steps)", "range(steps - 1)"),
            "steps tokens are to be said: yours says one too many": ("range(steps)", "range(steps + 1)"),
        },
        returns=("the tokens",),
        harder=lambda params, source, lengths, begin, steps: [(params, source[1:], lengths[1:], begin, steps - 3)],
    ),
}
