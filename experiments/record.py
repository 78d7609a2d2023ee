"""What an experiment has found so far: stored after each run, so that an interruption loses one run at most."""

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from operator import call
from pathlib import Path
from typing import Any

import numpy as np


class Record:
    """The result of one experiment as it grows.

    Args:
        path: of the JSON file. What it holds is continued if it was made with the same settings.
        command: how a reader makes the result again.
        settings: a ``NamedTuple`` of all that decides the outcome.
        fresh: throw away what is stored. None asks the command line for ``--fresh``.
    """

    def __init__(self, path: Path, command: str, settings: Any, fresh: bool | None = None) -> None:
        self.path = path
        plain = json.loads(json.dumps(settings._asdict()))  # as it reads after storing: tuples are lists
        self.found: dict[str, Any] = {"command": command, "versions": {}, "wall_seconds": 0.0, "settings": plain}
        if path.exists() and not ("--fresh" in sys.argv[1:] if fresh is None else fresh):
            stored = json.loads(path.read_text("utf-8"))
            self.found = stored if stored["settings"] == plain else self.found
        self.found["versions"] = {"python": platform.python_version(), "numpy": np.__version__}
        self.found["threads"] = os.environ.get("OMP_NUM_THREADS", "not set")  # that NumPy's products may use

    def part(self, *where: str) -> dict[str, Any]:
        """The part of the result under these names, one inside the other; empty if there is none yet."""
        part = self.found
        for name in where:
            part = part.setdefault(name, {})
        return part

    def fill(
        self, where: tuple[str, ...], jobs: Mapping[str, Callable[[], Any]], executor: Executor | None = None
    ) -> None:
        """Run what a part of the result does not hold yet, and store after each run, with four digits.

        Args:
            where: names of the part, one inside the other.
            jobs: what to call for each entry of the part.
            executor: runs several at a time, in other processes. None runs one after the other.
        """
        part = self.part(*where)
        missing = {name: job for name, job in jobs.items() if name not in part}
        results = (executor.map if executor else map)(call, missing.values())
        for name in missing:
            with self.storing(", ".join((*where, name))):
                part[name] = short(next(results))

    @contextmanager
    def storing(self, line: str) -> Iterator[None]:
        """What happens inside is timed, added to the wall time, and followed by storing all that was found."""
        start = time.perf_counter()
        yield
        seconds = time.perf_counter() - start
        self.found["wall_seconds"] = round(self.found["wall_seconds"] + seconds, 1)
        print(f"{line}: {seconds:.1f} s", flush=True)
        unfinished = self.path.with_suffix(".unfinished")  # the old file stays whole until the new one is
        plain = json.dumps(self.found, ensure_ascii=False, separators=(",", ":"))
        unfinished.write_text(plain + "\n", "utf-8")
        os.replace(unfinished, self.path)


def short(value: Any, digits: int = 4) -> Any:
    """Every float with so many significant digits, to keep the file small."""
    if isinstance(value, dict):
        return {name: short(item, digits) for name, item in value.items()}
    if isinstance(value, list):
        return [short(item, digits) for item in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value
