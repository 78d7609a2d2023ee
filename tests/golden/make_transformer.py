"""Make transformer.npz: what PyTorch answers, outputs and gradients, for norms, encoder, decoder and the whole stack.

    python -m tests.golden.make_transformer

stored.py says what the file holds. Each call has a function below that takes flat arrays by name, asks PyTorch, and
returns flat arrays by name; tests/golden/compare_transformer.py asks attnlib the same. tests/test_golden_transformer.py
reads the file; tests/test_torch_live_transformer.py runs these functions on fresh numbers.

PyTorch's attention has biases, which attnlib's has not: they are set to 0. Its layers get their copied weights through
``slots``, which names each parameter of a layer as attnlib has it; the gradients come back through the same names.
"""

from typing import Any, NamedTuple

import numpy as np

from tests.golden.stored import in_both_dtypes, pack, write

SEED = 1607
EPS = 1e-5

# A layer's arrays in the order of attnlib's parameters.
ATTENTION = ("w_q", "w_k", "w_v", "w_o")
FEED_FORWARD = ("w_in", "b_in", "w_out", "b_out")
ENCODER_LAYER = (*(f"self {w}" for w in ATTENTION), "gain1", "bias1", *FEED_FORWARD, "gain2", "bias2")
DECODER_LAYER = (
    *(f"self {w}" for w in ATTENTION), "gain1", "bias1", *(f"cross {w}" for w in ATTENTION), "gain2", "bias2",
    *FEED_FORWARD, "gain3", "bias3",
)  # fmt: skip


class Case(NamedTuple):
    """One call: a key of CALLS, the sizes for ``draw``, and the options that both sides get."""

    call: str
    sizes: dict[str, Any]
    options: dict[str, Any] = {}  # noqa: RUF012  (never changed)


# What is drawn


def normal(rng, shape, size=1.0, mean=0.0):
    return (mean + size * rng.normal(size=shape)).astype(np.float32)


def draw_norm(rng, lead, d_model, mean=0.0, bias=True):
    """Vectors whose mean and size differ from 0 and 1, and an affine map."""
    inputs = {"x": normal(rng, (*lead, d_model), 2.0, mean), "gain": normal(rng, (d_model,), 0.3, 1.0)}
    inputs |= {"bias": normal(rng, (d_model,))} if bias else {}
    return inputs | {"grad_output": normal(rng, (*lead, d_model))}


def draw_batch_norm(rng, lead, seq, d_model, per_position=False, masked=False):
    inputs = draw_norm(rng, (*lead, seq), d_model, 0.5)
    shape = (seq, d_model) if per_position else (d_model,)
    inputs |= {"running_mean": normal(rng, shape), "running_variance": np.abs(normal(rng, shape, 0.3, 1.0))}
    if masked:
        inputs["mask"] = rng.random((*lead, seq)) < 0.6
        inputs["mask"].flat[:2] = True
    return inputs


def draw_layer(rng, names, d_model, d_ff):
    """Random parameters of a layer: maps that keep the variance, gains near 1, biases near 0."""
    shapes = dict.fromkeys(ATTENTION, (d_model, d_model)) | {"w_in": (d_model, d_ff), "w_out": (d_ff, d_model)}
    arrays = {}
    for name in names:
        shape = shapes.get(name.split()[-1], (d_ff,) if name == "b_in" else (d_model,))
        size = shape[0] ** -0.5 if len(shape) == 2 else 0.3
        arrays[name] = normal(rng, shape, size, float("gain" in name))
    return arrays


def draw_lengths(rng, batch, seq):
    """A padding mask, (batch, 1, seq): True = may attend, one token at least."""
    return np.arange(seq) < rng.integers(1, seq + 1, size=batch)[:, None, None]


def draw_encoder_layer(rng, batch, seq, d_model, d_ff, masked=True):
    inputs = {"x": normal(rng, (batch, seq, d_model)), "grad_output": normal(rng, (batch, seq, d_model))}
    inputs |= {"mask": draw_lengths(rng, batch, seq)} if masked else {}
    return inputs | draw_layer(rng, ENCODER_LAYER, d_model, d_ff)


def draw_decoder_layer(rng, batch, seq, seq_memory, d_model, d_ff, masked=True):
    inputs = {"x": normal(rng, (batch, seq, d_model)), "memory": normal(rng, (batch, seq_memory, d_model))}
    inputs |= {"grad_output": normal(rng, (batch, seq, d_model))}
    inputs |= {"mask": draw_lengths(rng, batch, seq_memory)} if masked else {}
    return inputs | draw_layer(rng, DECODER_LAYER, d_model, d_ff)


