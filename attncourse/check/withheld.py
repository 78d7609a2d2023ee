"""Functions of the library that an answer may not call, since to write them is the exercise."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from attncourse.check.require import ViolatedError


def withhold(answer: Callable[..., Any], *functions: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, but a call of one of these from outside the library becomes a complaint.

    The call is noticed wherever it is written: in the answer, in a helper, under another name.
    """
    names = {function.__code__: function.__name__ for function in functions}

    def call(*args: Any, **options: Any) -> Any:
        used = []

        def notice(frame: FrameType, event: str, _: Any) -> None:
            if event == "call" and frame.f_code in names and not _from_the_library(frame.f_back):
                used.append(names[frame.f_code])

        before = sys.getprofile()
        sys.setprofile(notice)
        try:
            result = answer(*args, **options)
        finally:
            sys.setprofile(before)
        if used:
            raise ViolatedError(f"what {used[0]} does is the exercise: yours calls it")
        return result

    return call


def _from_the_library(caller: FrameType | None) -> bool:
    return caller is not None and caller.f_globals.get("__name__", "").partition(".")[0] == "attnlib"
