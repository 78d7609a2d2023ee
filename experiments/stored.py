"""Results that grow run by run: stored after each, so that an interruption loses one run at most."""

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np


def open_result(path: Path, command: str, settings: Any, fresh: bool = False) -> dict[str, Any]:
    """The stored result if it was made with these settings (a ``NamedTuple``), else an empty one."""
    plain = json.loads(json.dumps(settings._asdict()))  # as it reads after storing: tuples are lists
    result: dict[str, Any] = {"command": command, "versions": {}, "wall_seconds": 0.0, "settings": plain}
    if path.exists() and not fresh:
        stored = json.loads(path.read_text("utf-8"))
        result = stored if stored["settings"] == plain else result
    result["versions"] = {"python": platform.python_version(), "numpy": np.__version__}
    return result


@contextmanager
def stored_after(path: Path, result: dict[str, Any], line: str) -> Iterator[None]:
    """What happens inside is timed, added to the result's wall time, and followed by storing the result."""
    start = time.perf_counter()
    yield
    seconds = time.perf_counter() - start
    result["wall_seconds"] = round(result["wall_seconds"] + seconds, 1)
    print(f"{line}: {seconds:.1f} s", flush=True)
    unfinished = path.with_suffix(".unfinished")  # the old file stays whole until the new one is
    unfinished.write_text(json.dumps(result, ensure_ascii=False, indent=None, separators=(",", ":")) + "\n", "utf-8")
    os.replace(unfinished, path)


def threads() -> str:
    """How many threads NumPy's matrix products may use, as far as the environment says it."""
    return os.environ.get("OMP_NUM_THREADS", "not set")


def short(value: Any, digits: int = 4) -> Any:
    """Every float with so many significant digits, to keep the file small."""
    if isinstance(value, dict):
        return {name: short(item, digits) for name, item in value.items()}
    if isinstance(value, list):
        return [short(item, digits) for item in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value
