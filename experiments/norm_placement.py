"""Put the norm before the sublayer or behind the sum: gradients by depth at the start, and training with and without
warm-up.

    python -m experiments.norm_placement            # from the repository's root; continues, if it was interrupted
    python -m experiments.norm_placement --fresh    # throws the stored runs away first

First, gradients of new models of several depths, layer by layer. Then eight layers learn to sort, at four learning
rates that are held from the first step, or reached in a straight rise. Every rate is run with every seed and stored:
no rate is chosen. Both placements start from the same maps and see the same examples. At last, post-LN gets three
times the steps at one of the rates.
"""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attnlib import accuracy, cross_entropy_vjp
from attnlib.encoder import EncoderParams, encoder_vjp, init_encoder
from attnlib.linear import linear_vjp
from attnlib.params import tree_leaves
from attnlib.tasks import Batch, sort
from attnlib.transformer import vectors_vjp
from experiments.arms import run_seeds
from experiments.record import Record
from experiments.training import train

RESULT = result_path("norm_placement")
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.norm_placement"
PLACEMENTS = {"pre-LN": True, "post-LN": False}  # norm_first
PARTS = ("attention", "feed_forward")


class Settings(NamedTuple):
    """All that decides the outcome, next to the task itself."""

    vocab: int = 16
    seq: int = 8
    d_model: int = 32
    num_heads: int = 2
    d_ff: int = 64
    depths: tuple[int, ...] = (2, 4, 8, 12, 16, 24)  # of the new models whose gradients are measured
    gradient_batch: int = 64
    gradient_seeds: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    num_layers: int = 8  # of the models that are trained
    batch: int = 16
    steps: int = 300
    warmup: int = 100  # steps of the rise
    record_every: int = 10  # steps averaged into one stored loss
    fresh_sequences: int = 256  # on which accuracy is measured
    learning_rates: tuple[float, ...] = (0.0003, 0.001, 0.003, 0.01)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    longer: int = 3  # times as many steps for post-LN at one rate: does it learn later what it missed?
    longer_rate: float = 0.003


SETTINGS = Settings()


class SorterParams(NamedTuple):
    """Token vectors, an encoder, and a map to the logits."""

    tokens: np.ndarray  # (vocab, d_model)
    encoder: EncoderParams
    w_out: np.ndarray  # (d_model, vocab)


def new_model(rng: np.random.Generator, num_layers: int, norm_first: bool, settings: Settings) -> SorterParams:
    """A random model; the same generator gives the same maps whatever the place of the norms."""
    vocab, d_model = settings.vocab, settings.d_model
    tokens, w_out = rng.normal(size=(vocab, d_model)), rng.normal(size=(d_model, vocab))
    encoder = init_encoder(rng, num_layers, d_model, settings.num_heads, settings.d_ff, norm_first)
    return SorterParams(tokens * d_model**-0.5, encoder, w_out * d_model**-0.5)


def model_vjp(params: SorterParams, tokens: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], SorterParams]]:
    """Logits, and the pullback to the parameters. Positions are told by sines."""
    x, back_vectors = vectors_vjp(params.tokens, tokens)
    x, back_encoder = encoder_vjp(params.encoder, x)
    logits, back_out = linear_vjp(x, params.w_out)

    def pullback(grad_logits):
        grad, grad_out = back_out(grad_logits)
        grad_encoder, grad = back_encoder(grad)
        return SorterParams(back_vectors(grad), grad_encoder, grad_out)

    return logits, pullback


def loss_vjp(params: SorterParams, batch: Batch) -> tuple[float, Callable[[float], SorterParams]]:
    """The loss that ``fit`` takes."""
    logits, back_model = model_vjp(params, batch.tokens)
    loss, back_loss = cross_entropy_vjp(logits, batch.targets)
    return loss, lambda grad_loss: back_model(back_loss(grad_loss))


def gradient_norms(seed: int, num_layers: int, norm_first: bool, settings: Settings = SETTINGS) -> dict[str, Any]:
    """Length of the loss's gradient by the maps of each layer of a new model, the first layer first."""
    start, data = np.random.default_rng(seed).spawn(2)
    params = new_model(start, num_layers, norm_first, settings)
    batch = next(sort(data, settings.gradient_batch, settings.seq, settings.vocab))
    _, pullback = loss_vjp(params, batch)
    layers = pullback(1.0).encoder.layers
    return {part: [length(getattr(layer, part)) for layer in layers] for part in PARTS}


