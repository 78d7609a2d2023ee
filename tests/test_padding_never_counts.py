"""Outputs and gradients are those of zeros in the padding, whatever stands there: NaN, infinity, the largest number."""

import numpy as np
import pytest

from attnlib import (
    attention_vjp,
    causal_mask,
    decoder_vjp,
    dot_scores,
    encoder_vjp,
    feed_forward_vjp,
    gelu_vjp,
    init_decoder,
    init_encoder,
    init_feed_forward,
    init_multi_head,
    layer_norm_vjp,
    linear_vjp,
    multi_head_attention_vjp,
    relu_vjp,
    rms_norm_vjp,
    rotate_vjp,
    softmax,
    tree_leaves,
)
from attnlib.attention_model import attention_model_vjp, init_attention_model
from attnlib.scores import additive_scores, bilinear_scores, cosine_scores

BATCH, SEQ, WIDTH = 3, 5, 4
COUNTS = np.arange(SEQ) < np.array([[5], [2], [0]])  # (BATCH, SEQ): the last sequence is nothing but padding
KEYS = COUNTS[:, None]  # nobody looks at padding
BOTH = KEYS & COUNTS[..., None]  # and padding looks at nobody


def draw(dtype, *shape):
    return np.random.default_rng(1).normal(size=shape).astype(dtype)


def padded(dtype, content):
    """Vectors (BATCH, SEQ, WIDTH), and what to put where they are padding."""
    return np.where(COUNTS[..., None], draw(dtype, BATCH, SEQ, WIDTH), content).astype(dtype)


def alternating(dtype, *numbers):
    """The numbers, again and again, as the content of every padded vector."""
    return np.resize(np.array(numbers, dtype), WIDTH)


def all_of(vjp, *args, counts=None):
    """Output and gradients; of the tokens that count alone, if the others have outputs too."""
    output, pullback = vjp(*args)
    if counts is None:
        return output, pullback(draw(output.dtype, *output.shape) * 10)
    return output[counts], pullback(np.where(counts[..., None], draw(output.dtype, *output.shape), 0))


def in_attention(dtype, x):
    query = draw(dtype, BATCH, 2, WIDTH)
    return all_of(attention_vjp, query, x, x, KEYS, draw(dtype, 2, SEQ))


def in_values(dtype, x):
    query = draw(dtype, BATCH, 2, WIDTH)
    return all_of(attention_vjp, query, draw(dtype, BATCH, SEQ, WIDTH), x, KEYS)


def hidden_by_a_bias(dtype, x):
    query, key = draw(dtype, BATCH, 2, WIDTH), draw(dtype, BATCH, SEQ, WIDTH)
    return all_of(attention_vjp, query, key, x, None, np.where(KEYS, 0, -np.inf).astype(dtype))


def in_a_bias_under_the_mask(dtype, x):
    query, key = draw(dtype, BATCH, 2, WIDTH), draw(dtype, BATCH, SEQ, WIDTH)
    return all_of(attention_vjp, query, key, key, KEYS, x[..., 0][:, None])


def in_heads(rotary, num_kv_heads):
    def run(dtype, x):
        params = init_multi_head(np.random.default_rng(2), WIDTH, 2, num_kv_heads, dtype)
        bias = draw(dtype, BATCH, 2, SEQ, SEQ)
        return all_of(multi_head_attention_vjp, params, x, x, x, BOTH, bias, None, rotary, counts=COUNTS)

    return run


def in_an_encoder(norm_first, activation):
    def run(dtype, x):
        params = init_encoder(np.random.default_rng(2), 2, WIDTH, 2, 6, norm_first, activation, dtype)
        return all_of(encoder_vjp, params, x, BOTH, counts=COUNTS)

    return run


def in_a_memory(norm_first):
    def run(dtype, x):
        params = init_decoder(np.random.default_rng(2), 2, WIDTH, 2, 6, norm_first, dtype=dtype)
        return all_of(decoder_vjp, params, draw(dtype, BATCH, 2, WIDTH), x, KEYS)

    return run


