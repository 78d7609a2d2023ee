"""Run the unit tests and strict nbval in many environments, one after the other, and print a table as it grows.

    python -m tests.everywhere                # all of them
    python -m tests.everywhere Prescott       # those whose name contains a word
    python -m tests.everywhere --list

The last bits of a sum depend on the processor's instructions, the number of threads and the version of NumPy. What the
course prints, and what its tests demand, must not. An environment that this machine cannot give is listed with the
reason. Virtual environments for other versions are made below build/everywhere.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "build" / "everywhere"
LOGS = PLACE / "logs"
UNIT = ["-n", "2", "--dist", "loadfile", "-m", "not (browser or site or lite or wheel)", "tests"]
NBVAL = ["-n", "2", "--dist", "loadfile", "-W", "default", "--nbval", "--nbval-cell-timeout=60", "chapters", "appendix"]
RUNS = {"unit tests": UNIT, "notebooks": NBVAL}

# Of OpenBLAS, and the instructions without which a kernel stops the process.
KERNELS = {"Haswell": "AVX2", "SkylakeX": "AVX512F", "Zen": "AVX2", "Nehalem": "SSE42", "Prescott": "SSE3"}
OLDEST_NUMPY = "2.0.2"
NEWER_PYTHONS = ("python3.14", "python3.13", "python3.12")

ASK = """
import json, platform, numpy, threadpoolctl
from numpy._core import _multiarray_umath as umath
blas = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
features = {name for name, there in umath.__cpu_features__.items() if there}
print(json.dumps({
    "python": platform.python_version(), "numpy": numpy.__version__,
    "kernel": blas[0].get("architecture", "?") if blas else "none", "threads": blas[0]["num_threads"] if blas else 1,
    "features": sorted(features), "dispatched": sorted(features & set(umath.__cpu_dispatch__)),
}))
"""


class Environment(NamedTuple):
    """One way to run the tests, or why this machine cannot."""

    name: str
    variables: dict[str, str]
    python: str = sys.executable
    numpy: str | None = None  # None: the pinned one
    impossible: str = ""


def environments() -> Iterator[Environment]:
    """Kernels with one thread and two, NumPy without its dispatch, the oldest NumPy, the newest Python."""
    here = ask(Environment("here", {}))
    yield Environment("as pinned", {})
    for kernel, needs in KERNELS.items():
        for threads in (1, 2):
            # NumPy names groups of instructions since 2.4: V3 has AVX2, V4 has AVX-512.
            names = {needs, {"AVX2": "X86_V3", "AVX512F": "X86_V4", "SSE42": "X86_V2", "SSE3": "X86_V2"}[needs]}
            lacking = "" if names & set(here["features"]) else f"this processor has no {needs}"
            variables = {"OPENBLAS_CORETYPE": kernel, "OMP_NUM_THREADS": str(threads)}
            yield Environment(f"{kernel}-{threads}", variables, impossible=lacking)
    off = {"NPY_DISABLE_CPU_FEATURES": " ".join(here["dispatched"])}
    yield Environment("NumPy without dispatch", off, impossible="" if here["dispatched"] else "nothing is dispatched")
    yield Environment(f"NumPy {OLDEST_NUMPY}", {}, numpy=OLDEST_NUMPY)
    newer = next((path for name in NEWER_PYTHONS if (path := runs(name))), None)
    yield Environment("newest Python", {}, python=newer or sys.executable, impossible="" if newer else "none found")


def runs(name: str) -> str | None:
    """The path of a Python that starts (a version manager may have a name for what is not there) and is newer."""
    path = shutil.which(name)
    newer = f"import sys; sys.exit(sys.version_info[:2] <= {tuple(sys.version_info[:2])})"
    return path if path and subprocess.run([path, "-c", newer], capture_output=True).returncode == 0 else None


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def python_of(environment: Environment) -> str:
    """The interpreter to use: this one, or that of a virtual environment made for it, anew when the pins change."""
    if environment.python == sys.executable and environment.numpy is None:
        return sys.executable
    folder = PLACE / re.sub(r"\W+", "-", environment.name)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done, pins = folder / "installed", "".join(map(read, sorted(ROOT.glob("*.txt"))))
    if not done.exists() or read(done) != pins:
        print(f"installing {environment.name} …", flush=True)
        subprocess.run([environment.python, "-m", "venv", "--clear", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", "requirements-test.txt"], check=True, cwd=ROOT)
        if environment.numpy:
            subprocess.run([*pip, f"numpy=={environment.numpy}"], check=True)
        done.write_text(pins, encoding="utf-8")
    return str(python)


def variables_of(environment: Environment) -> dict[str, str]:
    """What the tests see: this process's variables, but none that were set to try another kernel by hand."""
    ours = {"OPENBLAS_CORETYPE", "OMP_NUM_THREADS", "NPY_DISABLE_CPU_FEATURES"}
    # One thread a worker unless it says otherwise: with more, two workers on two cores wait for each other.
    return (
        {name: value for name, value in os.environ.items() if name not in ours}
        | {"OMP_NUM_THREADS": "1"}
        | environment.variables
    )


