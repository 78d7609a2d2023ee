"""The reader's function behind a guard: what goes wrong inside a call becomes a complaint that shows the call."""

import inspect
import linecache
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from attncourse.check.require import SEVERAL, ViolatedError, require


def guarded(answer: Any) -> Callable[..., Any]:
    """The same function, but an exception names its line, and arguments must come back as they went in.

    The guarded function takes one argument more, ``may_change``: the places of those that are the reader's own,
    such as a cache that an earlier call returned. A function that it returns is guarded too.
    """
    require(
        callable(answer), f"the answer must be a function, passed without brackets: yours is a {type(answer).__name__}"
    )

    def call(*args: Any, may_change: Sequence[int] = ()) -> Any:
        names = _names(answer, len(args))
        given = [
            (name, array, array.copy())
            for i, (name, arg) in enumerate(zip(names, args, strict=True))
            if i not in may_change
            for name, array in _arrays(name, arg)
        ]
        shown = ", ".join(map(_described, names, args))
        try:
            result = answer(*args)
        except ViolatedError:  # from a function that the check passed in
            raise
        except Exception as error:  # the reader's own code may raise anything
            raise ViolatedError(_told(error, answer, shown)) from error
        for name, array, before in given:
            require(
                np.array_equal(array, before, equal_nan=True),
                f"arguments must stay as they are: your function changed {name} in place, called with {shown}",
            )
        return guarded(result) if callable(result) else result

    return call


def _names(function: Any, count: int) -> list[str]:
    """What the reader calls the arguments, or their numbers where the function does not say."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # such as a function written in C
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    return names + [f"argument {i}" for i in range(len(names) + 1, count + 1)]


def _arrays(name: str, value: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Every array in an argument, with the words that reach it: ``x``, ``cache[0]``, ``params.w_o``."""
    if isinstance(value, np.ndarray):
        yield name, value
    elif isinstance(value, tuple | list):
        fields = getattr(value, "_fields", None)
        for i, part in enumerate(value):
            yield from _arrays(f"{name}.{fields[i]}" if fields else f"{name}[{i}]", part)


def _described(name: str, value: Any) -> str:
    """An argument in a few words: an array by its shape, a number by its value, anything else by its type."""
    if isinstance(value, np.ndarray):
        return f"{name} {value.shape}" + f" {value.dtype}" * (value.dtype != np.float64)
    if isinstance(value, float):
        return f"{name} = {value:.4g}"
    if isinstance(value, int | np.integer) or value is None:
        return f"{name} = {value}"
    return f"{name}: a {'function' if callable(value) else type(value).__name__}"


def _told(error: Exception, function: Any, shown: str) -> str:
    """An exception in words: what, where in the reader's own code, and in which call."""
    own = getattr(function, "__globals__", None)  # one dictionary for all cells of a notebook
    lines = [step for step in traceback.walk_tb(error.__traceback__) if step[0].f_globals is own]
    place = ""
    if lines:
        frame, number = lines[-1]
        code = frame.f_code
        source = linecache.getline(code.co_filename, number, own).strip()
        place = f" in line {number} of {code.co_name}" + f", `{source}`" * bool(source)
    hint = f" ({SEVERAL})" if "inhomogeneous" in str(error) or "'tuple'" in str(error) else ""
    return f"your code raised {type(error).__name__}{place}: {error}{hint}; it was called with {shown}"
