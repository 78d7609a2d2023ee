"""How much memory a call takes."""

import tracemalloc
from collections.abc import Callable
from typing import Any


def peak_memory(call: Callable[[], Any]) -> int:
    """The most bytes that were in use at once while ``call()`` ran, above those in use before."""
    traced_before = tracemalloc.is_tracing()
    if not traced_before:
        tracemalloc.start()
    try:
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        call()
        return tracemalloc.get_traced_memory()[1] - kept
    finally:
        if tracemalloc.is_tracing() != traced_before:  # the call may have switched it, too
            (tracemalloc.start if traced_before else tracemalloc.stop)()
