"""Two ways to take a step down a gradient. The course's own training engine comes later; these are enough here."""

from collections.abc import Callable

import numpy as np

Update = Callable[[np.ndarray, np.ndarray], np.ndarray]


def sgd(learning_rate: float) -> Update:
    """Plain gradient descent."""
    return lambda param, grad: param - learning_rate * grad


def adam(learning_rate: float) -> Update:
    """Adam for one array. Source: Kingma and Ba (2015), algorithm 1, with its default constants."""
    step = 0
    mean: np.ndarray | float = 0.0
    square: np.ndarray | float = 0.0

    def update(param: np.ndarray, grad: np.ndarray) -> np.ndarray:
        nonlocal step, mean, square
        step += 1
        mean = 0.9 * mean + 0.1 * grad
        square = 0.999 * square + 0.001 * grad**2
        return param - learning_rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)

    return update


OPTIMISERS = {"sgd": sgd, "adam": adam}
