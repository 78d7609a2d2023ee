"""Train one attention layer with 1 to 32 heads and the same number of parameters, on two tasks.

    python -m experiments.heads            # from the repository's root; continues, if it was interrupted
    python -m experiments.heads --fresh    # throws the stored runs away first

One task asks every token for both its neighbours, which takes two patterns of weights; the other for one neighbour.
Each arm gets the learning rate that suits it best, chosen on seeds that are not used again. Why many heads fail is
asked of heads that are wider, and of longer training.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attnlib import MultiHeadParams, count_parameters
from attnlib.attention_model import ModelParams, attention_model, init_attention_model
from experiments.arms import run_arm, run_seeds
from experiments.questions import QUESTIONS, TASKS, accuracy_of_each, loss_vjp
from experiments.record import Record
from experiments.training import train

RESULT = result_path("heads")
COMMAND = "python -m experiments.heads"


class Arm(NamedTuple):
    """What is compared. Without ``d_k`` and ``d_v`` the heads share d_model, and the parameters are the same."""

    task: str
    num_heads: int
    d_k: int | None = None  # width of a head's queries and keys: the most that the rank of its scores can be
    d_v: int | None = None  # width of its values
    longer: int = 1  # how many times as many steps

    @property
    def name(self) -> str:
        """As it is stored: "two patterns, 4 heads"."""
        widths = "" if self.d_k is None else f", d_k {self.d_k}, d_v {self.d_v}"
        return f"{self.task}, {self.num_heads} heads{widths}" + (f", {self.longer} × steps" if self.longer > 1 else "")


class Settings(NamedTuple):
    """All that decides the outcome, next to the tasks themselves."""

    vocab: int = 16
    seq: int = 12
    d_model: int = 32
    batch: int = 16
    steps: int = 400
    record_every: int = 20  # steps averaged into one stored loss
    fresh_sequences: int = 512  # on which accuracy is measured
    heads: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    longer: int = 4
    learning_rates: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03)
    choosing_seeds: tuple[int, ...] = (100, 101)  # pick the learning rate, and are not used again
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)
    fewer_seeds: tuple[int, ...] = (0, 1, 2, 3, 4)  # for wider heads and longer training


SETTINGS = Settings()


def arms(settings: Settings = SETTINGS) -> list[Arm]:
    """Heads that share d_model on both tasks; then, on the harder one, wider heads and longer training."""
    most = settings.heads[-1]
    equal = [Arm(task, num_heads) for task in TASKS for num_heads in settings.heads]
    wider = [Arm("two patterns", most, d_k, d_v) for d_k, d_v in ((1, 2), (2, 1), (2, 2))]
    longer = [Arm("two patterns", num_heads, longer=settings.longer) for num_heads in (1, most)]
    return [*equal, *wider, *longer]


def equal_heads(arm: Arm) -> Arm:
    """The arm with as many heads that share d_model, and no more steps than usual."""
    return Arm(arm.task, arm.num_heads)


def new_model(rng: np.random.Generator, arm: Arm, settings: Settings = SETTINGS) -> ModelParams:
    """A random model whose maps keep the variance of their inputs, whatever the widths of the heads."""
    outputs = QUESTIONS[arm.task] * settings.vocab
    params = init_attention_model(
        rng, settings.vocab, settings.d_model, arm.num_heads, outputs=outputs, max_seq=settings.seq
    )
    return params if arm.d_k is None or arm.d_v is None else with_heads_of_width(rng, params, arm.d_k, arm.d_v)


def with_heads_of_width(rng: np.random.Generator, params: ModelParams, d_k: int, d_v: int) -> ModelParams:
    """A model of one layer, with new random heads: as many as it had, of other widths."""
    [layer] = params.layers
    d_model, num_heads = len(layer.attention.w_q), layer.attention.num_heads
    wide_k, wide_v = num_heads * d_k, num_heads * d_v
    shapes = [(d_model, wide_k), (d_model, wide_k), (d_model, wide_v), (wide_v, d_model)]
    maps = [rng.normal(size=shape) * shape[0] ** -0.5 for shape in shapes]
    return params._replace(layers=(layer._replace(attention=MultiHeadParams(*maps, num_heads)),))


def new_run(seed: int, arm: Arm, learning_rate: float, settings: Settings = SETTINGS) -> dict[str, Any]:
    """Loss along the way, averaged over blocks of steps, and what the model can do afterwards.

    The data come from the seed alone: they are the same for every arm of a task.
    """
    params, losses = trained(seed, arm, learning_rate, settings)
    fresh = np.random.default_rng(seed).spawn(3)[2]
    tokens, targets = next(TASKS[arm.task](fresh, settings.fresh_sequences, settings.seq, settings.vocab))
    logits, [attn_weights] = attention_model(params, tokens)
    accuracy = accuracy_of_each(logits, targets)
    return {"loss": losses, "accuracy": accuracy, "pointed_at": positions_pointed_at(attn_weights)}


def trained(
    seed: int, arm: Arm, learning_rate: float, settings: Settings = SETTINGS
) -> tuple[ModelParams, list[float]]:
    """The model after training, and its losses averaged over blocks of steps."""
    start, data, _ = np.random.default_rng(seed).spawn(3)
    batches = TASKS[arm.task](data, settings.batch, settings.seq, settings.vocab)
    steps, block = settings.steps * arm.longer, settings.record_every * arm.longer
    return train(new_model(start, arm, settings), loss_vjp, batches, steps, learning_rate, block)


def positions_pointed_at(attn_weights: np.ndarray) -> float:
    """How many different keys are the favourite of some query, on average over heads and sequences.

    Weights are (batch, num_heads, seq_q, seq_k).
    """
    favourites = np.sort(attn_weights.argmax(axis=-1), axis=-1)
    return float(1 + (np.diff(favourites, axis=-1) > 0).sum(axis=-1).mean())


def last_loss(seed: int, arm: Arm, learning_rate: float) -> float:
    """Of the last fifth of the steps: the smallest ends lowest."""
    _, losses = trained(seed, arm, learning_rate)
    return float(np.mean(losses[-len(losses) // 5 :]))


def table(result: dict[str, Any]) -> str:
    """Accuracy by task and number of heads, as Markdown: the mean of the seeds, with the lowest and the highest."""
    heads = result["settings"]["heads"]
    lines = [
        ["heads × width", *(f"{n} × {result['settings']['d_model'] // n}" for n in heads)],
        ["---"] * (len(heads) + 1),
        *([task, *(spread_of(result["arms"][Arm(task, n).name]) for n in heads)] for task in TASKS),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def spread_of(arm: dict[str, Any], mark: str = "accuracy") -> str:
    """An arm's accuracy in words: "0.603 (0.591–0.618)"; of runs that all round to the same, that number alone."""
    seeds = [float(np.mean(run[mark])) for run in arm["runs"].values()]
    low, mean, high = (f"{share:.3f}" for share in (min(seeds), np.mean(seeds), max(seeds)))
    return mean if low == high else f"{mean} ({low}–{high})"


def main(record: Record) -> None:
    """Run what is not stored yet."""
    for arm in arms():
        where, run = ("arms", arm.name), partial(new_run, arm=arm)
        entry = record.part(*where)
        entry["parameters"] = count_parameters(new_model(np.random.default_rng(0), arm))
        if arm == equal_heads(arm):
            run_arm(record, where, partial(last_loss, arm=arm), run, SETTINGS)
        else:  # what differs in width or steps takes the learning rate of the arm it is compared with
            entry["tried"] = {}
            entry["learning_rate"] = record.part("arms", equal_heads(arm).name)["learning_rate"]
            chosen = partial(run, learning_rate=entry["learning_rate"])
            run_seeds(record, (*where, "runs"), chosen, SETTINGS.fewer_seeds)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
