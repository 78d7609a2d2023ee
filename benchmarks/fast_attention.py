"""How fast is fast_attention, beside PyTorch's and JAX's attention on the same processor, and attnlib's plain one?

    python -m benchmarks.fast_attention                       # all sizes: some ten minutes
    python -m benchmarks.fast_attention --threads 1 --rounds 3
    python -m benchmarks.fast_attention --picture speed.svg   # the table as a picture, too

Before a race outputs and gradients must agree. Then each contender takes turns with PyTorch, in one process and with
the same number of threads; what counts is the median of the rounds' ratios, and its spread is their lower and upper
quartile. (In rounds of all four each was slower: the threads of the one before go on for a while, and memory that it
gave back is new again for the next.) JAX takes part if it is installed. Then what should make no difference: a random
mask, and scores that give numbers too small for float32; and how much memory a length of 65,536 takes beyond inputs
and output.
"""

import argparse
import os
import statistics
import time
import tracemalloc
from pathlib import Path

from benchmarks.threads import use_threads

SHAPES = [(8, 8, 512, 64), (1, 8, 4096, 64), (1, 1, 16384, 64)]  # (batch, heads, seq, width)
LONG = (65_536, 64)
PLAIN_UP_TO = 4096  # longer, the plain formula's weights take gigabytes
REFERENCE = "PyTorch"
PAUSE = 0.1  # seconds before each call: the threads of the contender before go on spinning for a while


def contenders(inputs, causal, backward, threads):
    """Name → a function that attends once, and with ``backward`` computes the three gradients too."""
    query, key, value, grad = inputs
    found = {
        "fast_attention": fast(*inputs, causal, backward, threads),
        REFERENCE: torch_attention(*inputs, causal, backward),
    }
    if query.shape[-2] <= PLAIN_UP_TO:
        found["attention"] = plain(query, key, value, grad, causal, backward)
    jax = jax_attention(*inputs, causal, backward)
    return found | ({"JAX": jax} if jax else {})


def fast(query, key, value, grad, causal, backward, threads):
    """``fast_attention`` and its pullback."""
    from attnlib import fast_attention, fast_attention_vjp

    def attend():
        if not backward:
            return [fast_attention(query, key, value, causal=causal, threads=threads)]
        output, pullback = fast_attention_vjp(query, key, value, causal=causal, threads=threads)
        return [output, *pullback(grad)]

    return attend


def plain(query, key, value, grad, causal, backward):
    """``attention`` and its pullback."""
    from attnlib import attention, attention_vjp, causal_mask

    mask = causal_mask(query.shape[-2], key.shape[-2]) if causal else None

    def attend():
        if not backward:
            return [attention(query, key, value, mask)[0]]
        output, pullback = attention_vjp(query, key, value, mask)
        return [output, *pullback(grad)]

    return attend


def torch_attention(query, key, value, grad, causal, backward):
    """PyTorch's scaled_dot_product_attention and its autograd."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    query, key, value = (torch.tensor(x, requires_grad=backward) for x in (query, key, value))
    grad = torch.from_numpy(grad)

    def attend():
        output = scaled_dot_product_attention(query, key, value, is_causal=causal)
        grads = torch.autograd.grad(output, (query, key, value), grad) if backward else ()
        return [x.detach().numpy() for x in (output, *grads)]

    return attend


def jax_attention(query, key, value, grad, causal, backward):
    """JAX's dot_product_attention, compiled; None if JAX is not installed."""
    try:
        import jax
    except ModuleNotFoundError:
        return None

    @jax.jit
    def attend(*inputs):
        def output(*inputs):
            swapped = (x.swapaxes(1, 2) for x in inputs)  # JAX's axes are (batch, seq, heads, width)
            return jax.nn.dot_product_attention(*swapped, is_causal=causal).swapaxes(1, 2)

        if not backward:
            return (output(*inputs),)
        result, pullback = jax.vjp(output, *inputs)
        return result, *pullback(grad)

    query, key, value, grad = map(jax.numpy.asarray, (query, key, value, grad))
    return lambda: jax.block_until_ready(attend(query, key, value))


def draw(*shape):
    """Queries, keys, values and a gradient: normal numbers in float32."""
    import numpy as np

    return np.random.default_rng(0).standard_normal((4, *shape), dtype=np.float32)


def check_agreement(racing):
    """The contenders compute the same, as far as float32 goes; else there is no race.

    Raises:
        SystemExit: if not.
    """
    import numpy as np

    expected = [np.asarray(x) for x in racing[REFERENCE]()]
    for name, attend in racing.items():
        for a, b in zip(attend(), expected, strict=True):
            if not np.allclose(a, b, rtol=0, atol=1e-4 * max(1, np.abs(b).max())):
                raise SystemExit(f"{name} and {REFERENCE} differ by {np.abs(np.asarray(a) - b).max():.2g}")


def take_turns(racing, rounds):
    """Seconds of each contender in each round; the first call, which is slower, does not count."""
    times = {name: [] for name in racing}
    for count in range(rounds + 1):
        for name, attend in racing.items():
            time.sleep(PAUSE)
            start = time.perf_counter()
            attend()
            if count:
                times[name].append(time.perf_counter() - start)
    return times


