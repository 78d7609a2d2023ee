"""Ask attnlib what make_transformer.py asks PyTorch, and compare: flat arrays by name in, flat arrays by name out."""

import numpy as np

import attnlib
from tests.golden.compare import ROUNDINGS, assert_close
from tests.golden.make_transformer import DECODER_LAYER, ENCODER_LAYER, EPS, STACKS

# Over 100 random cases of each call the largest difference was 36 roundings in the Transformer, 21 in a layer, and 4 in
# the norms; around a mean of 100 the mean itself is rounded, and LayerNorm differed by 67.
MORE_ROUNDINGS = {"layer norm": 256, "encoder layer": 128, "decoder layer": 128, "transformer": 256}


def named_grads(names, grads):
    return {f"grad_{name}": grad for name, grad in zip(names, grads, strict=True)}


def ask_layer_norm(inputs, eps=EPS):
    arguments = [inputs[name] for name in ("x", "gain", "bias")]
    output, pullback = attnlib.layer_norm_vjp(*arguments, eps)
    assert_close(attnlib.layer_norm(*arguments, eps), output, "layer_norm")
    return {"output": output} | named_grads(("x", "gain", "bias"), pullback(inputs["grad_output"]))


def ask_rms_norm(inputs, eps=EPS):
    output, pullback = attnlib.rms_norm_vjp(inputs["x"], inputs["gain"], eps)
    assert_close(attnlib.rms_norm(inputs["x"], inputs["gain"], eps), output, "rms_norm")
    return {"output": output} | named_grads(("x", "gain"), pullback(inputs["grad_output"]))


def ask_batch_norm(inputs, training, momentum=0.1, eps=EPS):
    arguments = [inputs[name] for name in ("x", "gain", "bias")]
    running = attnlib.Statistics(inputs["running_mean"], inputs["running_variance"])
    options = {"running": None if training else running, "mask": inputs.get("mask"), "eps": eps}
    options["per_position"] = running.mean.ndim == 2
    output, pullback = attnlib.batch_norm_vjp(*arguments, **options)
    assert_close(attnlib.batch_norm(*arguments, **options), output, "batch_norm")
    results = {"output": output} | named_grads(("x", "gain", "bias"), pullback(inputs["grad_output"]))
    if training:
        updated = attnlib.update_statistics(running, inputs["x"], inputs.get("mask"), momentum)
        results |= {"running_mean": updated.mean, "running_variance": updated.variance}
    return results


def built_like(tree, names, inputs):
    """A structure like ``tree`` of the arrays with these names, in order."""
    arrays = iter(inputs[name] for name in names)
    return attnlib.tree_map(lambda _: next(arrays), tree)


def layer_of(init, inputs, heads, norm_first, activation):
    """One layer of attnlib's encoder or decoder, to be filled."""
    rng, (d_model, d_ff) = np.random.default_rng(0), inputs["w_in"].shape
    return init(rng, 1, d_model, heads, d_ff, norm_first, activation).layers[0]


def ask_encoder_layer(inputs, heads, norm_first, activation="relu"):
    params = built_like(layer_of(attnlib.init_encoder, inputs, heads, norm_first, activation), ENCODER_LAYER, inputs)
    mask = inputs.get("mask")
    output, pullback = attnlib.encoder_layer_vjp(params, inputs["x"], mask)
    assert_close(attnlib.encoder_layer(params, inputs["x"], mask)[0], output, "encoder_layer")
    grad_params, grad_x = pullback(inputs["grad_output"])
    return {"output": output, "grad_x": grad_x} | named_grads(ENCODER_LAYER, attnlib.tree_leaves(grad_params))


def ask_decoder_layer(inputs, heads, norm_first, activation="relu"):
    params = built_like(layer_of(attnlib.init_decoder, inputs, heads, norm_first, activation), DECODER_LAYER, inputs)
    arguments = inputs["x"], inputs["memory"], inputs.get("mask")
    output, pullback = attnlib.decoder_layer_vjp(params, *arguments)
    assert_close(attnlib.decoder_layer(params, *arguments)[0], output, "decoder_layer")
    grad_params, grad_x, grad_memory = pullback(inputs["grad_output"])
    grads = named_grads(DECODER_LAYER, attnlib.tree_leaves(grad_params))
    return {"output": output, "grad_x": grad_x, "grad_memory": grad_memory} | grads


def transformer_names(inputs):
    """The names of all parameters, in the order of attnlib's."""
    names = ["source_tokens", "target_tokens"]
    for stack, layer in zip(STACKS, (ENCODER_LAYER, DECODER_LAYER), strict=True):
        number = sum(name.startswith(stack) and name.endswith("w_in") for name in inputs)
        names += [f"{stack} {i} {name}" for i in range(number) for name in layer]
        names += [name for name in (f"{stack} gain", f"{stack} bias") if name in inputs]
    return names + ["w_out"] * ("w_out" in inputs)


def ask_transformer(inputs, heads, norm_first, activation="relu"):
    d_model, d_ff = inputs["encoder 0 w_in"].shape
    numbers = [sum(name.startswith(stack) and name.endswith("w_in") for name in inputs) for stack in STACKS]
    like = attnlib.init_transformer(
        np.random.default_rng(0), 1, 1, d_model, heads, d_ff, *numbers, "w_out" not in inputs, norm_first, activation
    )
    names = transformer_names(inputs)
    params = built_like(like, names, inputs)
    arguments = inputs["source"], inputs["target"], inputs.get("mask")
    logits, pullback = attnlib.transformer_vjp(params, *arguments)
    same, _ = attnlib.transformer(params, *arguments)
    assert_close(same, logits, "transformer")
    loss, loss_pullback = attnlib.cross_entropy_vjp(logits, inputs["wanted"])
    grads = pullback(loss_pullback(1.0))
    return {"logits": logits, "loss": loss} | named_grads(names, attnlib.tree_leaves(grads))


ASK = {
    "layer norm": ask_layer_norm,
    "rms norm": ask_rms_norm,
    "batch norm": ask_batch_norm,
    "encoder layer": ask_encoder_layer,
    "decoder layer": ask_decoder_layer,
    "transformer": ask_transformer,
}


def compare(case, inputs, expected):
    """attnlib has the same results as PyTorch, under the same names."""
    results = ASK[case.call](inputs, **case.options)
    assert results.keys() == expected.keys()
    for name, result in results.items():
        assert_close(np.asarray(result), expected[name], name, MORE_ROUNDINGS.get(case.call, ROUNDINGS))
