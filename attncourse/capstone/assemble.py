"""The date model from the sources of its parts, which call one another by name: the reader's, or else the course's."""

import inspect
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

import numpy as np

from attncourse.alone import function_from
from attncourse.capstone import reference

REFERENCE = {
    name: inspect.getsource(value) for name, value in vars(reference).items() if isinstance(value, FunctionType)
}


def assemble(
    sources: Mapping[str, str], watch: Callable[[str, Callable], Callable] = lambda name, function: function
) -> dict[str, Callable]:
    """Every function of the date model by its name, ``greedy`` the last and the whole.

    Args:
        sources: name -> what stands in place of the course's own.
        watch: ``watch(name, function)`` is what the others call instead of a function.

    Raises:
        NotAloneError: if a function uses more than ``np`` and the functions before it.
    """
    functions: dict[str, Callable] = {}
    for name, source in (REFERENCE | dict(sources)).items():
        functions[name] = watch(name, function_from(source, names_before(name, functions)))
    return functions


def names_before(name: str, functions: Mapping[str, Callable]) -> dict[str, Any]:
    """What a function may use: ``np``, and the functions that stand before it."""
    order = list(REFERENCE)
    return {"np": np} | {before: functions[before] for before in order[: order.index(name)]}
