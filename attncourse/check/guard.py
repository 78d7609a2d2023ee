"""The reader's function behind a guard: what goes wrong inside a call becomes a complaint that shows the call."""

import inspect
import linecache
import re
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from attncourse.check.require import SEVERAL, ViolatedError, require
from attncourse.check.state import quiet

# Packages whose lines are not the reader's.
_NOT_THE_READERS = {"attncourse", "attnlib", "numpy", *sys.stdlib_module_names}


def guarded(answer: Any) -> Callable[..., Any]:
    """The same function, but an exception names its line, arguments stay as they are, and so does what it returned.

    The guarded function takes one argument more, ``may_change``: the places of those that are the reader's own,
    such as a cache that an earlier call returned. A function that it returns is guarded too.
    """
    kind = type(answer).__name__
    require(callable(answer), f"the answer must be a function, passed without brackets: yours is of type {kind}")
    returned: list[_Seen] = []

    def call(*args: Any, may_change: Sequence[int] = ()) -> Any:
        names = _names(answer, len(args))
        given = [
            seen
            for i, (name, arg) in enumerate(zip(names, args, strict=True))
            if i not in may_change
            for seen in _seen(name, arg)
        ]
        shown = ", ".join(map(_described, names, args))
        try:
            with quiet():
                result = answer(*args)
        except ViolatedError:  # from a function that the check passed in
            raise
        except (Exception, SystemExit) as error:  # the reader's own code may raise anything
            raise ViolatedError(_told(error, shown)) from error
        for seen in given:
            require(
                seen.unchanged(),
                f"arguments must stay as they are: your function changed {seen.name} in place, called with {shown}",
            )
        require(
            all(seen.unchanged() for seen in returned),
            f"every call must return a new array: your function, called with {shown}, changed one that it had "
            "returned before",
        )
        if not may_change:
            returned.extend(_seen("", result))
        return guarded(result) if callable(result) else result

    return call


class _Seen(NamedTuple):
    """An array, and what it was when it was seen."""

    name: str
    array: np.ndarray
    copy: np.ndarray
    writeable: bool

    def unchanged(self) -> bool:
        same = np.array_equal(self.array, self.copy, equal_nan=self.copy.dtype.kind in "fc")
        return same and self.array.dtype == self.copy.dtype and self.array.flags.writeable == self.writeable


def _seen(name: str, value: Any) -> list[_Seen]:
    """Every array in a value as it is now."""
    return [_Seen(name, array, array.copy(), array.flags.writeable) for name, array in _arrays(name, value)]


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
    place = type(value) is tuple and all(isinstance(part, int) for part in value)
    if isinstance(value, int | np.integer) or value is None or place:
        return f"{name} = {value}"
    return f"{name}: a {'function' if callable(value) else type(value).__name__}"


def _told(error: BaseException, shown: str) -> str:
    """An exception in words: what, where in the reader's own code, and in which call."""
    steps = [
        step
        for step in traceback.walk_tb(error.__traceback__)
        if step[0].f_globals.get("__name__", "").partition(".")[0] not in _NOT_THE_READERS
    ]
    place = ""
    if steps:
        own = steps[0][0].f_globals  # one dictionary for all cells of a notebook
        frame, number = [step for step in steps if step[0].f_globals is own][-1]
        code = frame.f_code
        source = textwrap.shorten(linecache.getline(code.co_filename, number, own), 80, placeholder=" …")
        place = f" in line {number} of {code.co_name}" + f", `{source}`" * bool(source)
    text = re.sub(r", with gufunc signature \S+", "", str(error))  # NumPy's own notation, before the sizes that tell
    text = textwrap.shorten(text, 160, placeholder=" …")
    hint = f" ({SEVERAL})" * bool(re.search("inhomogeneous|'tuple' object has no attribute|operand.*'tuple'", text))
    said = f": {text}" * bool(text)
    return f"your code raised {type(error).__name__}{place}{said}{hint}; it was called with {shown}"
