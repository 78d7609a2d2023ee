"""Plant small bugs in attnlib, one at a time, and see whether a command notices.

    python -m tests.planted_bugs                                        # the unit tests
    python -m tests.planted_bugs --only scale -- pytest -q -x tests/test_attention.py
    python -m tests.planted_bugs -- pytest -q -x --nbval chapters       # the notebooks alone

Each bug is planted in a temporary copy of the repository, where the command runs; it is caught if the command fails.
The command must pass on the copy without a bug. A bug whose text is no longer in the library is an error.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
UNIT_TESTS = [
    *("softmax", "masks", "scores", "attention", "errors", "testing", "golden"),
    *("heads", "multi_head", "positions", "rotary", "alibi"),
    *("linear", "embedding", "activations", "feed_forward", "cross_entropy", "params", "adam", "fit"),
    *("tasks", "attention_model", "golden_training"),
]
DEFAULT = ["pytest", "-q", "-x", *(f"tests/test_{name}.py" for name in UNIT_TESTS)]
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "_build", "*.egg-info", ".*_cache", "__pycache__", ".ipynb_checkpoints"
)


class Bug(NamedTuple):
    """One small mistake: in this file of attnlib this text becomes that text."""

    name: str
    file: str
    old: str
    new: str


BUGS = [
    Bug("no maximum taken away", "softmax", "x - np.where(np.isneginf(highest), 0, highest)",
        "x + 0 * np.where(highest, 0, 0)"),
    Bug("softmax over the wrong axis", "softmax", "exps.sum(axis=axis, keepdims=True)",
        "exps.sum(axis=0, keepdims=True)"),
    Bug("no guard for a row of −inf", "softmax", "exps / np.where(total == 0, 1, total)", "exps / total"),
    Bug("a masked row shares equally", "softmax", "exps / np.where(total == 0, 1, total)",
        "np.where(total == 0, x.dtype.type(1 / max(1, x.shape[-1])), exps / np.where(total == 0, 1, total))"),
    Bug("pullback without the mean", "softmax", "weights * (grad_output - mean)", "weights * grad_output"),
    Bug("Jacobian with a plus sign", "softmax", "diagonal - column * row", "diagonal + column * row"),
    Bug("entropy in bits", "softmax", "np.log(weights, out", "np.log2(weights, out"),
    Bug("causal mask without the diagonal", "masks", "key_position <= query_position",
        "key_position < query_position"),
    Bug("causal mask upside down", "masks", "key_position <= query_position", "key_position >= query_position"),
    Bug("causal mask aligned to the bottom right", "masks", "key_position <= query_position",
        "key_position <= query_position + seq_k - seq_q"),
    Bug("padding off by one", "masks", "np.arange(seq_k) < lengths", "np.arange(seq_k) <= lengths"),
    Bug("padding hides queries", "masks", "lengths[..., None, None]", "lengths[..., None]"),
    Bug("transpose forgotten", "scores", "return query @ key.mT",
        "return query @ key.reshape(*key.shape[:-2], *key.shape[:-3:-1])"),
    Bug("scale 1/d_k", "arguments", "d_k**-0.5", "d_k**-1.0"),
    Bug("scale by the root of seq_k", "scores", "d_k=np.shape(key)[-1]", "d_k=np.shape(key)[-2]"),
    Bug("scale ignored in the forward pass", "scores", "as_scale(scale, d_k=", "as_scale(None, d_k="),
    Bug("float32 turns into float64", "arguments", "return d_k**-0.5  #", "return np.float64(d_k) ** -0.5  #"),
    Bug("cosine divides the keys only", "scores", "unit_vectors(query) @", "query @"),
    Bug("bilinear weight transposed", "scores", "query @ weight @ key.mT",
        "query @ weight.T.reshape(weight.shape) @ key.mT"),
    Bug("additive without tanh", "scores", "np.tanh(from_query + from_key) @ v", "(from_query + from_key) @ v"),
    Bug("mask polarity", "attention", "np.where(mask, scores, -np.inf)", "np.where(mask, -np.inf, scores)"),
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
    Bug("wrong input passes: d_k", "arguments", "query.shape[-1] != key.shape[-1]",
        "query.shape[-1] < key.shape[-1]"),
    Bug("heads split without the transpose", "heads",
        "x.reshape(*lead, seq, num_heads, width // num_heads).swapaxes(-3, -2)",
        "x.reshape(*lead, num_heads, seq, width // num_heads)"),
    Bug("heads merged without the inverse transpose", "heads", "x.swapaxes(-3, -2).reshape(*lead, seq",
        "x.reshape(*lead, seq"),
    Bug("heads take every num_heads-th feature", "heads",
        "x.reshape(*lead, seq, num_heads, width // num_heads).swapaxes(-3, -2)",
        "x.reshape(*lead, seq, width // num_heads, num_heads).swapaxes(-1, -2).swapaxes(-3, -2)"),
    Bug("the embedding is sliced, not projected", "multi_head", "query = split_heads(linear(query, params.w_q)",
        "query = split_heads(linear(query, np.eye(*params.w_q.shape, dtype=query.dtype))"),
    Bug("no output map", "multi_head", "return linear(merge_heads(outputs), params.w_o), attn_weights",
        "return linear(merge_heads(outputs), np.eye(*params.w_o.shape, dtype=outputs.dtype)), attn_weights"),
    Bug("output map head by head, the first one's for all", "multi_head",
        "return linear(merge_heads(outputs), params.w_o), attn_weights",
        "return linear(merge_heads(outputs), np.tile(params.w_o[: outputs.shape[-1]], (params.num_heads, 1))), "
        "attn_weights"),
    Bug("scale by d_model instead of the head's width", "multi_head",
        "for_every_head(mask, query, key), bias, scale)\n    return",
        "for_every_head(mask, query, key), bias, scale or params.w_q.shape[1] ** -0.5)\n    return"),
    Bug("key heads tiled instead of repeated", "multi_head", "np.repeat(x, num_heads // x.shape[-3], axis=-3)",
        "np.concatenate([x] * (num_heads // x.shape[-3]), axis=-3)"),
    Bug("shared heads keep one gradient of several", "multi_head", "width).sum(axis=-3)", "width)[..., 0, :, :]"),
    Bug("gradients of keys and values swapped", "multi_head",
        "grad_key, grad_w_k = back_w_k(merge_heads(grad_key))\n        grad_value, grad_w_v = "
        "back_w_v(merge_heads(grad_value))",
        "grad_value, grad_w_k = back_w_k(merge_heads(grad_key))\n        grad_key, grad_w_v = "
        "back_w_v(merge_heads(grad_value))"),
    Bug("mask without an axis for the heads", "multi_head", "else np.expand_dims(mask, -3)", "else mask"),
    Bug("the mask's axis of heads in the wrong place", "multi_head", "np.expand_dims(mask, -3)",
        "np.expand_dims(mask, 0)"),
    Bug("a stretched batch taken for heads", "multi_head", "max(query.ndim, key.ndim)", "query.ndim"),
    Bug("rotary turns the queries alone", "multi_head", "query, key = rotate(query), rotate(key)",
        "query = rotate(query)"),
    Bug("rotary forgotten on the way back", "multi_head",
        "grad_query, grad_key = back_query_turn(grad_query), back_key_turn(grad_key)",
        "grad_query = back_query_turn(grad_query)"),
    Bug("cosine with the exponent 2i + 1", "positions", "np.cos(angles)], axis=-1)",
        "np.cos(angles * base ** (-1 / d_model))], axis=-1)"),
    Bug("all sines before all cosines", "positions", "np.stack([np.sin(angles), np.cos(angles)], axis=-1)",
        "np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)"),
    Bug("sines and cosines swapped", "positions", "[np.sin(angles), np.cos(angles)]",
        "[np.cos(angles), np.sin(angles)]"),
    Bug("positions counted from one", "positions", "wave_angles(np.arange(as_size(\"seq\", seq)), d_model, base)",
        "wave_angles(1 + np.arange(as_size(\"seq\", seq)), d_model, base)"),
    Bug("angles in float32", "positions", "return positions[..., None] * frequencies",
        "return (positions[..., None].astype(np.float32) * frequencies.astype(np.float32)).astype(np.float64)"),
    Bug("wave lengths by i instead of 2i", "positions", "-np.arange(0, width, 2) / width",
        "-np.arange(0, width // 2) / width"),
    Bug("unused positions learn too", "positions", "np.zeros(np.shape(table), output.dtype)",
        "np.full(np.shape(table), 1e-3, output.dtype)"),
    Bug("rotation the wrong way", "rotary", "first * cos - second * sin", "first * cos + second * sin"),
    Bug("rotation the other way round", "rotary",
        "first * cos - second * sin\n    turned[..., 1::2] = first * sin + second * cos",
        "first * cos + second * sin\n    turned[..., 1::2] = second * cos - first * sin"),
    Bug("rotary pullback not reversed", "rotary", "backwards = -np.asarray", "backwards = np.asarray"),
    Bug("unsigned positions wrap around", "rotary", "backwards = -np.asarray(np.arange(output.shape[-2]) if positions "
        "is None else positions, dtype=np.float64)",
        "backwards = -np.asarray(np.arange(output.shape[-2]) if positions is None else positions)"),
    Bug("rotary in halves", "rotary", "first, second = x[..., 0::2], x[..., 1::2]",
        "first, second = np.split(x, 2, axis=-1)"),
    Bug("ALiBi rewards distance", "alibi", "* -distance", "* distance"),
    Bug("ALiBi slopes from head 0", "alibi", "np.arange(1, num_heads + 1)", "np.arange(num_heads)"),
    Bug("ALiBi slopes the same for any number of heads", "alibi", "/ num_heads)", "/ 8)"),
    Bug("weight transposed in the gradient", "linear", "as_rows(x).T @ rows",
        "(rows.T @ as_rows(x)).reshape(weight.shape)"),
    Bug("gradient of the bias a mean", "linear", "rows.sum(axis=0)", "rows.mean(axis=0)"),
    Bug("an embedding's gradient overwrites", "embedding", "np.add.reduceat(rows[order], starts, axis=0)",
        "rows[order][starts]"),
    Bug("negative tokens count from the end", "embedding", "not 0 <= tokens.min() <= tokens.max() < vocab",
        "not tokens.min() <= tokens.max() < vocab"),
    Bug("ReLU lets gradients through at zero and below", "activations", "* (output > 0)", "* (output >= 0)"),
    Bug("GELU with another constant", "activations", "CUBIC = 0.044715", "CUBIC = 0.044175"),
    Bug("GELU's slope without its second part", "activations", "slope = gates + 2 *", "slope = gates + 0 *"),
    Bug("GELU overflows far from zero", "activations", "    near = np.clip(x, -10, 10)  #", "    near = x  #"),
    Bug("feed-forward without its bend", "feed_forward", "linear(bend(linear(x, params.w_in, params.b_in))",
        "linear((linear(x, params.w_in, params.b_in))"),
    Bug("ignored targets count", "cross_entropy", "counts = targets != ignore", "counts = targets != np.inf"),
    Bug("the mean over ignored places too", "cross_entropy", "float(grad_loss) / len(rows)",
        "float(grad_loss) / targets.size"),
    Bug("smoothing spreads over the wrong tokens only", "cross_entropy", "even / vocab + 1 - even", "1 - even"),
    Bug("smoothing counted twice", "cross_entropy", "(1 - even) * losses - even *", "losses - even *"),
    Bug("no maximum taken away from the logits", "cross_entropy", "shifted = rows - rows.max(axis=-1, keepdims=True)",
        "shifted = rows"),
    Bug("Adam without the correction of the mean", "adam", "rate, root = learning_rate / (1 - beta1**step)",
        "rate, root = learning_rate"),
    Bug("Adam without the correction of the squares", "adam", "(1 - beta2**step) ** -0.5", "1.0"),
    Bug("Adam's eps under the root", "adam", "(root * np.sqrt(s) + eps)", "(root * np.sqrt(s + eps))"),
    Bug("Adam counts steps from zero", "adam", "step = state.step + 1\n", "step = max(1, state.step)\n"),
    Bug("Adam turns float32 into float64", "adam", "return float(learning_rate), float(beta1)",
        "return np.float64(learning_rate), float(beta1)"),
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
        "x = x + attended\n        if layer", "x = attended\n        if layer"),
    Bug("a residual connection forgotten on the way back", "attention_model",
        "grad = grad + grad_query + grad_key + grad_value", "grad = grad_query + grad_key + grad_value"),
    Bug("gradients of the layers in the wrong order", "attention_model", "tuple(reversed(grad_layers))",
        "tuple(grad_layers)"),
]  # fmt: skip


def stands_once(bug, root=ROOT):
    """Whether the text that the bug replaces is in its file, in one place."""
    return (root / "attnlib" / f"{bug.file}.py").read_text(encoding="utf-8").count(bug.old) == 1


def plant(bug, copy):
    """The bug in the copy of the repository; returns the file and its text before."""
    if not stands_once(bug, copy):
        raise SystemExit(f"{bug.name}: {bug.old!r} must stand in {bug.file}.py once")
    path = copy / "attnlib" / f"{bug.file}.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(bug.old, bug.new), encoding="utf-8")
    return path, text


def fails(command, copy, timeout):
    """Whether the command fails in the copy, importing attnlib from there; and the first line that names a reason."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(copy), str(copy / "book")]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        run = subprocess.run(
            [sys.executable, "-m", *command], cwd=copy, env=environment, capture_output=True, text=True, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        return True, f"longer than {timeout} s"
    reasons = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return run.returncode != 0, (reasons or [run.stderr[-200:]])[0]


