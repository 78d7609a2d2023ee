"""Runs a ``Training`` of the course to its end, for the picture that is there before anyone has trained."""

from typing import Any, NamedTuple

from attncourse.results import result_path
from attncourse.training import Training, to_plain
from experiments.record import Record


class Settings(NamedTuple):
    """All that decides the outcome, next to the training itself."""

    run: dict[str, Any]
    against: dict[str, Any] | None  # what is other in the run that is shown as the one before
    steps: int


def settings_of(training: Training) -> Settings:
    """What the recorded run of a training starts from."""
    return Settings(training.defaults, training.against and dict(training.against), training.steps)


def record(training: Training, command: str) -> None:
    """Write the result file, unless it is there."""
    found = Record(result_path(training.key), command, settings_of(training))
    if "numbers" not in found.found:
        found.fill((), {"numbers": lambda: to_plain(training.record())})
