"""The worst relative error of every gradient: each pullback against central differences in float64.

    python -m benchmarks.gradient_errors

For every function twenty draws of shapes and numbers; for every array of its arguments a random direction.
What is printed is an upper bound of the gradient's own error: a central difference is itself right to some 1e-9 only.
"""

import numpy as np

import attnlib
from attnlib import testing
from attnlib.attention_model import attention_model, attention_model_vjp, init_attention_model

DRAWS = 20
STEPS = (1e-6, 1e-5)  # of the central differences

# Each function below draws a call: the function, its vjp, and the arguments to differentiate by.


def sizes(rng, n, most=8):
    """Random sizes from 1 to ``most``."""
    return (int(size) for size in rng.integers(1, most + 1, size=n))


def softmax(rng):
    """Along the last of three axes."""
    return attnlib.softmax, attnlib.softmax_vjp, [rng.normal(size=tuple(sizes(rng, 3)))]


def attention(rng):
    """With a mask and a bias."""
    batch, seq_q, seq_k, d_k, d_v = sizes(rng, 5)
    shapes = [(batch, seq_q, d_k), (batch, seq_k, d_k), (batch, seq_k, d_v), (seq_q, seq_k)]
    mask = rng.random((seq_q, seq_k)) < 0.7

    def fun(query, key, value, bias):
        return attnlib.attention(query, key, value, mask, bias)[0]

    def vjp(query, key, value, bias):
        return attnlib.attention_vjp(query, key, value, mask, bias)

    return fun, vjp, [rng.normal(size=shape) for shape in shapes]


def multi_head_attention(rng, group=1, rotary=False):
    """With a mask; ``group`` query heads share a key head."""
    batch, seq_q, seq_k, pairs, kv_heads = sizes(rng, 5)
    heads = group * kv_heads
    params = attnlib.init_multi_head(rng, heads * 2 * pairs, heads, kv_heads)
    inputs = [rng.normal(size=(batch, seq, heads * 2 * pairs)) for seq in (seq_q, seq_k, seq_k)]
    mask = rng.random((batch, seq_q, seq_k)) < 0.7

    def fun(*args):
        return attnlib.multi_head_attention(*args, mask, rotary=rotary)[0]

    def vjp(*args):
        return attnlib.multi_head_attention_vjp(*args, mask, rotary=rotary)

    return fun, vjp, [params, *inputs]


def grouped_query(rng):
    """Two query heads to a key head."""
    return multi_head_attention(rng, group=2)


def multi_head_rotary(rng):
    """Queries and keys turned by their position."""
    return multi_head_attention(rng, rotary=True)


def rotate(rng):
    """Positions in order."""
    batch, seq, pairs = sizes(rng, 3)
    return attnlib.rotate, attnlib.rotate_vjp, [rng.normal(size=(batch, seq, 2 * pairs))]


def learned_positions(rng):
    """From a table with more rows than are used."""
    seq, more, d_model = sizes(rng, 3)

    def fun(table):
        return attnlib.learned_positions(table, seq)

    def vjp(table):
        return attnlib.learned_positions_vjp(table, seq)

    return fun, vjp, [rng.normal(size=(seq + more, d_model))]


def linear(rng):
    """With a bias."""
    batch, seq, d_in, d_out = sizes(rng, 4)
    return attnlib.linear, attnlib.linear_vjp, [
        rng.normal(size=(batch, seq, d_in)), rng.normal(size=(d_in, d_out)), rng.normal(size=d_out)
    ]  # fmt: skip


def embedding(rng):
    """Tokens that come several times."""
    batch, seq, vocab, d_model = sizes(rng, 4)
    tokens = rng.integers(vocab, size=(batch, seq))

    def fun(table):
        return attnlib.embedding(table, tokens)

    def vjp(table):
        return attnlib.embedding_vjp(table, tokens)

    return fun, vjp, [rng.normal(size=(vocab, d_model))]


