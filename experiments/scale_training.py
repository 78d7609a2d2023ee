"""Train one attention layer to look things up, with and without 1/√d_k.

    python -m experiments.scale_training            # from the repository's root; continues, if it was interrupted
    python -m experiments.scale_training --fresh    # throws the stored runs away first

The maps of the layer start so that each component of a query or key has variance 1; then scores have variance d_k.
Each arm (width, optimiser, scale) gets the learning rate that suits it best, chosen on seeds that are not used again.
"""

import sys
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from experiments.lookup import Params, draw_batch, initial_params, loss_and_gradient, mean_entropy, score_gradients
from experiments.optimisers import OPTIMISERS
from experiments.stored import open_result, short, stored_after

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


def train(
    params: Params,
    rng: np.random.Generator,
    scale: float | None,
    optimiser: str,
    learning_rate: float,
    settings: Settings = SETTINGS,
) -> dict[str, Any]:
    """One run: loss and entropy along the way, averaged over blocks of steps, and the gradient at the start."""
    updates = [OPTIMISERS[optimiser](learning_rate) for _ in params]
    losses, entropies = [], []
    start: dict[str, Any] = {}
    for step in range(settings.steps):
        batch = draw_batch(rng, settings.batch)
        loss, grads = loss_and_gradient(params, batch, scale)
        losses.append(loss)
        entropies.append(mean_entropy(params, batch, scale))
        if step == 0:
            start = {f"grad_{name}": float(np.linalg.norm(grad)) for name, grad in grads._asdict().items()}
            start["grad_of_each_query"] = sorted(score_gradients(params, batch, scale).tolist())
        params = Params(*(update(param, grad) for update, param, grad in zip(updates, params, grads, strict=True)))
    return {"loss": _blocks(losses, settings), "entropy": _blocks(entropies, settings), "start": start}


def _blocks(per_step: list[float], settings: Settings) -> list[float]:
    return np.reshape(per_step, (-1, settings.record_every)).mean(axis=1).tolist()


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


def choose(tried: dict[str, list[float]]) -> float:
    """The learning rate that learns fastest: its loss, averaged over all steps and choosing seeds, is the smallest."""
    return float(min(tried, key=lambda learning_rate: np.mean(tried[learning_rate])))


def main(fresh: bool = False) -> None:
    """Run what is not stored yet; store after each run, so that an interruption loses one run at most."""
    result = open_result(RESULT, COMMAND, SETTINGS, fresh)
    stored = result.setdefault("arms", {})
    for d_k, optimiser, scale in arms():
        name = f"d_k={d_k} {optimiser} {scale}"
        arm = stored.setdefault(name, {"tried": {}, "learning_rate": None, "runs": {}})
        for learning_rate in SETTINGS.learning_rates[optimiser]:
            tried = arm["tried"].setdefault(f"{learning_rate:g}", [])
            for seed in SETTINGS.choosing_seeds[len(tried) :]:
                line = f"{name}, choosing, learning rate {learning_rate:g}, seed {seed}"
                with stored_after(RESULT, result, line):
                    run = new_run(seed, d_k, scale, optimiser, learning_rate)
                    tried.append(short(float(np.mean(run["loss"]))))
        arm["learning_rate"] = choose(arm["tried"])
        for seed in SETTINGS.seeds:
            if str(seed) not in arm["runs"]:
                line = f"{name}, learning rate {arm['learning_rate']:g}, seed {seed}"
                with stored_after(RESULT, result, line):
                    arm["runs"][str(seed)] = short(new_run(seed, d_k, scale, optimiser, arm["learning_rate"]))


if __name__ == "__main__":
    main(fresh="--fresh" in sys.argv[1:])
