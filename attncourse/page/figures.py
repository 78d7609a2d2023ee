"""Figures at any value: what a page asks when a control stands between its stops, or a text was typed."""

import gc
from collections.abc import Mapping
from typing import Any

from attncourse.controls import Text
from attncourse.shown import from_source

_measured: dict[str, tuple[dict[str, Any], Any]] = {}  # source -> the last values and their numbers: one a figure


def part(**_: Any) -> str:
    """A figure's module imports what draws it."""
    return "drawing"


def controls(source: str) -> list[dict[str, Any]]:
    """For each control of a figure: its stops, all values that it can take, and how these are written.

    The figure is drawn once, unseen: what its states share is then at hand, and no later answer waits for it. And what
    stays is left out when Python looks for garbage, for which the page would stand still now and then.

    Args:
        source: ``"package.module:name"`` of an explorer.
    """
    explorer = from_source(source)
    draw(source, explorer.defaults, narrow=False)
    gc.collect()
    gc.freeze()
    return [
        {
            "kind": "text" if isinstance(control, Text) else control.kind,
            "stops": list(control.stops),
            "values": list(control.values),
            "texts": [control.text(value) for value in control.values],
        }
        for control in explorer.controls.values()
    ]


def measure(source: str, values: Mapping[str, Any]) -> dict[str, str]:
    """The sentence of a figure at these values, ``{"readout": …}``; of a text that cannot be, ``{"refused": why}``."""
    explorer = from_source(source)
    try:
        numbers = explorer.measure(**values)
    except ValueError as refused:
        return {"refused": str(refused)}
    _measured[source] = dict(values), numbers
    return {"readout": explorer.readout(numbers)}


def draw(source: str, values: Mapping[str, Any], narrow: bool) -> list[str]:
    """The lines of the figure's SVG at values that have been measured: opening tag, a line a shape, closing tag."""
    from attncourse.drawing.svg import to_svg

    explorer = from_source(source)
    known, numbers = _measured.get(source, (None, None))
    if known != dict(values):
        numbers = explorer.measure(**values)
    return to_svg(explorer.draw(numbers, narrow=True) if narrow else explorer.draw(numbers))