def ratios(times, name, other=REFERENCE):
    """Lower quartile, median and upper quartile of the rounds' ratios."""
    found = [a / b for a, b in zip(times[name], times[other], strict=True)]
    return statistics.quantiles(found, n=4, method="inclusive") if len(found) > 1 else found * 3


def race(rounds, threads):
    """Print a row of the table for every size, and return ``[(label, {name: quartiles})]``."""
    results = []
    print("| shape | | milliseconds, PyTorch | fast_attention / PyTorch | attention / PyTorch | JAX / PyTorch |")
    print("|---|---|---:|---:|---:|---:|")
    for shape in SHAPES:
        for causal in (False, True):
            for backward in (False, True):
                racing = contenders(draw(*shape), causal, backward, threads)
                check_agreement(racing)
                found, times = {}, []
                for name in racing:
                    if name == REFERENCE:
                        continue
                    pair = take_turns({one: racing[one] for one in (name, REFERENCE)}, rounds)
                    found[name] = ratios(pair, name)
                    times += pair[REFERENCE]
                kind = f"{'causal' if causal else 'full'}, {'forward + backward' if backward else 'forward'}"
                cells = [
                    spread(found[name]) if name in found else "–" for name in ("fast_attention", "attention", "JAX")
                ]
                reference = f"{1e3 * statistics.median(times):.0f}"
                print("|", " | ".join([str(shape), kind, reference, *cells]), "|", flush=True)
                results.append((f"{shape}\n{kind}", found))
    return results


def spread(quartiles):
    """A median and its quartiles in a cell."""
    low, middle, high = quartiles
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def print_hard_cases(rounds, threads, shape=(1, 8, 2048, 64)):
    """What should make no difference, as a ratio to the same call without it."""
    import numpy as np

    from attnlib import fast_attention

    query, key, value, _ = draw(*shape)
    mask = np.random.default_rng(1).random(shape[-2:-1] * 2) < 0.5
    cases = {
        "plain": (query, None),
        "a random mask": (query, mask),
        "scores of size 10": (10 * query, None),
        "scores of size 50, most weights below 1e-38": (50 * query, None),
        "both": (50 * query, mask),
    }
    racing = {
        name: lambda q=q, m=m: fast_attention(q, key, value, m, threads=threads) for name, (q, m) in cases.items()
    }
    times = take_turns(racing, rounds)
    print(f"\n{shape}, fast_attention, forward, beside the same without:")
    for name in list(racing)[1:]:
        print(f"  {name:45} {spread(ratios(times, name, 'plain'))}")


def print_memory(threads):
    """The most that is in use at once, beyond inputs and outputs, as NumPy asks for it."""
    from attnlib import fast_attention_vjp

    query, key, value, grad = draw(*LONG)
    tracemalloc.start()
    output, pullback = fast_attention_vjp(query, key, value, causal=True, threads=threads)
    forward = tracemalloc.get_traced_memory()[1] - output.nbytes
    tracemalloc.reset_peak()
    grads = pullback(grad)
    backward = tracemalloc.get_traced_memory()[1] - output.nbytes - sum(x.nbytes for x in grads)
    tracemalloc.stop()
    print(f"\nlength {LONG[0]:,}, one head of width {LONG[1]}, {threads} threads: beyond inputs and outputs at most")
    weights = 4 * LONG[0] ** 2 / 1e9
    print(f"  {forward / 1e6:.0f} MB forward, {backward / 1e6:.0f} MB backward; the weights would be {weights:.0f} GB")


def save_picture(results, path):
    """Every row of the table as a dot with its spread, on an axis of ratios."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 0.6 * len(results) + 1), layout="constrained")
    axes = figure.subplots()
    for name, colour, marker in (
        ("fast_attention", "#0072b2", "o"),
        ("attention", "#d55e00", "s"),
        ("JAX", "#777777", "^"),
    ):
        rows = [(row, found[name]) for row, (_, found) in enumerate(results) if name in found]
        for row, (low, _, high) in rows:
            axes.hlines(row, low, high, color=colour)
        axes.plot([middle for _, (_, middle, _) in rows], [row for row, _ in rows], marker, color=colour, label=name)
    axes.axvline(1, color="black", linewidth=1)
    axes.set(xscale="log", xlabel="time / time of PyTorch: left of the line is faster", ylim=(len(results) - 0.5, -0.5))
    axes.set_xticks([0.5, 1, 2, 5, 10, 20, 50], ["0.5", "1", "2", "5", "10", "20", "50"])
    axes.set_yticks(range(len(results)), [label for label, _ in results])
    axes.legend(frameon=False)
    figure.savefig(path)


def main():
    """Read the options, race, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    use_threads(options.threads)
    import numpy as np
    import torch

    print(f"numpy {np.__version__}, torch {torch.__version__}, {options.threads} threads, {options.rounds} rounds\n")
    results = race(options.rounds, options.threads)
    print_hard_cases(options.rounds, options.threads)
    print_memory(options.threads)
    if options.picture:
        save_picture(results, options.picture)


if __name__ == "__main__":
    main()
