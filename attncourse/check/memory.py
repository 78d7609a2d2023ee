"""How much memory a call takes."""

import tracemalloc
from collections.abc import Callable
from typing import Any


def peak_memory(call: Callable[[], Any]) -> int:
    """The most bytes that were in use at once while ``call()`` ran, above those in use before."""
    tracemalloc.stop()  # a trace that was on already would count what was kept before
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
