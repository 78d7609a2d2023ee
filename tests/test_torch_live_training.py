"""The comparison of test_golden_training.py with the installed PyTorch, on random shapes, masks and options."""

import numpy as np
import pytest

from tests.golden.compare_training import compare
from tests.golden.make_training import Case, ask_torch, draw
from tests.golden.stored import as_dtype

pytest.importorskip("torch")


def random_multi_head(rng):
    heads, d_k, seq_q, seq_k, d_key, d_value, batch = (int(n) for n in rng.integers(1, 9, size=7))
    mask = [None, (seq_q, seq_k), (batch, seq_q, seq_k)][rng.integers(3)]
    sizes = {"lead": (batch,), "seq_q": seq_q, "seq_k": seq_k, "d_query": heads * d_k, "d_key": d_key}
    sizes |= {"d_value": d_value, "heads": heads, "d_k": d_k, "d_v": d_k, "d_out": heads * d_k, "mask": mask}
    sizes["biased"] = bool(rng.integers(2))
    return Case("multi-head", sizes, {"heads": heads})


def random_shared_heads(rng):
    kv_heads, group, d_k, d_v, seq_q, seq_k, d_query, d_key, d_value, d_out = (
        int(n) for n in rng.integers(1, 7, size=10)
    )
    heads, lead = kv_heads * group, tuple(rng.integers(1, 4, size=rng.integers(1, 3)).tolist())
    mask = [None, (seq_q, seq_k), (1, seq_k), (*lead, 1, seq_k)][rng.integers(4)]
    bias = [None, (heads, seq_q, seq_k), (seq_q, seq_k), (*lead, 1, 1, seq_k)][rng.integers(4)]
    sizes = {"lead": lead, "seq_q": seq_q, "seq_k": seq_k, "d_query": d_query, "d_key": d_key, "d_value": d_value}
    sizes |= {"heads": heads, "kv_heads": kv_heads, "d_k": d_k, "d_v": d_v, "d_out": d_out, "mask": mask, "bias": bias}
    scale = [None, 0.3, -1.0][rng.integers(3)]
    return Case("shared heads", sizes, {"heads": heads, "kv_heads": kv_heads, "scale": scale})


def lead_of(rng):
    return tuple(rng.integers(1, 5, size=rng.integers(1, 4)).tolist())


def random_linear(rng):
    d_in, d_out = (int(n) for n in rng.integers(1, 20, size=2))
    return Case("linear", {"lead": lead_of(rng), "d_in": d_in, "d_out": d_out, "bias": bool(rng.integers(2))})


def random_embedding(rng):
    vocab, d_model = (int(n) for n in rng.integers(1, 20, size=2))
    return Case("embedding", {"shape": lead_of(rng), "vocab": vocab, "d_model": d_model})


def random_feed_forward(rng):
    d_model, d_ff = (int(n) for n in rng.integers(1, 20, size=2))
    activation = ["relu", "gelu"][rng.integers(2)]
    return Case("feed-forward", {"lead": lead_of(rng), "d_model": d_model, "d_ff": d_ff}, {"activation": activation})


def random_cross_entropy(rng):
    sizes = {"shape": lead_of(rng), "vocab": int(rng.integers(2, 20)), "ignored": [0, 0.5][rng.integers(2)]}
    smoothing = [0.0, 0.1, 0.7, 1.0][rng.integers(4)]
    return Case("cross-entropy", sizes | {"size": [0.1, 3, 30][rng.integers(3)]}, {"label_smoothing": smoothing})


def random_adam(rng):
    steps = int(rng.integers(1, 12))
    sizes = {"shapes": [lead_of(rng) for _ in range(rng.integers(1, 4))], "steps": steps}
    betas = [(0.9, 0.98), (0.9, 0.999), (0.5, 0.5)][rng.integers(3)]
    return Case("adam", sizes, {"rates": rng.uniform(0, 0.1, size=steps).tolist(), "betas": betas, "eps": 1e-8})


def random_rotary(rng):
    seq, pairs = (int(n) for n in rng.integers(1, 9, size=2))
    positions = [None, (0, 50), (-60, 60)][rng.integers(3)]
    sizes = {"lead": lead_of(rng), "seq": seq, "width": 2 * pairs, "positions": positions}
    return Case("rotary", sizes, {"base": [1e4, 10.0][rng.integers(2)]})


def random_model(rng):
    heads, pairs, d_ff, layers, vocab, outputs = (int(n) for n in rng.integers(1, [5, 4, 20, 4, 20, 20]))
    batch, seq = (int(n) for n in rng.integers(1, 9, size=2))
    max_seq = [None, seq, seq + 3][rng.integers(3)]
    sizes = {"shape": (batch, seq + 1), "vocab": vocab, "d_model": heads * 2 * pairs, "d_ff": d_ff, "layers": layers}
    sizes |= {"outputs": outputs + 1, "max_seq": max_seq and max_seq + 1, "causal": bool(rng.integers(2))}
    smoothing = [0.0, 0.2][rng.integers(2)]
    return Case("model", sizes, {"heads": heads, "rotary": bool(rng.integers(2)), "label_smoothing": smoothing})


RANDOM = [random_multi_head, random_shared_heads, random_linear, random_embedding, random_feed_forward]
RANDOM += [random_cross_entropy, random_adam, random_rotary, random_model]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("random_case", RANDOM, ids=lambda f: f.__name__.removeprefix("random_"))
def test_outputs_and_gradients_are_those_of_pytorch(random_case, seed, dtype):
    rng = np.random.default_rng(seed)
    case = random_case(rng)
    inputs = as_dtype(draw(rng, case), dtype)
    if case.call == "model":
        inputs["targets"][..., 0] = 0  # at least one place counts
    compare(case, inputs, ask_torch(case, inputs))
