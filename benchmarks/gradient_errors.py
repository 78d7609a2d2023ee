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

# Each function below draws a call: the function, its vjp, and the arguments to differentiate by.


def sizes(rng, n):
    """Random sizes from 1 to 8."""
    return (int(size) for size in rng.integers(1, 9, size=n))


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
    params = attnlib.init_feed_forward(rng, d_model, d_ff)
    params = attnlib.tree_map(lambda x: x + 0.1 * rng.normal(size=x.shape), params)

    def fun(params, x):
        return attnlib.feed_forward(params, x, activation)

    def vjp(params, x):
        return attnlib.feed_forward_vjp(params, x, activation)

    return fun, vjp, [params, rng.normal(size=(batch, seq, d_model))]


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
    """One to three layers with everything in them, behind a causal mask."""
    batch, seq, pairs, heads, d_ff, layers, vocab = sizes(rng, 7)
    params = init_attention_model(rng, vocab, 2 * pairs * heads, heads, min(layers, 3), d_ff=d_ff, max_seq=seq + 1)
    tokens, mask = rng.integers(vocab, size=(batch, seq)), attnlib.causal_mask(seq, seq)

    def fun(params):
        return attention_model(params, tokens, mask=mask, rotary=True)[0]

    def vjp(params):
        return attention_model_vjp(params, tokens, mask=mask, rotary=True)

    return fun, vjp, [params]


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
}


def worst_error(draw, draws=DRAWS):
    """The largest relative error over several draws, whatever it is."""
    rngs = (np.random.default_rng(seed) for seed in range(draws))
    return max(testing.check_vjp(*draw(rng), rng, rtol=np.inf) for rng in rngs)


def main():
    """Print the table."""
    print(f"{'gradient of':24} worst relative error in {DRAWS} draws")
    for name, draw in CALLS.items():
        print(f"{name:24} {worst_error(draw):.1e}")


if __name__ == "__main__":
    main()
