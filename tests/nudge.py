"""Numbers as another machine might round them."""

from collections.abc import Container
from typing import Any

import numpy as np

_RELATIVE = {"float32": 1e-5, "float64": 1e-9}  # more than rounding does to a number that is not zero
_ZERO = 1e-12


def nudged(numbers: Any, rng: np.random.Generator, keep: Container[str] = ()) -> Any:
    """Every float of a nesting a little larger or smaller, a zero a little off; the fields to keep stay."""
    if hasattr(numbers, "_asdict"):
        fields = numbers._asdict().items()
        return type(numbers)(*(value if name in keep else nudged(value, rng) for name, value in fields))
    if isinstance(numbers, dict):
        return {name: nudged(value, rng) for name, value in numbers.items()}
    if isinstance(numbers, (tuple, list)):
        return type(numbers)(nudged(value, rng) for value in numbers)
    array = np.asarray(numbers)
    if array.dtype.kind != "f":
        return numbers
    signs = rng.choice([-1, 1], array.shape)
    moved = np.where(array == 0, signs * _ZERO, array * (1 + signs * _RELATIVE[array.dtype.name])).astype(array.dtype)
    return moved if isinstance(numbers, np.ndarray) else moved.item()
