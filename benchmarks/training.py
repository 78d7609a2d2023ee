"""How many tokens a second does attnlib train on, beside the same model in PyTorch?

    python -m benchmarks.training
    python -m benchmarks.training --threads 1 --cpu-time     # on a machine that is busy with other things

Both start from the same parameters and see the same batches. They take turns, round by round, in one process with the
same number of threads; the medians count. Before the race all train a few steps in float64, and their losses must be
the same.
"""

from functools import partial
from itertools import islice
from typing import NamedTuple

from benchmarks import turns
from benchmarks.threads import use_threads


class Size(NamedTuple):
    """A model and its batches."""

    num_layers: int
    d_model: int
    num_heads: int
    d_ff: int
    vocab: int
    batch: int
    seq: int


SIZES = {
    "small": Size(num_layers=2, d_model=64, num_heads=4, d_ff=256, vocab=32, batch=32, seq=32),
    "larger": Size(num_layers=4, d_model=256, num_heads=8, d_ff=1024, vocab=256, batch=32, seq=64),
}
LEARNING_RATE = 1e-3


def numpy_trainer(params, batches):
    """A function that takes one step with attnlib and returns the loss."""
    import attnlib
    from attnlib.attention_model import attention_model_vjp

    state = attnlib.adam_start(params)

    def step():
        nonlocal params, state
        tokens, targets = next(batches)
        logits, model_pullback = attention_model_vjp(params, tokens)
        loss, loss_pullback = attnlib.cross_entropy_vjp(logits, targets)
        grads = model_pullback(loss_pullback(1.0))
        params, state = attnlib.adam_step(params, grads, state, LEARNING_RATE)
        return float(loss)

    return step


def torch_trainer(params, batches, fused):
    """A function that takes one step with PyTorch's kernels, its autograd and its Adam, and returns the loss."""
    import torch
    from torch.nn import functional

    import attnlib

    params = attnlib.tree_map(lambda x: torch.tensor(x, requires_grad=True), params)
    tensors = [params.tokens, params.positions, params.w_out]
    for layer in params.layers:
        tensors += [*layer.attention[:4], *layer.feed_forward[:4]]
    optimiser = torch.optim.Adam(tensors, lr=LEARNING_RATE, betas=(0.9, 0.98), eps=1e-9, fused=fused)

    def heads(x, num_heads):
        return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)

    def logits_of(tokens):
        x = functional.embedding(tokens, params.tokens) + params.positions
        for (w_q, w_k, w_v, w_o, num_heads, *_), (w_in, b_in, w_out, b_out, _) in params.layers:
            query, key, value = (heads(x @ w, num_heads) for w in (w_q, w_k, w_v))
            x = x + functional.scaled_dot_product_attention(query, key, value).transpose(-3, -2).flatten(-2) @ w_o
            x = x + functional.linear(functional.relu(functional.linear(x, w_in.T, b_in)), w_out.T, b_out)
        return x @ params.w_out

    def step():
        tokens, targets = (torch.from_numpy(x) for x in next(batches))
        loss = functional.cross_entropy(logits_of(tokens).flatten(0, -2), targets.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    return step


def endless(batches):
    """The batches over and over, so that drawing them is not timed."""
    while True:
        yield from batches


def contenders(size, dtype):
    """One step of training for each, all from the same parameters and with the same batches."""
    import numpy as np

    from attnlib.attention_model import init_attention_model
    from attnlib.tasks import sort

    rng = np.random.default_rng(0)
    params = init_attention_model(
        rng, size.vocab, size.d_model, size.num_heads, size.num_layers, d_ff=size.d_ff, max_seq=size.seq, dtype=dtype
    )
    batches = list(islice(sort(rng, size.batch, size.seq, size.vocab), 20))
    return {
        "attnlib (NumPy)": numpy_trainer(params, endless(batches)),
        "PyTorch": torch_trainer(params, endless(batches), fused=False),
        "PyTorch, fused Adam": torch_trainer(params, endless(batches), fused=True),
    }


def main():
    """Read the options, run the race for each size, print the medians."""
    parser = turns.parser(__doc__)
    parser.add_argument("--only", choices=SIZES, help="one size of model; default: all")
    options = parser.parse_args()
    use_threads(options.threads)
    import numpy as np
    import torch

    print(f"numpy {np.__version__}, torch {torch.__version__}, {options.threads} threads, float32")
    for name, size in SIZES.items():
        if options.only in (None, name):
            print(f"\n{name}: {', '.join(f'{key} {value}' for key, value in size._asdict().items())}")
            turns.race_in_training(partial(contenders, size), size.batch * size.seq, options)


if __name__ == "__main__":
    main()
