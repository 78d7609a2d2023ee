"""What a page asks of Python: every question is the name of a function here, and plain data goes in and out.

The page's worker calls ``answer``, in a browser; nothing here knows of one, so that all of it runs anywhere.
"""

import json
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any


def part(ask: str, arguments: str) -> str:
    """What must be loaded before this question is asked: ``"core"``, or ``"drawing"`` for Matplotlib, too."""
    room, _ = _found(ask)
    return room.part(**json.loads(arguments))


def answer(ask: str, arguments: str, tell: Callable[[str], None] = lambda text: None) -> str:
    """Answer a question, as JSON: ``{"result": …}``, or ``{"error": …, "trace": …}`` if the course's code fails.

    Args:
        ask: room and function, such as ``"figures.measure"``.
        arguments: the function's keyword arguments, as JSON.
        tell: is given what is worth knowing before the answer is complete, if the function tells anything.
    """
    try:
        room, name = _found(ask)
        given: dict[str, Any] = json.loads(arguments)
        if name in getattr(room, "TELLING", ()):
            given["tell"] = tell
        found = {"result": getattr(room, name)(**given)}
    except Exception as error:
        found = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
    return json.dumps(found, ensure_ascii=False)


def _found(ask: str) -> tuple[Any, str]:
    room, _, name = ask.partition(".")
    return import_module(f"{__name__}.{room}"), name
