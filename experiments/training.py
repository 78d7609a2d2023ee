"""Training as most experiments do it: so many steps of Adam, and the loss averaged over blocks of them."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from attnlib import fit


def train(
    params: Any, loss_vjp: Callable, batches: Iterable, steps: int, learning_rate: Any, block: int
) -> tuple[Any, list[float]]:
    """The parameters after training, and the mean loss of each block of steps; the rest is as for ``fit``."""
    params, losses, *_ = fit(params, loss_vjp, itertools.islice(batches, steps), learning_rate, progress=False)
    return params, block_means(losses, block)


def block_means(per_step: list[float], block: int) -> list[float]:
    """One number a block of steps."""
    return np.reshape(per_step, (-1, block)).mean(axis=1).tolist()
