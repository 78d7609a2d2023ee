"""What flows through the trained date model while it reads three texts: the arguments and results of every call."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from attncourse.capstone.assemble import assemble
from attnlib.dates.model import load_date_model
from attnlib.dates.task import BEGIN, STEPS, as_source

TEXTS = ["June 7th, 2021", "Monday, 3 January 2000", "7.6.21"]  # of three lengths, so that there is padding


class Call(NamedTuple):
    """One call of one function."""

    args: tuple[Any, ...]
    result: Any


@cache
def recorded() -> dict[str, list[Call]]:
    """Name of a function -> its calls, in their order."""
    calls: dict[str, list[Call]] = {}

    def watch(name: str, function: Callable) -> Callable:
        def watched(*args):
            result = function(*args)
            calls.setdefault(name, []).append(Call(args, result))
            return result

        return watched

    source, lengths = as_source(TEXTS)
    assemble({}, watch)["greedy"](load_date_model(dtype=np.float64), source, lengths, BEGIN, STEPS)
    return calls
