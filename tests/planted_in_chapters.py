"""Plant the bugs of ``tests/planted_bugs.py`` one at a time, and see whether the chapters alone notice.

    python -m tests.planted_in_chapters                    # all of them; an hour on one core
    python -m tests.planted_in_chapters --only scale
    python -m tests.planted_in_chapters --every 20         # a sample
    python -m tests.planted_in_chapters --again            # what the chapters execute is known from the last time

First every chapter runs without a bug, and so does the appendix that is a notebook, which says which lines of the
library it executes, if only by importing them. A bug is then given to strict nbval of those that execute its lines,
until one fails; first comes the one that executes most of the bug's file. Cells that print the library's source do not
run: that a listing differs proves nothing. What none of them notices must stand in ``tests/planted_in_chapters.toml``
with the reason, and nothing else may stand there.
"""

import argparse
import json
import tempfile
import tomllib
from pathlib import Path

from tests.notebooks import NOTEBOOKS, code_cells
from tests.planted_bugs import BUGS, ROOT, copy_repository, fails, planted

SURVIVORS = Path(__file__).with_suffix(".toml")
KEPT = ROOT / "build" / "planted_in_chapters.json"
NBVAL = ["pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "nbval.plugin", "-W", "default", "--nbval"]
NBVAL += ["--nbval-cell-timeout=60", "--color=no"]
WATCH = """
import os, sys

def watch(frame, event, _):
    if not frame.f_code.co_filename.startswith(os.environ["LIBRARY"]):
        return None
    place = frame.f_code.co_filename, frame.f_lineno
    if place not in seen:
        seen.add(place)
        print(*place, sep=chr(9), file=found, flush=True)
    return watch

if "LINES" in os.environ:
    seen, found = set(), open(os.environ["LINES"], "a", encoding="utf-8")
    sys.settrace(watch)
"""  # a kernel is ended at once, so each new line is written when it is met


def nbval(chapter):
    """The command that runs a chapter strictly, without the cells that show source."""
    listings = [i for i, cell in enumerate(code_cells(chapter)) if "listing(" in "".join(cell["source"])]
    name = chapter.relative_to(ROOT).as_posix()
    return [*NBVAL, *(f"--deselect={name}::Cell {i}" for i in listings), name]


def lines_executed(chapter, copy):
    """File of attnlib → the lines that a chapter executes, which must pass."""
    with tempfile.TemporaryDirectory() as folder:
        found, library = Path(folder, "lines"), copy / "attnlib"
        (copy / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
        watched = {"LINES": str(found), "LIBRARY": str(library)}
        broken, reason = fails(nbval(chapter), copy, compiled=True, **watched)
        (copy / "sitecustomize.py").unlink()
        if broken:
            raise SystemExit(f"{chapter.name} fails without a bug: {reason}")
        lines: dict[str, list[int]] = {}
        for place in set(found.read_text(encoding="utf-8").splitlines()):
            file, line = place.split("\t")
            lines.setdefault(Path(file).relative_to(library).with_suffix("").as_posix(), []).append(int(line))
        return lines


def chapters_of(bug, executed):
    """The chapters that execute a line of the bug, first the one that executes most of its file."""
    text = (ROOT / "attnlib" / f"{bug.file}.py").read_text(encoding="utf-8")
    first = 1 + text[: text.index(bug.old)].count("\n")
    lines = {chapter: set(executed[chapter.name].get(bug.file, [])) for chapter in NOTEBOOKS}
    changed = range(first, first + 1 + bug.old.count("\n"))
    return sorted(
        (chapter for chapter in NOTEBOOKS if not lines[chapter].isdisjoint(changed)),
        key=lambda chapter: -len(lines[chapter]),
    )


def caught_by(bug, chapters, copy):
    """Where the first of the chapters fails with the bug; None if none does."""
    with planted(bug, copy):
        for chapter in chapters:
            found, reason = fails(nbval(chapter), copy)
            if found:
                return reason
    return None


def listed():
    """The bugs that no chapter notices, by name, and the reason of each."""
    groups = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))["survivors"]
    return {name: group["why"] for group in groups for name in group["bugs"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="plant only the bugs whose name contains this")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="plant one bug of N: a sample")
    parser.add_argument("--again", action="store_true", help="take what the chapters execute from the last time")
    options = parser.parse_args()
    bugs = [bug for bug in BUGS if options.only in bug.name][:: options.every]
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_repository(folder)
        if not options.again:
            found = {chapter.name: lines_executed(chapter, copy) for chapter in NOTEBOOKS}
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps(found), encoding="utf-8")
        executed = json.loads(KEPT.read_text(encoding="utf-8"))
        for bug in bugs:
            where = chapters_of(bug, executed)
            reason = caught_by(bug, where, copy)
            missed += [] if reason else [bug.name]
            verdict = "caught" if reason else "MISSED"
            print(f"{verdict}  {bug.name:50} {reason or f'in {len(where)} chapters'}", flush=True)
    print(f"{len(bugs) - len(missed)} of {len(bugs)} planted bugs make a chapter fail")
    known = set(listed())
    for name in sorted(set(missed) - known):
        print(f"not listed: {name}")
    for name in sorted({bug.name for bug in bugs} & known - set(missed)):
        print(f"listed, but caught: {name}")
    raise SystemExit({bug.name for bug in bugs} & known != set(missed))


if __name__ == "__main__":
    main()
