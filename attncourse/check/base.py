"""How a reader's answer is checked: against properties, naming the first one that fails."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np


class ViolatedError(Exception):
    """A property that the reader's function does not have."""


class Result:
    """What a check found; true when every property holds."""

    def __init__(self, exercise: str, complaint: str | None):
        self.exercise, self.complaint = exercise, complaint

    def __bool__(self) -> bool:
        return self.complaint is None

    def __repr__(self) -> str:
        if self.complaint is None:
            return f"✓ {self.exercise}: every property holds"
        return f"✗ {self.exercise}: {self.complaint}"


def require(holds: Any, complaint: str) -> None:
    """Go on if the property holds, else stop the check with the complaint."""
    if not holds:
        raise ViolatedError(complaint)


def require_shape(array: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    """The array, if it is one of this shape; else a complaint that names both shapes."""
    require(array is not None, f"{what} is None: does the function return something?")
    array = np.asarray(array)
    require(array.shape == shape, f"{what} must have shape {shape}: yours has {array.shape}")
    require(np.isfinite(array).all(), f"{what} must be finite: yours holds NaN or infinity")
    return array


def require_judgement(found: Any, truth: bool, what: str) -> None:
    """The answer is True or False, and the right one of the two."""
    require(found is not None, "the answer is None: does the function return something?")
    require(
        isinstance(found, bool | np.bool_), f"the answer must be True or False: yours is of type {type(found).__name__}"
    )
    require(bool(found) == truth, f"{what}: the answer is {truth}, yours says {bool(found)}")


def checker(check: Callable[[Any], None]) -> Callable[[Any], Result]:
    """Turn a function that raises ``ViolatedError`` into one that returns a ``Result``."""

    @wraps(check)
    def run(answer: Any) -> Result:
        try:
            # A wrong answer may overflow on its way: the property it violates is the message, not the warning.
            with np.errstate(all="ignore"):
                check(answer)
        except ViolatedError as violation:
            return Result(check.__name__, str(violation))
        except Exception as error:  # the reader's own code may raise anything
            return Result(check.__name__, f"your code raised {type(error).__name__}: {error}")
        return Result(check.__name__, None)

    return run
