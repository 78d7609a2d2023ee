"""Train one attention layer to use the order of its tokens, told in nine ways, or not told.

    python -m experiments.order            # from the repository's root; continues, if it was interrupted
    python -m experiments.order --fresh    # throws the stored runs away first

Two tasks: name the token before this one (a distance), and say the sequence backwards (a place). All tokens are drawn
at random, so nothing but the order tells which one is asked for. Each arm gets the learning rate that suits it best,
chosen on seeds that are not used again. Afterwards the models of the first task read sequences longer than any in
training. ``order_controls`` asks why.
"""

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attnlib import accuracy, alibi_bias, causal_mask, cross_entropy_vjp, fit
from attnlib.attention_model import ModelParams, attention_model, attention_model_vjp, init_attention_model
from attnlib.tasks import Batch, previous_and_next, reverse
from experiments.encodings import ADDED
from experiments.stored import open_result, short, stored_after

RESULT = result_path("order")
COMMAND = "python -m experiments.order"


class Settings(NamedTuple):
    """All that decides the outcome, next to the tasks themselves."""

    vocab: int = 16
    seq: int = 12  # most tokens of a sequence in training
    shortest: int = 12  # fewest; each batch has one length
    d_model: int = 32
    num_heads: int = 2
    num_layers: int = 1
    d_ff: int | None = None  # width of the feed-forward network after each layer's attention, if there is one
    batch: int = 16
    steps: int = 400
    record_every: int = 10  # steps averaged into one stored loss
    fresh_sequences: int = 256  # on which accuracy is measured
    longer: tuple[int, ...] = (12, 13, 14, 16, 20, 24, 32, 48)  # lengths that are tried after training
    learning_rates: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1)
    choosing_seeds: tuple[int, ...] = (100, 101)  # pick the learning rate, and are not used again
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


SETTINGS = Settings()


def previous(rng: np.random.Generator, batch: int, seq: int, vocab: int) -> Iterator[Batch]:
    """Which token is before this one? The first of the two questions of ``previous_and_next``."""
    return (Batch(tokens, targets[..., 0]) for tokens, targets in previous_and_next(rng, batch, seq, vocab))


TASKS = {"previous": previous, "backwards": reverse}


ARMS = (
    "none",
    "none, causal",
    "index",
    "index in [0, 1]",
    "index in [0, 1] and its square",
    "sinusoidal",
    "sinusoidal × 10",
    "learned",
    "rotary",
    "ALiBi",
)


def arms() -> list[tuple[str, str]]:
    """What is compared: (task, arm)."""
    return list(itertools.product(TASKS, ARMS))


def options(arm: str, seq: int, directions: np.ndarray, settings: Settings = SETTINGS) -> dict[str, Any]:
    """How an arm tells the order: the arguments of ``attention_model`` besides parameters and tokens."""
    return {
        "positions": ADDED[arm](seq, directions) if arm in ADDED else None,
        "mask": causal_mask(seq, seq) if arm.endswith(", causal") else None,
        "bias": alibi_bias(settings.num_heads, seq, seq) if arm.startswith("ALiBi") else None,
        "rotary": arm == "rotary",
    }


def new_model(rng: np.random.Generator, arm: str, settings: Settings = SETTINGS) -> ModelParams:
    """A random model; only learned positions add parameters, one vector for each position of the training."""
    vocab, d_model, num_heads, num_layers = settings.vocab, settings.d_model, settings.num_heads, settings.num_layers
    max_seq = settings.seq if arm == "learned" else None
    return init_attention_model(rng, vocab, d_model, num_heads, num_layers, d_ff=settings.d_ff, max_seq=max_seq)


def batches(rng: np.random.Generator, task: str, settings: Settings = SETTINGS) -> Iterator[Batch]:
    """Endless batches of the task; every length from the shortest to the longest has the same chance."""
    lengths = range(settings.shortest, settings.seq + 1)
    sources = [TASKS[task](rng, settings.batch, seq, settings.vocab) for seq in lengths]
    while True:
        yield next(sources[rng.integers(len(sources))])


def new_run(
    seed: int, task: str, arm: str, learning_rate: float, settings: Settings = SETTINGS
) -> tuple[ModelParams, dict[str, Any]]:
    """The trained model; its loss along the way, averaged over blocks of steps; its accuracy by length.

    The data come from the seed alone: they are the same for every arm of a task.
    """
    start, data, fresh = np.random.default_rng(seed).spawn(3)
    directions = start.normal(size=(2, settings.d_model))

    def loss_vjp(params, batch):
        how = options(arm, batch.tokens.shape[-1], directions, settings)
        logits, back_model = attention_model_vjp(params, batch.tokens, **how)
        loss, back_loss = cross_entropy_vjp(logits, batch.targets)
        return loss, lambda grad_loss: back_model(back_loss(grad_loss))

    model, steps = new_model(start, arm, settings), itertools.islice(batches(data, task, settings), settings.steps)
    params, losses, *_ = fit(model, loss_vjp, steps, learning_rate, progress=False)
    right: dict[str, float | None] = {}
    for seq in settings.longer[: None if task == "previous" else 1]:
        batch = next(TASKS[task](fresh, settings.fresh_sequences, seq, settings.vocab))
        # A table of learned positions has no row for later ones, so there is nothing to measure.
        knows = arm != "learned" or seq <= settings.seq
        how = options(arm, seq, directions, settings)
        right[str(seq)] = accuracy(attention_model(params, batch.tokens, **how)[0], batch.targets) if knows else None
    blocks = np.reshape(losses, (-1, settings.record_every)).mean(axis=1)
    return params, {"loss": blocks.tolist(), "accuracy": right}


def choose(tried: dict[str, list[float]]) -> float:
    """The learning rate that learns fastest: its loss, averaged over steps and choosing seeds, is the smallest."""
    return float(min(tried, key=lambda learning_rate: np.mean(tried[learning_rate])))


def name(task: str, arm: str) -> str:
    """Under which an arm is stored: "previous: sinusoidal"."""
    return f"{task}: {arm}"


def run_arm(result: dict[str, Any], path: Path, key: str, task: str, arm: str, settings: Settings) -> None:
    """Choose the learning rate, then run the seeds that count: what is not stored yet."""
    entry = result.setdefault("arms", {}).setdefault(key, {"tried": {}, "learning_rate": None, "runs": {}})
    for learning_rate in settings.learning_rates:
        tried = entry["tried"].setdefault(f"{learning_rate:g}", [])
        for seed in settings.choosing_seeds[len(tried) :]:
            with stored_after(path, result, f"{key}, choosing, learning rate {learning_rate:g}"):
                run = new_run(seed, task, arm, learning_rate, settings._replace(longer=()))[1]
                tried.append(short(float(np.mean(run["loss"]))))
    entry["learning_rate"] = choose(entry["tried"])
    for seed in settings.seeds:
        if str(seed) not in entry["runs"]:
            with stored_after(path, result, f"{key}, learning rate {entry['learning_rate']:g}, seed {seed}"):
                entry["runs"][str(seed)] = short(new_run(seed, task, arm, entry["learning_rate"], settings)[1])


def main(fresh: bool = False) -> None:
    """Run what is not stored yet."""
    result = open_result(RESULT, COMMAND, SETTINGS, fresh)
    for task, arm in arms():
        run_arm(result, RESULT, name(task, arm), task, arm, SETTINGS)


if __name__ == "__main__":
    main(fresh="--fresh" in sys.argv[1:])
