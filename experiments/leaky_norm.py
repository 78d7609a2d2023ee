"""Can a norm show a decoder the future? Random digits, a correct causal mask, a norm along the right or wrong axis.

    python -m experiments.leaky_norm            # from the repository's root; continues, if it was interrupted
    python -m experiments.leaky_norm --fresh    # throws the stored runs away first

Each digit asks for the next one, which nobody can know. The model reads whole sequences, as in training, and then only
what came before the digit that is asked for, as in use. LayerNorm takes its mean over a token's features; the mistaken
norm takes it over the tokens of the sequence. BatchNorm takes it over all tokens of the batch, later ones included: how
much of the future it shows is measured for batches of few sequences, longer trained.
"""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attncourse.table import Table
from attnlib import accuracy, cross_entropy, cross_entropy_vjp, softmax
from attnlib.tasks import IGNORED, Batch, random_tokens
from experiments.arms import run_arm
from experiments.normed_model import (
    MASKED,
    OVER_SEQUENCE,
    NormedModel,
    Running,
    init_normed_model,
    normed_model_vjp,
    start_running,
    update_running,
)
from experiments.record import Record
from experiments.training import fit_whole

RESULT = result_path("leaky_norm")
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.leaky_norm"
ARMS = {"features": "LayerNorm", "sequence": OVER_SEQUENCE}  # axis of the mean → kind of norm
DIGITS = 10


class Settings(NamedTuple):
    """All that decides the outcome, next to the task itself."""

    example: str = "73904815"  # whose digits are shown; its length is that of all sequences
    d_model: int = 32
    num_heads: int = 2
    d_ff: int = 64
    num_layers: int = 1
    batch: int = 32
    steps: int = 400
    measured_at: tuple[int, ...] = (0, 25, 50, 100, 200, 400)  # steps
    fresh: int = 500  # sequences on which accuracy is measured
    learning_rates: tuple[float, ...] = (0.01, 0.03, 0.1)  # at the first step; it falls to 0 in a straight line
    choosing_seeds: tuple[int, ...] = (100,)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    batches: tuple[int, ...] = (1, 2, 4, 8)  # sequences that share BatchNorm's statistics
    batch_steps: int = 3200
    batch_rates: tuple[float, ...] = (0.0003, 0.001, 0.003, 0.01, 0.03)


SETTINGS = Settings()


def digits(rng: np.random.Generator, batch: int, seq: int) -> Iterator[Batch]:
    """Endless batches of random digits; the target of each is the next one, and the last has none."""
    for tokens in random_tokens(rng, batch, seq, DIGITS):
        yield Batch(tokens, next_of(tokens))


def next_of(tokens: np.ndarray) -> np.ndarray:
    """What follows each token; IGNORED behind the last."""
    return np.concatenate([tokens[:, 1:], np.full_like(tokens[:, :1], IGNORED)], axis=1)


def logits_of(params: NormedModel, kind: str, tokens: np.ndarray) -> np.ndarray:
    """(batch, seq, 10), of whole sequences: what a decoder computes in training."""
    return forward(params, kind, tokens).logits


def forward(params: NormedModel, kind: str, tokens: np.ndarray) -> Any:
    """The model with its causal mask."""
    return normed_model_vjp(params, kind, tokens, np.full(len(tokens), tokens.shape[1]), causal=True)


def logits_in_use(params: NormedModel, kind: str, tokens: np.ndarray) -> np.ndarray:
    """The same, each from the digits up to its own alone: what follows does not exist yet."""
    return np.stack(
        [logits_of(params, kind, tokens[:, :seen])[:, -1] for seen in range(1, tokens.shape[1] + 1)], axis=1
    )


def stages(seed: int, kind: str, learning_rate: float, settings: Settings = SETTINGS) -> Iterator[NormedModel]:
    """Train, and yield the parameters at the steps at which they are measured. Both kinds start from the same maps."""
    start, data = np.random.default_rng(seed).spawn(2)
    sizes = settings.d_model, settings.num_heads, settings.d_ff, settings.num_layers
    seq = len(settings.example)
    params, state = init_normed_model(start, kind, DIGITS, DIGITS, *sizes, longest=seq), None
    batches = digits(data, settings.batch, seq)

    def loss_vjp(params: NormedModel, batch: Batch) -> tuple[float, Callable[[float], NormedModel]]:
        read = forward(params, kind, batch.tokens)
        loss, back_loss = cross_entropy_vjp(read.logits, batch.targets)
        return loss, lambda grad_loss: read.pullback(back_loss(grad_loss))

    def rate(step: int) -> float:
        return learning_rate * (1 - (step - 1) / settings.steps)

    for before, now in itertools.pairwise((0, *settings.measured_at)):
        params, _, state, _ = fit_whole(params, loss_vjp, itertools.islice(batches, now - before), rate, state)
        yield params


