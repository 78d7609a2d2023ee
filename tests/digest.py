"""A short fingerprint of the numbers behind a picture, so that a changed number cannot pass unseen."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

# Numbers are compared to about six digits of the array's largest one. The factor is no round number,
# so that values such as 1/2 or 1/128 never sit on a rounding edge, where another machine's last bit would decide.
_STEPS = 271_828.18


def digest(numbers: Any) -> str:
    """Eight hexadecimal digits that change when a number changes in its sixth digit.

    Args:
        numbers: a ``NamedTuple`` (or any nesting of tuples, lists and dicts) of arrays, numbers, strings and booleans.
    """
    fingerprint = hashlib.sha256()
    for part in _parts(numbers):
        fingerprint.update(part.encode())
        fingerprint.update(b"\0")
    return fingerprint.hexdigest()[:8]


def _parts(value: Any) -> Iterator[str]:
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        for name, item in value.items():
            yield str(name)
            yield from _parts(item)
    elif isinstance(value, (tuple, list)):
        yield f"{len(value)} items"
        for item in value:
            yield from _parts(item)
    elif isinstance(value, (str, bool, int, np.bool_, np.integer)) or value is None:
        yield str(value)
    else:
        yield _array_part(np.asarray(value))


def _array_part(array: np.ndarray) -> str:
    if array.dtype.kind not in "fc":
        return f"{array.shape} {array.tolist()}"
    finite = np.where(np.isfinite(array), array, 0.0)
    largest = float(np.abs(finite).max(initial=0.0))
    steps = np.rint(finite / (largest or 1.0) * _STEPS) + 0.0  # + 0.0 turns −0 into 0
    odd = np.where(np.isfinite(array), "", array.astype(str)).tolist()
    return f"{array.shape} {largest:.5e} {steps.astype(int).tolist()} {odd if any(map(bool, np.ravel(odd))) else ''}"