def draw_transformer(
    rng, batch, seq_source, seq_target, d_model, d_ff, vocabs, layers, tied=True, norm_first=True, masked=True
):
    inputs = {
        f"{side}_tokens": normal(rng, (vocab, d_model), d_model**-0.5)
        for side, vocab in zip(SIDES, vocabs, strict=True)
    }
    for stack, names, number in zip(STACKS, (ENCODER_LAYER, DECODER_LAYER), layers, strict=True):
        for i in range(number):
            inputs |= {f"{stack} {i} {name}": x for name, x in draw_layer(rng, names, d_model, d_ff).items()}
        if norm_first:
            inputs |= {
                f"{stack} gain": normal(rng, (d_model,), 0.3, 1.0),
                f"{stack} bias": normal(rng, (d_model,), 0.3),
            }
    inputs |= {} if tied else {"w_out": normal(rng, (d_model, vocabs[1]), d_model**-0.5)}
    inputs |= {"source": rng.integers(vocabs[0], size=(batch, seq_source))}
    inputs |= {"target": rng.integers(vocabs[1], size=(batch, seq_target))}
    wanted = rng.integers(-1, vocabs[1], size=(batch, seq_target))
    wanted[:, 0] = 0  # at least one place counts
    return inputs | {"wanted": wanted} | ({"mask": draw_lengths(rng, batch, seq_source)} if masked else {})


SIDES, STACKS = ("source", "target"), ("encoder", "decoder")


# What PyTorch answers


def leaves_of(inputs):
    """The float arrays as tensors that collect gradients, all others as tensors."""
    import torch

    return {name: torch.tensor(x, requires_grad=np.issubdtype(x.dtype, np.floating)) for name, x in inputs.items()}


def results_of(leaves, **outputs):
    """Outputs and gradients as NumPy arrays."""
    grads = {f"grad_{name}": x.grad for name, x in leaves.items() if x.grad is not None}
    return {name: np.array(x.detach().numpy(), order="C") for name, x in (outputs | grads).items()}


def torch_layer_norm(inputs, eps=EPS):
    from torch.nn.functional import layer_norm

    leaves = leaves_of(inputs)
    output = layer_norm(leaves["x"], leaves["gain"].shape, leaves["gain"], leaves["bias"], eps)
    output.backward(leaves.pop("grad_output").detach())
    return results_of(leaves, output=output)


def torch_rms_norm(inputs, eps=EPS):
    from torch.nn.functional import rms_norm

    leaves = leaves_of(inputs)
    output = rms_norm(leaves["x"], leaves["gain"].shape, leaves["gain"], eps)
    output.backward(leaves.pop("grad_output").detach())
    return results_of(leaves, output=output)


def torch_batch_norm(inputs, training, momentum=0.1, eps=EPS):
    """On the tokens that count, packed as (tokens, features); per position one call a position."""
    import torch
    from torch.nn.functional import batch_norm

    leaves = leaves_of(inputs)
    x, gain, bias = (leaves[name] for name in ("x", "gain", "bias"))
    counts = leaves.get("mask", torch.ones(x.shape[:-1], dtype=torch.bool))
    mean, variance = (torch.tensor(inputs[f"running_{name}"]) for name in ("mean", "variance"))
    output = torch.zeros_like(x)
    for t in range(len(mean)) if mean.ndim == 2 else [slice(None)]:
        kept = counts[..., t]
        rows, at = (mean[t], variance[t]) if mean.ndim == 2 else (mean, variance), x[..., t, :][kept]
        output[..., t, :][kept] = batch_norm(at, *rows, gain, bias, training, momentum, eps)
    output.backward(leaves["grad_output"].detach())
    outputs = {"output": output} | ({"running_mean": mean, "running_variance": variance} if training else {})
    return results_of({name: leaves[name] for name in ("x", "gain", "bias")}, **outputs)


