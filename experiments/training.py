"""Training as experiments do it: without a progress line, whole or not at all, losses averaged over blocks of steps."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from attnlib import Fitted, fit


def train(
    params: Any, loss_vjp: Callable, batches: Iterable, steps: int, learning_rate: Any, block: int
) -> tuple[Any, list[float]]:
    """The parameters after so many steps of Adam, and the mean loss of each block of them; the rest as for ``fit``."""
    params, losses, *_ = fit_whole(params, loss_vjp, itertools.islice(batches, steps), learning_rate)
    return params, block_means(losses, block)


def fit_whole(params: Any, loss_vjp: Callable, batches: Iterable, learning_rate: Any, state: Any = None) -> Fitted:
    """``fit``, but an interrupt is passed on: half a training must not be stored as a whole one.

    Raises:
        KeyboardInterrupt: if it was interrupted.
    """
    fitted = fit(params, loss_vjp, batches, learning_rate, progress=False, state=state)
    if fitted.interrupted:
        raise KeyboardInterrupt
    return fitted


def block_means(per_step: list[float], block: int) -> list[float]:
    """One number a block of steps."""
    return np.reshape(per_step, (-1, block)).mean(axis=1).tolist()
