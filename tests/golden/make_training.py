"""Make training.npz: what PyTorch answers, outputs and gradients, for everything that a small model is trained with.

    python -m tests.golden.make_training

stored.py says what the file holds. Its six hundred arrays are small, so they are packed: a third of the size.
Each call has a function below that takes flat arrays by name, asks PyTorch, and returns flat arrays by name;
tests/golden/compare_training.py asks attnlib the same. tests/test_golden_training.py reads the file;
tests/test_torch_live_training.py runs these functions on fresh numbers.
"""

from typing import Any, NamedTuple

import numpy as np

from tests.golden.stored import in_both_dtypes, pack, write

SEED = 1706

LAYER = ("w_q", "w_k", "w_v", "w_o", "w_in", "b_in", "w_out", "b_out")  # the arrays of one layer of the model


class Case(NamedTuple):
    """One call: a key of CALLS, the sizes for ``draw``, and the options that both sides get."""

    call: str
    sizes: dict[str, Any]
    options: dict[str, Any] = {}  # noqa: RUF012  (never changed)


# What is drawn


def normal(rng, shape, size=1.0):
    return (size * rng.normal(size=shape)).astype(np.float32)


def draw_multi_head(rng, lead, seq_q, seq_k, d_query, d_key, d_value, heads, d_k, d_v, d_out, kv_heads=None, mask=None,
                    bias=None, biased=False):  # fmt: skip
    kv_heads = kv_heads or heads
    shapes = {
        "query": (*lead, seq_q, d_query),
        "key": (*lead, seq_k, d_key),
        "value": (*lead, seq_k, d_value),
        "grad_output": (*lead, seq_q, d_out),
    }
    maps = {
        "w_q": (d_query, heads * d_k),
        "w_k": (d_key, kv_heads * d_k),
        "w_v": (d_value, kv_heads * d_v),
        "w_o": (heads * d_v, d_out),
    }
    inputs = {name: normal(rng, shape) for name, shape in shapes.items()}
    inputs |= {name: normal(rng, shape, shape[0] ** -0.5) for name, shape in maps.items()}
    if bias is not None:
        inputs["bias"] = normal(rng, bias)
    if mask is not None:
        inputs["mask"] = rng.random(mask) < 0.6
        inputs["mask"][..., 0] = True  # PyTorch's module gives NaN to a query without a key
    if biased:
        inputs |= {f"b_{name[-1]}": normal(rng, shape[1]) for name, shape in maps.items()}
    return inputs


def draw_linear(rng, lead, d_in, d_out, bias=True):
    shapes = {"x": (*lead, d_in), "weight": (d_in, d_out), "grad_output": (*lead, d_out)}
    return {name: normal(rng, shape) for name, shape in (shapes | ({"bias": (d_out,)} if bias else {})).items()}


def draw_embedding(rng, shape, vocab, d_model):
    inputs = {"table": normal(rng, (vocab, d_model)), "grad_output": normal(rng, (*shape, d_model))}
    return inputs | {"tokens": rng.integers(vocab, size=shape)}


def draw_feed_forward(rng, lead, d_model, d_ff):
    shapes = {"x": (*lead, d_model), "w_in": (d_model, d_ff), "b_in": (d_ff,), "w_out": (d_ff, d_model)}
    shapes |= {"b_out": (d_model,), "grad_output": (*lead, d_model)}
    return {name: normal(rng, shape) for name, shape in shapes.items()}


def draw_cross_entropy(rng, shape, vocab, ignored=0.0, size=3.0):
    targets = rng.integers(vocab, size=shape)
    targets[rng.random(shape) < ignored] = -1
    targets.flat[0] = 1
    return {"logits": normal(rng, (*shape, vocab), size), "targets": targets}


def draw_adam(rng, shapes, steps):
    inputs = {f"param{i}": normal(rng, shape) for i, shape in enumerate(shapes)}
    sizes = rng.uniform(0.01, 10, size=steps)
    return inputs | {
        f"grad{i} {step}": normal(rng, shape, sizes[step]) for i, shape in enumerate(shapes) for step in range(steps)
    }