def slots(layer, part):
    """Every array of a layer under its name in attnlib; ``part`` picks a parameter's data or its gradient."""
    arrays = {}
    attentions = {"self": layer.self_attn}
    if hasattr(layer, "multihead_attn"):
        attentions["cross"] = layer.multihead_attn
    for kind, attention in attentions.items():
        maps = [*part(attention.in_proj_weight).chunk(3), part(attention.out_proj.weight)]
        arrays |= {f"{kind} {name}": weight.T for name, weight in zip(ATTENTION, maps, strict=True)}
    arrays |= {"w_in": part(layer.linear1.weight).T, "b_in": part(layer.linear1.bias)}
    arrays |= {"w_out": part(layer.linear2.weight).T, "b_out": part(layer.linear2.bias)}
    for i in range(1, 2 + len(attentions)):
        norm = getattr(layer, f"norm{i}")
        arrays |= {f"gain{i}": part(norm.weight), f"bias{i}": part(norm.bias)}
    return arrays


def filled(kind, inputs, heads, norm_first, activation, prefix=""):
    """PyTorch's layer with these parameters."""
    import torch
    from torch.nn.functional import gelu, relu

    bend = relu if activation == "relu" else lambda x: gelu(x, approximate="tanh")
    w_in = torch.tensor(inputs[f"{prefix}w_in"])
    layer = kind(
        w_in.shape[0], heads, w_in.shape[1], dropout=0.0, activation=bend, layer_norm_eps=EPS, batch_first=True,
        norm_first=norm_first, dtype=w_in.dtype,
    )  # fmt: skip
    with torch.no_grad():
        for attention in (layer.self_attn, getattr(layer, "multihead_attn", layer.self_attn)):
            attention.in_proj_bias.zero_()
            attention.out_proj.bias.zero_()
        for name, slot in slots(layer, lambda parameter: parameter.data).items():
            slot.copy_(torch.tensor(inputs[prefix + name]))
    return layer


def grads_of(layer, prefix=""):
    grads = slots(layer, lambda parameter: parameter.grad)
    return {f"grad_{prefix}{name}": np.array(grad.numpy(), order="C") for name, grad in grads.items()}


def hidden(inputs):
    """The padding as PyTorch has it: (batch, seq), True = *hidden*."""
    import torch

    return ~torch.tensor(inputs["mask"][:, 0]) if "mask" in inputs else None


def future(seq):
    """The future as PyTorch has it: True = *hidden*."""
    import torch

    return torch.triu(torch.ones(seq, seq, dtype=torch.bool), diagonal=1)


def torch_encoder_layer(inputs, heads, norm_first, activation="relu"):
    import torch

    layer = filled(torch.nn.TransformerEncoderLayer, inputs, heads, norm_first, activation)
    leaves = leaves_of({"x": inputs["x"]})
    output = layer(leaves["x"], src_key_padding_mask=hidden(inputs))
    output.backward(torch.tensor(inputs["grad_output"]))
    return results_of(leaves, output=output) | grads_of(layer)


def torch_decoder_layer(inputs, heads, norm_first, activation="relu"):
    import torch

    layer = filled(torch.nn.TransformerDecoderLayer, inputs, heads, norm_first, activation)
    leaves = leaves_of({name: inputs[name] for name in ("x", "memory")})
    output = layer(
        leaves["x"],
        leaves["memory"],
        tgt_mask=future(inputs["x"].shape[1]),
        memory_key_padding_mask=hidden(inputs),
    )
    output.backward(torch.tensor(inputs["grad_output"]))
    return results_of(leaves, output=output) | grads_of(layer)


