"""Trainings in a page: runs that go on as long as the page asks, one slice of time after the other.

Pause is not asking; so other questions are answered between two slices.
"""

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attncourse.shown import from_source
from attncourse.training import Training

TRAINING = 3  # times as long as the drawing takes: where that is slow, a slice is longer
LONGEST = 1.0  # seconds of a slice, whatever the drawing takes: nobody should wait long for Pause


@dataclass
class Session:
    """One run, the one before it, and how long its picture takes."""

    training: Training
    run: Any
    before: Any  # a run, or None
    drawing: float = 0.0  # seconds


_sessions: dict[int, Session] = {}
_numbers = itertools.count(1)


def part(**_: Any) -> str:
    """A training's module imports what draws it."""
    return "drawing"


def begin(source: str, values: Mapping[str, Any], narrow: bool, after: int | None = None) -> dict[str, Any]:
    """A new session, and what there is to see before the first step.

    Args:
        source: ``"package.module:name"`` of a training.
        values: of its settings, the live ones, too.
        narrow: whether to draw for a phone.
        after: the session that it follows, whose run stays to compare with, if it has learnt anything.

    Returns:
        ``{"session": number}`` and what ``show`` returns; of a text that cannot be read, ``{"refused": why}`` alone.
    """
    training = from_source(source)
    try:
        session = Session(training, training.start(**values), None)
        if (last := _sessions.get(after or 0)) is not None:
            session.before = last.run if last.run.losses else last.before
        shown = _shown(session, narrow)
    except ValueError as refused:
        return {"refused": str(refused)}
    _sessions.pop(after or 0, None)
    number = next(_numbers)
    _sessions[number] = session
    return {"session": number, **shown}


def beforehand(source: str, values: Mapping[str, Any]) -> dict[str, str]:
    """What is to be said of the reader's text before a run, ``{"readout": …}``; or ``{"refused": why}``."""
    try:
        return {"readout": from_source(source).beforehand(**values)}
    except ValueError as refused:
        return {"refused": str(refused)}


def advance(session: int, seconds: float, narrow: bool) -> dict[str, Any]:
    """Train for about this many seconds, or to the end, and show what has come of it.

    Returns:
        What ``show`` returns; and ``"fault"``, a sentence, if the numbers have run away.
    """
    here, fault = _sessions[session], {}
    try:
        here.run = here.training.advance(here.run, min(max(seconds, TRAINING * here.drawing), LONGEST))
    except (FloatingPointError, ValueError) as error:
        fault = {"fault": f"The numbers have run away: {error}."}
    return _shown(here, narrow) | fault


def change(session: int, values: Mapping[str, Any], narrow: bool) -> dict[str, Any]:
    """Give live settings other values, and show what there is to see; or ``{"refused": why}``, as ``begin``."""
    here = _sessions[session]
    before = here.run
    try:
        here.run = here.training.change(before, **values)
        return _shown(here, narrow)
    except ValueError as refused:
        here.run = before
        return {"refused": str(refused)}


def show(session: int, narrow: bool) -> dict[str, Any]:
    """A run as it stands: ``step``, whether it is ``done``, its ``readout``, and the ``lines`` of its SVG."""
    return _shown(_sessions[session], narrow)


def _shown(session: Session, narrow: bool) -> dict[str, Any]:
    from attncourse.drawing.svg import to_svg

    start = time.perf_counter()
    training, step = session.training, len(session.run.losses)
    numbers = training.measure(session.run, session.before)
    lines = to_svg(training.draw(numbers, narrow=narrow))
    session.drawing = time.perf_counter() - start
    return {"step": step, "done": step >= training.steps, "readout": training.readout(numbers), "lines": lines}
