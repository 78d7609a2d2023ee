"""Multi-head attention: several small attentions side by side, each in a projection of its own."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_array, as_count, as_float_type, as_floats, as_mask, as_size, describe
from attnlib.attention import attention, attention_vjp
from attnlib.broadcast import fits
from attnlib.heads import merge_heads, split_heads
from attnlib.linear import init_linear, linear, linear_vjp
from attnlib.params import check_params
from attnlib.rotary import rotate, rotate_vjp
from attnlib.shapes import check_one_value_a_key


class MultiHeadParams(NamedTuple):
    """The four maps of multi-head attention, and how many heads share them.

    The columns of ``w_q``, ``w_k`` and ``w_v`` are the heads' maps side by side; the rows of ``w_o`` likewise.
    A map may add a bias, as PyTorch's and Marian's do; the paper's add none.
    """

    w_q: np.ndarray  # (d_model, num_heads · d_k)
    w_k: np.ndarray  # (d_model of the keys, num_kv_heads · d_k)
    w_v: np.ndarray  # (d_model of the values, num_kv_heads · d_v)
    w_o: np.ndarray  # (num_heads · d_v, d_out)
    num_heads: int
    num_kv_heads: int | None = None  # None: as many as num_heads. Fewer: neighbouring heads share keys and values.
    b_q: np.ndarray | None = None  # (num_heads · d_k,), added to x · w_q; None adds nothing
    b_k: np.ndarray | None = None  # (num_kv_heads · d_k,)
    b_v: np.ndarray | None = None  # (num_kv_heads · d_v,)
    b_o: np.ndarray | None = None  # (d_out,)


def init_multi_head(rng, d_model, num_heads, num_kv_heads=None, dtype=np.float64):
    """Random maps that keep the variance of their inputs, for heads of width d_model / num_heads.

    Args:
        rng: a ``numpy.random.Generator``.
        d_model: width of a token's vector, a multiple of ``num_heads``.
        num_heads: number of query heads.
        num_kv_heads: number of key and value heads, a divisor of ``num_heads``. None means ``num_heads``,
            one means multi-query attention, anything between grouped-query attention.
        dtype: float32 or float64.

    Returns:
        ``MultiHeadParams``; w_q and w_o are (d_model, d_model), w_k and w_v (d_model, num_kv_heads · head_dim).
        There are no biases.

    Raises:
        TypeError, ValueError: if ``rng`` is no generator, a size not a positive integer, one does not divide the
            other, or ``dtype`` is neither float32 nor float64.

    Source: Vaswani et al. (2017), section 3.2.2; Ainslie et al. (2023) for fewer key and value heads.
    """
    d_model, num_heads = as_count("d_model", d_model), as_count("num_heads", num_heads)
    kv_heads = num_heads if num_kv_heads is None else as_count("num_kv_heads", num_kv_heads)
    if d_model % num_heads or num_heads % kv_heads:
        raise ValueError(
            "num_heads must divide d_model, and num_kv_heads num_heads: "
            f"got d_model={d_model}, num_heads={num_heads}, num_kv_heads={num_kv_heads}"
        )
    dtype, kv_width = as_float_type(dtype), kv_heads * (d_model // num_heads)
    widths = d_model, kv_width, kv_width, d_model
    w_q, w_k, w_v, w_o = (init_linear(rng, d_model, width, dtype) for width in widths)
    return MultiHeadParams(w_q, w_k, w_v, w_o, num_heads, num_kv_heads)


def multi_head_attention(params, query, key, value, mask=None, bias=None, scale=None, rotary=False, first_query=0):
    """Project, attend in every head by itself, lay the heads side by side, project again.

    Args:
        params: ``MultiHeadParams``.
        query: (..., seq_q, d_model)
        key, value: (..., seq_k, d_model), each of the width its own map takes. Self-attention passes one array thrice.
        mask: boolean, True = may attend: broadcastable to (..., seq_q, seq_k), the same for every head,
            or with one axis more than the inputs, (..., num_heads, seq_q, seq_k).
        bias: float, broadcastable to (..., num_heads, seq_q, seq_k), added to the scaled scores.
        scale: multiplies the scores. None means 1/√d_k, with the width of one head.
        rotary: whether queries and keys are turned by their position in the sequence, as ``rotate`` does.
        first_query: position of the first query, where keys count from 0: the number of keys before it.
            Only ``rotary`` looks at it.

    Returns:
        ``(output, attn_weights)``, shapes (..., seq_q, d_out) and (..., num_heads, seq_q, seq_k).
        A query that may attend to nothing gets zeros, or ``b_o`` if there is one.

    Raises:
        TypeError: as ``attention``, or if ``params`` or ``first_query`` is of another kind.
        ValueError: as ``attention``, if the maps do not fit the inputs or the number of heads, or if the first axis
            of a bias could be that of the batch as well as that of the heads.

    Source: Vaswani et al. (2017), section 3.2.2.
    """
    check_multi_head(params, query, key, value, first_query)
    query = query_heads(params, query)  # linear, then split_heads: (..., num_heads, seq_q, d_k)
    key, value = key_value_heads(params, key, value)
    if rotary:
        query, key = rotate(query, query_positions(query, first_query)), rotate(key)
    return attend_heads(params, query, key, value, mask, bias, scale)


def query_heads(params, query):
    """What the heads ask, (..., num_heads, seq_q, d_k)."""
    return split_heads(linear(query, params.w_q, params.b_q), params.num_heads)


def key_value_heads(params, key, value):
    """What the heads may look at, (..., num_kv_heads, seq_k, d_k) and d_v: decoding keeps it from step to step."""
    projected = linear(key, params.w_k, params.b_k), linear(value, params.w_v, params.b_v)
    return (split_heads(x, kv_heads(params)) for x in projected)


def attend_heads(params, query, key, value, mask=None, bias=None, scale=None):
    """Attention in every head, then the last map; the heads are projected already."""
    key, value = (share_heads(x, params.num_heads) for x in (key, value))
    mask, bias = for_every_head(mask, bias, query, key)
    outputs, attn_weights = attention(query, key, value, mask, bias, scale)
    return linear(merge_heads(outputs), params.w_o, params.b_o), attn_weights


def multi_head_attention_vjp(params, query, key, value, mask=None, bias=None, scale=None, rotary=False, first_query=0):
    """``multi_head_attention``, and its pullback to parameters and inputs.

    ``pullback(grad_output)``, with a gradient of shape (..., seq_q, d_out), returns
    ``(grad_params, grad_query, grad_key, grad_value)``, and ``grad_bias`` behind them if there is a bias.
    For self-attention add up the three gradients of the one input.
    """
    check_multi_head(params, query, key, value, first_query)
    num_kv_heads = kv_heads(params)
    query, back_q = project_vjp(query, params.w_q, params.b_q, params.num_heads)
    key, back_k = project_vjp(key, params.w_k, params.b_k, num_kv_heads)
    value, back_v = project_vjp(value, params.w_v, params.b_v, num_kv_heads)
    if rotary:
        query, back_query_turn = rotate_vjp(query, query_positions(query, first_query))
        key, back_key_turn = rotate_vjp(key)
    key, value = (share_heads(x, params.num_heads) for x in (key, value))
    mask, bias = for_every_head(mask, bias, query, key)
    outputs, back_attention = attention_vjp(query, key, value, mask, bias, scale)
    output, back_o = linear_vjp(merge_heads(outputs), params.w_o, params.b_o)

    def pullback(grad_output):
        grad_merged, *grads_o = back_o(grad_output)
        grad_query, grad_key, grad_value, *grad_bias = back_attention(split_heads(grad_merged, params.num_heads))
        grad_key, grad_value = (collect_heads(grad, num_kv_heads) for grad in (grad_key, grad_value))
        if rotary:
            grad_query, grad_key = back_query_turn(grad_query), back_key_turn(grad_key)
        grad_query, *grads_q = back_q(grad_query)
        grad_key, *grads_k = back_k(grad_key)
        grad_value, *grads_v = back_v(grad_value)
        grad_params = with_maps(params, q=grads_q, k=grads_k, v=grads_v, o=grads_o)
        return grad_params, grad_query, grad_key, grad_value, *grad_bias

    return output, pullback


def project_vjp(x, weight, bias, num_heads):
    """Projected vectors, cut into heads: (..., seq, d_model) → (..., num_heads, seq, width), and the pullback."""
    projected, back = linear_vjp(x, weight, bias)
    return split_heads(projected, num_heads), lambda grad_heads: back(merge_heads(grad_heads))


def with_maps(params, **maps):
    """The parameters with other maps: each a weight, or a weight and a bias, by the letter that ends their names."""
    fields = {f"{kind}_{end}": array for end, arrays in maps.items() for kind, array in zip("wb", arrays, strict=False)}
    return params._replace(**fields)


def query_positions(query, first_query):
    """Where the queries stand: (seq_q,) integers."""
    return first_query + np.arange(query.shape[-2])


def kv_heads(params):
    """The number of key and value heads."""
    return params.num_heads if params.num_kv_heads is None else params.num_kv_heads


def share_heads(x, num_heads):
    """Key or value heads, (..., num_kv_heads, seq, width), repeated so that every query head has one.

    Neighbours share: with two query heads to one key head, heads 0 and 1 read key head 0.
    """
    return x if x.shape[-3] == num_heads else np.repeat(x, num_heads // x.shape[-3], axis=-3)


def collect_heads(grad, num_kv_heads):
    """Back through ``share_heads``: a head that several query heads read collects the sum of their gradients."""
    *lead, num_heads, seq, width = grad.shape
    if num_heads == num_kv_heads:
        return grad
    return grad.reshape(*lead, num_kv_heads, num_heads // num_kv_heads, seq, width).sum(axis=-3)


def for_every_head(mask, bias, query, key):
    """Mask and bias for scores with an axis of heads; queries and keys are (..., num_heads, seq, d_k) already.

    A mask that has no such axis gets one.

    Raises:
        ValueError: if a bias fits both with and without an axis of heads: it would be one a head, where a mask of
            its shape is one a sequence.
    """
    heads = np.broadcast_shapes(query.shape[:-2], key.shape[:-2])  # (..., num_heads)
    if mask is not None:
        mask = as_mask(mask)
        mask = mask if mask.ndim in (0, 1, len(heads) + 2) else np.expand_dims(mask, -3)
    lead = () if bias is None else as_array("bias", bias).shape[:-2]
    if max(lead, default=1) > 1 and fits(lead, heads[:-1]) and fits(lead, heads):
        raise ValueError(
            "is the bias one a sequence or one a head? Write bias[..., None, :, :] for the first, bias[None] for the "
            f"second: got bias {np.shape(bias)} for scores {(*heads, query.shape[-2], key.shape[-2])}"
        )
    return mask, bias


def check_multi_head(params, query, key, value, first_query):
    """The maps fit the inputs, the number of heads, and one another.

    Raises:
        TypeError: if the arrays are not all float32 or all float64, ``params`` is no ``MultiHeadParams``,
            or ``first_query`` no integer.
        ValueError: if the shapes do not fit; the message lists them.
    """
    check_params(params, MultiHeadParams)
    weights = {name: getattr(params, name) for name in ("w_q", "w_k", "w_v", "w_o")}
    query, key, value, *maps = as_floats(query=query, key=key, value=value, **weights)
    check_one_value_a_key(query, key, value)
    as_size("first_query", first_query)
    num_heads, num_kv_heads = as_count("num_heads", params.num_heads), as_count("num_kv_heads", kv_heads(params))
    widths = [x.shape[-1] for x in (query, key, value)]
    if any(weight.ndim != 2 for weight in maps) or not maps_fit(maps, widths, num_heads, num_kv_heads):
        raise ValueError(
            "w_q (d_query, num_heads · d_k), w_k (d_key, num_kv_heads · d_k), w_v (d_value, num_kv_heads · d_v) and "
            f"w_o (num_heads · d_v, d_out) must fit the inputs: got {describe(query=query, key=key, value=value)}; "
            f"{describe(**weights)}; num_heads={num_heads}, num_kv_heads={num_kv_heads}"
        )


def maps_fit(maps, widths, num_heads, num_kv_heads):
    """Whether the maps take inputs of these widths, divide into the heads, and agree on d_k and d_v."""
    w_q, w_k, w_v, w_o = maps
    wide_q, wide_k, wide_v = (weight.shape[1] for weight in (w_q, w_k, w_v))
    return (
        [weight.shape[0] for weight in (w_q, w_k, w_v)] == widths
        and num_heads % num_kv_heads == 0
        and wide_q % num_heads == wide_k % num_kv_heads == wide_v % num_kv_heads == 0
        and wide_q * num_kv_heads == wide_k * num_heads
        and w_o.shape[0] * num_kv_heads == wide_v * num_heads
    )
