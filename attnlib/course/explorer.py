"""One definition of an interactive figure, and the bundle in which it travels: live, stored, and on the page."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attnlib.course.controls import Control
from attnlib.course.digest import digest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXPLORER_MIME = "application/vnd.attnlib.explorer+json"


@dataclass(frozen=True)
class Explorer:
    """A figure that answers to its controls; without controls, a picture whose numbers are still checked.

    ``measure`` turns the controls' values into numbers, ``readout`` says them in one sentence,
    ``draw`` draws them: three pure functions, so that every state can be checked without being drawn.
    """

    name: str  # "soft-lookup": names the figure on the page and its folder of frames
    source: str  # "attnlib.figures.compute.soft_lookup:soft_lookup": where to import this object from
    caption: str  # one or two sentences below the figure
    measure: Callable[..., Any]  # **values -> NamedTuple of arrays
    readout: Callable[[Any], str]  # numbers -> one sentence; the picture's text alternative
    draw: Callable[..., "Figure"]  # (numbers, narrow=False) -> Figure; narrow is the phone's layout
    controls: Mapping[str, Control] = field(default_factory=dict, hash=False)

    @property
    def defaults(self) -> dict[str, Any]:
        """The values with which the figure is first shown."""
        return {name: control.default for name, control in self.controls.items()}

    @cached_property
    def states(self) -> list[dict[str, Any]]:
        """Every combination of stops; the last control runs fastest."""
        stops = [control.stops for control in self.controls.values()]
        return [dict(zip(self.controls, values, strict=True)) for values in itertools.product(*stops)]

    def describe(self) -> dict[str, Any]:
        """The figure as plain data: its controls, and the sentence and fingerprint of every state."""
        every = [self.measure(**state) for state in self.states]
        return {
            "name": self.name,
            "source": self.source,
            "caption": self.caption,
            "parameters": [
                {
                    "name": name,
                    "kind": control.kind,
                    "label": control.label,
                    "stops": list(control.stops),
                    "texts": [control.text(stop) for stop in control.stops],
                    "default": control.default,
                }
                for name, control in self.controls.items()
            ],
            "readouts": [self.readout(numbers) for numbers in every],
            "digests": [digest(numbers) for numbers in every],
        }

    def frame(self, values: Mapping[str, Any] | None = None, narrow: bool = False) -> "Figure":
        """The drawn figure for these values (default: the first picture)."""
        numbers = self.measure(**(self.defaults | dict(values or {})))
        return self.draw(numbers, narrow=True) if narrow else self.draw(numbers)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in self.defaults.items())
        return f"{self.name}({values}): {self.readout(self.measure(**self.defaults))}"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        from attnlib.course.live import live_bundle
        from attnlib.figures.canvas import to_png

        picture = to_png(self.frame())
        bundle = {"text/plain": repr(self), "image/png": picture, EXPLORER_MIME: self.describe()}
        if self.controls:
            bundle |= live_bundle(self, picture)
        display(bundle, raw=True)
