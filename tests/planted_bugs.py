"""Plant small bugs in attnlib, one at a time, and see whether the tests notice.

    python -m tests.planted_bugs                                        # all, with the unit tests
    python -m tests.planted_bugs --own                                  # with the tests of the bug's own module
    python -m tests.planted_bugs --only scale -- pytest -q -x tests/test_attention.py
    python -m tests.planted_bugs -- pytest -q -x --nbval chapters       # the notebooks alone

Each bug is planted in a temporary copy of the repository, where a command runs; it is caught if the command fails.
Without a command of yours the tests of the bug's own module run first, then the contracts of all vjps, and the other
unit tests only if both pass. All of them must pass on the copy without a bug. A bug whose text is no longer in the
library is an error. A sample runs with the unit tests.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from attncourse.check.catches import CATCHES
from attncourse.planted import Bug

ROOT = Path(__file__).parents[1]
UNIT_TESTS = [
    *("softmax", "masks", "scores", "attention", "errors", "testing", "golden", "vjp_contracts"),
    *("heads", "multi_head", "positions", "rotary", "alibi"),
    *("linear", "rows", "stack", "embedding", "activations", "feed_forward", "log_softmax", "cross_entropy"),
    *("params", "adam", "fit", "threads", "blocks", "power", "fast_attention"),
    *("tasks", "attention_model", "golden_training"),
    *("layer_norm", "rms_norm", "batch_norm", "residual", "encoder", "decoder", "transformer", "greedy"),
    *("ssru", "translator_marian_file", "translator_shortlist", "translator_model"),
    *("dates_characters", "dates_writing", "dates_no_dates", "dates_task", "stored_params", "golden_transformer"),
    *("dates_model", "dates_train", "dates_translate"),
]
OWN = {  # for modules that have no tests of the same name
    "arguments": ["errors", "attention", "layer_norm", "embedding"],
    "block_scores": ["fast_attention", "power"],
    "fast_attention_backward": ["fast_attention", "power"],
    "workspace": ["fast_attention"],
    "shapes": ["errors", "attention", "scores"],
    "broadcast": ["broadcast", "attention"],
    "normalise": ["normalise", "layer_norm", "rms_norm", "batch_norm"],
    "sublayers": ["encoder", "decoder"],
    "translator/installed": ["translator"],
    "translator/translate": ["translator", "translator_model"],
    "stack": ["stack", "encoder", "decoder"],
    "rows": ["rows", "linear", "embedding"],
    "residual": ["residual", "encoder", "decoder"],
    "leaf_names": ["leaf_names", "testing", "adam"],
    "dates/command": ["dates_translate", "dates_train"],
    "names/characters": ["names"],
    "names/counts": ["names"],
    "names/model": ["names"],
    "names/task": ["names"],
}
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "build", "_build", "*.egg-info", ".*_cache", "__pycache__", ".ipynb_checkpoints"
)


BUGS = [
    *(bug for catch in CATCHES.values() for bug in catch.bugs),  # those that readers are asked to catch
    Bug("pullback without the mean", "softmax", "weights * (grad_output - mean)", "weights * grad_output"),
    Bug("Jacobian with a plus sign", "softmax", "diagonal - column * row", "diagonal + column * row"),
    Bug("entropy in bits", "softmax", "np.log(weights, out", "np.log2(weights, out"),
    Bug("causal mask aligned to the bottom right", "masks", "key_position <= query_position",
        "key_position <= query_position + seq_k - seq_q"),
    Bug("padding hides queries", "masks", "lengths[..., None, None]", "lengths[..., None]"),
    Bug("transpose forgotten", "scores", "return query @ key.mT",
        "return query @ key.reshape(*key.shape[:-2], *key.shape[:-3:-1])"),
    Bug("scale ignored in the forward pass", "scores", "as_scale(scale, d_k=", "as_scale(None, d_k="),
    Bug("float32 turns into float64", "arguments", "return d_k**-0.5  #", "return np.float64(d_k) ** -0.5  #"),
    Bug("cosine divides the keys only", "scores", "unit_vectors(query) @", "query @"),
    Bug("bilinear weight transposed", "scores", "query @ weight @ key.mT",
        "query @ weight.T.reshape(weight.shape) @ key.mT"),
    Bug("additive without tanh", "scores", "np.tanh(from_query + from_key)", "from_query + from_key"),
    Bug("mask by −1e9", "attention", "np.where(mask, scores, -np.inf)", "np.where(mask, scores, -1e9)"),
    Bug("mask ignored", "attention", "np.where(mask, scores, -np.inf)", "scores"),
    Bug("bias ignored", "attention", "scores = scores + bias",
        "scores = scores + 0 * np.where(np.isfinite(bias), bias, 0)"),
    Bug("bias before the scale", "attention", "scores = scores + bias",
        "scores = scores + bias * as_scale(scale, query.shape[-1])"),
    Bug("bias with the wrong sign", "attention", "scores = scores + bias", "scores = scores - bias"),
    Bug("0 · NaN poisons the output", "attention", "attn_weights @ zero_unless_finite(value)",
        "attn_weights @ value"),
    Bug("gradients swapped", "attention", "(grad_query, query), (grad_key, key)",
        "(grad_key, key), (grad_query, query)"),
    Bug("gradient without the scale", "attention", "grad_query = grad_scores @ key * scale",
        "grad_query = grad_scores @ key"),
    Bug("grad_value without the transpose's axes", "attention", "attn_weights.mT @ grad_output",
        "attn_weights.reshape(*attn_weights.shape[:-2], *attn_weights.shape[:-3:-1]) @ grad_output"),
    Bug("stretched axes not summed", "broadcast", "grad.sum(axis=stretched, keepdims=True)",
        "grad[tuple(slice(n) for n in shape)]"),
    Bug("wrong input passes: d_k", "shapes", "query.shape[-1] != key.shape[-1]",
        "query.shape[-1] < key.shape[-1]"),
    Bug("output map head by head, the first one's for all", "multi_head",
        "return linear(merge_heads(outputs), params.w_o, params.b_o), attn_weights",
        "return linear(merge_heads(outputs), np.tile(params.w_o[: outputs.shape[-1]], (params.num_heads, 1)), "
        "params.b_o), attn_weights"),
    Bug("keys without their bias", "multi_head", "linear(key, params.w_k, params.b_k)", "linear(key, params.w_k)"),
    Bug("the output map without its bias", "multi_head", "params.w_o, params.b_o), attn_weights",
        "params.w_o), attn_weights"),
    Bug("key heads tiled instead of repeated", "multi_head", "np.repeat(x, num_heads // x.shape[-3], axis=-3)",
        "np.concatenate([x] * (num_heads // x.shape[-3]), axis=-3)"),
    Bug("shared heads keep one gradient of several", "multi_head", "width).sum(axis=-3)", "width)[..., 0, :, :]"),
    Bug("gradients of keys and values swapped", "multi_head",
        "grad_key, *grads_k = back_k(grad_key)\n        grad_value, *grads_v = back_v(grad_value)",
        "grad_value, *grads_k = back_k(grad_key)\n        grad_key, *grads_v = back_v(grad_value)"),
    Bug("mask without an axis for the heads", "multi_head", "else np.expand_dims(mask, -3)", "else mask"),
    Bug("the mask's axis of heads in the wrong place", "multi_head", "np.expand_dims(mask, -3)",
        "np.expand_dims(mask, 0)"),
    Bug("a stretched batch taken for heads", "multi_head", "np.broadcast_shapes(query.shape[:-2], key.shape[:-2])",
        "query.shape[:-2]"),
    Bug("a bias a sequence taken for one a head", "multi_head", "max(lead, default=1) > 1", "False"),
    Bug("rotary turns the queries alone", "multi_head", "first_query)), rotate(key)", "first_query)), key"),
    Bug("the first query always at position 0", "multi_head", "first_query + np.arange", "np.arange"),
    Bug("ALiBi's first query always at position 0", "alibi", "first_query + ", ""),
    Bug("rotary forgotten on the way back", "multi_head",
        "grad_query, grad_key = back_query_turn(grad_query), back_key_turn(grad_key)",
        "grad_query = back_query_turn(grad_query)"),
    Bug("angles in float32", "positions", "return positions[..., None].astype(np.float64) * frequencies",
        "return (positions[..., None].astype(np.float32) * frequencies.astype(np.float32)).astype(np.float64)"),
    Bug("unused positions learn too", "positions", "np.zeros(np.shape(table), output.dtype)",
        "np.full(np.shape(table), 1e-3, output.dtype)"),
    Bug("rotation the wrong way", "rotary", "first * cos - second * sin", "first * cos + second * sin"),
    Bug("rotation the other way round", "rotary",
        "first * cos - second * sin\n    turned[..., pair[1]] = first * sin + second * cos",
        "first * cos + second * sin\n    turned[..., pair[1]] = second * cos - first * sin"),
    Bug("rotary pullback not reversed", "rotary", "np.negative(sin)", "np.asarray(sin)"),
    Bug("rotary always in halves", "rotary", "None)) if halves else", "None)) if True else"),
    Bug("rotary never in halves", "rotary", "None)) if halves else", "None)) if False else"),
    Bug("rotary turns back in the other layout", "rotary", "cos, back, halves)", "cos, back)"),
    Bug("ALiBi rewards distance", "alibi", "* -distance", "* distance"),
    Bug("ALiBi slopes from head 0", "alibi", "np.arange(1, num_heads + 1)", "np.arange(num_heads)"),
    Bug("ALiBi slopes the same for any number of heads", "alibi", "/ num_heads)", "/ 8)"),
    Bug("weight transposed in the gradient", "linear", "grad_weight = rows.T @ grad_rows",
        "grad_weight = (grad_rows.T @ rows).reshape(weight.shape)"),
    Bug("gradient of the bias a mean", "linear", "over_tokens(grad_rows)", "grad_rows.mean(axis=0)"),
    Bug("0 · NaN poisons a map's gradient", "linear", "idle_as_zero(rows, grad_rows).T", "rows.T"),
    Bug("a NaN that counts is hidden", "rows", "np.where(grad_rows.any(axis=-1, keepdims=True), rows, 0)",
        "np.nan_to_num(rows, posinf=0, neginf=0)"),
    Bug("an embedding's gradient overwrites", "embedding", "np.add.reduceat(rows[order], starts, axis=0)",
        "rows[order][starts]"),
    Bug("negative tokens count from the end", "arguments", "not 0 <= tokens.min() <= tokens.max() < vocab",
        "not tokens.min() <= tokens.max() < vocab"),
    Bug("ReLU lets gradients through at zero and below", "activations", "* (output > 0)", "* (output >= 0)"),
    Bug("GELU with another constant", "activations", "CUBIC = 0.044715", "CUBIC = 0.044175"),
    Bug("GELU's slope without its second part", "activations", "slope = gates + 2 *", "slope = gates + 0 *"),
    Bug("GELU overflows far from zero", "activations", "    near = np.clip(x, -10, 10)  #", "    near = x  #"),
    Bug("feed-forward without its bend", "feed_forward", "linear(bend(linear(x, params.w_in, params.b_in))",
        "linear((linear(x, params.w_in, params.b_in))"),
    Bug("ignored targets count", "cross_entropy", "!= as_integer(\"ignore\", ignore))", "!= np.inf)"),
    Bug("the mean over ignored places too", "cross_entropy", "grad_loss / len(rows)",
        "grad_loss / targets.size"),
    Bug("smoothing spreads over the wrong tokens only", "cross_entropy", "even / vocab + 1 - even", "1 - even"),
    Bug("smoothing counted twice", "cross_entropy", "(1 - even) * losses - even *", "losses - even *"),
    Bug("no maximum taken away from the logits", "log_softmax", "x - np.where(highest == -np.inf, 0, highest)", "x"),
    Bug("logarithms of the weights of softmax", "log_softmax",
        "return shifted - np.log(np.where(total == 0, 1, total))",
        "return np.log(np.exp(shifted) / np.where(total == 0, 1, total))"),
    Bug("the logarithm's gradient without its sum", "log_softmax", "* grad_output.sum(axis=axis, keepdims=True)",
        "* grad_output"),
    Bug("log-softmax forgets its axis on the way back", "log_softmax", "grad_output.sum(axis=axis, keepdims=True)",
        "grad_output.sum(axis=-1, keepdims=True)"),
    Bug("no guard for logarithms of a row of −inf", "log_softmax", "np.log(np.where(total == 0, 1, total))",
        "np.log(total)"),
    Bug("what arrives at a weight of zero counts", "log_softmax", "np.where(output == -np.inf, 0, as_gradient",
        "np.where(output == np.inf, 0, as_gradient"),
    Bug("Adam without the correction of the mean", "adam", "rate, root = learning_rate / (1 - beta1**step)",
        "rate, root = learning_rate"),
    Bug("Adam without the correction of the squares", "adam", "(1 - beta2**step) ** -0.5", "1.0"),
    Bug("Adam's eps under the root", "adam", "(root * np.sqrt(s) + eps)", "(root * np.sqrt(s + eps))"),
    Bug("Adam counts steps from zero", "adam", "step = state.step + 1\n", "step = max(1, state.step)\n"),
    Bug("Adam takes a gradient of NaN", "adam", "if not largest < np.finfo", "if largest > np.finfo"),
    Bug("warm-up falls too fast", "adam", "min(step**-0.5,", "min(step**-1.0,"),
    Bug("warm-up rises too fast", "adam", "warmup_steps**-1.5", "warmup_steps**-0.5"),
    Bug("a single number is no parameter after one step", "params", "isinstance(tree, np.ndarray | np.floating)",
        "isinstance(tree, np.ndarray)"),
    Bug("an interrupt loses what was learned", "fit", "except KeyboardInterrupt:", "except InterruptedError:"),
    Bug("progress shown in CI", "fit", "sys.stderr.isatty() and not os.environ.get(\"CI\")", "sys.stderr.isatty()"),
    Bug("a loss that is NaN goes on", "fit", "if not math.isfinite(loss)", "if math.isinf(loss)"),
    Bug("the previous token comes second", "tasks",
        "targets[:, 1:, 0] = tokens[:, :-1]\n        targets[:, :-1, 1] = tokens[:, 1:]",
        "targets[:, 1:, 1] = tokens[:, :-1]\n        targets[:, :-1, 0] = tokens[:, 1:]"),
    Bug("recall asks for the wrong pair", "tasks", "np.take_along_axis(value, asked, axis=1)",
        "np.take_along_axis(value, (asked + 1) % pairs, axis=1)"),
    Bug("positions by batch", "attention_model", "params.positions[: x.shape[-2]] if",
        "params.positions[: x.shape[0]] if"),
    Bug("no residual connection around the attention", "attention_model",
        "x = total(x, attended)\n        return", "x = attended\n        return"),
    Bug("a residual connection forgotten on the way back", "attention_model",
        "grad_feed_forward), grad + grad_x", "grad_feed_forward), grad_x"),
    Bug("gradients of the layers in the wrong order", "stack", "tuple(reversed(grad_layers))", "tuple(grad_layers)"),
    Bug("one layer over and over", "stack", "for params in layers:\n        x, more",
        "for params in layers[:1] * len(layers):\n        x, more"),
    Bug("what layers share hears of one alone", "stack", "*map(sum, zip(*grads_shared, strict=True))",
        "*grads_shared[0]"),
    Bug("the rounding error of LayerNorm's mean is taken for variance", "layer_norm",
        "for _ in range(2):", "for _ in range(1):"),
    Bug("squares overflow", "normalise", "unit = np.where(largest == 0, 1, largest)", "unit = np.ones_like(largest)"),
    Bug("small squares vanish", "normalise", "unit = np.where(largest == 0, 1, largest)",
        "unit = np.maximum(largest, 1)"),
    Bug("that squares overflow is not seen", "normalise", " & (mean < np.inf)", ""),
    Bug("that squares vanish is not seen", "normalise", "(mean > smallest_safe(x.dtype)) & ", ""),
    Bug("one vector's size decides over the others", "normalise",
        "np.where(safe, np.sqrt(mean), divisor(root))", "divisor(root)"),
    Bug("eps turns float32 into float64", "arguments", "return float(found)", "return np.float64(found)"),
    Bug("eps a tenth", "layer_norm", "def layer_norm(x, gain, bias, eps=1e-5)",
        "def layer_norm(x, gain, bias, eps=1e-6)"),
    Bug("what never varies divides by zero", "normalise", "np.where(root == 0, np.inf, root)", "root"),
    Bug("a variance of NaN is taken for none", "normalise", "np.where(root == 0, np.inf, root)",
        "np.where(root > 0, root, np.inf)"),
    Bug("a token of NaN that nobody reads spoils the gain", "normalise", "if not np.isnan(root).any():", "if True:"),
    Bug("LayerNorm's gradient keeps its mean", "layer_norm",
        "grad_normed - grad_normed.mean(axis=-1, keepdims=True) - x_hat * along", "grad_normed - x_hat * along"),
    Bug("LayerNorm's gradient keeps its length", "layer_norm", "keepdims=True) - x_hat * along) / sigma",
        "keepdims=True)) / sigma"),
    Bug("LayerNorm's gradients of gain and bias swapped", "layer_norm",
        "return grad_x, over_tokens(grad_output * x_hat), over_tokens(grad_output)",
        "return grad_x, over_tokens(grad_output), over_tokens(grad_output * x_hat)"),
    Bug("RMSNorm takes the mean away", "rms_norm", "    root = root_mean_square",
        "    x = x - x.mean(axis=-1, keepdims=True)\n    root = root_mean_square"),
    Bug("RMSNorm's gradient keeps its length", "rms_norm", "(grad_normed - x_hat * along) / sigma",
        "grad_normed / sigma"),
    Bug("padding counts in BatchNorm's mean", "batch_norm", "x = np.where(counts, x, 0)  #", "x = x  #"),
    Bug("padding counts in BatchNorm's variance", "batch_norm",
        "return mean + rest, np.where(counts, distances - rest, 0)",
        "return mean + rest, distances - rest"),
    Bug("padding times 0 poisons the mean", "batch_norm", "np.where(counts, x, 0)  #", "x * counts  #"),
    Bug("the rounding error of BatchNorm's mean is taken for variance", "batch_norm",
        "rest = distances.sum(axis=axes) / size", "rest = 0 * mean"),
    Bug("running statistics that overflowed count", "batch_norm", 'check_statistics("running statistics"',
        'check_features(x) or print("running statistics"'),
    Bug("running variance biased", "batch_norm", "if unbiased else 1)", "if not unbiased else 1)"),
    Bug("momentum the other way round", "batch_norm", "np.where(size > 1, momentum, 0.0)",
        "np.where(size > 1, 1 - momentum, 0.0)"),
    Bug("one token's variance is remembered", "batch_norm", "np.where(size > 1, mom", "np.where(size > 0, mom"),
    Bug("inference with the batch's statistics", "batch_norm", "        mean, variance = running_for(running, x)\n",
        "        mean, variance = batch_statistics(x, mask, running_for(running, x).mean.ndim == 2)\n"),
    Bug("BatchNorm's gradient as if its statistics were constants", "batch_norm", "if running is None:  # the mean",
        "if False:  # the mean"),
    Bug("a masked token becomes the bias", "batch_norm", "output = np.where(counts, normed * gain + bias, 0)",
        "output = normed * gain + bias"),
    Bug("a longer sequence has no error of its own", "batch_norm",
        "or (mean.ndim == 2 and len(mean) < x.shape[-2])", "or False"),
    Bug("statistics per position over the positions", "batch_norm", "range(x.ndim - 2 if per_position else",
        "range(1, x.ndim - 1) if per_position and x.ndim > 2 else range("),
    Bug("no residual connection", "residual", "        return total(x, added), more", "        return added, more"),
    Bug("pre-LN without its norm", "residual", "sublayer(layer_norm(x, norm.gain, norm.bias, eps))", "sublayer(x)"),
    Bug("post-LN normalises the sublayer alone", "residual",
        "layer_norm(total(x, added), norm.gain, norm.bias, eps), more",
        "total(x, layer_norm(added, norm.gain, norm.bias, eps)), more"),
    Bug("pre-LN's gradient past the sublayer forgotten", "residual", "return grad_output + grad_x", "return grad_x"),
    Bug("a float64 gradient passes a float32 layer as it is", "residual",
        "            grad_output = as_gradient(grad_output, output)\n", ""),
    Bug("post-LN's gradient goes past its norm", "residual", "return grad_sum + grad_x", "return grad_output + grad_x"),
    Bug("a sublayer may stretch its input", "residual", "if x.shape != added.shape:", "if False:"),
    Bug("the encoder looks at padding", "encoder", "multi_head_attention(params.attention, x, x, x, mask)",
        "multi_head_attention(params.attention, x, x, x)"),
    Bug("the encoder's last norm forgotten", "encoder", "return last_norm(params.norm, x), ", "return x, "),
    Bug("self-attention keeps one gradient of three", "sublayers",
        "return grad_query + grad_key + grad_value, grad_params",
        "return grad_query, grad_params"),
    Bug("the encoder is pre-LN whatever it was made for", "encoder", "attend, params.norm_first,", "attend, True,"),
    Bug("ReLU whatever the network was made for", "feed_forward", "bend, _ = known_activation(params.activation)",
        "bend, _ = known_activation(\"relu\")"),
    Bug("the decoder sees one token of the future", "decoder", "return causal_mask(x.shape[-2], x.shape[-2])",
        "return causal_mask(x.shape[-2] + 1, x.shape[-2])[1:]"),
    Bug("a mask of one's own is ignored", "decoder", "past_mask(x) if mask is None else mask\n\n    def look_back(x)",
        "past_mask(x)\n\n    def look_back(x)"),
    Bug("the memory's gradient by its keys alone", "sublayers", "grad_params, grad_key + grad_value",
        "grad_params, grad_key"),
    Bug("token vectors are not scaled", "transformer", "root = table.shape[-1] ** 0.5", "root = 1.0"),
    Bug("the table's gradient is not scaled", "transformer", "back(grad_output) * root", "back(grad_output)"),
    Bug("no positions", "transformer", "return looked_up * root + positions, lambda",
        "return looked_up * root, lambda"),
    Bug("a tied table keeps one gradient of two", "transformer", "grad_target + grad_out.T, None", "grad_target, None"),
    Bug("a map of its own is not used", "transformer",
        "params.target_tokens.T if params.w_out is None else params.w_out",
        "params.target_tokens.T"),
    Bug("the encoder is given no mask", "transformer", "= encode(params, source, source_mask)",
        "= encode(params, source, None)"),
    Bug("the decoder is given no mask", "transformer", "= decode(params, target, memory, source_mask, target_mask)",
        "= decode(params, target, memory, None, target_mask)"),
    Bug("maps of the decoder and across swapped", "transformer", "own, cross = zip", "cross, own = zip"),
    Bug("each next token stands at position 0", "greedy", "first=said.shape[1] - 1", "first=0"),
    Bug("a layer's last norm has another eps", "encoder",
        "residual(params.feed_forward_norm, x, think, params.norm_first, params.eps)",
        "residual(params.feed_forward_norm, x, think, params.norm_first)"),
    Bug("the way back forgets eps", "residual", "layer_norm_vjp(total(x, added), norm.gain, norm.bias, eps)",
        "layer_norm_vjp(total(x, added), *norm)"),
    Bug("halves are pairs", "positions", "waves.mT if halves else waves", "waves"),
    Bug("the gate the wrong way round", "ssru", "kept[..., t, :] * states[-1] + (1 - kept[..., t, :])",
        "(1 - kept[..., t, :]) * states[-1] + kept[..., t, :]"),
    Bug("the cell forgets what was there before", "ssru", "if state is None else state]", "]"),
    Bug("the recurrent gradient does not go back in time", "ssru", "grad_states[..., t, :] += grad\n", "pass\n"),
    Bug("the cell's state is read before its token", "ssru", "return relu(states[..., 1:, :])",
        "return relu(states[..., :-1, :])"),
    Bug("a matrix in eight bits as if it lay by rows", "translator/marian_file", "numbers.reshape(shape[::-1]).T",
        "numbers.reshape(shape)"),
    Bug("the table of tokens as if it lay by columns", "translator/marian_file", 'BY_ROWS = {"Wemb"}',
        "BY_ROWS = set()"),
    Bug("frequent tokens are not on the list", "translator/shortlist", "[np.arange(shortlist.frequent), *lists]",
        "[np.arange(0), *lists]"),
    Bug("each step of the translator stands at position 0", "translator/model",
        "with_positions(np.concatenate([begin, scaled(params, said)]))[read:]",
        "with_positions(np.concatenate([begin, scaled(params, said)])[read:])"),
    Bug("the translator's norms add another eps", "translator/model", "EPS = 1e-6", "EPS = 1e-5"),
    Bug("the translator's waves are those of the paper", "translator/model",
        "10000 ** (d_model / (d_model - 2))", "10000.0"),
    Bug("the translator's state is lost between steps", "translator/model", "return ssru(params.cell, x, state)",
        "return ssru(params.cell, x)"),
    Bug("the cache forgets the past", "greedy",
        "keys = np.concatenate([cache.keys, new_keys], axis=-2)\n        "
        "values = np.concatenate([cache.values, new_values], axis=-2)", "keys, values = new_keys, new_values"),
    Bug("the cache looks at padding", "greedy", "cache.memory_keys, cache.memory_values, source_mask)",
        "cache.memory_keys, cache.memory_values)"),
    Bug("the first layer's memory for all", "greedy", "key_value_heads(layer.cross_attention, memory",
        "key_value_heads(params.decoder.layers[0].cross_attention, memory"),
    Bug("the last norm forgotten while decoding", "greedy", "last_norm(params.decoder.norm, x)", "x"),
    Bug("the end of one is the end of all", "greedy", "(said[:, 1:] == end).any(axis=1).all()",
        "(said[:, 1:] == end).any()"),
    Bug("the beginning counts as an end", "greedy", "(said[:, 1:] == end)", "(said == end)"),
    Bug("training draws the days that are held out", "dates/task",
        "if (ordinal % HELD_OUT == 0) == held_out:", "if True:"),
    Bug("weekdays begin on Sunday", "dates/writing", "language.weekdays[date.weekday()]",
        "language.weekdays[(date.weekday() + 1) % 7]"),
    Bug("the 12nd of May", "dates/writing", "\"th\" if 11 <= day <= 13 else", "\"th\" if day == 11 else"),
    Bug("a French first in numbers", "dates/writing", " and pattern not in NUMBERS", ""),
    Bug("two dates in one text", "dates/writing", "\"{m}/{d}/{y}\"", "\"{d}/{m}/{y}\""),
    Bug("long names do not fit", "dates/no_dates", "return misspelt[:LONGEST]", "return misspelt"),
    Bug("every batch the same", "dates/task", "np.random.default_rng([seed, step])",
        "np.random.default_rng([seed, first_step])"),
    Bug("the decoder reads what it is to say", "dates/task", "np.maximum(wanted[:, :-1], 0)",
        "np.maximum(wanted[:, 1:], 0)"),
    Bug("nobody asks for the end", "dates/task",
        "row[: len(answer) + 1] = [*(TARGET_CODES[character] for character in answer), END]",
        "row[: len(answer)] = [TARGET_CODES[character] for character in answer]"),
    Bug("an answer goes on behind its end", "dates/task", "ends = [*row, END].index(END)", "ends = len(row)"),
    Bug("arrays in the order of their names", "stored_params", "for name in arrays.files]",
        "for name in sorted(arrays.files)]"),
    Bug("an interrupt spoils the old file", "stored_params", "path.with_name(path.name + \".unfinished\")", "path"),
    Bug("translating, padding counts", "dates/model", "STEPS, padding_mask(lengths, source.shape[1]), end=END)",
        "STEPS, None, end=END)"),
    Bug("training, padding counts", "dates/model", "source_mask = padding_mask(batch.lengths, batch.source.shape[1])",
        "source_mask = None"),
    Bug("confidence in what stands behind the end", "dates/model", "np.where(ended, 1, chosen)", "chosen"),
    Bug("any year and day is a date", "dates/model", "datetime.date.fromisoformat(answer).isoformat() == answer",
        "bool(datetime.date.fromisoformat(answer))"),
    Bug("resumed training sees its first batches again", "dates/train", "first_step=state.step + 1)", "first_step=1)"),
    Bug("a checkpoint without Adam's means", "dates/train", "step=int(numbers[0]), mean=mean, square=square",
        "step=int(numbers[0])"),
    Bug("a checkpoint of another run goes on", "dates/train", "if int(numbers[2]) != steps:", "if False:"),
    Bug("an interrupt at a checkpoint is not heard", "dates/train", "if interrupted:", "if not losses:"),
    Bug("a no-break space is no space", "dates/characters", "\" \" if sign.isspace() else sign", "sign"),
    Bug("a letter and its accent are two", "dates/characters", "normalize(\"NFKC\"", "normalize(\"NFKD\""),
    Bug("a year that the text contradicts is believed", "dates/model", " and date[:4] not in text", " and False"),
    Bug("training shows at its end that nothing can be written", "dates/train",
        "    write_checkpoint(checkpoint, params, state, seconds, steps)  # if", "    # if"),
    Bug("a byte order mark is part of the first date", "dates/translate", "utf-8-sig", "utf-8"),
    Bug("lines are answered only when all are there", "dates/translate", "stream.read1(CHUNK)", "stream.read()"),
    Bug("resumed steps are counted from one", "fit", "start=state.step + 1", "start=1"),
    Bug("an error line and no exit code", "dates/translate", "return 1 if faults else 0", "return 0"),
    Bug("the blocks on the diagonal left out", "blocks", "+ spans(before, end, columns)", "+ []"),
    Bug("an error in a thread is lost", "threads", "list(pool.map(work_on, range(threads)))",
        "pool.map(work_on, range(threads))"),
    Bug("an error in a thread does not stop the others", "threads",
        "waiting.clear()  # stops the other threads, too", "pass"),
    Bug("a product inside a task has all threads", "threads", "library.limit(limits=1)", "None"),
    Bug("the first of two calls lifts the limit for both", "threads", "if Inside.calls == 0 and Inside.limit",
        "if Inside.limit"),
    Bug("powers of two without the factor", "power", "math.log2(math.e)", "1.0"),
    Bug("what was added up is not shrunk", "fast_attention", "            weighted *= shrink\n", ""),
    Bug("the sum is not shrunk", "fast_attention", "            total *= shrink\n", ""),
    Bug("hidden keys move the shift", "fast_attention", "    hide(exponents, allowed)\n", ""),
    Bug("the shift never falls", "fast_attention", "| too_low", ""),
    Bug("a block's mask is forgotten", "fast_attention",
        "            if allowed is not None:\n                powers *= allowed\n", ""),
    Bug("the mask is forgotten on the way back", "fast_attention_backward",
        "        if allowed is not None:\n            powers *= allowed\n", ""),
    Bug("the mask is forgotten on the way back from large scores", "fast_attention_backward",
        "        hide(exponents, allowed)\n", ""),
    Bug("the diagonal of a causal block is hidden", "block_scores", "np.tri(rows, columns, before, dtype)",
        "np.tri(rows, columns, before - 1, dtype)"),
    Bug("powers too small to matter count", "block_scores", "    powers -= power.of(lowest)  #", "    #"),
    Bug("negative scales count as safe", "block_scores", "* abs(factor)", "* factor"),
    Bug("the way back forgets the mean", "fast_attention_backward",
        "np.negative(np.vecdot(grads[..., :-1], output[tile]), out=grads[..., -1])", "grads[..., -1] = 0"),
    Bug("the way back forgets the shift", "fast_attention_backward", "        exponents -= of_queries.shift\n", ""),
    Bug("gradients of queries without the scale", "fast_attention_backward", "finite(some_keys) * call.scale",
        "finite(some_keys)"),
    Bug("gradients of keys without the scale", "fast_attention_backward", "sums[0] *= call.scale", "pass"),
    Bug("one share of the queries' gradients only", "fast_attention_backward", "grad_query += more",
        "grad_query += 0 * more"),
    Bug("infinite keys have a gradient of NaN", "fast_attention_backward", "finite = unchanged if safe else",
        "finite = unchanged if True else"),
    Bug("overflow passes in silence", "fast_attention", "                check_sums(weighted, counts)\n", ""),
]  # fmt: skip


def stands_once(bug, root=ROOT):
    """Whether the text that the bug replaces is in its file, in one place."""
    return (root / "attnlib" / f"{bug.file}.py").read_text(encoding="utf-8").count(bug.old) == 1


def copy_repository(folder):
    """A copy of the repository in this folder; files keep their times, and so their compiled forms."""
    return Path(shutil.copytree(ROOT, Path(folder) / "copy", ignore=LEFT_OUT))


@contextlib.contextmanager
def planted(bug, copy):
    """The bug in the copy of the repository, for a while."""
    if not stands_once(bug, copy):
        raise SystemExit(f"{bug.name}: {bug.old!r} must stand in {bug.file}.py once")
    name = f"attnlib/{bug.file}.py"
    text = (copy / name).read_text(encoding="utf-8")
    (copy / name).write_text(text.replace(bug.old, bug.new), encoding="utf-8")
    try:
        yield
    finally:
        shutil.copy2(ROOT / name, copy / name)


def unit_tests(names):
    """The command that runs these unit tests until one fails."""
    return ["pytest", "-q", "-x", "-p", "no:cacheprovider", *(f"tests/test_{name}.py" for name in names)]


def own_tests(bugs):
    """The names of the tests of the bugs' own modules, each once."""
    return list(dict.fromkeys(name for bug in bugs for name in OWN.get(bug.file, [bug.file.replace("/", "_")])))


