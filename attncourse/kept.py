"""What a reader has done so far, in one small file in the folder where the notebook runs."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path("attention-course.json")


class Kept(NamedTuple):
    """All that is remembered from one notebook to the next."""

    passed: Sequence[str]  # names of exercises
    parts: Mapping[str, str]  # part of the date model -> the reader's own source
    more: Mapping[Any, Any] = {}  # what else the file holds: the page's own entries, if it comes from there


NOTHING = Kept((), {})


def load() -> Kept:
    """What was kept; nothing, if there is no file yet.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it holds something else.
    """
    try:
        held = json.loads(FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return NOTHING
    except ValueError as error:
        raise ValueError(f"{FILE} is no JSON: move it away to begin anew") from error
    match held:
        case {"passed": list(passed), "parts": dict(parts), **more} if all(
            isinstance(text, str) for text in [*passed, *parts.values()]
        ):
            return Kept(passed, parts, more)
    raise ValueError(f"{FILE} holds something else: move it away to begin anew")


def save(kept: Kept) -> None:
    """Keep this instead of what was kept; the file is never half written.

    Raises:
        OSError: if the folder refuses it.
    """
    half = FILE.with_suffix(".part")
    held = {"passed": kept.passed, "parts": kept.parts, **kept.more}
    half.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(half, FILE)


def keep_exercise(name: str) -> str:
    """Remember that an exercise was passed; returns what to say if that is impossible."""
    return _keep(lambda kept: kept if name in kept.passed else kept._replace(passed=[*kept.passed, name]))


def keep_part(name: str, source: str) -> str:
    """Remember the reader's own source of a part; returns what to say if that is impossible."""
    return _keep(lambda kept: kept._replace(parts={**kept.parts, name: source}))


def _keep(add: Callable[[Kept], Kept]) -> str:
    try:
        old = load()
        if (new := add(old)) != old:
            save(new)
    except (OSError, ValueError) as error:
        return f" (not kept: {error})"
    return ""
