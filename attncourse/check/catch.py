"""Write the test that catches it: a reader's property meets the library's own function and a few with planted bugs."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from attncourse.alone import function_from, source_of
from attncourse.check.base import Result, Results, judged
from attncourse.check.catches import CATCHES
from attncourse.check.guard import guarded
from attncourse.check.require import ViolatedError, require
from attncourse.kept import keep_exercise
from attncourse.planted import library_with

RUNS = 5  # a property that draws random numbers must say the same of all


def catch(*unnamed: Any, keep: bool = True, **answers: Any) -> Results:
    """Check a property against planted bugs: ``catch(softmax=is_right)``, where ``is_right(softmax)`` is True or False.

    It meets the library's own function, which it must find right, and others with a bug, which it must find wrong, in
    every run. It stands alone with ``np``: what is right follows from what the function is for, not from the library's
    own copy. To raise an error on a bug is as good as to say False.

    Args:
        keep: whether a property that catches all bugs counts as the reader's own.
        answers: name of the function -> the property, or its text where Python keeps none.
    """
    if unnamed or not answers:
        return Results([Result("catch", "say whose bugs it is to catch, as in check.catch(softmax=is_right)")])
    results = []
    for name, answer in answers.items():
        result = judged(f"catch.{name}", partial(_judge, name, answer))
        if result and keep:
            result.praise += keep_exercise(f"catch.{name}")
        results.append(result)
    return Results(results)


def _judge(name: str, answer: Any) -> str:
    """Let the property judge every version of the function; returns what to say if it is right about all."""
    require(name in CATCHES, f"there is no such function to catch bugs in: there are {', '.join(CATCHES)}")
    property_ = guarded(function_from(source_of(answer), {"np": np}))
    right, *wrong = versions(name)
    passed = sum(_says(property_(right)) for _ in range(RUNS))
    require(passed, f"the library's own {name} is right, and your property finds it wrong")
    require(passed == RUNS, f"the library's own {name} is right, and your property says so in {passed} of {RUNS} runs")
    noticed = [sum(_fails(property_, version) for _ in range(RUNS)) for version in wrong]
    caught, total = noticed.count(RUNS), len(wrong)
    for version, runs, bug in zip(wrong, noticed, CATCHES[name].bugs, strict=True):
        often = f"caught in {runs} of {RUNS} runs" if runs else "not caught"
        require(
            runs == RUNS,
            f"{caught} of {total} planted bugs are caught. With one that is {often}, {bug.behaviour}: {bug.call} gives "
            f"{_shown(bug.call, name, version)} where {_shown(bug.call, name, right)} is due",
        )
    return f"{caught} of {total} planted bugs are caught, and the library's own function passes"


@cache
def versions(name: str) -> list[Callable[..., Any]]:
    """The library's own function, and the same with each of its bugs."""
    return [CATCHES[name].function(library_with(bug)) for bug in [None, *CATCHES[name].bugs]]


def _says(found: Any) -> bool:
    """What a property said, if it said something."""
    kind = type(found).__name__
    require(
        isinstance(found, bool | np.bool_), f"a property says True or False: yours returned something of type {kind}"
    )
    return bool(found)


def _fails(property_: Callable[..., Any], version: Callable[..., Any]) -> bool:
    """Whether the property says that a function is wrong, or breaks on it."""
    try:
        found = property_(version)
    except ViolatedError:
        return True
    return not _says(found)


def _shown(call: str, name: str, version: Callable[..., Any]) -> str:
    """What a version answers to a call."""
    result = np.asarray(eval(call, {"np": np, name: version}))
    return np.array2string(result, precision=3, suppress_small=True, separator=", ").replace("\n", "")
