"""Arms that are compared fairly: each runs at the learning rate that suits it best, whatever that is.

The rate is chosen on seeds that are not used again, so that a lucky seed cannot count twice.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any

import numpy as np

from experiments.record import Record


def run_arm(
    record: Record,
    where: tuple[str, ...],
    trial: Callable[..., float],
    run: Callable[..., Any],
    settings: Any,
    executor: Executor | None = None,
) -> None:
    """Choose the arm's learning rate, then run the seeds that count: what is not stored yet.

    Args:
        record: grows by ``tried``, ``learning_rate`` and ``runs``.
        where: names under which the arm is stored, one inside the other.
        trial: from ``seed`` and ``learning_rate`` to the loss that chooses; the smallest wins.
        run: from ``seed`` and ``learning_rate`` to what is stored of a run that counts.
        settings: with ``learning_rates``, ``choosing_seeds`` and ``seeds``.
        executor: as for ``Record.fill``.
    """
    tried = {f"{rate:g}": partial(losses, trial, rate, settings.choosing_seeds) for rate in settings.learning_rates}
    record.fill((*where, "tried"), tried, executor)
    arm = record.part(*where)
    arm["learning_rate"] = choose(arm["tried"])
    run_seeds(record, (*where, "runs"), partial(run, learning_rate=arm["learning_rate"]), settings.seeds, executor)


def run_seeds(
    record: Record,
    where: tuple[str, ...],
    run: Callable[..., Any],
    seeds: tuple[int, ...],
    executor: Executor | None = None,
) -> None:
    """Run the seeds that are not stored yet; ``run`` takes ``seed``."""
    record.fill(where, {str(seed): partial(run, seed=seed) for seed in seeds}, executor)


def losses(trial: Callable[..., float], learning_rate: float, seeds: tuple[int, ...]) -> list[float]:
    """What one learning rate comes to, a number a seed."""
    return [float(trial(seed=seed, learning_rate=learning_rate)) for seed in seeds]


def choose(tried: dict[str, list[float]]) -> float:
    """The learning rate with the smallest loss, averaged over the choosing seeds."""
    return float(min(tried, key=lambda learning_rate: np.mean(tried[learning_rate])))