def new_run(seed: int, kind: str, learning_rate: float, settings: Settings = SETTINGS) -> dict[str, Any]:
    """At each stage: the share of right digits, and the probability of each right digit of the example."""
    fresh = fresh_digits(seed, settings)
    tokens = np.array([[int(digit) for digit in settings.example]])
    right, found = next_of(tokens)[0, :-1], {"training": [], "use": [], "example_training": [], "example_use": []}
    for params in stages(seed, kind, learning_rate, settings):
        for mode, read in (("training", logits_of), ("use", logits_in_use)):
            found[mode].append(accuracy(read(params, kind, fresh.tokens), fresh.targets))
            chances = softmax(read(params, kind, tokens))[0, :-1]
            found[f"example_{mode}"].append(chances[np.arange(len(right)), right].tolist())
    return found


def fresh_digits(seed: int, settings: Settings) -> Batch:
    """Sequences that are not trained on."""
    return next(digits(np.random.default_rng((seed, 1)), settings.fresh, len(settings.example)))


def final_loss(seed: int, kind: str, learning_rate: float, settings: Settings = SETTINGS) -> float:
    """The loss on whole fresh sequences after training, which chooses."""
    *_, params = stages(seed, kind, learning_rate, settings)
    fresh = fresh_digits(seed, settings)
    return float(cross_entropy(logits_of(params, kind, fresh.tokens), fresh.targets))


def batch_settings(batch: int, settings: Settings = SETTINGS) -> Settings:
    """The settings of the decoders with BatchNorm."""
    steps, rates = settings.batch_steps, settings.batch_rates
    return settings._replace(batch=batch, steps=steps, measured_at=(steps,), learning_rates=rates)


def read_in_batches(params: NormedModel, tokens: np.ndarray, batch: int) -> np.ndarray:
    """Logits with BatchNorm in training mode, in batches as large as those of training."""
    return np.concatenate([logits_of(params, MASKED, part) for part in tokens.reshape(-1, batch, tokens.shape[-1])])


def statistics_of(params: NormedModel, seed: int, settings: Settings) -> Running:
    """Running statistics, of a hundred more batches of training."""
    running = start_running(MASKED, settings.num_layers, settings.d_model, len(settings.example))
    more = digits(np.random.default_rng((seed, 2)), settings.batch, len(settings.example))
    for batch in itertools.islice(more, 100):
        read = forward(params, MASKED, batch.tokens)
        running = update_running(MASKED, running, read.normed, read.counts)
    return running


def new_batch_run(seed: int, batch: int, learning_rate: float, settings: Settings = SETTINGS) -> dict[str, float]:
    """The share of right digits of a decoder with BatchNorm, in training mode and with running statistics."""
    settings = batch_settings(batch, settings)
    (params,) = stages(seed, MASKED, learning_rate, settings)
    tokens, targets = whole_batches(seed, settings)
    running, lengths = statistics_of(params, seed, settings), np.full(len(tokens), tokens.shape[1])
    in_use = normed_model_vjp(params, MASKED, tokens, lengths, running, causal=True)
    training = read_in_batches(params, tokens, batch)
    return {"training": accuracy(training, targets), "use": accuracy(in_use.logits, targets)}


def whole_batches(seed: int, settings: Settings) -> Batch:
    """Fresh sequences, as many as fill whole batches."""
    fresh = fresh_digits(seed, settings)
    number = settings.fresh // settings.batch * settings.batch
    return Batch(fresh.tokens[:number], fresh.targets[:number])


def final_batch_loss(seed: int, batch: int, learning_rate: float, settings: Settings = SETTINGS) -> float:
    """The loss on whole fresh sequences in training mode, which chooses."""
    settings = batch_settings(batch, settings)
    (params,) = stages(seed, MASKED, learning_rate, settings)
    tokens, targets = whole_batches(seed, settings)
    return float(cross_entropy(read_in_batches(params, tokens, batch), targets))


def batch_name(batch: int) -> str:
    """Under which a decoder with BatchNorm is stored: "2 sequences"."""
    return f"{batch} sequence{'s' * (batch > 1)}"


def table(result: dict[str, Any]) -> str:
    """The share of right digits after training, in both readings: mean, then lowest and highest seed."""
    arms = {f"the {axis}": arm for axis, arm in result["arms"].items()}
    arms |= {f"a batch of {name}": arm for name, arm in result["batch_norm"].items()}
    rows = []
    for what, arm in arms.items():  # a curve for each run, or its end alone
        shares = [[np.ravel(run[mode])[-1] for run in arm["runs"].values()] for mode in ("training", "use")]
        cells = [f"{np.mean(seeds):.3f} ({min(seeds):.3f}–{max(seeds):.3f})" for seeds in shares]
        rows.append([what, f"{arm['learning_rate']:g}", *cells])
    return repr(Table(["mean over", "learning rate", "whole sequences, as in training", "as in use"], rows))


def main(record: Record) -> None:
    """Run what is not stored yet."""
    for axis, kind in ARMS.items():
        run_arm(record, ("arms", axis), partial(final_loss, kind=kind), partial(new_run, kind=kind), SETTINGS)
    with ProcessPoolExecutor(2) as executor:
        for batch in SETTINGS.batches:
            trial, run = (partial(job, batch=batch) for job in (final_batch_loss, new_batch_run))
            run_arm(record, ("batch_norm", batch_name(batch)), trial, run, batch_settings(batch), executor)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
