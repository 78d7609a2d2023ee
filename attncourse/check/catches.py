"""For each chapter a function of the library, and the bugs in it that a reader's property is to catch."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from attncourse.planted import Bug

Library = Callable[[str], ModuleType]  # name of a module -> the module


class Catch(NamedTuple):
    """A function as a property meets it, and what may be wrong with it."""

    chapter: int
    function: Callable[[Library], Callable[..., Any]]
    bugs: list[Bug]


def _multi_head(library: Library) -> Callable[..., Any]:
    module = library("multi_head")

    def multi_head(x, w_q, w_k, w_v, w_o, num_heads):
        return module.multi_head_attention(module.MultiHeadParams(w_q, w_k, w_v, w_o, num_heads), x, x, x)[0]

    return multi_head


def _attend(library: Library) -> Callable[..., Any]:
    attention, masks = library("attention").attention, library("masks")

    def attend(x, lengths):
        seq = x.shape[-2]
        return attention(x, x, x, masks.causal_mask(seq, seq) & masks.padding_mask(lengths, seq))[0]

    return attend


def _decoder_layer(library: Library) -> Callable[..., Any]:
    module, masks = library("decoder"), library("masks")
    [params] = module.init_decoder(np.random.default_rng(7), 1, 8, 2, 16).layers

    def decoder_layer(x, memory, lengths):
        return module.decoder_layer(params, x, memory, masks.padding_mask(lengths, memory.shape[-2]))[0]

    return decoder_layer


ROW = "attention_weights(np.ones((1, 4)), np.array([4 * [1.0], 4 * [0.0], 4 * [0.0]]))"
HEADS = "multi_head(w := np.tri(4), w, w, w, w, 2)[0]"
WAVES = "sinusoidal_positions(2, 4)"
ATTEND = "attend(np.array([[[1.0], [2.0], [4.0]], [[0.0], [0.0], [0.0]]]), np.array([2, 3]))[0, :, 0]"
NORM = "layer_norm(np.array([[1.0, 3.0], [5.0, 9.0]]), np.array([1.0, 2.0]), np.array([0.0, 1.0]))"
ACROSS = "decoder_layer(np.eye(3, 8)[None], np.eye(4, 8, 2)[None], np.array([3]))[0, 0, :3]"
ACROSS_CALL = "multi_head_attention(params.cross_attention, x, memory, memory, memory_mask)"

# fmt: off
CATCHES = {
    "softmax": Catch(1, lambda library: library("softmax").softmax, [
        Bug("no maximum taken away", "softmax", "x - np.where(highest == -np.inf, 0, highest)",
            "x + 0 * np.where(highest, 0, 0)",
            "large scores become NaN", "softmax(np.array([1000.0, 1000.0]))"),
        Bug("softmax over the wrong axis", "softmax", "exps.sum(axis=axis, keepdims=True)",
            "exps.sum(axis=0, keepdims=True)",
            "columns sum to 1, rows do not", "softmax(np.zeros((2, 3)))"),
        Bug("rows share one sum", "softmax", "exps.sum(axis=axis, keepdims=True)", "exps.sum(keepdims=True)",
            "all rows together sum to 1", "softmax(np.zeros((2, 2)))"),
        Bug("powers of two", "softmax", "np.exp(np.where(too_small", "np.exp2(np.where(too_small",
            "a score larger by 1 weighs twice as much, not e times", "softmax(np.log([1.0, 3.0]))"),
        Bug("no guard for a row of −inf", "softmax", "exps / np.where(total == 0, 1, total)", "exps / total",
            "a row of nothing but −inf becomes NaN", "softmax(np.array([-np.inf, -np.inf]))"),
        Bug("a masked row shares equally", "softmax", "exps / np.where(total == 0, 1, total)",
            "np.where(total == 0, x.dtype.type(1 / max(1, x.shape[-1])), exps / np.where(total == 0, 1, total))",
            "a row of nothing but −inf shares its weight equally", "softmax(np.array([-np.inf, -np.inf]))"),
    ]),
    "attention_weights": Catch(2, lambda library: library("attention").attention_weights, [
        Bug("no scale", "arguments", "return d_k**-0.5", "return 1.0",
            "the scores are not divided", ROW),
        Bug("scale 1/d_k", "arguments", "d_k**-0.5", "d_k**-1.0",
            "the scores are divided by too much", ROW),
        Bug("scale √d_k", "arguments", "d_k**-0.5", "d_k**0.5",
            "the scores are multiplied", ROW),
        Bug("the scale of d_k = 64 for all", "arguments", "return d_k**-0.5", "return 64**-0.5",
            "the divisor is the same for every width of the keys", ROW),
        Bug("scale by the root of seq_k", "scores", "d_k=np.shape(key)[-1]", "d_k=np.shape(key)[-2]",
            "the divisor changes with the number of keys", ROW),
        Bug("scale by the root of seq_q", "scores", "d_k=np.shape(key)[-1]", "d_k=np.shape(query)[-2]",
            "the divisor changes with the number of queries", ROW),
    ]),
    "multi_head": Catch(3, _multi_head, [
        Bug("heads split without the transpose", "heads",
            "x.reshape(*lead, seq, num_heads, width // num_heads)\n    return pieces.swapaxes(-3, -2)",
            "x.reshape(*lead, num_heads, seq, width // num_heads)\n    return pieces",
            "a head mixes numbers of several tokens", HEADS),
        Bug("heads merged without the inverse transpose", "heads", "x.swapaxes(-3, -2).reshape(*lead, seq",
            "x.reshape(*lead, seq",
            "the heads' outputs come out in the wrong places", HEADS),
        Bug("heads take every num_heads-th feature", "heads", "x.reshape(*lead, seq, num_heads, width // num_heads)",
            "x.reshape(*lead, seq, width // num_heads, num_heads).swapaxes(-1, -2)",
            "a head does not take neighbouring columns", HEADS),
        Bug("no output map", "multi_head", "return linear(merge_heads(outputs), params.w_o, params.b_o), attn_weights",
            "return linear(merge_heads(outputs), np.eye(*params.w_o.shape, dtype=outputs.dtype)), attn_weights",
            "w_o changes nothing", HEADS),
        Bug("scale by d_model instead of the head's width", "multi_head",
            "attention(query, key, value, mask, bias, scale)\n    return",
            "attention(query, key, value, mask, bias, scale or params.w_q.shape[1] ** -0.5)\n    return",
            "the scores are divided by too much", HEADS),
        Bug("the embedding is sliced, not projected", "multi_head", "linear(query, params.w_q, params.b_q)",
            "linear(query, np.eye(*params.w_q.shape, dtype=query.dtype))",
            "w_q changes nothing", "multi_head(w := np.tri(4), 0 * w, w, w, w, 2)[0]"),
    ]),
    "sinusoidal_positions": Catch(4, lambda library: library("positions").sinusoidal_positions, [
        Bug("positions counted from one", "positions", "wave_angles(np.arange(seq),",
            "wave_angles(1 + np.arange(seq),",
            "the first position is not 0", WAVES),
        Bug("sines and cosines swapped", "positions", "[np.sin(angles), np.cos(angles)]",
            "[np.cos(angles), np.sin(angles)]",
            "the first number of a pair is the cosine", WAVES),
        Bug("all sines before all cosines", "positions", "np.stack([np.sin(angles), np.cos(angles)], axis=-1)",
            "np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)",
            "sine and cosine of one wave do not stand side by side", WAVES),
        Bug("cosine with the exponent 2i + 1", "positions", "np.cos(angles)], axis=-1)",
            "np.cos(angles * base ** (-1 / d_model))], axis=-1)",
            "the two numbers of a pair have two wave lengths", WAVES),
        Bug("wave lengths by i instead of 2i", "positions", "-np.arange(0, width, 2) / width",
            "-np.arange(0, width // 2) / width",
            "the waves grow too slowly from pair to pair", WAVES),
        Bug("waves ten times too short", "positions", "d_model, base=10000.0", "d_model, base=1000.0",
            "the longest wave is too short", WAVES),
    ]),
    "attend": Catch(5, _attend, [
        Bug("causal mask without the diagonal", "masks", "key_position <= query_position",
            "key_position < query_position",
            "no token sees itself", ATTEND),
        Bug("causal mask upside down", "masks", "key_position <= query_position", "key_position >= query_position",
            "a token sees the later ones, not the earlier ones", ATTEND),
        Bug("each query sees the next key", "masks", "key_position <= query_position",
            "key_position <= query_position + 1",
            "a token sees the one behind it", ATTEND),
        Bug("padding off by one", "masks", "np.arange(seq_k) < lengths", "np.arange(seq_k) <= lengths",
            "the first place of the padding is seen", ATTEND),
        Bug("the last length for every text", "masks", "lengths[..., None, None]", "lengths[..., -1:, None, None]",
            "a text is read as if it had another one's length", ATTEND),
        Bug("mask polarity", "attention", "np.where(mask, scores, -np.inf)", "np.where(mask, -np.inf, scores)",
            "what should be hidden is seen, and the rest is hidden", ATTEND),
    ]),
    "layer_norm": Catch(6, lambda library: library("layer_norm").layer_norm, [
        Bug("LayerNorm over the tokens", "layer_norm", "    for _ in range(2):",
            "    x = x - x.mean(axis=0, keepdims=True)\n    for _ in range(2):",
            "one token's numbers depend on the others'", NORM),
        Bug("LayerNorm keeps the mean", "layer_norm", "centred = without_mean(x)", "centred = x",
            "the mean of a token is not taken away", NORM),
        Bug("RMSNorm and LayerNorm with the unbiased variance", "normalise",
            "x.shape[-1] if size is None else size", "max(1, x.shape[-1] - 1) if size is None else size",
            "the variance comes out other than 1", NORM),
        Bug("LayerNorm without its gain", "layer_norm", "normed * gain + bias", "normed + bias",
            "the gain changes nothing", NORM),
        Bug("LayerNorm's gain stretches the bias", "layer_norm", "normed * gain + bias", "(normed + bias) * gain",
            "the bias is multiplied by the gain", NORM),
        Bug("eps behind the root", "normalise", "        return np.sqrt(mean)\n",
            "        return np.sqrt(mean_square(x, axis, size)) + eps\n",
            "numbers that vary very little are stretched too much",
            "layer_norm(np.array([[0.001, 0.003]]), np.ones(2), np.zeros(2))"),
    ]),
    "decoder_layer": Catch(7, _decoder_layer, [
        Bug("cross-attention looks at padding", "decoder", ACROSS_CALL,
            "multi_head_attention(params.cross_attention, x, memory, memory)",
            "padding of the memory counts", ACROSS),
        Bug("cross-attention asks its own sequence", "decoder", ACROSS_CALL,
            "multi_head_attention(params.cross_attention, x, x, x)",
            "the memory changes nothing", ACROSS),
        Bug("cross-attention under a causal mask", "decoder", ACROSS_CALL,
            "multi_head_attention(params.cross_attention, x, memory, memory, memory_mask & "
            "causal_mask(x.shape[-2], memory.shape[-2]))",
            "the first token sees the first place of the memory alone", ACROSS),
        Bug("cross-attention turns queries and keys", "decoder", ACROSS_CALL,
            "multi_head_attention(params.cross_attention, x, memory, memory, memory_mask, rotary=True)",
            "the order of the memory's places counts", ACROSS),
        Bug("the decoder sees the future", "decoder", "multi_head_attention(params.self_attention, x, x, x, mask)",
            "multi_head_attention(params.self_attention, x, x, x)",
            "an earlier token depends on later ones", ACROSS),
        Bug("the decoder reads no memory", "decoder", "residual(params.cross_attention_norm, x, look_across",
            "residual(params.cross_attention_norm, x, lambda x: (0 * x, None)",
            "the memory changes nothing", ACROSS),
    ]),
}
# fmt: on
