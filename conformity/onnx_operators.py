"""ONNX's operators on attnlib: what they call by other names, lay out otherwise or keep in a cache.

Nothing is computed here. Arrays are reshaped, cut, laid side by side and handed on; float16 and bfloat16 are cast to
float32 and back, as ``attnlib`` knows neither. Each function takes an operator's inputs in their order and its
attributes under their own names, and returns its outputs.
"""

import numpy as np

from attnlib import (
    Statistics,
    attention,
    batch_norm,
    batch_statistics,
    causal_mask,
    layer_norm,
    log_softmax,
    merge_heads,
    padding_mask,
    rms_norm,
    scaled_dot_scores,
    softmax,
    split_heads,
    turn_pairs,
    update_statistics,
)
from attnlib.multi_head import share_heads
from conformity.report import OutOfReachError

SOFTCAP = "softcap: attnlib has no cap on the scores"
MASKED_SCORES = "masked scores as an extra output"


def onnx_attention(
    query,
    key,
    value,
    attn_mask=None,
    past_key=None,
    past_value=None,
    nonpad_kv_seqlen=None,
    *,
    is_causal=0,
    left_window_size=-1,
    right_window_size=-1,
    q_num_heads=None,
    kv_num_heads=None,
    qk_matmul_output_mode=0,
    scale=None,
    softcap=0.0,
    softmax_precision=None,  # float32 or better: as it is
):
    """``Attention``: the output, the keys and values with those of the cache, and scores or weights."""
    if softcap:
        raise OutOfReachError(SOFTCAP)
    if qk_matmul_output_mode == 2:
        raise OutOfReachError(MASKED_SCORES)
    packed = query.ndim == 3
    if packed:
        query, key, value = (
            split_heads(x, heads) for x, heads in ((query, q_num_heads), (key, kv_num_heads), (value, kv_num_heads))
        )
    past = 0 if past_key is None else past_key.shape[-2]
    if past:
        key, value = np.concatenate([past_key, key], axis=-2), np.concatenate([past_value, value], axis=-2)
    seq_q, seq_k = query.shape[-2], key.shape[-2]
    first_query = np.array(past) if nonpad_kv_seqlen is None else (nonpad_kv_seqlen - seq_q)[:, None]

    mask, bias = np.array(True), None
    if attn_mask is not None:
        missing = [(0, 0)] * (attn_mask.ndim - 1) + [(0, seq_k - attn_mask.shape[-1])]
        if attn_mask.dtype == np.bool_:
            mask = np.pad(attn_mask, missing)
        else:
            bias = np.pad(attn_mask, missing, constant_values=-np.inf)
    if is_causal:
        mask = mask & causal_from(first_query, seq_q, seq_k)
    if right_window_size >= 0:
        mask = mask & causal_from(first_query + right_window_size, seq_q, seq_k)
    if left_window_size >= 0:
        mask = mask & ~causal_from(first_query - left_window_size - 1, seq_q, seq_k)
    if nonpad_kv_seqlen is not None:
        mask = mask & padding_mask(nonpad_kv_seqlen, seq_k)[:, None]

    keys, values = share_heads(key, query.shape[-3]), share_heads(value, query.shape[-3])
    output, attn_weights = attention(query, keys, values, mask, bias, scale)
    qk_matmul_output = attn_weights if qk_matmul_output_mode == 3 else scaled_dot_scores(query, keys, scale)
    return merge_heads(output) if packed else output, key, value, qk_matmul_output


def causal_from(first_query, seq_q, seq_k):
    """The causal mask of queries of which the first stands at this position, which may be negative: no key is there.

    Args:
        first_query: () or (batch, 1) integers; with the second, one for each sequence.
    """
    if first_query.ndim:
        return np.stack([causal_from(first, seq_q, seq_k) for first in first_query])  # (batch, 1, seq_q, seq_k)
    before = np.zeros((max(0, -int(first_query)), seq_k), bool)
    return np.concatenate([before, causal_mask(max(0, seq_q + int(first_query)), seq_k)])[-seq_q:]


def onnx_softmax(x, *, axis=-1):
    """``Softmax``."""
    return (softmax(x, axis),)


def onnx_log_softmax(x, *, axis=-1):
    """``LogSoftmax``."""
    return (log_softmax(x, axis),)


def onnx_layer_normalization(x, gain, bias, *, axis=-1, epsilon=1e-5):
    """``LayerNormalization``: the output, each mean, and 1 over each deviation. Axes from ``axis`` on count as one."""
    kept = x.shape[:axis]
    rows = x.reshape(-1, gain.size)
    normed = layer_norm(rows, gain.ravel(), bias.ravel(), epsilon).reshape(x.shape)
    # For the mean and the deviation of a vector it is a feature, and its numbers are tokens. 1 divided by the deviation
    # is what BatchNorm makes of 1 if the mean is 0.
    mean, variance = batch_statistics(rows.T)
    ones, zeros = np.ones_like(mean), np.zeros_like(mean)
    inverse = batch_norm(ones[None], ones, zeros, Statistics(zeros, variance), eps=epsilon)
    shape = (*kept, *[1] * (x.ndim - len(kept)))
    return normed, mean.reshape(shape), inverse.reshape(shape)


def onnx_rms_normalization(x, gain, *, axis=-1, epsilon=1e-5):
    """``RMSNormalization``. All axes from ``axis`` on count as one."""
    return (rms_norm(x.reshape(-1, gain.size), gain.ravel(), epsilon).reshape(x.shape),)


def onnx_batch_normalization(x, gain, bias, mean, variance, *, epsilon=1e-5, momentum=0.9, training_mode=0):
    """``BatchNormalization``: the output, and in training the running mean and variance. Features stand on axis 1."""
    x, running = np.moveaxis(x, 1, -1), Statistics(mean, variance)
    normed = batch_norm(x.reshape(1, -1, x.shape[-1]), gain, bias, None if training_mode else running, eps=epsilon)
    output = np.moveaxis(normed.reshape(x.shape), -1, 1)
    # ONNX's momentum is the share of what was known, not of the new batch; its variance is the biased one.
    news = update_statistics(running, x.reshape(1, -1, x.shape[-1]), momentum=1 - momentum, unbiased=False)
    return output, *news


def onnx_rotary_embedding(
    x, cos_cache, sin_cache, position_ids=None, *, interleaved=0, num_heads=None, rotary_embedding_dim=0
):
    """``RotaryEmbedding``, of the first features alone if ``rotary_embedding_dim`` says so."""
    packed = x.ndim == 3
    x = split_heads(x, num_heads) if packed else x
    cos, sin = (cache if position_ids is None else cache[position_ids] for cache in (cos_cache, sin_cache))
    width = rotary_embedding_dim or x.shape[-1]
    turned = turn_pairs(x[..., :width], cos[:, None], sin[:, None], halves=not interleaved)  # one angle for all heads
    output = np.concatenate([turned, x[..., width:]], axis=-1)
    return (merge_heads(output) if packed else output,)


OPERATORS = {
    "Attention": onnx_attention,
    "LayerNormalization": onnx_layer_normalization,
    "RMSNormalization": onnx_rms_normalization,
    "Softmax": onnx_softmax,
    "LogSoftmax": onnx_log_softmax,
    "RotaryEmbedding": onnx_rotary_embedding,
    "BatchNormalization": onnx_batch_normalization,
}
