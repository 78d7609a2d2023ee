"""Whether a notebook's explorers are still the library's: no old sentence must stand under a new picture."""

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from attncourse.explorer import Explorer

NOTHING = "nothing"  # where one side has an entry and the other has none


def complaint(stored: dict[str, Any], explorer: Explorer, described: dict[str, Any]) -> str:
    """The first difference between a notebook and what the library says now, ``described``; empty if there is none.

    It names the explorer, the state or the part, and both versions.
    """
    now = json.loads(json.dumps(described))  # as a notebook has it: a tuple becomes a list
    found = list(differences(stored, now))
    if not found:
        return ""
    (part, *path), before, after = found[0]
    where = " ".join(map(str, (part, *path)))
    if part == "readouts" and path and path[0] < len(explorer.states):
        state = explorer.states[path[0]]
        where = "state " + (", ".join(f"{name}={value!r}" for name, value in state.items()) or "0")
    more = f" ({len(found) - 1} more differ)" if len(found) > 1 else ""
    return (
        f"explorer {explorer.name}, {where}: the notebook says {before!r}, the library {after!r}{more}: "
        "run `make notebooks`"
    )


def differences(before: Any, after: Any, path: tuple = ()) -> Iterator[tuple[tuple, Any, Any]]:
    """Path and both values of every entry in which two JSON documents differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before | after:
            yield from differences(before.get(key, NOTHING), after.get(key, NOTHING), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        for i, (one, other) in enumerate(zip_longest(before, after, fillvalue=NOTHING)):
            yield from differences(one, other, (*path, i))
    elif before != after:
        yield path, before, after
