"""Train one attention layer to look things up: with 1/√d_k, without it, and without it from smaller maps.

    python -m experiments.scale_training            # from the repository's root; continues, if it was interrupted
    python -m experiments.scale_training --fresh    # throws the stored runs away first

The maps of the layer start so that each component of a query or key has variance 1; then scores have variance d_k.
*Small maps* start d_k^¼ times smaller, both of them: their scores have variance 1 without any division.
Each run (width, optimiser, arm) has the learning rate that suits it best, chosen on seeds that are not used again.
"""

import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attnlib.adam import adam_start, adam_step
from attnlib.params import tree_map
from experiments.arms import run_arm
from experiments.lookup import Params, draw_batch, initial_params, loss_and_gradient, score_gradients
from experiments.record import Record
from experiments.training import block_means

RESULT = result_path("scale_training")
COMMAND = "python -m experiments.scale_training"


class Arm(NamedTuple):
    """What is compared."""

    scale: float | None  # of the scores; None is 1/√d_k
    power: float  # the maps start d_k to this power times as large


ARMS = {"√d_k": Arm(None, 0), "none": Arm(1.0, 0), "none, small maps": Arm(1.0, -1 / 4)}


class Settings(NamedTuple):
    """All that decides the outcome, next to the task itself."""

    batch: int = 4  # examples a step, of 16 queries each
    steps: int = 400
    record_every: int = 5  # steps averaged into one stored number
    learned: float = 0.1  # a layer has learned when the mean loss of so many steps is below this for the first time
    widths: tuple[int, ...] = (16, 64, 256, 1024)  # d_k
    learning_rates: dict[str, tuple[float, ...]] = {  # noqa: RUF012 a NamedTuple's default is shared, and never changed
        "sgd": (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
        "adam": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3),
    }
    choosing_seeds: tuple[int, ...] = (100, 101, 102, 103)  # pick the learning rate, and are not used again
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)


SETTINGS = Settings()


def sgd_step(params: Params, grads: Params, state: Any, learning_rate: float) -> tuple[Params, Any]:
    """Plain gradient descent, called like ``adam_step``; it has nothing to remember."""
    return tree_map(lambda param, grad: param - learning_rate * grad, params, grads), state


OPTIMISERS = {  # Adam with the constants of its paper
    "sgd": sgd_step,
    "adam": partial(adam_step, beta1=0.9, beta2=0.999, eps=1e-8),
}


def start(seed: int, d_k: int, arm: str) -> tuple[Params, np.random.Generator]:
    """Initial maps, and the generator of all examples: the same for every arm, but for the maps' size."""
    rng = np.random.default_rng(seed)
    size = d_k ** ARMS[arm].power
    return tree_map(lambda param: size * param, initial_params(rng, d_k)), rng


def training(
    params: Params,
    rng: np.random.Generator,
    scale: float | None,
    optimiser: str,
    learning_rate: float,
    batch: int = SETTINGS.batch,
) -> Iterator[float]:
    """The loss of each step, for as long as it is asked for."""
    state = adam_start(params)
    while True:
        loss, grads = loss_and_gradient(params, draw_batch(rng, batch), scale)
        yield loss
        params, state = OPTIMISERS[optimiser](params, grads, state, learning_rate)


def block_losses(
    seed: int, d_k: int, optimiser: str, arm: str, learning_rate: float, settings: Settings = SETTINGS
) -> Iterator[float]:
    """The losses of a run, averaged over blocks of steps, one block after the other."""
    losses = training(*start(seed, d_k, arm), ARMS[arm].scale, optimiser, learning_rate, settings.batch)
    for _ in range(settings.steps // settings.record_every):
        yield from block_means(list(itertools.islice(losses, settings.record_every)), settings.record_every)


def steps_to_learn(block: Iterator[float] | list[float], settings: Settings = SETTINGS) -> float:
    """How many steps a run takes until it has learned; all of them, if it never does.

    What is compared between the arms, and what chooses their learning rates (of equally fast ones the lowest).
    """
    slow = itertools.takewhile(lambda loss: loss >= settings.learned, block)
    return float(min(settings.steps, (sum(1 for _ in slow) + 1) * settings.record_every))


def trial(**how: Any) -> float:
    """A run that chooses: it stops as soon as the layer has learned."""
    return steps_to_learn(block_losses(**how))


def new_run(settings: Settings = SETTINGS, **how: Any) -> dict[str, Any]:
    """A run that counts: its losses, and its gradient before the first step."""
    return {
        "loss": list(block_losses(**how, settings=settings)),
        "start": first_gradient(how["seed"], how["d_k"], how["arm"]),
    }


def first_gradient(seed: int, d_k: int, arm: str) -> dict[str, float]:
    """How large the gradient of w_q is, and how evenly the queries send one through the softmax."""
    params, rng = start(seed, d_k, arm)
    batch, scale = draw_batch(rng, SETTINGS.batch), ARMS[arm].scale
    _, grads = loss_and_gradient(params, batch, scale)
    each = np.sort(score_gradients(params, batch, scale))
    tenth = each[-(len(each) // 10) :]
    return {
        "grad_w_q": float(np.linalg.norm(grads.w_q)),
        "median_query": float(np.median(each)),
        "share_of_tenth": float(tenth.sum() / each.sum()),  # of the sum of all queries' norms
    }


def runs(settings: Settings = SETTINGS) -> list[tuple[int, str, str]]:
    """What is compared: (d_k, optimiser, arm)."""
    return list(itertools.product(settings.widths, settings.learning_rates, ARMS))


def name(d_k: int, optimiser: str, arm: str) -> str:
    """Under which runs are stored: "d_k=16 sgd none"."""
    return f"d_k={d_k} {optimiser} {arm}"


def table(result: dict[str, Any]) -> str:
    """The steps and rates of all arms, as Markdown."""
    lines = [["d_k", "optimiser", *(f"{arm}: steps, rate" for arm in ARMS)]]
    lines.append(["---"] * len(lines[0]))
    for d_k, optimiser in itertools.product(SETTINGS.widths, SETTINGS.learning_rates):
        stored = [result["arms"][name(d_k, optimiser, arm)] for arm in ARMS]
        steps = [sorted(steps_to_learn(run["loss"]) for run in arm["runs"].values()) for arm in stored]
        cells = [
            f"{np.median(each):g} ({each[0]:g}–{each[-1]:g}), {arm['learning_rate']:g}"
            for each, arm in zip(steps, stored, strict=True)
        ]
        lines.append([f"{d_k}", optimiser, *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(record: Record) -> None:
    """Run what is not stored yet."""
    for d_k, optimiser, arm in runs():
        how = {"d_k": d_k, "optimiser": optimiser, "arm": arm}
        settings = SETTINGS._replace(learning_rates=SETTINGS.learning_rates[optimiser])
        run_arm(record, ("arms", name(**how)), partial(trial, **how), partial(new_run, **how), settings)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
