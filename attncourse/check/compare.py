"""When two numbers count as equal, and how two that do not are told apart."""

from typing import Any

import numpy as np

# Ten times what rounding to float32 costs, and what a small constant in a denominator may cost.
TOLERANCE = 1e-5


def agree(found: Any, wanted: Any) -> Any:
    """Entry by entry, whether two arrays are equal up to rounding, which goes by the largest number wanted."""
    return np.abs(found - np.asarray(wanted, dtype=np.float64)) <= TOLERANCE * np.abs(wanted).max(initial=1)


def close(found: Any, wanted: Any) -> bool:
    """Whether two arrays are equal up to rounding in every entry."""
    return bool(agree(found, wanted).all())


def apart(*numbers: Any) -> list[str]:
    """The numbers with four digits, or with as many as it takes until no two look alike."""
    shown: list[str] = []
    for digits in range(4, 18):
        shown = [f"{float(number):.{digits}g}" for number in numbers]
        if len(set(shown)) == len(shown):
            break
    return shown


def first_difference(found: Any, wanted: Any) -> str:
    """The first entry that does not agree, with its index, and the dtype where that may be why."""
    index = tuple(np.argwhere(~agree(found, wanted))[0].tolist())
    found, wanted = np.broadcast_arrays(found, wanted)
    where = f" at {list(index)}" if index else ""
    yours, due = apart(found[index], wanted[index])
    coarse = found.dtype.kind != "f" or found.dtype.itemsize < 8
    return f"yours{where} is {yours} where {due} is due" + f" (dtype {found.dtype}, not float64)" * coarse
