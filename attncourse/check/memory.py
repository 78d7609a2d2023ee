"""How much memory a call takes, and how much of it what it returns goes on holding."""

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def peak_memory(call: Callable[[], Any]) -> int:
    """The most bytes that were in use at once while ``call()`` ran, above those in use before."""
    with _traced():
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        call()
        return tracemalloc.get_traced_memory()[1] - kept


def held_memory(call: Callable[[], Any]) -> int:
    """The bytes that are in use because of what ``call()`` returned, above those in use before."""
    with _traced():
        before, _ = tracemalloc.get_traced_memory()
        result = call()
        held = tracemalloc.get_traced_memory()[0] - before
        del result
        return held


@contextmanager
def _traced() -> Iterator[None]:
    """Memory is traced inside, and outside as it was, whatever happens inside."""
    traced_before = tracemalloc.is_tracing()
    if not traced_before:
        tracemalloc.start()
    try:
        yield
    finally:
        if tracemalloc.is_tracing() != traced_before:  # the call may have switched it, too
            (tracemalloc.start if traced_before else tracemalloc.stop)()