def relu(rng):
    """Of any numbers."""
    return attnlib.relu, attnlib.relu_vjp, [rng.normal(size=tuple(sizes(rng, 3)))]


def gelu(rng):
    """Of any numbers."""
    return attnlib.gelu, attnlib.gelu_vjp, [3 * rng.normal(size=tuple(sizes(rng, 3)))]


def feed_forward(rng, activation="relu"):
    """With biases that are not zero."""
    batch, seq, d_model, d_ff = sizes(rng, 4)
    params = attnlib.init_feed_forward(rng, d_model, d_ff, activation)
    params = attnlib.tree_map(lambda x: x + 0.1 * rng.normal(size=x.shape), params)
    return attnlib.feed_forward, attnlib.feed_forward_vjp, [params, rng.normal(size=(batch, seq, d_model))]


def feed_forward_gelu(rng):
    """With the smooth bend."""
    return feed_forward(rng, "gelu")


def cross_entropy(rng, label_smoothing=0.0):
    """With some places ignored."""
    batch, seq, vocab = sizes(rng, 3)
    targets = rng.integers(-1, vocab, size=(batch, seq))
    targets[0, 0] = 0

    def fun(logits):
        return attnlib.cross_entropy(logits, targets, label_smoothing)

    def vjp(logits):
        return attnlib.cross_entropy_vjp(logits, targets, label_smoothing)

    return fun, vjp, [3 * rng.normal(size=(batch, seq, vocab))]


def cross_entropy_smoothed(rng):
    """With some places ignored."""
    return cross_entropy(rng, 0.1)


def model(rng):
    """One to three layers with everything in them, under a causal mask."""
    batch, seq, pairs, heads, d_ff, layers, vocab = sizes(rng, 7)
    params = init_attention_model(rng, vocab, 2 * pairs * heads, heads, min(layers, 3), d_ff=d_ff, max_seq=seq + 1)
    tokens, mask = rng.integers(vocab, size=(batch, seq)), attnlib.causal_mask(seq, seq)

    def fun(params):
        return attention_model(params, tokens, mask=mask, rotary=True)[0]

    def vjp(params):
        return attention_model_vjp(params, tokens, mask=mask, rotary=True)

    return fun, vjp, [params]


def layer_norm(rng):
    """Of wide vectors: of two features next to nothing may be left to divide by."""
    batch, seq, d_model = sizes(rng, 3)
    shapes = [(batch, seq, 5 + d_model), (5 + d_model,), (5 + d_model,)]
    return attnlib.layer_norm, attnlib.layer_norm_vjp, [rng.normal(size=shape) for shape in shapes]


def rms_norm(rng):
    """Of wide vectors."""
    _, _, [x, gain, _] = layer_norm(rng)
    return attnlib.rms_norm, attnlib.rms_norm_vjp, [x, gain]


def batch_norm(rng, per_position=False, inference=False):
    """With padding."""
    batch, seq, d_model = sizes(rng, 3)
    mask = rng.random((5 + batch, seq)) < 0.7
    mask[:4] = True
    running = attnlib.Statistics(rng.normal(size=d_model), 0.1 + rng.random(d_model)) if inference else None

    def fun(*args):
        return attnlib.batch_norm(*args, running, mask, per_position)

    def vjp(*args):
        return attnlib.batch_norm_vjp(*args, running, mask, per_position)

    return fun, vjp, [rng.normal(size=shape) for shape in ((5 + batch, seq, d_model), (d_model,), (d_model,))]


def batch_norm_per_position(rng):
    """Each position by itself."""
    return batch_norm(rng, per_position=True)


def batch_norm_inference(rng):
    """By running statistics."""
    return batch_norm(rng, inference=True)


def moved(rng, params):
    """The parameters with noise on them, so that no gain is one and no bias zero."""
    return attnlib.tree_map(lambda x: x + 0.1 * rng.normal(size=x.shape), params)


