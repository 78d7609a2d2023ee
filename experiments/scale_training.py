"""Train one attention layer to look things up, with and without 1/√d_k.

    python -m experiments.scale_training            # from the repository's root; continues, if it was interrupted
    python -m experiments.scale_training --fresh    # throws the stored runs away first

The maps of the layer start so that each component of a query or key has variance 1; then scores have variance d_k.
Each arm (width, optimiser, scale) gets the learning rate that suits it best, chosen on seeds that are not used again.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attnlib.adam import adam_start, adam_step
from attnlib.params import tree_map
from experiments.arms import run_arm
from experiments.lookup import Params, draw_batch, initial_params, loss_and_gradient, mean_entropy, score_gradients
from experiments.record import Record
from experiments.training import block_means

RESULT = result_path("scale_training")
COMMAND = "python -m experiments.scale_training"
SCALES = {"√d_k": None, "none": 1.0}  # what the scores are divided by -> the argument of attention


class Settings(NamedTuple):
    """All that decides the outcome, next to the task itself."""

    batch: int = 4  # examples a step, of 16 queries each
    steps: int = 400
    record_every: int = 5  # steps averaged into one stored number
    widths: tuple[int, ...] = (16, 1024)  # d_k
    learning_rates: dict[str, tuple[float, ...]] = {  # noqa: RUF012 a NamedTuple's default is shared, and never changed
        "sgd": (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
        "adam": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),
    }
    choosing_seeds: tuple[int, ...] = (100, 101)  # pick the learning rate, and are not used again
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)


SETTINGS = Settings()


def sgd_step(params: Params, grads: Params, state: Any, learning_rate: float) -> tuple[Params, Any]:
    """Plain gradient descent, called like ``adam_step``; it has nothing to remember."""
    return tree_map(lambda param, grad: param - learning_rate * grad, params, grads), state


OPTIMISERS = {  # Adam with the constants of its paper
    "sgd": sgd_step,
    "adam": partial(adam_step, beta1=0.9, beta2=0.999, eps=1e-8),
}


def train(
    params: Params,
    rng: np.random.Generator,
    scale: float | None,
    optimiser: str,
    learning_rate: float,
    settings: Settings = SETTINGS,
) -> dict[str, Any]:
    """One run: loss and entropy along the way, averaged over blocks of steps, and the gradient at the start."""
    state, losses, entropies = adam_start(params), [], []
    start: dict[str, Any] = {}
    for step in range(settings.steps):
        batch = draw_batch(rng, settings.batch)
        loss, grads = loss_and_gradient(params, batch, scale)
        losses.append(loss)
        entropies.append(mean_entropy(params, batch, scale))
        if step == 0:
            start = {f"grad_{name}": float(np.linalg.norm(grad)) for name, grad in grads._asdict().items()}
            start["grad_of_each_query"] = sorted(score_gradients(params, batch, scale).tolist())
        params, state = OPTIMISERS[optimiser](params, grads, state, learning_rate)
    every = settings.record_every
    return {"loss": block_means(losses, every), "entropy": block_means(entropies, every), "start": start}


def new_run(
    seed: int, d_k: int, scale: str, optimiser: str, learning_rate: float, settings: Settings = SETTINGS
) -> dict[str, Any]:
    """Initial maps and data from the seed alone: the same for every scale, optimiser and learning rate."""
    rng = np.random.default_rng(seed)
    return train(initial_params(rng, d_k), rng, SCALES[scale], optimiser, learning_rate, settings)


def arms(settings: Settings = SETTINGS) -> list[tuple[int, str, str]]:
    """What is compared: (d_k, optimiser, scale)."""
    return [
        (d_k, optimiser, scale) for d_k in settings.widths for optimiser in settings.learning_rates for scale in SCALES
    ]


def mean_loss(**how: Any) -> float:
    """Of all steps of a run: the smallest learns fastest."""
    return float(np.mean(new_run(**how)["loss"]))


def name(d_k: int, optimiser: str, scale: str) -> str:
    """Under which an arm is stored: "d_k=16 sgd none"."""
    return f"d_k={d_k} {optimiser} {scale}"


def main(record: Record) -> None:
    """Run what is not stored yet."""
    for d_k, optimiser, scale in arms():
        how = {"d_k": d_k, "optimiser": optimiser, "scale": scale}
        settings = SETTINGS._replace(learning_rates=SETTINGS.learning_rates[optimiser])
        run_arm(record, ("arms", name(**how)), partial(mean_loss, **how), partial(new_run, **how), settings)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
