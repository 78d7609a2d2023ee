"""The date model from its parts, in plain NumPy and in the order in which they build on one another.

Each uses ``np`` and the functions above it, by their names: any of them can give way to a reader's own.
Masks are boolean, True = may attend; ``params`` are those of ``attnlib``.
"""

# ruff: noqa: D103 (a part is read as code; what it takes, check.build says)

import numpy as np


def softmax(scores):
    shifted = scores - scores.max(axis=-1, keepdims=True)
    exps = np.exp(shifted)
    return exps / exps.sum(axis=-1, keepdims=True)


def attention(query, key, value, mask):
    scores = query @ key.mT / np.sqrt(key.shape[-1])
    attn_weights = softmax(np.where(mask, scores, -np.inf))
    return attn_weights @ value, attn_weights


def multi_head(params, query, key, value, mask):
    def heads(x, w):
        shape = *x.shape[:-1], params.num_heads, -1
        return (x @ w).reshape(shape).swapaxes(-3, -2)

    outputs, _ = attention(
        heads(query, params.w_q),
        heads(key, params.w_k),
        heads(value, params.w_v),
        mask[..., None, :, :],
    )
    merged = outputs.swapaxes(-3, -2).reshape(query.shape)
    return merged @ params.w_o


def positions(seq, d_model):
    waves = 10000 ** (-np.arange(0, d_model, 2) / d_model)
    angles = np.arange(seq)[:, None] * waves
    pairs = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
    return pairs.reshape(seq, d_model)


def causal_mask(seq):
    return np.arange(seq) <= np.arange(seq)[:, None]


def padding_mask(lengths, seq):
    return np.arange(seq) < lengths[:, None, None]


def layer_norm(x, gain, bias):
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    return centred / np.sqrt(variance + 1e-5) * gain + bias


def feed_forward(params, x):
    hidden = np.maximum(x @ params.w_in + params.b_in, 0)
    return hidden @ params.w_out + params.b_out


def encoder_layer(params, x, mask):
    normed = layer_norm(x, *params.attention_norm)
    x = x + multi_head(params.attention, normed, normed, normed, mask)
    normed = layer_norm(x, *params.feed_forward_norm)
    return x + feed_forward(params.feed_forward, normed)


def decoder_layer(params, x, memory, mask, memory_mask):
    normed = layer_norm(x, *params.self_attention_norm)
    own = params.self_attention
    x = x + multi_head(own, normed, normed, normed, mask)
    normed = layer_norm(x, *params.cross_attention_norm)
    cross = params.cross_attention
    x = x + multi_head(cross, normed, memory, memory, memory_mask)
    normed = layer_norm(x, *params.feed_forward_norm)
    return x + feed_forward(params.feed_forward, normed)


def embed(table, tokens):
    seq, d_model = tokens.shape[-1], table.shape[-1]
    return table[tokens] * np.sqrt(d_model) + positions(seq, d_model)


def memory_of(params, source, mask):
    x = embed(params.source_tokens, source)
    for layer in params.encoder.layers:
        x = encoder_layer(layer, x, mask)
    return layer_norm(x, *params.encoder.norm)


def logits_of(params, target, memory, memory_mask):
    x, mask = embed(params.target_tokens, target), causal_mask(target.shape[-1])
    for layer in params.decoder.layers:
        x = decoder_layer(layer, x, memory, mask, memory_mask)
    return layer_norm(x, *params.decoder.norm) @ params.target_tokens.T


def greedy(params, source, lengths, begin, steps):
    mask = padding_mask(lengths, source.shape[-1])
    memory = memory_of(params, source, mask)
    said = np.full((len(source), 1), begin)
    for _ in range(steps):
        logits = logits_of(params, said, memory, mask)
        likeliest = logits[:, -1].argmax(axis=-1)
        said = np.concatenate([said, likeliest[:, None]], axis=1)
    return said[:, 1:]