def draw_rotary(rng, lead, seq, width, positions=None):
    inputs = {"x": normal(rng, (*lead, seq, width)), "grad_output": normal(rng, (*lead, seq, width))}
    return inputs if positions is None else inputs | {"positions": rng.integers(*positions, size=seq)}


def draw_model(rng, shape, vocab, d_model, d_ff, layers, outputs, max_seq=None, causal=False):
    inputs = {"table": normal(rng, (vocab, d_model)), "w_logits": normal(rng, (d_model, outputs), d_model**-0.5)}
    if max_seq is not None:
        inputs["positions"] = normal(rng, (max_seq, d_model))
    square = (d_model, d_model)
    shapes = dict(zip(LAYER, [*[square] * 4, (d_model, d_ff), (d_ff,), (d_ff, d_model), (d_model,)], strict=True))
    for i in range(layers):
        inputs |= {f"{name} {i}": normal(rng, wide, wide[0] ** -0.5) for name, wide in shapes.items()}
    inputs |= {"tokens": rng.integers(vocab, size=shape), "targets": rng.integers(-1, outputs, size=shape)}
    return inputs | ({"mask": np.tril(np.ones((shape[-1], shape[-1]), bool))} if causal else {})


# What PyTorch answers


def leaves_of(inputs):
    """The float arrays as tensors that collect gradients, all others as tensors."""
    import torch

    return {name: torch.tensor(x, requires_grad=np.issubdtype(x.dtype, np.floating)) for name, x in inputs.items()}


def results_of(leaves, **outputs):
    """Outputs and gradients as NumPy arrays."""
    grads = {f"grad_{name}": x.grad for name, x in leaves.items() if x.grad is not None}
    return {name: x.detach().numpy() for name, x in (outputs | grads).items()}


def torch_multi_head(inputs, heads):
    """torch.nn.MultiheadAttention. Its weights are transposed, and True in its mask means *hidden*."""
    import torch

    d_model, d_key, d_value = (inputs[name].shape[-1] for name in ("query", "key", "value"))
    dtype = torch.tensor(inputs["query"]).dtype
    module = torch.nn.MultiheadAttention(
        d_model, heads, bias="b_q" in inputs, kdim=d_key, vdim=d_value, batch_first=True, dtype=dtype
    )
    maps = {name: torch.tensor(inputs[name].T) for name in ("w_q", "w_k", "w_v", "w_o")}
    with torch.no_grad():
        if module.in_proj_weight is None:
            for name in ("q", "k", "v"):
                getattr(module, f"{name}_proj_weight").copy_(maps[f"w_{name}"])
        else:
            module.in_proj_weight.copy_(torch.cat([maps["w_q"], maps["w_k"], maps["w_v"]]))
        module.out_proj.weight.copy_(maps["w_o"])
        if "b_q" in inputs:
            module.in_proj_bias.copy_(torch.cat([torch.tensor(inputs[f"b_{name}"]) for name in ("q", "k", "v")]))
            module.out_proj.bias.copy_(torch.tensor(inputs["b_o"]))
    leaves = leaves_of({name: inputs[name] for name in ("query", "key", "value")})
    hidden = None
    if "mask" in inputs:
        mask = inputs["mask"]
        if mask.ndim == 3:  # one a sequence; the module wants one for each sequence and head
            mask = np.repeat(mask, heads, axis=0)
        hidden = ~torch.tensor(mask)
    output, weights = module(*leaves.values(), attn_mask=hidden, need_weights=True, average_attn_weights=False)
    output.backward(torch.tensor(inputs["grad_output"]))
    if module.in_proj_weight is None:
        grads = [getattr(module, f"{name}_proj_weight").grad for name in ("q", "k", "v")]
    else:
        grads = module.in_proj_weight.grad.chunk(3)
    grads = dict(zip(("w_q", "w_k", "w_v", "w_o"), [*grads, module.out_proj.weight.grad], strict=True))
    if "b_q" in inputs:
        biases = [*module.in_proj_bias.grad.chunk(3), module.out_proj.bias.grad]
        grads |= dict(zip(("b_q", "b_k", "b_v", "b_o"), biases, strict=True))
    results = results_of(leaves, output=output, attn_weights=weights)
    return results | {f"grad_{name}": grad.mT.contiguous().numpy() if grad.ndim > 1 else grad.numpy()
                      for name, grad in grads.items()}  # fmt: skip


