"""How a reader's answer is checked: against properties, naming the first one that fails."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from attncourse.alone import NotAloneError
from attncourse.check.guard import guarded
from attncourse.check.require import ViolatedError, require, require_own
from attncourse.check.state import global_draws_restored, quiet
from attncourse.kept import keep_exercise


class Result:
    """What a check found; true when every property holds."""

    def __init__(self, exercise: str, complaint: str | None, praise: str = "every property holds"):
        self.exercise, self.complaint, self.praise = exercise, complaint, praise

    def __bool__(self) -> bool:
        return self.complaint is None

    def __repr__(self) -> str:
        if self.complaint is None:
            return f"✓ {self.exercise}: {self.praise}"
        return f"✗ {self.exercise}: {self.complaint}"


class Results:
    """What several checks found; true when all of them hold."""

    def __init__(self, results: Sequence[Result]):
        self.results = tuple(results)

    def __bool__(self) -> bool:
        return all(self.results)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.results))


def judged(exercise: str, check: Callable[[], str | None]) -> Result:
    """Run a check that raises an error with a complaint, or returns what to say if all is well."""
    try:
        # A wrong answer may overflow on its way: the property it violates is the message, not the warning.
        with quiet(), global_draws_restored():
            praise = check()
    except (ViolatedError, NotAloneError) as violation:
        return Result(exercise, str(violation))
    except Exception as error:  # the guard has dealt with the reader's: this one is the course's
        return Result(exercise, f"this check itself failed, not your code: {type(error).__name__}: {error}")
    return Result(exercise, None) if praise is None else Result(exercise, None, praise)


def checker(check: Callable[[Any], None]) -> Callable[..., Result]:
    """Turn a function that raises ``ViolatedError`` into one that returns a ``Result`` and keeps what was passed.

    The function it returns takes ``keep`` besides the answer: whether a right answer counts as the reader's own.
    """

    @wraps(check)
    def run(answer: Any, *, keep: bool = True) -> Result:
        def twice() -> None:
            require(not isinstance(answer, type), "the answer must be a function: yours is a class")
            require_own(answer)
            check(guarded(answer))
            try:  # once more, with the same questions: what goes by luck or by earlier calls comes to light
                check(guarded(answer))
            except ViolatedError as violation:
                raise ViolatedError(f"right at first, but not when all is asked again: {violation}") from violation

        result = judged(check.__name__, twice)
        if result and keep:
            result.praise += keep_exercise(check.__name__)
        return result

    return run
