"""What the make_*.py scripts and their tests share: results in both dtypes, and a file that says how it was made.

A file holds the inputs in float32, so that both dtypes start from the same numbers, as "case/name"; PyTorch's results
in both dtypes as "case/dtype/name"; and under "made_by" the versions and a checksum of the script.
"""

import hashlib
import json
import platform
from pathlib import Path

import numpy as np


def as_dtype(arrays, dtype):
    """The float arrays in another dtype; masks and integers stay."""
    return {name: x.astype(dtype) if np.issubdtype(x.dtype, np.floating) else x for name, x in arrays.items()}


def in_both_dtypes(name, inputs, ask):
    """The inputs of a case and what ``ask(inputs)`` answers in float32 and in float64, as they are stored."""
    arrays = {f"{name}/{key}": x for key, x in inputs.items()}
    for dtype in (np.float32, np.float64):
        results = ask(as_dtype(inputs, dtype))
        assert all(x.dtype == dtype and np.isfinite(x).all() for x in results.values()), name
        arrays |= {f"{name}/{np.dtype(dtype)}/{key}": x for key, x in results.items()}
    return arrays


def case_of(arrays, name, dtype):
    """The inputs of a case in a dtype, and PyTorch's results in that dtype."""
    parts = {tuple(path.split("/")): x for path, x in arrays.items()}
    inputs = {path[1]: x for path, x in parts.items() if path[0] == name and len(path) == 2}
    expected = {path[2]: x for path, x in parts.items() if path[:2] == (name, dtype)}
    return as_dtype(inputs, np.dtype(dtype)), expected


def pack(arrays):
    """One long vector for each dtype, and under "index" where each array went: many small arrays in little space."""
    kinds = sorted({x.dtype.name for x in arrays.values()})
    vectors = {kind: np.concatenate([x.ravel() for x in arrays.values() if x.dtype == kind]) for kind in kinds}
    index = [[path, x.dtype.name, x.shape] for path, x in arrays.items()]
    return vectors | {"index": np.array(json.dumps(index))}


def unpack(packed):
    """The arrays by name again."""
    arrays, begin = {}, dict.fromkeys(packed, 0)
    for path, kind, shape in json.loads(str(packed["index"])):
        end = begin[kind] + int(np.prod(shape))
        arrays[path] = packed[kind][begin[kind] : end].reshape(shape)
        begin[kind] = end
    return arrays


def file_of(script):
    """The file that make_NAME.py makes: NAME.npz beside it."""
    return Path(script).with_name(Path(script).stem.removeprefix("make_") + ".npz")


def checksum(script):
    """Of a script, whatever the line endings of the checkout."""
    return hashlib.sha256(Path(script).read_text(encoding="utf-8").encode()).hexdigest()


def write(script, seed, arrays):
    """Write the script's file, and print what it was made with."""
    import torch

    made_by = {
        "script": f"tests/golden/{Path(script).name}",
        "sha256": checksum(script),
        "seed": seed,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    np.savez_compressed(file_of(script), made_by=np.array(json.dumps(made_by)), **arrays)
    print(json.dumps(made_by, indent=1))
    print(f"{file_of(script).name}: {file_of(script).stat().st_size / 1000:.0f} kB")


def check_made_by(script):
    """The file was made by the script as it is, and says with what."""
    with np.load(file_of(script)) as file:
        made_by = json.loads(str(file["made_by"]))
    assert made_by["sha256"] == checksum(script), f"{Path(script).name} has changed: run it again"
    assert {"torch", "numpy", "python", "seed", "script"} <= set(made_by)
