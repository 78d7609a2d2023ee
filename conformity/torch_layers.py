"""PyTorch's layers on attnlib: masks of the other polarity, and the batch on the other axis.

Nothing is computed here. Each function takes a layer's parameters by PyTorch's names and what goes into it, as arrays,
and returns its outputs and a pullback: the gradient that arrives at the first output → the gradients of the inputs, and
those of the parameters by name. Masks of PyTorch's layers are True where one may *not* attend.
"""

import numpy as np

from attnlib import (
    decoder_layer_vjp,
    decoder_vjp,
    encoder_layer_vjp,
    encoder_vjp,
    multi_head_attention,
    multi_head_attention_vjp,
)
from conformity import torch_operations
from conformity.torch_params import (
    attention_params,
    decoder_layer_grads,
    decoder_layer_params,
    decoder_params,
    encoder_layer_grads,
    encoder_layer_params,
    encoder_params,
    inside,
    part_of,
    stack_grads,
)

EVERYWHERE = np.array(True)  # attnlib's decoder takes no mask as a causal one


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
    params, first = encoder_params(stack, weights), stack.layers[0]
    output, pullback = encoder_vjp(params, batch_first(first, x), may_attend(mask, src_key_padding_mask))

    def back(grad_output):
        grad_params, grad_x = pullback(batch_first(first, grad_output))
        return [batch_first(first, grad_x)], stack_grads(grad_params, encoder_layer_grads)

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
    mask = may_attend(tgt_mask, tgt_key_padding_mask, EVERYWHERE)
    memory_mask = may_attend(memory_mask, memory_key_padding_mask)
    x, memory = batch_first(layer, x), batch_first(layer, memory)
    output, pullback = decoder_layer_vjp(decoder_layer_params(layer, weights), x, memory, memory_mask, mask)

    def back(grad_output):
        grad_params, *inputs = pullback(batch_first(layer, grad_output))
        return [batch_first(layer, grad) for grad in inputs], decoder_layer_grads(grad_params)

    return (batch_first(layer, output),), back


def transformer(
    model,
    weights,
    source,
    target,
    src_mask=None,
    tgt_mask=None,
    src_key_padding_mask=None,
    tgt_key_padding_mask=None,
):
    """``Transformer``, which has neither embedding nor positions: an encoder, and a decoder that asks it."""
    first = model.encoder.layers[0]
    source, target = batch_first(first, source), batch_first(first, target)
    params = encoder_params(model.encoder, part_of(weights, "encoder."))
    memory, back_encoder = encoder_vjp(params, source, may_attend(src_mask, src_key_padding_mask))
    params = decoder_params(model.decoder, part_of(weights, "decoder."))
    mask = may_attend(tgt_mask, tgt_key_padding_mask, EVERYWHERE)
    output, back_decoder = decoder_vjp(params, target, memory, mask=mask)

    def back(grad_output):
        grad_decoder, grad_target, grad_memory = back_decoder(batch_first(first, grad_output))
        grad_encoder, grad_source = back_encoder(grad_memory)
        found = inside("encoder.", stack_grads(grad_encoder, encoder_layer_grads))
        found |= inside("decoder.", stack_grads(grad_decoder, decoder_layer_grads))
        return [batch_first(first, grad) for grad in (grad_source, grad_target)], found

    return (batch_first(first, output),), back


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


def may_attend(not_to_be, padding, otherwise=None):
    """One mask, True = may attend, of one by query and key and one by key, both of the other polarity."""
    masks = [~not_to_be] if not_to_be is not None else []
    masks += [~padding[..., None, :]] if padding is not None else []
    return masks[0] & masks[-1] if masks else otherwise


LAYERS = {
    "MultiheadAttention": multi_head,
    "TransformerEncoderLayer": encoder_layer,
    "TransformerEncoder": encoder,
    "TransformerDecoderLayer": decoder_layer,
    "Transformer": transformer,
    "LayerNorm": layer_norm,
    "RMSNorm": rms_norm,
}
