"""Numbers of any nesting, kept in a small file and compared entry by entry with tolerances."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

Parts = dict[
    str, Any
]  # a field such as "shown.output" -> its float array; or a string, a switch, integers: no rounding


def parts(numbers: Any) -> Parts:
    """The fields of a nesting of tuples, lists and dicts."""
    return dict(_walk(numbers, ""))


def _walk(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, (tuple, list)):
        for i, item in enumerate(value):
            yield from _walk(item, f"{name}[{i}]")
    elif np.asarray(value).dtype.kind == "f":
        yield name, np.asarray(value)
    else:
        yield name, value.tolist() if hasattr(value, "tolist") else value


def tolerances(array: np.ndarray) -> tuple[float, float]:
    """How far an entry of an array may be off, relative to itself and absolutely.

    On five kinds of matrix kernels and without vector instructions, no float64 of any explorer moved by more than
    2e-10 of itself, if it was not zero but for rounding: a millionth leaves room for other machines, and for the
    float32 in which the numbers are kept. A zero that rounding has touched is off by a few roundings of the terms that
    cancelled, which are seldom larger than the array's largest entry, or than 1 where the whole array is such a zero.
    Both floors are so low that a change of one in ten thousand is seen in every float64 above 2e-10 of the largest
    and above 1e-11.
    """
    rounding = float(np.finfo(array.dtype).eps)
    largest = float(np.abs(array).max(where=np.isfinite(array), initial=0.0))
    return max(1e-6, 64 * rounding), 64 * rounding * largest + 4 * rounding


def differences(new: Parts, old: Parts) -> list[str]:
    """Which fields differ, and the entry of each that differs most; empty if all are equal within the tolerances."""
    found = ((field, _difference(new.get(field), old.get(field))) for field in {**old, **new})
    return [f"{field}{said}" for field, said in found if said]


def _difference(new: Any, old: Any) -> str:
    if _exact(new) != _exact(old):
        return f" is {_exact(new):.80}, it was {_exact(old):.80}"
    if not isinstance(new, np.ndarray):
        return ""
    off = ~np.isclose(new, old, *tolerances(old), equal_nan=True)
    if not off.any():
        return ""
    gaps = np.nan_to_num(np.abs(new[off] - old[off]), nan=np.inf)
    where = tuple(np.argwhere(off)[gaps.argmax()].tolist())
    most = f"{list(where) or ''} is {new[where]:.9g}, it was {old[where]:.9g}"
    return f"{most} ({off.sum()} of {off.size} entries differ)"


def _exact(part: Any) -> str:
    return f"{part.dtype} of shape {part.shape}" if isinstance(part, np.ndarray) else repr(part)


def save(path: Path, fields: Parts) -> None:
    """Write all fields: equal arrays once, in float32, which has more digits than the tolerances ask for."""
    begins: dict[bytes, int] = {}  # of every array in the one vector that holds them all

    def kept(part: Any) -> Any:
        if not isinstance(part, np.ndarray):
            return part
        begin = begins.setdefault(part.astype(np.float32).tobytes(), sum(map(len, begins)) // 4)
        return {"dtype": part.dtype.name, "shape": part.shape, "begin": begin}

    index = json.dumps({field: kept(part) for field, part in fields.items()})
    planes = np.frombuffer(b"".join(begins), np.uint8).reshape(-1, 4).T  # all exponents side by side: packs better
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, index=np.frombuffer(index.encode(), np.uint8), planes=np.ascontiguousarray(planes))


def load(path: Path) -> Parts:
    """Read what ``save`` wrote; arrays have the dtype that they were measured in."""
    with np.load(path) as file:
        index, planes = json.loads(file["index"].tobytes()), file["planes"]
    vector = np.ascontiguousarray(planes.T).view(np.float32).ravel()

    def part(kept: Any) -> Any:
        if not isinstance(kept, dict):
            return kept
        array = vector[kept["begin"] : kept["begin"] + int(np.prod(kept["shape"]))]
        return array.reshape(kept["shape"]).astype(kept["dtype"])

    return {field: part(kept) for field, kept in index.items()}
