"""What a check may ask of an answer: each function returns in silence, or stops the check with a complaint."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from attncourse.check.compare import close, first_difference

SEVERAL = "attention, for one, returns two arrays: [0] is the output"


class ViolatedError(Exception):
    """A property that the reader's function does not have."""


def require(holds: Any, complaint: str) -> None:
    """Go on if the property holds, else stop the check with the complaint."""
    if not holds:
        raise ViolatedError(complaint)


def require_own(answer: Any) -> None:
    """The answer is not the library's own function, as it is or with some arguments filled in."""
    function = answer.func if isinstance(answer, partial) else answer
    package = str(getattr(function, "__module__", "")).partition(".")[0]
    name = getattr(function, "__name__", "it")
    require(package != "attnlib", f"the answer must be a function of your own: {name} is the library's")


def require_close(found: Any, wanted: Any, complaint: str, mistakes: Mapping[str, Any] | None = None) -> None:
    """The numbers agree; else the complaint ends in the first that does not.

    Args:
        found: an array that ``require_shape`` returned, or what was computed from it.
        wanted: an array or number that broadcasts to it.
        complaint: the property in words.
        mistakes: words -> the numbers that a known mistake leads to; whoever finds those hears the words instead.
    """
    if close(found, wanted):
        return
    for words, mistaken in (mistakes or {}).items():
        require(not close(found, mistaken), words)
    raise ViolatedError(f"{complaint}: {first_difference(found, wanted)}")


def require_shape(found: Any, shape: tuple[int, ...], what: str, finite: bool = True) -> np.ndarray:
    """One array of real numbers with this shape, whatever holds them: an array, nested lists, a number."""
    array = _as_array(found, shape, what)
    require(
        array.dtype.kind in "iuf",
        f"{what} must hold real numbers, in rows of one length: yours is of type {type(found).__name__}, "
        f"dtype {array.dtype}",
    )
    require(array.shape == shape, f"{what} must have shape {shape}: yours has {array.shape}")
    require(not finite or np.isfinite(array).all(), f"{what} must be finite: yours holds NaN or infinity")
    return array


def require_flags(found: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    """One array of True and False with this shape; numbers do not pass for them."""
    array = _as_array(found, shape, what)
    require(array.dtype == bool, f"{what} must hold True and False: yours is of dtype {array.dtype}")
    require(array.shape == shape, f"{what} must have shape {shape}: yours has {array.shape}")
    return array


def _as_array(found: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    """What was found as one plain array; of dtype object where it cannot be one."""
    require(found is not None, f"{what} must not be None: does the function return something?")
    kind = type(found).__name__
    require(
        not isinstance(found, np.matrix), f"{what} must be an array: yours is an np.matrix (np.asarray makes it one)"
    )
    require(not np.ma.is_masked(found), f"{what} must have a value in every entry: yours has masked ones")
    try:
        array = np.asarray(found)
    except Exception:  # rows of several lengths, or an object that fails to convert itself
        array = np.empty(0, dtype=object)
    if array.shape != shape and isinstance(found, tuple | list):
        parts = dict.fromkeys(str(part.shape) for part in found if isinstance(part, np.ndarray))
        require(
            not parts,
            f"{what} must be one array of shape {shape}: yours is a {kind} of {len(found)}, with arrays of shape "
            f"{' and '.join(parts)}" + f" ({SEVERAL})" * (len(found) == 2),
        )
    return array


def require_parts(found: Any, *names: str) -> tuple[Any, ...]:
    """An answer that consists of several arrays, whatever holds them: a tuple, a list, an array with one more axis."""
    listed = f"({', '.join(names)})"
    require(found is not None, f"{listed} must not be None: does the function return something?")
    yours, several = f"of type {type(found).__name__}", isinstance(found, tuple | list)
    if several:
        yours = f"a {type(found).__name__} of {len(found)}"
    elif isinstance(found, np.ndarray):
        yours, several = f"one array of shape {found.shape}", found.ndim > 1
    require(several and len(found) == len(names), f"the answer must be {len(names)} things, {listed}: yours is {yours}")
    return tuple(found)


def require_judgement(found: Any, truth: bool, what: str) -> None:
    """The answer is True or False, and the right one of the two."""
    require(found is not None, "the answer must not be None: does the function return something?")
    one = found[()] if isinstance(found, np.ndarray) else found
    require(
        isinstance(one, bool | np.bool_), f"the answer must be True or False: yours is of type {type(one).__name__}"
    )
    require(bool(found) == truth, f"{what}: the answer is {truth}, yours says {bool(found)}")
