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
UNIT_TESTS = ["softmax", "masks", "scores", "attention", "errors", "testing", "golden"]
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="plant only the bugs whose name contains this")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one run of the command")
    parser.add_argument("command", nargs="*", help="a Python module and its arguments; default: the unit tests")
    options = parser.parse_args()
    command = options.command or DEFAULT
    caught, bugs = 0, [bug for bug in BUGS if options.only in bug.name]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        broken, reason = fails(command, copy, options.timeout)
        if broken:
            raise SystemExit(f"the command fails without a bug: {reason}")
        for bug in bugs:
            start = time.perf_counter()
            path, before = plant(bug, copy)
            found, reason = fails(command, copy, options.timeout)
            path.write_text(before, encoding="utf-8")
            caught += found
            seconds, verdict = time.perf_counter() - start, "caught" if found else "MISSED"
            print(f"{verdict}  {bug.name:42} {seconds:5.1f} s  {reason[:110]}", flush=True)
    print(f"{caught} of {len(bugs)} planted bugs caught by: {' '.join(command)}")


if __name__ == "__main__":
    main()
