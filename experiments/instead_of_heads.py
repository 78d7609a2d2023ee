"""Train one head with help, a feed-forward network or a second layer, beside layers with more heads.

    python -m experiments.instead_of_heads            # from the repository's root; continues, if it was interrupted
    python -m experiments.instead_of_heads --fresh    # throws the stored runs away first

Every token is asked for two others (one before, one after) or for four (two before, two after). All arms of a task
have the same number of parameters to one part in a hundred, and each gets the learning rate that suits it best, chosen
on seeds that are not used again. Accuracy is measured twice in each run: after ``steps``, and after three times as many
again, in which the learning rate falls to zero.
"""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attnlib import count_parameters
from attnlib.attention_model import ModelParams, attention_model, init_attention_model
from attnlib.tasks import IGNORED, Batch, random_tokens
from experiments.arms import run_arm
from experiments.heads import spread_of, with_heads_of_width
from experiments.questions import accuracy_of_each, loss_vjp
from experiments.record import Record
from experiments.training import block_means, fit_whole, train

RESULT = result_path("instead_of_heads")
COMMAND = "python -m experiments.instead_of_heads"
OFFSETS = {"two patterns": (-1, 1), "four patterns": (-2, -1, 1, 2)}  # from a token to those that it must name


class Arm(NamedTuple):
    """What is compared: heads alone, in one layer; heads and a feed-forward network; or two layers of heads."""

    task: str
    num_heads: int
    help: str = "alone"  # or "feed-forward", or "two layers"

    @property
    def name(self) -> str:
        """As it is stored: "two patterns, 1 heads, feed-forward"."""
        return f"{self.task}, {self.num_heads} heads, {self.help}"


class Settings(NamedTuple):
    """All that decides the outcome, next to the tasks themselves."""

    vocab: int = 16
    seq: int = 12
    d_model: int = 32
    d_all_heads: int = 64  # together, where they are alone: as many parameters as a second layer has
    d_ff: int = 64
    batch: int = 16
    steps: int = 400
    longer: int = 4
    record_every: int = 20  # steps averaged into one stored loss
    fresh_sequences: int = 512  # on which accuracy is measured
    learning_rates: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03)
    choosing_seeds: tuple[int, ...] = (100, 101, 102)  # pick the learning rate, and are not used again
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


SETTINGS = Settings()


def arms() -> list[Arm]:
    """Up to as many heads as a token must name others."""
    few = [("alone", (1, 2)), ("feed-forward", (1, 2)), ("two layers", (1,))]
    many = [("alone", (1, 2, 4)), ("feed-forward", (1, 2, 4)), ("two layers", (1, 2))]
    tasks = {"two patterns": few, "four patterns": many}
    return [Arm(task, heads, help) for task, rows in tasks.items() for help, row in rows for heads in row]


def others(rng: np.random.Generator, task: str, batch: int, settings: Settings = SETTINGS) -> Iterator[Batch]:
    """Endless batches: (batch, seq) tokens, and which tokens stand at the task's offsets, (batch, seq, offsets)."""
    seq, offsets = settings.seq, OFFSETS[task]
    places = np.arange(seq)[:, None] + offsets
    exists = (places >= 0) & (places < seq)
    for tokens in random_tokens(rng, batch, seq, settings.vocab):
        yield Batch(tokens, np.where(exists, tokens[:, places % seq], IGNORED))


def new_model(rng: np.random.Generator, arm: Arm, settings: Settings = SETTINGS) -> ModelParams:
    """A random model with learned positions and a group of logits for each offset."""
    params = init_attention_model(
        rng,
        settings.vocab,
        settings.d_model,
        arm.num_heads,
        num_layers=2 if arm.help == "two layers" else 1,
        outputs=len(OFFSETS[arm.task]) * settings.vocab,
        d_ff=settings.d_ff if arm.help == "feed-forward" else None,
        max_seq=settings.seq,
    )
    width = settings.d_all_heads // arm.num_heads
    return with_heads_of_width(rng, params, width, width) if arm.help == "alone" else params


def new_run(seed: int, arm: Arm, learning_rate: float, settings: Settings = SETTINGS) -> dict[str, Any]:
    """Loss along the way, averaged over blocks of steps; what the model can do early, and in the end.

    The data come from the seed alone: they are the same for every arm of a task.
    """
    start, data, fresh = np.random.default_rng(seed).spawn(3)
    batches = others(data, arm.task, settings.batch, settings)
    exam = next(others(fresh, arm.task, settings.fresh_sequences, settings))

    def marks(params: ModelParams) -> list[float]:
        return accuracy_of_each(attention_model(params, exam.tokens)[0], exam.targets)

    def falling(step: int) -> float:
        return learning_rate * (last - step) / (last - settings.steps)

    last = settings.steps * settings.longer
    early = fit_whole(new_model(start, arm, settings), loss_vjp, islice(batches, settings.steps), learning_rate)
    late = fit_whole(early.params, loss_vjp, islice(batches, last - settings.steps), falling, early.state)
    losses = block_means([*early.losses, *late.losses], settings.record_every)
    return {"loss": losses, "early": marks(early.params), "late": marks(late.params)}


def last_loss(seed: int, arm: Arm, learning_rate: float, settings: Settings = SETTINGS) -> float:
    """Of the last fifth of the first steps: the smallest ends lowest."""
    start, data, _ = np.random.default_rng(seed).spawn(3)
    batches, block = others(data, arm.task, settings.batch, settings), settings.record_every
    _, losses = train(new_model(start, arm, settings), loss_vjp, batches, settings.steps, learning_rate, block)
    return float(np.mean(losses[-len(losses) // 5 :]))


def table(result: dict[str, Any]) -> str:
    """Accuracy by task and kind of model, early and late, as Markdown: mean, lowest and highest of the seeds."""
    lines = [["task", "model", "parameters", "400 steps", "1600 steps"], ["---"] * 5]
    for arm in arms():
        found = result["arms"][arm.name]
        model = f"{arm.num_heads} head{'s' * (arm.num_heads > 1)}, {arm.help}"
        lines.append(
            [arm.task, model, str(found["parameters"]), *(spread_of(found, mark) for mark in ("early", "late"))]
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(record: Record) -> None:
    """Run what is not stored yet."""
    for arm in arms():
        where = "arms", arm.name
        record.part(*where)["parameters"] = count_parameters(new_model(np.random.default_rng(0), arm))
        run_arm(record, where, partial(last_loss, arm=arm), partial(new_run, arm=arm), SETTINGS)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
