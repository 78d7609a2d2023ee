"""What a check leaves as it was: how NumPy treats errors, prints and draws, and which warnings are shown."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def quiet() -> Iterator[None]:
    """Overflow and its like pass in silence inside, and afterwards every setting is as before."""
    with (
        np.errstate(all="ignore"),
        np.printoptions(),
        warnings.catch_warnings(action="ignore", category=RuntimeWarning),
    ):
        yield


@contextmanager
def global_draws_restored() -> Iterator[None]:
    """NumPy's global generator goes on afterwards as if nothing had been drawn or seeded inside."""
    state = np.random.get_state()  # noqa: NPY002 (readers may still use it)
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
