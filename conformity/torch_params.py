"""The parameters of PyTorch's layers as attnlib's, and their gradients by PyTorch's names.

Nothing is computed here. A map is transposed, the maps and biases of one attention are packed into two arrays in
PyTorch, and a layer inside another puts its own name and a dot before its parameters' names.
"""

from functools import partial

import numpy as np

from attnlib import (
    DecoderLayerParams,
    DecoderParams,
    EncoderLayerParams,
    EncoderParams,
    FeedForwardParams,
    LayerNormParams,
    MultiHeadParams,
)
from conformity.report import OutOfReachError


def part_of(weights, prefix):
    """The parameters whose names begin so, without the beginning."""
    return {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}


def inside(prefix, grads):
    """Gradients by the names that their parameters have in a larger layer."""
    return {prefix + name: grad for name, grad in grads.items()}


def attention_params(weights, num_heads):
    """The four maps and their biases, packed into two in PyTorch."""
    w_q, w_k, w_v = (part.T for part in np.split(weights["in_proj_weight"], 3))
    biases = np.split(weights["in_proj_bias"], 3) if "in_proj_bias" in weights else [None] * 3
    b_q, b_k, b_v, b_o = *biases, weights.get("out_proj.bias")
    w_o = weights["out_proj.weight"].T
    return MultiHeadParams(w_q, w_k, w_v, w_o, num_heads, b_q=b_q, b_k=b_k, b_v=b_v, b_o=b_o)


def attention_grads(prefix, grads):
    """Their gradients, packed likewise."""
    packed = np.vstack([grads.w_q.T, grads.w_k.T, grads.w_v.T])
    found = {f"{prefix}in_proj_weight": packed, f"{prefix}out_proj.weight": grads.w_o.T}
    if grads.b_q is not None:
        biases = np.concatenate([grads.b_q, grads.b_k, grads.b_v])
        found |= {f"{prefix}in_proj_bias": biases, f"{prefix}out_proj.bias": grads.b_o}
    return found


def norm_params(weights, name):
    """Gain and bias; zeros for a bias that is left out."""
    gain = weights[f"{name}.weight"]
    return LayerNormParams(gain, weights.get(f"{name}.bias", np.zeros_like(gain)))


def norm_grads(name, grads):
    """Their gradients."""
    return {f"{name}.weight": grads.gain, f"{name}.bias": grads.bias}


def feed_forward_params(layer, weights):
    """Both maps; zeros for biases that are left out."""
    name = layer.activation.__name__
    if name != "relu":
        raise OutOfReachError("GELU with the error function, which NumPy lacks: attnlib has the tanh form")
    w_in, w_out = weights["linear1.weight"].T, weights["linear2.weight"].T
    b_in, b_out = (
        weights.get(f"linear{i}.bias", np.zeros(w.shape[1], w.dtype)) for i, w in enumerate((w_in, w_out), 1)
    )
    return FeedForwardParams(w_in, b_in, w_out, b_out, name)


def feed_forward_grads(grads):
    """Their gradients."""
    return {
        "linear1.weight": grads.w_in.T,
        "linear1.bias": grads.b_in,
        "linear2.weight": grads.w_out.T,
        "linear2.bias": grads.b_out,
    }


def encoder_layer_params(layer, weights):
    """An encoder layer's."""
    return EncoderLayerParams(
        attention=attention_params(part_of(weights, "self_attn."), layer.self_attn.num_heads),
        attention_norm=norm_params(weights, "norm1"),
        feed_forward=feed_forward_params(layer, weights),
        feed_forward_norm=norm_params(weights, "norm2"),
        norm_first=layer.norm_first,
        eps=layer.norm1.eps,
    )


def encoder_layer_grads(grads):
    """The gradients of an encoder layer's parameters."""
    found = attention_grads("self_attn.", grads.attention) | feed_forward_grads(grads.feed_forward)
    return found | norm_grads("norm1", grads.attention_norm) | norm_grads("norm2", grads.feed_forward_norm)


def decoder_layer_params(layer, weights):
    """A decoder layer's."""
    return DecoderLayerParams(
        self_attention=attention_params(part_of(weights, "self_attn."), layer.self_attn.num_heads),
        self_attention_norm=norm_params(weights, "norm1"),
        cross_attention=attention_params(part_of(weights, "multihead_attn."), layer.self_attn.num_heads),
        cross_attention_norm=norm_params(weights, "norm2"),
        feed_forward=feed_forward_params(layer, weights),
        feed_forward_norm=norm_params(weights, "norm3"),
        norm_first=layer.norm_first,
        eps=layer.norm1.eps,
    )


def decoder_layer_grads(grads):
    """The gradients of a decoder layer's parameters."""
    found = attention_grads("self_attn.", grads.self_attention)
    found |= attention_grads("multihead_attn.", grads.cross_attention) | feed_forward_grads(grads.feed_forward)
    norms = grads.self_attention_norm, grads.cross_attention_norm, grads.feed_forward_norm
    for i, norm in enumerate(norms, 1):
        found |= norm_grads(f"norm{i}", norm)
    return found


def stack_params(kind, layer_params, stack, weights):
    """Those of the layers one behind the other, and of the norm behind them if there is one."""
    layers = (layer_params(layer, part_of(weights, f"layers.{i}.")) for i, layer in enumerate(stack.layers))
    return kind(tuple(layers), norm_params(weights, "norm") if stack.norm is not None else None)


encoder_params = partial(stack_params, EncoderParams, encoder_layer_params)
decoder_params = partial(stack_params, DecoderParams, decoder_layer_params)


def stack_grads(grads, layer_grads):
    """Their gradients."""
    found = {} if grads.norm is None else norm_grads("norm", grads.norm)
    for i, layer in enumerate(grads.layers):
        found |= inside(f"layers.{i}.", layer_grads(layer))
    return found
