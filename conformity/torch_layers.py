"""PyTorch's layers on attnlib: the same parameters under other names, transposed, and packed into one array.

Nothing is computed here. Each function takes a layer's parameters by PyTorch's names and what goes into it, as arrays,
and returns its outputs and a pullback: the gradient that arrives at the first output → the gradients of the inputs, and
those of the parameters by name. Masks of PyTorch's layers are True where one may *not* attend.
"""

import numpy as np

from attnlib import (
    DecoderLayerParams,
    EncoderLayerParams,
    EncoderParams,
    FeedForwardParams,
    LayerNormParams,
    MultiHeadParams,
    decoder_layer_vjp,
    encoder_layer_vjp,
    encoder_vjp,
    multi_head_attention,
    multi_head_attention_vjp,
)
from conformity import torch_operations
from conformity.report import OutOfReachError


def multi_head(layer, weights, query, key, value, key_padding_mask=None, attn_mask=None):
    """``MultiheadAttention``, of sequences without a batch.

    A learned key and value of no token (``add_bias_kv``) is one more row of their maps, read by a feature that is 1 in
    one more token and 0 elsewhere. A key and value of zeros (``add_zero_attn``) are those of a token of zeros. As
    neither gets the maps' bias, this is one more row here, too, read by a feature that is 1 in all other tokens.
    """
    biased, extra, zero = map(int, ("in_proj_bias" in weights, "bias_k" in weights, layer.add_zero_attn))
    params = attention_params(weights, layer.num_heads)._replace(b_q=None, b_k=None, b_v=None)
    width, rows = layer.embed_dim, {"w_q": [], "w_k": [], "w_v": []}
    if biased:
        for name, bias in zip(rows, np.split(weights["in_proj_bias"], 3), strict=True):
            rows[name].append(bias)
    if extra:
        rows["w_k"].append(weights["bias_k"].ravel())
        rows["w_v"].append(weights["bias_v"].ravel())
    params = params._replace(**{name: np.vstack([getattr(params, name), *more]) for name, more in rows.items()})

    def with_features(x, learned):
        ones, zeros = np.ones((len(x), biased), x.dtype), np.zeros((len(x), learned), x.dtype)
        token = np.eye(learned, width + biased + learned, width + biased, dtype=x.dtype)  # its one feature is the last
        return np.vstack([np.hstack([x, ones, zeros]), token])

    def with_zero(x):
        return np.vstack([x, np.zeros((zero, x.shape[1]), x.dtype)])

    wide_query = with_features(query, 0)
    wide_key, wide_value = (with_zero(with_features(x, extra)) for x in (key, value))
    mask = may_attend(attn_mask, key_padding_mask)
    if mask is not None:
        mask = np.concatenate([mask, np.ones((*mask.shape[:-1], extra + zero), bool)], axis=-1)
    output, pullback = multi_head_attention_vjp(params, wide_query, wide_key, wide_value, mask)
    attn_weights = multi_head_attention(params, wide_query, wide_key, wide_value, mask)[1]

    def back(grad_output):
        grad_params, *grads = pullback(grad_output)
        inputs = [grad[: len(x), :width] for grad, x in zip(grads, (query, key, value), strict=True)]
        maps = [getattr(grad_params, name) for name in rows]
        found = {"in_proj_weight": np.vstack([grad[:width].T for grad in maps]), "out_proj.weight": grad_params.w_o.T}
        if biased:
            found["out_proj.bias"] = grad_params.b_o
            found["in_proj_bias"] = np.concatenate([grad[width] for grad in maps])
        if extra:
            found |= {name: grad[-1][None, None] for name, grad in zip(("bias_k", "bias_v"), maps[1:], strict=True)}
        return inputs, found

    return (output, attn_weights), back


def encoder_layer(layer, weights, x, src_mask=None, src_key_padding_mask=None):
    """``TransformerEncoderLayer``."""
    params, mask = encoder_layer_params(layer, weights), may_attend(src_mask, src_key_padding_mask)
    output, pullback = encoder_layer_vjp(params, batch_first(layer, x), mask)

    def back(grad_output):
        grad_params, grad_x = pullback(batch_first(layer, grad_output))
        return [batch_first(layer, grad_x)], encoder_layer_grads(grad_params)

    return (batch_first(layer, output),), back