def fails(command, copy, timeout=600, plugins=False, compiled=False, **variables):
    """Whether the command fails in the copy, importing attnlib from there; and the first line that names a reason.

    Args:
        command: a Python module and its arguments.
        copy: the folder.
        timeout: seconds.
        plugins: whether pytest loads every plugin that is installed, which takes longer than most tests.
        compiled: whether compiled modules are kept for the next command. Not those of a planted bug.
        variables: of the environment.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= variables | {"PYTHONPATH": os.pathsep.join([str(copy), str(copy / "book")]), "OMP_NUM_THREADS": "1"}
    environment |= {} if plugins else {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment |= {} if compiled else {"PYTHONDONTWRITEBYTECODE": "1"}
    try:
        run = subprocess.run(
            [sys.executable, "-m", *command], cwd=copy, env=environment, capture_output=True, text=True, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        return True, f"longer than {timeout} s"
    reasons = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return run.returncode != 0, (reasons or [run.stderr[-200:]])[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="plant only the bugs whose name contains this")
    parser.add_argument("--file", action="append", help="plant only the bugs of this module; may be given again")
    parser.add_argument("--own", action="store_true", help="the tests of a bug's own module and the contracts must do")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one run of a command")
    parser.add_argument("command", nargs="*", help="a Python module and its arguments; default: the unit tests")
    options = parser.parse_args()
    bugs = [bug for bug in BUGS if options.only in bug.name and bug.file in (options.file or [bug.file])]
    everything = [*own_tests(bugs), "vjp_contracts"] if options.own else UNIT_TESTS
    how = {"timeout": options.timeout, "plugins": bool(options.command)}
    caught = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_repository(folder)
        broken, reason = fails(options.command or unit_tests(everything), copy, compiled=True, **how)
        if broken:
            raise SystemExit(f"the command fails without a bug: {reason}")
        for bug in bugs:
            start = time.perf_counter()
            steps = [own_tests([bug]), ["vjp_contracts"], *([] if options.own else [UNIT_TESTS])]
            with planted(bug, copy):
                for command in [options.command] if options.command else map(unit_tests, steps):
                    found, reason = fails(command, copy, **how)
                    if found:
                        break
            caught += found
            seconds, verdict = time.perf_counter() - start, "caught" if found else "MISSED"
            print(f"{verdict}  {bug.name:42} {seconds:5.1f} s  {reason[:110]}", flush=True)
    print(f"{caught} of {len(bugs)} planted bugs caught")


if __name__ == "__main__":
    main()
