"""Ask attnlib what make_training.py asks PyTorch, and compare: flat arrays by name in, flat arrays by name out."""

import numpy as np

import attnlib
from attnlib.attention_model import LayerParams, ModelParams, attention_model, attention_model_vjp
from tests.golden.compare import ROUNDINGS, assert_close
from tests.golden.make_training import LAYER

# Roundings add up along a whole model. Over 120 random cases of each call the largest difference was 232 in the model,
# 87 in the feed-forward network, and 23 elsewhere.
MORE_ROUNDINGS = {"model": 1024, "feed-forward": 256}

MAPS, BIASES = ("w_q", "w_k", "w_v", "w_o"), ("b_q", "b_k", "b_v", "b_o")
NETWORK = ("w_in", "b_in", "w_out", "b_out")


def named_grads(names, grads):
    return {f"grad_{name}": grad for name, grad in zip(names, grads, strict=True)}


def ask_multi_head(inputs, heads, kv_heads=None, scale=None):
    biases = {name: inputs[name] for name in BIASES if name in inputs}
    params = attnlib.MultiHeadParams(*(inputs[name] for name in MAPS), heads, kv_heads, **biases)
    arguments = [params, *(inputs[name] for name in ("query", "key", "value"))]
    options = {"mask": inputs.get("mask"), "bias": inputs.get("bias"), "scale": scale}
    output, attn_weights = attnlib.multi_head_attention(*arguments, **options)
    same_output, pullback = attnlib.multi_head_attention_vjp(*arguments, **options)
    assert_close(same_output, output, "output of multi_head_attention_vjp")
    grad_params, *grads = pullback(inputs["grad_output"])
    names = ["query", "key", "value", "bias"][: len(grads)]
    grads = named_grads(names, grads) | {f"grad_{name}": getattr(grad_params, name) for name in (*MAPS, *biases)}
    return {"output": output, "attn_weights": attn_weights} | grads


def ask_linear(inputs):
    arguments = {name: inputs[name] for name in ("x", "weight", "bias") if name in inputs}
    output, pullback = attnlib.linear_vjp(**arguments)
    assert_close(attnlib.linear(**arguments), output, "linear")
    return {"output": output} | named_grads(arguments, pullback(inputs["grad_output"]))


def ask_embedding(inputs):
    output, pullback = attnlib.embedding_vjp(inputs["table"], inputs["tokens"])
    assert_close(attnlib.embedding(inputs["table"], inputs["tokens"]), output, "embedding")
    return {"output": output, "grad_table": pullback(inputs["grad_output"])}


def ask_feed_forward(inputs, activation):
    params = attnlib.FeedForwardParams(*(inputs[name] for name in NETWORK), activation)
    output, pullback = attnlib.feed_forward_vjp(params, inputs["x"])
    assert_close(attnlib.feed_forward(params, inputs["x"]), output, "feed_forward")
    grad_params, grad_x = pullback(inputs["grad_output"])
    return {"output": output, "grad_x": grad_x} | named_grads(NETWORK, grad_params[:4])


def ask_cross_entropy(inputs, label_smoothing=0.0):
    loss, pullback = attnlib.cross_entropy_vjp(inputs["logits"], inputs["targets"], label_smoothing)
    assert attnlib.cross_entropy(inputs["logits"], inputs["targets"], label_smoothing) == loss
    return {"loss": loss, "grad_logits": pullback(1.0)}


def ask_adam(inputs, rates, betas=(0.9, 0.98), eps=1e-9):
    params = tuple(x for name, x in inputs.items() if name.startswith("param"))
    state, results = attnlib.adam_start(params), {}
    for step, rate in enumerate(rates):
        grads = tuple(inputs[f"grad{i} {step}"] for i in range(len(params)))
        params, state = attnlib.adam_step(params, grads, state, rate, *betas, eps)
        results |= {f"param{i} {step}": param for i, param in enumerate(params)}
    return results


def ask_rotary(inputs, base=10000.0):
    arguments = inputs["x"], inputs.get("positions"), base
    output, pullback = attnlib.rotate_vjp(*arguments)
    assert_close(attnlib.rotate(*arguments), output, "rotate")
    return {"output": output, "grad_x": pullback(inputs["grad_output"])}


def ask_model(inputs, heads, rotary=False, label_smoothing=0.0):
    params = model_params(inputs, heads)
    options = {"mask": inputs.get("mask"), "rotary": rotary}
    logits, pullback = attention_model_vjp(params, inputs["tokens"], **options)
    assert_close(attention_model(params, inputs["tokens"], **options)[0], logits, "logits of attention_model")
    loss, loss_pullback = attnlib.cross_entropy_vjp(logits, inputs["targets"], label_smoothing)
    grads = pullback(loss_pullback(1.0))
    return {"logits": logits, "loss": loss} | {f"grad_{name}": grad for name, grad in flat(grads).items()}


def model_params(inputs, heads):
    """The model's parameters, from the flat arrays."""
    layers = []
    for i in range(sum(name.startswith("w_q") for name in inputs)):
        arrays = [inputs[f"{name} {i}"] for name in LAYER]
        layers.append(LayerParams(attnlib.MultiHeadParams(*arrays[:4], heads), attnlib.FeedForwardParams(*arrays[4:])))
    return ModelParams(inputs["table"], inputs.get("positions"), tuple(layers), inputs["w_logits"])


def flat(params):
    """The flat arrays, from the model's parameters."""
    arrays = {"table": params.tokens, "w_logits": params.w_out}
    if params.positions is not None:
        arrays["positions"] = params.positions
    for i, layer in enumerate(params.layers):
        leaves = attnlib.tree_leaves(layer)
        arrays |= {f"{name} {i}": x for name, x in zip(LAYER, leaves, strict=True)}
    return arrays


ASK = {
    "multi-head": ask_multi_head,
    "shared heads": ask_multi_head,
    "linear": ask_linear,
    "embedding": ask_embedding,
    "feed-forward": ask_feed_forward,
    "cross-entropy": ask_cross_entropy,
    "adam": ask_adam,
    "rotary": ask_rotary,
    "model": ask_model,
}


def compare(case, inputs, expected):
    """attnlib has the same results as PyTorch, under the same names."""
    results = ASK[case.call](inputs, **case.options)
    assert results.keys() == expected.keys()
    for name, result in results.items():
        assert_close(np.asarray(result), expected[name], name, MORE_ROUNDINGS.get(case.call, ROUNDINGS))
