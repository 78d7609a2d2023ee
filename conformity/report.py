"""What a comparison finds, a row a case: how it is stored, and how it reads as a table."""

import json
import platform
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

RESULTS = Path(__file__).with_name("results")
PASSES, DIFFERS, OUT_OF_REACH = "passes", "differs", "out of reach"


class OutOfReachError(Exception):
    """A case asks for something that attnlib does not have; the message says what."""


class Row(NamedTuple):
    """One case."""

    group: str  # the operator or the layer, and a dtype that is not the usual one
    case: str
    outcome: str
    error: float | None = None  # the largest difference of any number of any output
    share: float | None = None  # the largest share of the difference that is allowed there; a case passes up to 1
    reason: str = ""  # why it is out of reach


def compared(
    group: str, case: str, answers: Iterable[tuple[np.ndarray, np.ndarray, float]], rtol: float, atol: float
) -> Row:
    """The row of a case that ran.

    Args:
        group, case: its names.
        answers: what was found, what was expected, and a difference that is granted anyway, for each output.
        rtol, atol: a number may differ by ``atol + rtol · |expected|``. Where NaN is expected, NaN must be.
    """
    error = share = 0.0
    for found, expected, granted in answers:
        if found.shape != expected.shape or found.dtype != expected.dtype:
            return Row(group, case, DIFFERS, np.inf, np.inf, f"{expected.dtype} {expected.shape} is expected")
        found, expected = (np.asarray(array, np.float64) for array in (found, expected))
        with np.errstate(invalid="ignore"):  # ∞ − ∞
            apart = np.nan_to_num(np.abs(found - expected), nan=np.inf, posinf=np.inf)
        apart = np.where((found == expected) | (np.isnan(found) & np.isnan(expected)), 0, apart)
        allowed = atol + rtol * np.abs(np.where(np.isfinite(expected), expected, 0))
        error = max(error, float(apart.max(initial=0)))
        allowed = np.maximum(allowed, granted)
        share = max(share, float((apart / allowed).max(initial=0)))
    return Row(group, case, PASSES if share <= 1 else DIFFERS, error, share)


def store(name: str, packages: Iterable[str], rows: Iterable[Row], **more: object) -> None:
    """Write the rows of one comparison, a line each, and the versions it was made with."""
    versions = {"python": platform.python_version()} | {package: version(package) for package in packages}
    head = {"command": f"python -m conformity.{name}", "versions": versions, **more}
    lines = ",\n".join(json.dumps([*map(_short, row)], ensure_ascii=False) for row in rows)
    text = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}") + f',\n "rows": [\n{lines}\n]\n}}\n'
    (RESULTS / f"{name}.json").write_text(text, "utf-8")


def _short(value: object) -> object:
    """A float with two significant digits; infinity, which JSON does not know, as a word."""
    if isinstance(value, float):
        return float(f"{value:.2g}") if np.isfinite(value) else "infinite"
    return value


def stored(name: str) -> tuple[dict, list[Row]]:
    """What was written: the head, and the rows."""
    found = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    return found, [Row(*row) for row in found.pop("rows")]


def totals(rows: Iterable[Row]) -> dict[str, Counter[str]]:
    """Group → how many cases had which outcome."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        found.setdefault(row.group, Counter())[row.outcome] += 1
    return found


def show(rows: Iterable[Row]) -> None:
    """Print the table, then the totals."""
    rows = list(rows)
    width = max(len(row.case) for row in rows)
    for row in rows:
        numbers = "" if row.error is None else f"{row.error:8.1e}  {row.share:7.2%} of what is allowed"
        print(f"{row.case:{width}}  {row.outcome:12}  {row.reason or numbers}")
    print()
    for group, outcomes in totals(rows).items():
        print(f"{group}: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()))