def own_test_first(command, bug):
    """The command with the test file of the bug's own module, if it is among its arguments, before all others."""
    own, tests = f"tests/test_{bug.file}.py", [part for part in command if part.startswith("tests/")]
    if own not in tests:
        return command
    return [*(part for part in command if part not in tests), own, *(part for part in tests if part != own)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="plant only the bugs whose name contains this")
    parser.add_argument("--file", help="plant only the bugs of this module")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one run of the command")
    parser.add_argument("command", nargs="*", help="a Python module and its arguments; default: the unit tests")
    options = parser.parse_args()
    command = options.command or DEFAULT
    caught, bugs = 0, [bug for bug in BUGS if options.only in bug.name and options.file in (None, bug.file)]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        broken, reason = fails(command, copy, options.timeout)
        if broken:
            raise SystemExit(f"the command fails without a bug: {reason}")
        for bug in bugs:
            start = time.perf_counter()
            path, before = plant(bug, copy)
            found, reason = fails(own_test_first(command, bug), copy, options.timeout)
            path.write_text(before, encoding="utf-8")
            caught += found
            seconds, verdict = time.perf_counter() - start, "caught" if found else "MISSED"
            print(f"{verdict}  {bug.name:42} {seconds:5.1f} s  {reason[:110]}", flush=True)
    print(f"{caught} of {len(bugs)} planted bugs caught by: {' '.join(command)}")


if __name__ == "__main__":
    main()