def torch_shared_heads(inputs, heads, kv_heads, scale=None):
    """scaled_dot_product_attention with enable_gqa: fewer heads of keys and values than of queries."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    grad_output = torch.tensor(inputs["grad_output"])
    leaves = leaves_of({name: x for name, x in inputs.items() if name != "grad_output"})

    def split(name, weight, n):
        x = leaves[name] @ leaves[weight]
        return x.unflatten(-1, (n, -1)).transpose(-3, -2)

    query, key, value = split("query", "w_q", heads), split("key", "w_k", kv_heads), split("value", "w_v", kv_heads)
    mask = leaves.get("bias")
    if "mask" in leaves:
        allowed = leaves["mask"] if leaves["mask"].ndim < query.ndim - 1 else leaves["mask"].unsqueeze(-3)
        mask = allowed if mask is None else torch.where(allowed, mask, -torch.inf)
    options = {"attn_mask": mask, "scale": scale, "enable_gqa": True}
    attended = scaled_dot_product_attention(query, key, value, **options)
    output = attended.transpose(-3, -2).flatten(-2) @ leaves["w_o"]
    output.backward(grad_output)
    identity = torch.eye(key.shape[-2], dtype=query.dtype).expand(*key.shape[:-1], -1)
    return results_of(leaves, output=output, attn_weights=scaled_dot_product_attention(query, key, identity, **options))


def torch_linear(inputs):
    from torch.nn.functional import linear

    leaves = leaves_of(inputs)
    grad_output = leaves.pop("grad_output").detach()
    output = linear(leaves["x"], leaves["weight"].T, leaves.get("bias"))
    output.backward(grad_output)
    return results_of(leaves, output=output)


def torch_embedding(inputs):
    from torch.nn.functional import embedding

    leaves = leaves_of(inputs)
    grad_output = leaves.pop("grad_output").detach()
    output = embedding(leaves["tokens"], leaves["table"])
    output.backward(grad_output)
    return results_of(leaves, output=output)


def torch_feed_forward(inputs, activation):
    leaves = leaves_of(inputs)
    grad_output = leaves.pop("grad_output").detach()
    output = feed_forward(*(leaves[name] for name in ("x", "w_in", "b_in", "w_out", "b_out")), activation)
    output.backward(grad_output)
    return results_of(leaves, output=output)


def feed_forward(x, w_in, b_in, w_out, b_out, activation="relu"):
    from torch.nn.functional import gelu, linear, relu

    hidden = linear(x, w_in.T, b_in)
    return linear(relu(hidden) if activation == "relu" else gelu(hidden, approximate="tanh"), w_out.T, b_out)


def torch_cross_entropy(inputs, label_smoothing=0.0):
    from torch.nn.functional import cross_entropy

    leaves = leaves_of(inputs)
    logits, targets = leaves["logits"], leaves["targets"]
    loss = cross_entropy(
        logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=-1, label_smoothing=label_smoothing
    )
    loss.backward()
    return results_of(leaves, loss=loss)


def torch_adam(inputs, rates, betas=(0.9, 0.98), eps=1e-9):
    """torch.optim.Adam with a learning rate of its own at every step; the parameters after each."""
    import torch

    params = [torch.tensor(x, requires_grad=True) for name, x in inputs.items() if name.startswith("param")]
    optimiser = torch.optim.Adam(params, betas=betas, eps=eps)
    results = {}
    for step, rate in enumerate(rates):
        for i, param in enumerate(params):
            param.grad = torch.tensor(inputs[f"grad{i} {step}"])
        optimiser.param_groups[0]["lr"] = rate
        optimiser.step()
        results |= {f"param{i} {step}": param.detach().numpy().copy() for i, param in enumerate(params)}
    return results


def torch_rotary(inputs, base=10000.0):
    leaves = leaves_of({name: inputs[name] for name in ("x",)})
    output = turned(leaves["x"], inputs.get("positions"), base)
    import torch

    output.backward(torch.tensor(inputs["grad_output"]))
    return results_of(leaves, output=output)


def turned(x, positions=None, base=10000.0):
    """Pairs of features as complex numbers, times e^(i · angle)."""
    import torch

    positions = torch.arange(x.shape[-2]) if positions is None else torch.tensor(positions)
    angles = positions.double()[:, None] / base ** (torch.arange(0, x.shape[-1], 2).double() / x.shape[-1])
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles).to(pairs.dtype)).flatten(-2)


def torch_model(inputs, heads, rotary=False, label_smoothing=0.0):
    """Embedding, learned positions, attention and feed-forward with residual connections, cross-entropy."""
    from torch.nn.functional import cross_entropy, embedding, scaled_dot_product_attention

    leaves = leaves_of(inputs)

    def split(x, weight, turns):
        x = (x @ weight).unflatten(-1, (heads, -1)).transpose(-3, -2)
        return turned(x) if turns else x

    x = embedding(leaves["tokens"], leaves["table"])
    if "positions" in leaves:
        x = x + leaves["positions"][: x.shape[-2]]
    for i in range(sum(name.startswith("w_q") for name in leaves)):
        w_q, w_k, w_v, w_o, *dense = (leaves[f"{name} {i}"] for name in LAYER)
        query, key, value = split(x, w_q, rotary), split(x, w_k, rotary), split(x, w_v, False)
        attended = scaled_dot_product_attention(query, key, value, attn_mask=leaves.get("mask"))
        x = x + attended.transpose(-3, -2).flatten(-2) @ w_o
        x = x + feed_forward(x, *dense)
    logits = x @ leaves["w_logits"]
    loss = cross_entropy(
        logits.reshape(-1, logits.shape[-1]),
        leaves["targets"].reshape(-1),
        ignore_index=-1,
        label_smoothing=label_smoothing,
    )
    loss.backward()
    return results_of(leaves, logits=logits, loss=loss)


CALLS = {
    "multi-head": (draw_multi_head, torch_multi_head),
    "shared heads": (draw_multi_head, torch_shared_heads),
    "linear": (draw_linear, torch_linear),
    "embedding": (draw_embedding, torch_embedding),
    "feed-forward": (draw_feed_forward, torch_feed_forward),
    "cross-entropy": (draw_cross_entropy, torch_cross_entropy),
    "adam": (draw_adam, torch_adam),
    "rotary": (draw_rotary, torch_rotary),
    "model": (draw_model, torch_model),
}

# Widths for torch.nn.MultiheadAttention: its values are as wide as its keys, and it gives back d_model.
MODULE = {"seq_q": 2, "seq_k": 5, "d_query": 12, "heads": 3, "d_k": 4, "d_v": 4, "d_out": 12}
SELF = MODULE | {"lead": (4,), "d_key": 12, "d_value": 12}
CROSS = MODULE | {"lead": (4,), "d_key": 7, "d_value": 9}
WIDE = {"lead": (2,), "seq_q": 3, "seq_k": 5, "d_query": 7, "d_key": 8, "d_value": 9, "heads": 6, "d_k": 4, "d_v": 3,
        "d_out": 10}  # fmt: skip
MODEL = {"shape": (3, 6), "vocab": 11, "d_model": 12, "d_ff": 10, "layers": 2, "outputs": 7}
PAPER = [12**-0.5 * min(step**-0.5, step * 3**-1.5) for step in range(1, 7)]

CASES = {
    "multi-head": Case("multi-head", SELF, {"heads": 3}),
    "multi-head, keys of another width": Case("multi-head", CROSS, {"heads": 3}),
    "multi-head, one mask": Case("multi-head", SELF | {"mask": (2, 5)}, {"heads": 3}),
    "multi-head, a mask a sequence": Case("multi-head", CROSS | {"mask": (4, 2, 5)}, {"heads": 3}),
    "as many key heads": Case("shared heads", WIDE, {"heads": 6, "kv_heads": 6}),
    "grouped-query": Case("shared heads", WIDE | {"kv_heads": 2}, {"heads": 6, "kv_heads": 2}),
    "multi-query, bias a head": Case(
        "shared heads", WIDE | {"kv_heads": 1, "bias": (6, 3, 5)}, {"heads": 6, "kv_heads": 1, "scale": 0.3}
    ),
    "grouped-query, mask and bias": Case(
        "shared heads", WIDE | {"kv_heads": 3, "mask": (2, 3, 5), "bias": (2, 1, 3, 5)}, {"heads": 6, "kv_heads": 3}
    ),
    "linear": Case("linear", {"lead": (2, 5), "d_in": 3, "d_out": 7}),
    "linear without bias": Case("linear", {"lead": (5,), "d_in": 4, "d_out": 2, "bias": False}),
    "embedding": Case("embedding", {"shape": (3, 8), "vocab": 5, "d_model": 4}),
    "feed-forward, relu": Case("feed-forward", {"lead": (2, 5), "d_model": 3, "d_ff": 7}, {"activation": "relu"}),
    "feed-forward, gelu": Case("feed-forward", {"lead": (2, 5), "d_model": 3, "d_ff": 7}, {"activation": "gelu"}),
    "cross-entropy": Case("cross-entropy", {"shape": (3, 5), "vocab": 7}),
    "cross-entropy, padding": Case("cross-entropy", {"shape": (3, 5), "vocab": 7, "ignored": 0.4}),
    "cross-entropy, smoothing": Case("cross-entropy", {"shape": (15,), "vocab": 7}, {"label_smoothing": 0.1}),
    "cross-entropy, both": Case(
        "cross-entropy", {"shape": (3, 5), "vocab": 7, "ignored": 0.4, "size": 20.0}, {"label_smoothing": 0.3}
    ),
    "cross-entropy, nothing but smoothing": Case(
        "cross-entropy", {"shape": (3, 5), "vocab": 7}, {"label_smoothing": 1.0}
    ),
    "adam": Case("adam", {"shapes": [(3, 4), (5,)], "steps": 6}, {"rates": [0.05] * 6}),
    "adam, warm-up": Case("adam", {"shapes": [(3, 4), (5,)], "steps": 6}, {"rates": PAPER}),
    "adam, other constants": Case(
        "adam", {"shapes": [(3, 4)], "steps": 4}, {"rates": [0.05] * 4, "betas": (0.5, 0.9), "eps": 0.01}
    ),
    "rotary": Case("rotary", {"lead": (2, 3), "seq": 5, "width": 6}),
    "rotary, positions": Case("rotary", {"lead": (3,), "seq": 5, "width": 8, "positions": (-9, 60)}, {"base": 500.0}),
    "model": Case("model", MODEL, {"heads": 3}),
    "model, learned positions, causal": Case(
        "model", MODEL | {"max_seq": 9, "causal": True}, {"heads": 2, "label_smoothing": 0.1}
    ),
    "model, rotary": Case("model", MODEL | {"causal": True}, {"heads": 3, "rotary": True}),
    "multi-head, biases": Case("multi-head", CROSS | {"mask": (4, 2, 5), "biased": True}, {"heads": 3}),
}


def draw(rng, case):
    """Random inputs of a case, in float32."""
    return CALLS[case.call][0](rng, **case.sizes)


def ask_torch(case, inputs):
    """PyTorch's results for these inputs, in their dtype."""
    return CALLS[case.call][1](inputs, **case.options)


def main():
    import torch

    torch.set_num_threads(1)
    rng = np.random.default_rng(SEED)
    arrays = {}
    for name, case in CASES.items():
        arrays |= in_both_dtypes(name, draw(rng, case), lambda inputs, case=case: ask_torch(case, inputs))
    write(__file__, SEED, pack(arrays))


if __name__ == "__main__":
    main()
