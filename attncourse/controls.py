"""The four controls an explorer can have: each is a finite list of stops. ``measure`` says where it starts.

Where Python runs, a slider takes the values between its stops, too, and a text is whatever the reader types.
"""

import itertools
import math
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Slider:
    """A number that the reader moves along its stops."""

    label: str
    stops: tuple[float, ...]  # in increasing order
    log: bool = False  # a live slider moves in powers: for stops such as 1, 2, 4, 8
    stops_only: bool = False  # between the stops is nothing to show: recorded runs, widths that must be even

    kind: ClassVar[str] = "range"

    @property
    def whole(self) -> bool:
        """Whether it takes whole numbers only: those of its stops are."""
        return all(isinstance(stop, int) for stop in self.stops)

    @property
    def values(self) -> tuple[float, ...]:
        """The stops and what lies between them, as closely as a hand can move a slider."""
        if self.stops_only:
            return self.stops
        low, high = self.stops[0], self.stops[-1]
        if self.log:  # short numbers, up to 24 to a doubling
            between = (low * 2 ** (step / 24) for step in range(int(24 * math.log2(high / low)) + 1))
            return tuple(
                sorted({*self.stops} | {round(number) if self.whole else float(f"{number:.2g}") for number in between})
            )
        if self.whole:
            return tuple(range(int(low), int(high) + 1))
        steps = round((high - low) / self.step)
        return tuple(sorted({*self.stops} | {round(low + step * self.step, 6) for step in range(steps + 1)}))

    @property
    def step(self) -> float:
        """From a value to the next where they are evenly spaced: a tenth of the smallest step between stops."""
        return round(min(b - a for a, b in itertools.pairwise(self.stops)) / 10, 6)

    def text(self, value: Any) -> str:
        """How a value is written beside the slider."""
        return f"{value:g}"


@dataclass(frozen=True)
class Switch:
    """Something that is on or off."""

    label: str

    kind: ClassVar[str] = "checkbox"
    stops: ClassVar[tuple[bool, ...]] = (False, True)
    values: ClassVar[tuple[bool, ...]] = stops

    def text(self, value: Any) -> str:
        """How a value is written beside the switch."""
        return "on" if value else "off"


@dataclass(frozen=True)
class Choice:
    """One of a few named options."""

    label: str
    stops: tuple[str, ...]

    kind: ClassVar[str] = "select"

    @property
    def values(self) -> tuple[str, ...]:
        """The options: there is nothing between them."""
        return self.stops

    def text(self, value: Any) -> str:
        """How a value is written in the list: as it is."""
        return str(value)


@dataclass(frozen=True)
class Text(Choice):
    """A text: one of a few examples on the page, whatever the reader types where Python runs."""


Control = Slider | Switch | Choice


def described(name: str, control: Control, default: Any) -> dict[str, Any]:
    """A control as plain data: what a page needs to offer it."""
    return {
        "name": name,
        "kind": control.kind,
        "label": control.label,
        "stops": list(control.stops),
        "texts": [control.text(stop) for stop in control.stops],
        "default": default,
    }