def in_a_target(norm_first):
    def run(dtype, x):
        params, memory = (
            init_decoder(np.random.default_rng(2), 2, WIDTH, 2, 6, norm_first, dtype=dtype),
            draw(dtype, 2, WIDTH),
        )
        memory = np.broadcast_to(memory, (BATCH, 2, WIDTH))
        mask = BOTH & causal_mask(SEQ, SEQ)
        return all_of(decoder_vjp, params, x, memory, COUNTS[..., None], mask, counts=COUNTS)

    return run


def in_an_attention_model(d_ff):
    def run(dtype, x):
        params = init_attention_model(np.random.default_rng(2), 7, WIDTH, 2, 2, d_ff=d_ff, dtype=dtype)
        params.tokens[0] = x[-1, -1]  # the vector of the padding
        tokens = np.where(COUNTS, np.random.default_rng(3).integers(1, 7, size=COUNTS.shape), 0)
        return all_of(lambda params: attention_model_vjp(params, tokens, mask=BOTH), params, counts=COUNTS)

    return run


def token_by_token(vjp, *shapes):
    def run(dtype, x):
        return all_of(vjp, x, *(draw(dtype, *shape) for shape in shapes), counts=COUNTS)

    return run


def in_a_network(activation):
    def run(dtype, x):
        params = init_feed_forward(np.random.default_rng(2), WIDTH, 6, activation, dtype)
        return all_of(feed_forward_vjp, params, x, counts=COUNTS)

    return run


def in_scores(score, *shapes):
    def run(dtype, x):
        scores = score(draw(dtype, BATCH, 2, WIDTH), x, *(draw(dtype, *shape) for shape in shapes))
        return softmax(np.where(KEYS, scores, -np.inf))

    return run


PLACES = {
    "attention": in_attention,
    "attention, values": in_values,
    "attention, values behind a bias of -inf": hidden_by_a_bias,
    "attention, bias": in_a_bias_under_the_mask,
    "heads": in_heads(rotary=False, num_kv_heads=None),
    "heads, rotary and shared": in_heads(rotary=True, num_kv_heads=1),
    "encoder, pre-LN": in_an_encoder(True, "relu"),
    "encoder, post-LN": in_an_encoder(False, "gelu"),
    "decoder, memory, pre-LN": in_a_memory(True),
    "decoder, memory, post-LN": in_a_memory(False),
    "decoder, target, pre-LN": in_a_target(True),
    "decoder, target, post-LN": in_a_target(False),
    "attention model": in_an_attention_model(d_ff=None),
    "attention model with a network": in_an_attention_model(d_ff=6),
    "layer norm": token_by_token(layer_norm_vjp, (WIDTH,), (WIDTH,)),
    "RMS norm": token_by_token(rms_norm_vjp, (WIDTH,)),
    "linear": token_by_token(linear_vjp, (WIDTH, 3), (3,)),
    "relu": token_by_token(relu_vjp),
    "gelu": token_by_token(gelu_vjp),
    "rotate": token_by_token(rotate_vjp),
    "network, relu": in_a_network("relu"),
    "network, gelu": in_a_network("gelu"),
    "dot scores": in_scores(dot_scores),
    "cosine scores": in_scores(cosine_scores),
    "bilinear scores": in_scores(bilinear_scores, (WIDTH, WIDTH)),
    "additive scores": in_scores(additive_scores, (WIDTH, 6), (WIDTH, 6), (6,)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("place", PLACES)
def test_padding_counts_like_zeros_whatever_it_holds(place, dtype):
    """Forward and back, and without a warning, which the test run would make an error."""
    largest = float(np.finfo(dtype).max)
    wanted = tree_leaves(PLACES[place](dtype, padded(dtype, 0)))
    assert all(np.isfinite(leaf).all() for leaf in wanted)
    for content in [
        (np.nan,),
        (np.inf,),
        (-np.inf, np.inf, np.nan),
        (largest**0.75, -(largest**0.75)),
        (largest, largest, -largest),
    ]:
        found = tree_leaves(PLACES[place](dtype, padded(dtype, alternating(dtype, *content))))
        for leaf, want in zip(found, wanted, strict=True):
            assert leaf.dtype == dtype
            np.testing.assert_array_equal(leaf, want, err_msg=str(content))