def encoder(stack, weights, x, mask=None, src_key_padding_mask=None):
    """``TransformerEncoder``: its layers, and the norm behind them if there is one."""
    layers = [(f"layers.{i}.", layer) for i, layer in enumerate(stack.layers)]
    norm = norm_params(weights, "norm") if stack.norm is not None else None
    params = EncoderParams(
        tuple(encoder_layer_params(layer, part_of(weights, prefix)) for prefix, layer in layers), norm
    )
    first = stack.layers[0]
    output, pullback = encoder_vjp(params, batch_first(first, x), may_attend(mask, src_key_padding_mask))

    def back(grad_output):
        grad_params, grad_x = pullback(batch_first(first, grad_output))
        found = {} if norm is None else norm_grads("norm", grad_params.norm)
        for (prefix, _), grads in zip(layers, grad_params.layers, strict=True):
            found |= {prefix + name: grad for name, grad in encoder_layer_grads(grads).items()}
        return [batch_first(first, grad_x)], found

    return (batch_first(first, output),), back


def decoder_layer(
    layer,
    weights,
    x,
    memory,
    tgt_mask=None,
    memory_mask=None,
    tgt_key_padding_mask=None,
    memory_key_padding_mask=None,
):
    """``TransformerDecoderLayer``. Without a mask its self-attention looks everywhere."""
    params = DecoderLayerParams(
        self_attention=attention_params(part_of(weights, "self_attn."), layer.self_attn.num_heads),
        self_attention_norm=norm_params(weights, "norm1"),
        cross_attention=attention_params(part_of(weights, "multihead_attn."), layer.self_attn.num_heads),
        cross_attention_norm=norm_params(weights, "norm2"),
        feed_forward=feed_forward_params(layer, weights),
        feed_forward_norm=norm_params(weights, "norm3"),
        norm_first=layer.norm_first,
        eps=layer.norm1.eps,
    )
    mask = may_attend(tgt_mask, tgt_key_padding_mask)
    memory_mask = may_attend(memory_mask, memory_key_padding_mask)
    x, memory = batch_first(layer, x), batch_first(layer, memory)
    output, pullback = decoder_layer_vjp(params, x, memory, memory_mask, np.array(True) if mask is None else mask)

    def back(grad_output):
        grads, *inputs = pullback(batch_first(layer, grad_output))
        found = attention_grads("self_attn.", grads.self_attention)
        found |= attention_grads("multihead_attn.", grads.cross_attention) | feed_forward_grads(grads.feed_forward)
        norms = grads.self_attention_norm, grads.cross_attention_norm, grads.feed_forward_norm
        for i, norm in enumerate(norms, 1):
            found |= norm_grads(f"norm{i}", norm)
        return [batch_first(layer, grad) for grad in inputs], found

    return (batch_first(layer, output),), back


def a_norm(function, *names):
    """A layer that is one of PyTorch's functions, with parameters of these names, which may be missing."""

    def run(layer, weights, x):
        output, pullback = function(layer, x, *(weights.get(name) for name in names))

        def back(grad_output):
            grad_x, *grads = (grad for grad in pullback(grad_output))
            return [grad_x], dict(zip(names, grads[-len(names) :], strict=True))

        return (output,), back

    return run


layer_norm = a_norm(
    lambda layer, x, gain, bias: torch_operations.layer_norm(x, layer.normalized_shape, gain, bias, layer.eps),
    *("weight", "bias"),
)
rms_norm = a_norm(
    lambda layer, x, gain: torch_operations.rms_norm(x, layer.normalized_shape, gain, layer.eps), "weight"
)


def batch_first(layer, x):
    """(seq, batch, d_model) as (batch, seq, d_model), and back; a layer may have that order itself."""
    return x if layer.self_attn.batch_first or x.ndim == 2 else x.swapaxes(0, 1)


def may_attend(not_to_be, padding):
    """One mask, True = may attend, of one by query and key and one by key, both of the other polarity."""
    masks = [~not_to_be] if not_to_be is not None else []
    masks += [~padding[..., None, :]] if padding is not None else []
    return masks[0] & masks[-1] if masks else None


def part_of(weights, prefix):
    """The parameters whose names begin so, without the beginning."""
    return {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}


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


LAYERS = {
    "MultiheadAttention": multi_head,
    "TransformerEncoderLayer": encoder_layer,
    "TransformerEncoder": encoder,
    "TransformerDecoderLayer": decoder_layer,
    "LayerNorm": layer_norm,
    "RMSNorm": rms_norm,
}
