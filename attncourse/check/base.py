"""How a reader's answer is checked: against properties, naming the first one that fails."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from attncourse.check.guard import guarded
from attncourse.check.require import ViolatedError, require
from attncourse.check.state import global_draws_restored, quiet


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


def checker(check: Callable[[Any], None]) -> Callable[[Any], Result]:
    """Turn a function that raises ``ViolatedError`` into one that returns a ``Result``."""

    @wraps(check)
    def run(answer: Any) -> Result:
        complaint = None
        try:
            # A wrong answer may overflow on its way: the property it violates is the message, not the warning.
            with quiet(), global_draws_restored():
                require(not isinstance(answer, type), "the answer must be a function: yours is a class")
                check(guarded(answer))
        except ViolatedError as violation:
            complaint = str(violation)
        except Exception as error:  # the guard has dealt with the reader's: this one is the course's
            complaint = f"this check itself failed, not your code: {type(error).__name__}: {error}"
        return Result(check.__name__, complaint)

    return run
