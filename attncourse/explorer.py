"""One definition of an interactive figure, and the bundle in which it travels: live, stored, and on the page."""

import inspect
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attncourse.controls import Control, Text, described
from attncourse.shown import Shown, display_stored

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXPLORER_MIME = "application/vnd.attnlib.explorer+json"


@dataclass(frozen=True)
class Explorer(Shown):
    """A figure that answers to its controls; without controls, a picture whose numbers are still checked.

    Its module says the rest in three pure functions, so that every state can be checked without being drawn:
    ``measure(**values)`` turns the controls' values into numbers, a ``NamedTuple`` of arrays, and its defaults are
    the first picture; ``readout(numbers)`` says them in one sentence, the picture's text alternative;
    ``draw(numbers, narrow=False)`` draws them, narrow for a phone.
    """

    controls: Mapping[str, Control] = field(default_factory=dict, hash=False)

    @property
    def defaults(self) -> dict[str, Any]:
        """The values with which the figure is first shown: those of ``measure``."""
        parameters = inspect.signature(self.measure).parameters
        return {name: parameters[name].default for name in self.controls}

    @property
    def has_more(self) -> bool:
        """Whether it shows more than its stops where Python runs: values between them, or a text of the reader's."""
        controls = self.controls.values()
        return any(isinstance(control, Text) or len(control.values) > len(control.stops) for control in controls)

    @cached_property
    def states(self) -> list[dict[str, Any]]:
        """Every combination of stops; the last control runs fastest."""
        stops = [control.stops for control in self.controls.values()]
        return [dict(zip(self.controls, values, strict=True)) for values in itertools.product(*stops)]

    @cached_property
    def numbers(self) -> list[Any]:
        """What ``measure`` returns for each of the states; they are measured once."""
        return [self.measure(**state) for state in self.states]

    def describe(self, readouts: list[str] | None = None) -> dict[str, Any]:
        """The figure as plain data: its controls, and the sentence of every state, if they are not at hand already."""
        return {
            "name": self.name,
            "source": self.source,
            "caption": self.caption,
            "parameters": [described(name, control, self.defaults[name]) for name, control in self.controls.items()],
            "readouts": readouts or [self.readout(numbers) for numbers in self.numbers],
        }

    def frame(self, values: Mapping[str, Any] | None = None, narrow: bool = False) -> "Figure":
        """The drawn figure for these values (default: the first picture)."""
        numbers = self.measure(**(self.defaults | dict(values or {})))
        return self.draw(numbers, narrow=True) if narrow else self.draw(numbers)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in self.defaults.items())
        return f"{self.name}({values}): {self.readout(self.measure(**self.defaults))}"

    def _ipython_display_(self) -> None:
        from attncourse.live import live_widget, widget_bundle

        live = widget_bundle(live_widget(self)) if self.controls else {}
        display_stored(repr(self), self.frame(), EXPLORER_MIME, self.describe(), live)
