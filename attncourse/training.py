"""One definition of a model that the reader trains: live in a notebook, stored in its output, and in the page."""

import inspect
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from attncourse.controls import Control, Text, described
from attncourse.duration import duration
from attncourse.results import load_result
from attncourse.shown import Shown, display_stored
from attnlib.fit import fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRAINING_MIME = "application/vnd.attnlib.training+json"


@dataclass(frozen=True)
class Training(Shown):
    """A small model that learns before the reader's eyes, and can be stopped, changed and compared with the one before.

    Its module says the rest in five pure functions. ``start(**settings)`` returns a run before its first step: a
    ``NamedTuple`` with one loss a step in ``losses``, and a field for each live setting. Its defaults are the settings
    that are offered first. ``step(run)`` returns the run one step further; what it draws at random depends on the run's
    seed and the number of the step alone. ``measure(run, before=None)`` turns a run, and an earlier one to compare it
    with, into ``Numbers``, a flat ``NamedTuple``. ``readout(numbers)`` says them in one sentence, and
    ``draw(numbers, narrow=False)`` draws them, as explorers do.

    One with a text to read also has ``beforehand(**live)``: a sentence about the text while there is no run.

    Where no Python runs, the numbers are those of a recorded run: the result file with the module's name, which
    ``experiments.recorded_training`` writes.
    """

    steps: int  # after so many a run ends
    effect: int  # after so many there is to see what the training is for
    pace: float  # steps a second in a page, pictures included, measured: what a reader can expect before the first step
    stride: int  # steps from one picture to the next, at most: after so many there is something new to see
    settings: Mapping[str, Control] = field(default_factory=dict, hash=False)  # another value begins a new run
    live: Mapping[str, Control] = field(default_factory=dict, hash=False)  # another value counts from the next step on
    against: Mapping[str, Any] | None = field(default=None, hash=False)  # settings of the recorded run's rival, if any

    @property
    def start(self) -> Callable[..., Any]:
        """The module's function from settings to a run before its first step."""
        return sys.modules[self.module].start

    @property
    def step(self) -> Callable[[Any], Any]:
        """The module's function from a run to the run one step further."""
        return sys.modules[self.module].step

    @property
    def controls(self) -> dict[str, Control]:
        """All that a reader can set: what begins a new run, then what does not."""
        return {**self.settings, **self.live}

    @property
    def defaults(self) -> dict[str, Any]:
        """The values that are offered first: those of ``start``."""
        parameters = inspect.signature(self.start).parameters
        return {name: parameters[name].default for name in self.controls}

    @cached_property
    def recorded(self) -> Any:
        """The numbers of the recorded run, from the result file."""
        stored = load_result(self.key)["numbers"]
        return sys.modules[self.module].Numbers(**{name: _from_plain(value) for name, value in stored.items()})

    @property
    def forecast(self) -> str:
        """How long it takes, before the first step."""
        return (
            f"{self.steps:,} steps take about {duration(self.steps / self.pace)}, {self.pace:g} a second; the effect "
            f"shows after about {self.effect} steps, {duration(self.effect / self.pace)}."
        )

    def change(self, run: Any, **values: Any) -> Any:
        """The run with other values of live settings; what it has learnt stays.

        Raises:
            ValueError: if a name is no live setting.
        """
        if other := values.keys() - self.live.keys():
            raise ValueError(f"only {', '.join(self.live)} can change during a run: got {', '.join(sorted(other))}")
        return run._replace(**values)

    @property
    def is_typed(self) -> bool:
        """Whether a live setting is a text."""
        return any(isinstance(control, Text) for control in self.live.values())

    def beforehand(self, **live: Any) -> str:
        """What is to be said of the reader's text before a run.

        Raises:
            ValueError: if the text cannot be read.
        """
        return sys.modules[self.module].beforehand(**live)

    def advance(self, run: Any, seconds: float) -> Any:
        """The run after about this many seconds: at its end, or where it is time for a picture, it stops earlier.

        Raises:
            FloatingPointError, ValueError: if the numbers have run away.
        """
        start, last = time.perf_counter(), min(self.steps, len(run.losses) + self.stride)
        while len(run.losses) < last and time.perf_counter() - start < seconds:
            run = self.step(run)
        return run

    def record(self, steps: int | None = None) -> Any:
        """The numbers of a run with the defaults, beside its rival's, after so many steps (default: all)."""

        def trained(values: Mapping[str, Any]) -> Any:
            run = self.start(**values)
            for _ in range(self.steps if steps is None else steps):
                run = self.step(run)
            return run

        rival = None if self.against is None else trained(self.defaults | dict(self.against))
        return self.measure(trained(self.defaults), rival)

    def describe(self) -> dict[str, Any]:
        """The training as plain data, with the sentence of the recorded run."""
        return {
            "name": self.name,
            "source": self.source,
            "caption": self.caption,
            "settings": [
                described(name, control, self.defaults[name]) | {"live": name in self.live}
                for name, control in self.controls.items()
            ],
            "steps": self.steps,
            "forecast": self.forecast,
            "readout": self.readout(self.recorded),
        }

    def frame(self, narrow: bool = False) -> "Figure":
        """The drawn figure of the recorded run."""
        return self.draw(self.recorded, narrow=narrow)

    def __repr__(self) -> str:
        return f"{self.name}: {self.readout(self.recorded)}"

    def _ipython_display_(self) -> None:
        from attncourse.live import widget_bundle
        from attncourse.live_training import Panel

        live = widget_bundle(Panel(self).widget)
        display_stored(repr(self), self.frame(), TRAINING_MIME, self.describe(), live)


def one_step(run: Any, loss_vjp: Callable, batch: Any, rate: float = 1.0) -> Any:
    """A run with ``params``, ``state``, ``learning_rate`` and ``losses``, one step of Adam further.

    Args:
        run: a ``NamedTuple`` with these fields.
        loss_vjp: as ``fit`` takes it.
        batch: what it learns from.
        rate: multiplies the learning rate, for a warm-up.

    Raises:
        FloatingPointError, ValueError: if the numbers have run away.
    """
    fitted = fit(run.params, loss_vjp, [batch], rate * run.learning_rate, progress=False, state=run.state)
    if fitted.interrupted:
        raise KeyboardInterrupt
    return run._replace(params=fitted.params, state=fitted.state, losses=(*run.losses, *fitted.losses))


def to_plain(numbers: Any) -> dict[str, Any]:
    """The fields of ``Numbers`` as a result file holds them: arrays become lists."""
    return {name: np.asarray(value).tolist() for name, value in numbers._asdict().items()}


def _from_plain(value: Any) -> Any:
    """A list of numbers as an array; all else as it is."""
    if not isinstance(value, list):
        return value
    array = np.array(value)
    return value if array.dtype.kind == "U" else array
