"""Values between the stops of an explorer's controls, as a reader with Python in the page sets them."""

from typing import Any

import numpy as np

from attncourse import Explorer
from attncourse.controls import Control, Slider, Text
from tests.explorers import all_explorers

# What a reader might type, by the control's name; and where a figure takes short texts only, by its own.
TYPED = {
    "text": (
        "le 1er août 2015", "Wednesday 30.9.2026", "24 December 1999", "1/2/03", "Freitag, 3. Mai 2019", "abc", "7",
    ),
    "new": ("5", "x", "/", "é", " ", "J", "0"),
    "blank-out": ("1/2/03", "3 mai 99", "24.12.99", "7-6-2021", "2.3.2034", "1 Jan 01"),
}  # fmt: skip


def with_any_value() -> dict[str, Explorer]:
    """Name -> explorer, of those that can show more than their stops."""
    return {name: explorer for name, explorer in all_explorers().items() if explorer.has_more}


def between(explorer: Explorer, count: int) -> list[dict[str, Any]]:
    """So many settings: every control that can stand between its stops does, each in an order of its own."""
    rng = np.random.default_rng(0)
    ways = {}
    for name, control in explorer.controls.items():
        ways[name] = _spread(control, TYPED.get(explorer.name) or TYPED.get(name), count, rng)
    return [{name: values[i] for name, values in ways.items()} for i in range(count)]


def _spread(control: Control, typed: tuple[str, ...] | None, count: int, rng: np.random.Generator) -> list[Any]:
    """So many values of a control, in any order."""
    free = typed if isinstance(control, Text) else [value for value in control.values if value not in control.stops]
    values = list(free or control.values)
    if isinstance(control, Slider):
        places = np.linspace(0, len(values) - 1, count).round().astype(int)
        values = [values[place] for place in rng.permutation(places)]
    return [values[i % len(values)] for i in range(count)]