def length(tree: Any) -> float:
    """Of all arrays of a structure as one vector."""
    return float(np.sqrt(sum((leaf**2).sum() for leaf in tree_leaves(tree))))


def rate(learning_rate: float, warmup: int) -> Callable[[int], float]:
    """A function from the step, counted from 1: constant after a straight rise of so many steps; 0 for no rise."""
    return lambda step: learning_rate * min(1.0, step / max(warmup, 1))


def new_run(
    seed: int, norm_first: bool, learning_rate: float, warmup: int, settings: Settings = SETTINGS
) -> dict[str, Any]:
    """Loss along the way, averaged over blocks of steps, and the share of right tokens on fresh sequences."""
    start, data, fresh = np.random.default_rng(seed).spawn(3)
    model = new_model(start, settings.num_layers, norm_first, settings)
    batches, schedule = sort(data, settings.batch, settings.seq, settings.vocab), rate(learning_rate, warmup)
    params, losses = train(model, loss_vjp, batches, settings.steps, schedule, settings.record_every)
    tokens, targets = next(sort(fresh, settings.fresh_sequences, settings.seq, settings.vocab))
    right = accuracy(model_vjp(params, tokens)[0], targets)
    return {"loss": losses, "accuracy": right}


def arms(settings: Settings = SETTINGS) -> list[tuple[str, int, float]]:
    """What is compared: (placement, steps of warm-up, learning rate)."""
    return list(itertools.product(PLACEMENTS, (0, settings.warmup), settings.learning_rates))


def name(placement: str, warmup: int, learning_rate: float) -> str:
    """Under which an arm is stored: "post-LN, warm-up, 0.003"."""
    return f"{placement}, {'warm-up' if warmup else 'no warm-up'}, {learning_rate:g}"


def table_gradients(result: dict[str, Any]) -> str:
    """Gradient by the feed-forward network, first layer → last layer: mean ± standard deviation of the seeds."""
    depths = result["settings"]["depths"]
    lines = ["| layers | " + " | ".join(map(str, depths)) + " |", "|---" * (1 + len(depths)) + "|"]
    for placement in PLACEMENTS:
        cells = []
        for depth in depths:
            seeds = result["gradients"][f"{placement}, {depth} layers"].values()
            first, last = np.transpose([[seed["feed_forward"][end] for end in (0, -1)] for seed in seeds])
            cells.append(f"{first.mean():.2f} → {last.mean():.2f} ± {last.std(ddof=1):.2f}")
        lines.append(f"| {placement} | {' | '.join(cells)} |")
    return "\n".join(lines)


def table_training(result: dict[str, Any]) -> str:
    """Loss at the end, mean ± standard deviation of the seeds, and the share of right tokens."""
    rates, every = result["settings"]["learning_rates"], result["settings"]["record_every"]
    lines = ["| learning rate | " + " | ".join(f"{each:g}" for each in rates) + " |", "|---" * (1 + len(rates)) + "|"]
    for placement in PLACEMENTS:
        for way in ("no warm-up", "warm-up"):
            cells = []
            for each in rates:
                runs = result["arms"][f"{placement}, {way}, {each:g}"].values()
                losses = np.array([np.mean(run["loss"][-50 // every :]) for run in runs])
                right = np.mean([run["accuracy"] for run in runs])
                cells.append(f"{losses.mean():.2f} ± {losses.std(ddof=1):.2f}, {right:.2f}")
            lines.append(f"| {placement}{', warm-up' * (way == 'warm-up')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(record: Record) -> None:
    """Measure and run what is not stored yet."""
    for (placement, norm_first), num_layers in itertools.product(PLACEMENTS.items(), SETTINGS.depths):
        measure = partial(gradient_norms, num_layers=num_layers, norm_first=norm_first)
        run_seeds(record, ("gradients", f"{placement}, {num_layers} layers"), measure, SETTINGS.gradient_seeds)
    times = SETTINGS.longer
    longer = SETTINGS._replace(steps=times * SETTINGS.steps, record_every=times * SETTINGS.record_every)
    longer_arms = [("post-LN", warmup, SETTINGS.longer_rate) for warmup in (0, SETTINGS.warmup)]
    for part, compared, settings in (("arms", arms(), SETTINGS), ("longer", longer_arms, longer)):
        for placement, warmup, learning_rate in compared:
            how = {"norm_first": PLACEMENTS[placement], "learning_rate": learning_rate, "warmup": warmup}
            run = partial(new_run, **how, settings=settings)
            run_seeds(record, (part, name(placement, warmup, learning_rate)), run, SETTINGS.seeds)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
