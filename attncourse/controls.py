"""The four controls an explorer can have: each is a finite list of stops. ``measure`` says where it starts."""

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

    def text(self, value: Any) -> str:
        """How a value is written beside the slider."""
        return f"{value:g}"


@dataclass(frozen=True)
class Switch:
    """Something that is on or off."""

    label: str

    kind: ClassVar[str] = "checkbox"
    stops: ClassVar[tuple[bool, ...]] = (False, True)

    def text(self, value: Any) -> str:
        """How a value is written beside the switch."""
        return "on" if value else "off"


@dataclass(frozen=True)
class Choice:
    """One of a few named options."""

    label: str
    stops: tuple[str, ...]

    kind: ClassVar[str] = "select"

    def text(self, value: Any) -> str:
        """How a value is written in the list: as it is."""
        return str(value)


@dataclass(frozen=True)
class Text(Choice):
    """A text: one of a few examples on the page, whatever the reader types in a live kernel."""


Control = Slider | Switch | Choice