def encoder(rng, norm_first=True):
    """One to three layers, with padding."""
    batch, seq, heads, d_ff, layers = sizes(rng, 5, most=3)
    params = moved(rng, attnlib.init_encoder(rng, layers, 6 * heads, heads, d_ff, norm_first, "gelu"))
    mask = attnlib.padding_mask(rng.integers(1, seq + 1, size=batch), seq)

    def fun(*args):
        return attnlib.encoder(*args, mask)[0]

    def vjp(*args):
        return attnlib.encoder_vjp(*args, mask)

    return fun, vjp, [params, rng.normal(size=(batch, seq, 6 * heads))]


def encoder_post_ln(rng):
    """The norm after the sum."""
    return encoder(rng, norm_first=False)


def decoder(rng, norm_first=True):
    """One to three layers, with padding in the memory."""
    batch, seq, seq_memory, heads, d_ff, layers = sizes(rng, 6, most=3)
    params = moved(rng, attnlib.init_decoder(rng, layers, 6 * heads, heads, d_ff, norm_first, "gelu"))
    mask = attnlib.padding_mask(rng.integers(1, seq_memory + 1, size=batch), seq_memory)

    def fun(*args):
        return attnlib.decoder(*args, mask)[0]

    def vjp(*args):
        return attnlib.decoder_vjp(*args, mask)

    return fun, vjp, [params, *(rng.normal(size=(batch, n, 6 * heads)) for n in (seq, seq_memory))]


def decoder_post_ln(rng):
    """The norm after the sum."""
    return decoder(rng, norm_first=False)


def transformer(rng, norm_first=True):
    """One to three layers on each side, with padding and a tied table."""
    batch, source, target, heads, d_ff, layers, vocab = sizes(rng, 7, most=3)
    sides = (5, vocab, 6 * heads, heads, d_ff, layers, layers)
    params = moved(rng, attnlib.init_transformer(rng, *sides, norm_first=norm_first, activation="gelu"))
    tokens = rng.integers(5, size=(batch, source)), rng.integers(vocab, size=(batch, target))
    mask = attnlib.padding_mask(rng.integers(1, source + 1, size=batch), source)

    def fun(params):
        return attnlib.transformer(params, *tokens, mask)[0]

    def vjp(params):
        return attnlib.transformer_vjp(params, *tokens, mask)

    return fun, vjp, [params]


def transformer_post_ln(rng):
    """The norm after the sum."""
    return transformer(rng, norm_first=False)


CALLS = {
    "softmax": softmax,
    "attention": attention,
    "multi_head_attention": multi_head_attention,
    "  grouped-query": grouped_query,
    "  rotary": multi_head_rotary,
    "rotate": rotate,
    "learned_positions": learned_positions,
    "linear": linear,
    "embedding": embedding,
    "relu": relu,
    "gelu": gelu,
    "feed_forward, relu": feed_forward,
    "feed_forward, gelu": feed_forward_gelu,
    "cross_entropy": cross_entropy,
    "  label smoothing 0.1": cross_entropy_smoothed,
    "attention_model": model,
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "batch_norm": batch_norm,
    "  per position": batch_norm_per_position,
    "  inference": batch_norm_inference,
    "encoder": encoder,
    "encoder, post-LN": encoder_post_ln,
    "decoder": decoder,
    "decoder, post-LN": decoder_post_ln,
    "transformer": transformer,
    "transformer, post-LN": transformer_post_ln,
}


def worst_error(draw, draws=DRAWS):
    """The largest relative error over several draws, whatever it is.

    Each draw is measured with a short step, whose difference is rounded more, and with a longer one, which bends more:
    the gradient cannot be further off than the better of the two says.
    """

    def error(seed, step):
        rng = np.random.default_rng(seed)
        return testing.check_vjp(*draw(rng), rng, step=step, rtol=np.inf)

    return max(min(error(seed, step) for step in STEPS) for seed in range(draws))


def main():
    """Print the table."""
    print(f"{'gradient of':24} worst relative error in {DRAWS} draws")
    for name, draw in CALLS.items():
        print(f"{name:24} {worst_error(draw):.1e}")


if __name__ == "__main__":
    main()