def torch_transformer(inputs, heads, norm_first, activation="relu"):
    """Tables, waves, PyTorch's layers in their stacks with the last norms, the tied or own map, the loss."""
    import torch
    from torch.nn.functional import cross_entropy, embedding, layer_norm, linear

    names = ("source_tokens", "target_tokens", "w_out", *(f"{s} {n}" for s in STACKS for n in ("gain", "bias")))
    leaves = leaves_of({name: inputs[name] for name in names if name in inputs})
    tokens = {side: torch.tensor(inputs[side]) for side in SIDES}

    def read(side):
        table = leaves[f"{side}_tokens"]
        return embedding(tokens[side], table) * table.shape[1] ** 0.5 + waves(tokens[side].shape[1], table)

    def last(stack, x):
        if not norm_first:
            return x
        gain, bias = leaves[f"{stack} gain"], leaves[f"{stack} bias"]
        return layer_norm(x, gain.shape, gain, bias, EPS)

    layers = {}
    for stack, kind in zip(STACKS, (torch.nn.TransformerEncoderLayer, torch.nn.TransformerDecoderLayer), strict=True):
        for i in range(sum(name.startswith(stack) and name.endswith("w_in") for name in inputs)):
            layers[f"{stack} {i} "] = filled(kind, inputs, heads, norm_first, activation, f"{stack} {i} ")
    memory, x = read("source"), read("target")
    for prefix, layer in layers.items():
        if prefix.startswith("encoder"):
            memory = layer(memory, src_key_padding_mask=hidden(inputs))
    memory = last("encoder", memory)
    for prefix, layer in layers.items():
        if prefix.startswith("decoder"):
            x = layer(x, memory, tgt_mask=future(x.shape[1]), memory_key_padding_mask=hidden(inputs))
    x = last("decoder", x)
    logits = linear(x, leaves["target_tokens"]) if "w_out" not in leaves else x @ leaves["w_out"]
    loss = cross_entropy(logits.flatten(0, 1), torch.tensor(inputs["wanted"]).flatten(), ignore_index=-1)
    loss.backward()
    results = results_of(leaves, logits=logits, loss=loss)
    for prefix, layer in layers.items():
        results |= grads_of(layer, prefix)
    return results


def waves(seq, like):
    """Sinusoidal positions as the paper has them, the angle of a pair by exp and log as PyTorch's tutorial."""
    import torch

    d_model = like.shape[1]
    angles = torch.arange(seq).double()[:, None] * torch.exp(
        torch.arange(0, d_model, 2).double() * (-np.log(10000.0) / d_model)
    )
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).to(like.dtype)


CALLS = {
    "layer norm": (draw_norm, torch_layer_norm),
    "rms norm": (draw_norm, torch_rms_norm),
    "batch norm": (draw_batch_norm, torch_batch_norm),
    "encoder layer": (draw_encoder_layer, torch_encoder_layer),
    "decoder layer": (draw_decoder_layer, torch_decoder_layer),
    "transformer": (draw_transformer, torch_transformer),
}

TOKENS = {"lead": (4, 3), "d_model": 7}
BATCH = {"lead": (4,), "seq": 5, "d_model": 3}
ENCODER = {"batch": 3, "seq": 5, "d_model": 6, "d_ff": 7}
DECODER = {"batch": 3, "seq": 4, "seq_memory": 5, "d_model": 6, "d_ff": 7}
WHOLE = {"batch": 3, "seq_source": 5, "seq_target": 4, "d_model": 6, "d_ff": 7, "vocabs": (9, 8), "layers": (2, 2)}
PLACEMENTS = {"pre-LN": True, "post-LN": False}

CASES = {
    "layer norm": Case("layer norm", TOKENS),
    "layer norm, far from zero": Case("layer norm", TOKENS | {"mean": 100.0}, {"eps": 1e-3}),
    "rms norm": Case("rms norm", TOKENS | {"bias": False}),
    "rms norm, far from zero": Case("rms norm", TOKENS | {"bias": False, "mean": 100.0}, {"eps": 1e-3}),
    "batch norm, training": Case("batch norm", BATCH, {"training": True}),
    "batch norm, training, padding": Case("batch norm", BATCH | {"masked": True}, {"training": True, "momentum": 0.3}),
    "batch norm, training, per position": Case("batch norm", BATCH | {"per_position": True}, {"training": True}),
    "batch norm, inference": Case("batch norm", BATCH, {"training": False}),
    "batch norm, inference, padding": Case("batch norm", BATCH | {"masked": True}, {"training": False}),
    "batch norm, inference, per position": Case(
        "batch norm", BATCH | {"per_position": True, "masked": True}, {"training": False}
    ),
}
for placement, norm_first in PLACEMENTS.items():
    for bend in ("relu", "gelu"):
        options = {"heads": 3, "norm_first": norm_first, "activation": bend}
        CASES[f"encoder layer, {placement}, {bend}"] = Case("encoder layer", ENCODER, options)
        CASES[f"decoder layer, {placement}, {bend}"] = Case("decoder layer", DECODER, options)
    CASES[f"transformer, {placement}, tied"] = Case(
        "transformer", WHOLE | {"norm_first": norm_first}, {"heads": 2, "norm_first": norm_first}
    )
CASES["transformer, own map"] = Case(
    "transformer",
    WHOLE | {"tied": False, "layers": (1, 2), "masked": False},
    {"heads": 3, "norm_first": True, "activation": "gelu"},
)


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