def ask(environment: Environment) -> dict:
    """What NumPy says of itself there."""
    run = subprocess.run(
        [python_of(environment), "-c", ASK], env=variables_of(environment), capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


def check(environment: Environment, arguments: list[str], log: Path) -> tuple[bool, str]:
    """Run pytest there; whether it passed, and its last line in short."""
    start = time.perf_counter()
    with log.open("w", encoding="utf-8") as output:
        command = [python_of(environment), "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        run = subprocess.run(command, cwd=ROOT, env=variables_of(environment), stdout=output, stderr=subprocess.STDOUT)
    seconds = time.perf_counter() - start
    counts = re.findall(r"(\d+) (passed|failed|errors?)", log.read_text("utf-8").splitlines()[-1])
    said = ", ".join(f"{count} {word}" for count, word in counts) or f"exit code {run.returncode}"
    return run.returncode == 0, f"{said} ({seconds:.0f} s)"


def main() -> None:
    """The table; exit code 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="*", help="words of the names of the environments to run")
    parser.add_argument("--list", action="store_true", help="name the environments and stop")
    parser.add_argument("--notebooks", type=int, metavar="N", help="run the notebooks N times, and no unit tests")
    options = parser.parse_args()
    chosen = [e for e in environments() if not options.only or any(word in e.name for word in options.only)]
    if options.list:
        print("\n".join(f"{e.name}{': not here, ' if e.impossible else ''}{e.impossible}" for e in chosen))
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    rounds = [("notebooks", NBVAL)] * options.notebooks if options.notebooks else list(RUNS.items())
    failed = []
    print(f"| environment | Python, NumPy | kernel, threads | {' | '.join(name for name, _ in rounds)} |", flush=True)
    print(f"|{'---|' * (3 + len(rounds))}", flush=True)
    for environment in chosen:
        if environment.impossible:
            print(f"| {environment.name} | not run: {environment.impossible} |", flush=True)
            continue
        there = ask(environment)
        print(f"| {environment.name} | {there['python']}, {there['numpy']} ", end="", flush=True)
        print(f"| {there['kernel']}, {there['threads']} ", end="", flush=True)
        for number, (name, arguments) in enumerate(rounds, 1):
            log = LOGS / re.sub(r"\W+", "-", f"{environment.name} {name} {number}.log")
            passed, said = check(environment, arguments, log)
            print(f"| {said} ", end="", flush=True)
            if not passed:
                end = "\n".join(log.read_text("utf-8").splitlines()[-80:])
                failed.append(f"{environment.name}, {name}, the end of {log.relative_to(ROOT)}:\n{end}")
        print("|", flush=True)
    print("\n".join(failed) or f"{len(chosen)} environments: everything passed or is listed as impossible here")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
