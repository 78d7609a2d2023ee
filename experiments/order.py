"""Train one attention layer to use the order of its tokens, told in nine ways, or not told.

    python -m experiments.order            # from the repository's root; continues, if it was interrupted
    python -m experiments.order --fresh    # throws the stored runs away first

Two tasks: name the token before this one (a distance), and say the sequence backwards (a place). All tokens are drawn
at random, so nothing but the order tells which one is asked for. Each arm gets the learning rate that suits it best,
chosen on seeds that are not used again. Afterwards the models of the first task read sequences longer than any in
training. ``order_controls`` asks why.
"""

import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attnlib import accuracy, alibi_bias, causal_mask, cross_entropy_vjp
from attnlib.attention_model import ModelParams, attention_model, attention_model_vjp, init_attention_model
from attnlib.tasks import Batch, previous_and_next, reverse
from experiments.arms import run_arm
from experiments.encodings import ADDED
from experiments.record import Record
from experiments.training import train

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


def new_directions(start: np.random.Generator, settings: Settings) -> np.ndarray:
    """(2, d_model) along which the position is laid; drawn before the model."""
    return start.normal(size=(2, settings.d_model))


def trained(
    seed: int, task: str, arm: str, learning_rate: float, settings: Settings = SETTINGS
) -> tuple[ModelParams, list[float]]:
    """The model after training, and its losses averaged over blocks of steps.

    The data come from the seed alone: they are the same for every arm of a task.
    """
    start, data, _ = np.random.default_rng(seed).spawn(3)
    directions = new_directions(start, settings)

    def loss_vjp(params, batch):
        how = options(arm, batch.tokens.shape[-1], directions, settings)
        logits, back_model = attention_model_vjp(params, batch.tokens, **how)
        loss, back_loss = cross_entropy_vjp(logits, batch.targets)
        return loss, lambda grad_loss: back_model(back_loss(grad_loss))

    model, source = new_model(start, arm, settings), batches(data, task, settings)
    return train(model, loss_vjp, source, settings.steps, learning_rate, settings.record_every)


def new_run(seed: int, task: str, arm: str, learning_rate: float, settings: Settings = SETTINGS) -> dict[str, Any]:
    """Loss along the way, and accuracy on fresh sequences by their length."""
    params, losses = trained(seed, task, arm, learning_rate, settings)
    start, _, fresh = np.random.default_rng(seed).spawn(3)
    directions = new_directions(start, settings)
    right: dict[str, float | None] = {}
    for seq in settings.longer[: None if task == "previous" else 1]:
        batch = next(TASKS[task](fresh, settings.fresh_sequences, seq, settings.vocab))
        # A table of learned positions has no row for later ones, so there is nothing to measure.
        knows = arm != "learned" or seq <= settings.seq
        how = options(arm, seq, directions, settings)
        right[str(seq)] = accuracy(attention_model(params, batch.tokens, **how)[0], batch.targets) if knows else None
    return {"loss": losses, "accuracy": right}


def mean_loss(seed: int, task: str, arm: str, learning_rate: float, settings: Settings) -> float:
    """Of all steps: the smallest learns fastest."""
    return float(np.mean(trained(seed, task, arm, learning_rate, settings)[1]))


def name(task: str, arm: str) -> str:
    """Under which an arm is stored: "previous: sinusoidal"."""
    return f"{task}: {arm}"


def run_order_arm(record: Record, key: str, task: str, arm: str, settings: Settings) -> None:
    """Choose the learning rate, then run the seeds that count: what is not stored yet."""
    how = {"task": task, "arm": arm, "settings": settings}
    run_arm(record, ("arms", key), partial(mean_loss, **how), partial(new_run, **how), settings)


def right(stored: dict[str, Any], key: str, seq: int = SETTINGS.seq) -> str:
    """Right answers of an arm's seeds, "0.84 (0.66–0.92)": the median, the lowest and the highest."""
    shares = [run["accuracy"].get(str(seq)) for run in stored[key]["runs"].values()]
    return "–" if None in shares else f"{np.median(shares):.2f} ({min(shares):.2f}–{max(shares):.2f})"


def steps(stored: dict[str, Any], key: str, every: int = SETTINGS.record_every, below: float = 0.5) -> str:
    """The step at which the median loss of the seeds first falls below, or "never"."""
    low = np.median([run["loss"] for run in stored[key]["runs"].values()], axis=0) < below
    return str((int(low.argmax()) + 1) * every) if low.any() else "never"


def markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table as the README has it."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ("---",) * len(head), *rows))


def table(result: dict[str, Any]) -> str:
    """What the README says of every arm."""
    stored, head = result["arms"], ("order told by", "the token before", "steps", "at 24 tokens", "backwards", "steps")
    both = [(arm, name("previous", arm), name("backwards", arm)) for arm in ARMS]
    return markdown(
        head,
        [
            (arm, right(stored, before), steps(stored, before), right(stored, before, 24), right(stored, back),
             steps(stored, back))
            for arm, before, back in both
        ],
    )  # fmt: skip


def main(record: Record) -> None:
    """Run what is not stored yet."""
    for task, arm in arms():
        run_order_arm(record, name(task, arm), task, arm, SETTINGS)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
