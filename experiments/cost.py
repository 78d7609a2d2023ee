"""What attention costs: multiply-adds counted and times measured, against n and d, and while decoding.

    python -m experiments.cost            # from the repository's root; continues, if it was interrupted
    python -m experiments.cost --fresh    # throws the stored rounds away first

A round measures every size once; what is stored are ratios to one size that is measured just before each, so that a
machine that is slow for a while does not count. The clock is the processor's time of this process, with one thread:
what other programs take is left out. Then a Transformer with random parameters says 256 tokens twice: with the keys and
values of the past kept, and computed again at every step.
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attnlib import attention, init_transformer, softmax
from attnlib.encoder import encoder_layer, init_encoder
from attnlib.greedy import decode_next, start_cache
from attnlib.transformer import TransformerParams, decode, encode
from experiments.record import Record, short

RESULT = result_path("cost")
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.cost"
PARTS = ("attention", "encoder layer")


class Settings(NamedTuple):
    """Sizes, and how often they are measured. Everything is float32, in one sequence at a time."""

    lengths: tuple[int, ...] = (32, 64, 128, 256, 512, 1024, 2048)  # n
    widths: tuple[int, ...] = (32, 64, 128, 256)  # d
    longest_layer: int = 1024  # the eight heads of the widest layer take too much room beyond
    head_dim: int = 32
    reference: tuple[int, int] = (256, 64)  # the n and d whose attention costs 1
    at_least: int = 20_000_000  # multiply-adds a measurement; smaller sizes are repeated
    rounds: int = 9
    d_model: int = 256  # of the model that decodes
    num_heads: int = 8
    d_ff: int = 1024
    num_layers: int = 2
    vocab: int = 64
    seq_source: int = 32
    tokens: int = 256  # said
    decoding_rounds: int = 5
    block: int = 8  # steps whose times are averaged


SETTINGS = Settings()


def multiply_adds(part: str, n: int, d: int) -> int:
    """Counted from the shapes: n²·d for the scores and for the mixing, and in a layer 12·n·d² for its six maps."""
    return 2 * n * n * d + (12 * n * d * d if part == "encoder layer" else 0)


def step_multiply_adds(t: int, cached: bool, settings: Settings = SETTINGS) -> int:
    """Of the decoder, for its t-th token; what is kept of the source is computed with the first."""
    d, seq_source = settings.d_model, settings.seq_source
    new = 1 if cached else t  # tokens that go through the layers
    own = 4 * new * d * d + 2 * new * t * d
    memory = 2 * seq_source * d * d if t == 1 or not cached else 0
    across = 2 * new * d * d + 2 * new * seq_source * d + memory
    think = 2 * new * d * settings.d_ff
    return settings.num_layers * (own + across + think) + new * d * settings.vocab


def sizes(settings: Settings = SETTINGS) -> list[tuple[str, int, int]]:
    """What is measured: (part, n, d)."""
    return [
        (part, n, d)
        for part in PARTS
        for d in settings.widths
        for n in settings.lengths
        if part == "attention" or n <= settings.longest_layer
    ]


def work(part: str, n: int, d: int, settings: Settings = SETTINGS) -> Callable[[], Any]:
    """A function that does the part's work once, on random numbers."""
    rng = np.random.default_rng(0)
    if part == "attention":
        query, key, value = rng.normal(size=(3, n, d)).astype(np.float32)
        return lambda: attention(query, key, value)
    x = rng.normal(size=(n, d)).astype(np.float32)
    layer = init_encoder(rng, 1, d, d // settings.head_dim, 4 * d, dtype=np.float32).layers[0]
    return lambda: encoder_layer(layer, x)


def seconds(part: str, n: int, d: int, settings: Settings = SETTINGS) -> float:
    """For the part's work once, a mean of as many times as it takes to be measurable."""
    do = work(part, n, d, settings)
    do()
    times = -(-settings.at_least // multiply_adds(part, n, d))
    start = time.process_time()
    for _ in range(times):
        do()
    return (time.process_time() - start) / times


def one_round(settings: Settings = SETTINGS) -> list[float]:
    """How much longer each size takes than the reference just before it, in the order of ``sizes``."""
    ratios = []
    for size in sizes(settings):
        reference = seconds("attention", *settings.reference, settings)
        ratios.append(seconds(*size, settings) / reference)
    return ratios


class Said(NamedTuple):
    """A text, and what each of its tokens took."""

    tokens: np.ndarray  # (tokens,)
    probs: np.ndarray  # (tokens, vocab)
    seconds: np.ndarray  # (tokens,)


def new_model(settings: Settings = SETTINGS) -> tuple[TransformerParams, np.ndarray]:
    """A model with random parameters, untied so that it does not say one token again and again; its memory."""
    rng, layers = np.random.default_rng(0), settings.num_layers
    widths = settings.d_model, settings.num_heads, settings.d_ff
    params = init_transformer(
        rng, settings.vocab, settings.vocab, *widths, layers, layers, tied=False, dtype=np.float32
    )
    return params, encode(params, rng.integers(settings.vocab, size=(1, settings.seq_source)))[0]


def say(params: TransformerParams, memory: np.ndarray, cached: bool, settings: Settings = SETTINGS) -> Said:
    """Greedy decoding as ``greedy`` does it, with a clock at every step."""
    said, probs, ticks = np.zeros((1, 1), dtype=int), [], [time.process_time()]
    caches = start_cache(params, memory) if cached else None
    for _ in range(settings.tokens):
        if caches is None:
            logits, _ = decode(params, said, memory)
        else:
            logits, caches = decode_next(params, said, caches)
        probs.append(softmax(logits[0, -1]))
        said = np.append(said, [[probs[-1].argmax()]], axis=1)
        ticks.append(time.process_time())
    return Said(said[0, 1:], np.array(probs), np.diff(ticks))


def decoding_round(settings: Settings = SETTINGS) -> dict[str, Any]:
    """Both ways to decode, one after the other: blocks of steps, in units of a mean cached step of this round."""
    params, memory = new_model(settings)
    say(params, memory, True, settings._replace(tokens=4))
    cached, uncached = (say(params, memory, way, settings) for way in (True, False))
    unit = cached.seconds.mean()
    blocks = [(way.seconds / unit).reshape(-1, settings.block).mean(axis=1).tolist() for way in (cached, uncached)]
    return {
        "cached": blocks[0],
        "uncached": blocks[1],
        "same_tokens": bool((cached.tokens == uncached.tokens).all()),
        "different_tokens": len(set(cached.tokens.tolist())),
        "largest_difference": float(np.abs(cached.probs - uncached.probs).max()),
    }


def table(result: dict[str, Any]) -> str:
    """Attention, counted · measured (quartiles of the rounds), in units of one size."""
    settings = result["settings"]
    lengths = [n for n in settings["lengths"] if n != 64]
    lines = ["| n | " + " | ".join(map(str, lengths)) + " |", "|---" * (1 + len(lengths)) + "|"]
    rounds = np.array(result["rounds"])
    n_ref, d_ref = settings["reference"]
    for i, d in enumerate(settings["widths"]):
        cells = []
        for n in lengths:
            at = i * len(settings["lengths"]) + settings["lengths"].index(n)
            low, median, high = np.quantile(rounds[:, at], (0.25, 0.5, 0.75))
            counted = multiply_adds("attention", n, d) / multiply_adds("attention", n_ref, d_ref)
            cells.append(f"{counted:.3g} · {digits(median)} ({digits(low)}–{digits(high)})")
        lines.append(f"| d = {d} | {' | '.join(cells)} |")
    return "\n".join(lines)


def digits(ratio: float) -> str:
    """Two digits, or all before the point."""
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2f}"


def main(record: Record) -> None:
    """Measure the rounds that are not stored yet."""
    result = record.found
    result["multiply_adds"] = [multiply_adds(*size) for size in sizes()]
    steps = range(1, SETTINGS.tokens + 1)
    result["step_multiply_adds"] = {
        way: [step_multiply_adds(t, way == "cached") for t in steps] for way in ("cached", "uncached")
    }
    rounds, decoding = result.setdefault("rounds", []), result.setdefault("decoding", [])
    while len(rounds) < SETTINGS.rounds:
        with record.storing(f"round {len(rounds) + 1}"):
            rounds.append(short(one_round()))
    while len(decoding) < SETTINGS.decoding_rounds:
        with record.storing(f"decoding, round {len(decoding) + 1}"):
            decoding.append(short(decoding_round()))


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
