"""Let mutmut change the library in some nine thousand small ways, one at a time, and see whether the tests notice.

    python -m tests.mutants                    # all modules; some two hours on two cores
    python -m tests.mutants softmax masks      # some
    python -m tests.mutants --again softmax    # only those that survived the last time, or took too long

mutmut writes the mutants and runs each in a process of its own; ``make mutants`` installs it. A mutant is given the
tests of its own module first. Only if these pass it is given ``EVERYONES`` too, and the contracts of its module's vjps.
What survives all of them must stand in ``tests/mutants.toml``, with the reason why no test can tell it from the
library, and nothing else may stand there. The table goes to build/mutants.md.
"""

import argparse
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from attnlib.translator.installed import is_installed
from tests.planted_bugs import OWN, ROOT

PLACE = ROOT / "build" / "mutants"
REPORT = PLACE.with_suffix(".md")
SURVIVORS = Path(__file__).with_suffix(".toml")
NEEDS_WEIGHTS = "translator/translate"  # most of its tests are skipped where `make translator` has not been
EVERYONES = ["messages", "errors", "wrong_types", "arguments_as_they_come", "padding_never_counts"]
KEPT_WHOLE = "cache", "contextmanager", "property"  # with these, mutmut's wrapper would be another function
LEAN = ["unraisableexception", "threadexception", "logging", "doctest", "junitxml", "pastebin", "stepwise", "debugging"]
PYTEST = ["-x", "-q", "--tb=no", "-p", "no:cacheprovider", *(word for name in LEAN for word in ("-p", f"no:{name}"))]
FAILED = 1  # pytest's exit code; others, such as that of a runner that broke, say nothing about the mutant
OUTCOMES = {0: "survived", FAILED: "killed", **dict.fromkeys((36, -24, 24, 152), "too slow")}
DEAD = "killed", "too slow"  # a mutant that loops for ever is noticed


def modules():
    """The modules that have something to change and can be tested here, by their paths below attnlib."""
    files = sorted((ROOT / "attnlib").rglob("*.py"))
    names = [file.relative_to(ROOT / "attnlib").with_suffix("").as_posix() for file in files if file.stem != "__init__"]
    return [name for name in names if name != NEEDS_WEIGHTS or is_installed()]


def files(names):
    """The files of these tests."""
    return [f"tests/test_{name}.py" for name in names]


def own_tests(module):
    """The tests of a module."""
    return OWN.get(module, [module.replace("/", "_")])


def vjps(module):
    """The names of the vjps that a module defines."""
    return re.findall(
        r"^def (\w+_vjp)\(", (ROOT / "attnlib" / f"{module}.py").read_text(encoding="utf-8"), re.MULTILINE
    )


def module_of(mutant):
    """attnlib.dates.task.x_sample__mutmut_3 → dates/task"""
    return mutant.rpartition(".")[0].removeprefix("attnlib.").replace(".", "/")


def rounds(module):
    """What pytest is given, one after the other, until a test fails."""
    yield files(own_tests(module))
    yield files(EVERYONES)
    if module != "testing" and (names := vjps(module)):
        yield ["tests/test_vjp_contracts.py", "-k", " or ".join(names)]


def copy_here(place):
    """What mutmut works on. A cache would remember what the library said before it was changed, so there is none.

    Files that mutmut wrote go: it takes a module that was not chosen the last time for one without mutants, and if it
    knows how long the tests take, it does not import them before it divides into processes.
    """
    for folder in ("attnlib", "attncourse", "experiments", "tests"):
        shutil.copytree(ROOT / folder, place / folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "pyproject.toml", place)
    (place / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    for written in (place / "mutants" / "attnlib").rglob("*.py"):
        written.unlink()
    with_arguments = re.compile(r"\n@(?:lru_)?cache.*(?=\ndef \w+\(\w)")
    for file in (place / "attnlib").rglob("*.py"):
        file.write_text(with_arguments.sub("", file.read_text(encoding="utf-8")), encoding="utf-8")


def run_mutmut(chosen, children, again):
    """Let mutmut make and run the mutants of these modules."""
    import libcst as cst
    import mutmut.__main__ as mutmut
    import pytest
    from mutmut.configuration import config
    from mutmut.mutation.file_mutation import MutationVisitor
    from mutmut.runners.harness import ListAllTestsResult, PytestRunner
    from mutmut.state import state
    from mutmut.workers import isolation

    as_it_comes = MutationVisitor._skip_node_and_children

    def skip(visitor, node):
        """mutmut leaves functions with a decorator alone; most of those here only keep NumPy from warning."""
        if isinstance(node, cst.FunctionDef):
            names = {getattr(decorator.decorator, "value", None) for decorator in node.decorators}
            if names.isdisjoint(KEPT_WHOLE):
                node = node.with_changes(decorators=())
        return as_it_comes(visitor, node)

    def test(arguments):
        os.chdir("mutants")
        try:
            return int(pytest.main([*PYTEST, *arguments]))
        finally:
            os.chdir("..")

    class OwnTestsFirst(PytestRunner):
        """mutmut would run each test that reaches the changed function: thousands."""

        def run_stats(self, *, tests):
            for module in chosen:
                start, [own, *_] = time.perf_counter(), rounds(module)
                if test(own):
                    raise SystemExit(f"{' '.join(own)} fail without a mutant")
                state().duration_by_test[module] = time.perf_counter() - start
                functions = json.loads(Path("mutants", "attnlib", f"{module}.py.meta").read_text("utf-8"))
                for mutant in functions["exit_code_by_key"]:
                    state().tests_by_mangled_function_name[mutant.partition("__mutmut_")[0]].add(module)
            return test(["--collect-only", *files([*EVERYONES, "vjp_contracts"])])

        def list_all_tests(self):
            return ListAllTestsResult(ids=set(chosen))

        def run_tests(self, *, mutant_name, tests):
            if mutant_name is None:  # the run that must pass has been, and the one that must fail is of no use here
                return int(os.environ["MUTANT_UNDER_TEST"] == "fail")
            return next(filter(None, map(test, rounds(module_of(mutant_name)))), 0)

    MutationVisitor._skip_node_and_children = skip
    isolation.PytestRunner = OwnTestsFirst
    os.chdir(PLACE)
    config().only_mutate[:] = [f"attnlib/{module}.py" for module in chosen]
    if again:
        forget(lambda code: code != FAILED)  # what was too slow may not be so once more
    mutmut._run((), children)
    os.environ["MUTANT_UNDER_TEST"] = ""
    if test(files(EVERYONES)):
        raise SystemExit("tests fail without a mutant, after the last one: some that count as killed may live")


def metas(chosen):
    """Module → file in which mutmut keeps what became of its mutants."""
    return {module: PLACE / "mutants" / "attnlib" / f"{module}.py.meta" for module in chosen}


def forget(which):
    """Outcomes of an earlier run, so that mutmut tries those mutants again."""
    for file in (PLACE / "mutants" / "attnlib").rglob("*.meta"):
        meta = json.loads(file.read_text("utf-8"))
        meta["exit_code_by_key"] = {
            name: None if which(code) else code for name, code in meta["exit_code_by_key"].items()
        }
        file.write_text(json.dumps(meta), encoding="utf-8")


def change(module, mutant):
    """What a mutant changes, as ``softmax.entropy: return 0 - … → return 1 - …``: its number means nothing for long."""
    file = PLACE / "mutants" / "attnlib" / f"{module}.py"
    spans = json.loads(Path(f"{file}.spans").read_text("utf-8"))["spans"]
    lines, name = file.read_text("utf-8").splitlines(), mutant.rpartition(".")[2]
    mangled, _, _ = name.partition("__mutmut_")
    before, after = (
        [re.sub(r"__mutmut_\w+|\bx_(?=\w+__mutmut)", "", line) for line in lines[start - 1 : end]]
        for start, end in (spans[f"{mangled}__mutmut_orig"], spans[name])
    )
    marked = list(difflib.ndiff(before, after))
    old, new = (" ".join(line[1:].strip() for line in marked if line.startswith(sign)) for sign in "-+")
    return f"{module}.{mangled.removeprefix('x_')}: {old} → {new}"


def outcomes(chosen):
    """Module → {mutant: what became of it}."""
    return {
        module: {
            mutant: OUTCOMES.get(code, "not run" if code is None else f"exit code {code}")
            for mutant, code in json.loads(file.read_text("utf-8"))["exit_code_by_key"].items()
        }
        for module, file in metas(chosen).items()
    }


def listed():
    """The changes that no test can tell from the library, with the reason of each."""
    return {
        change: group["why"]
        for group in tomllib.loads(SURVIVORS.read_text("utf-8"))["survivors"]
        for change in group["changes"]
    }


def counted(became):
    """How many mutants are dead, of how many, which share that is, and how many of the dead were only too slow."""
    every = list(became)
    dead = sum(what in DEAD for what in every)
    return f"{dead} of {len(every)} | {dead / max(1, len(every)):.1%} | {every.count('too slow')}"


def report(chosen):
    """The table as text, the survivors that are not listed, and the listed ones that did not survive."""
    found, known = outcomes(chosen), listed()
    survived = {change(module, name) for module in chosen for name, what in found[module].items() if what not in DEAD}
    rows = [(module, counted(found[module].values())) for module in chosen]
    rows.append(("together", counted(what for module in chosen for what in found[module].values())))
    table = [f"| {name} | {said} |" for name, said in rows]
    lines = ["| module | killed | | of these too slow |", "|---|---|---|---|", *table, ""]
    lines += [f"- `{survivor}`: {known.get(survivor, 'NOT LISTED')}" for survivor in sorted(survived)]
    here = {survivor for survivor in known if survivor.partition(": ")[0].rpartition(".")[0] in chosen}
    return "\n".join(lines), survived - set(known), here - survived


def one_by_one(chosen, options):
    """Each module in a process of its own; their tables one below the other, and whether one of them failed.

    In a run of a thousand mutants and more some that change nothing were counted as killed, and nobody knows why.
    """
    tables, failed = [], False
    for module in chosen:
        command = [sys.executable, "-m", "tests.mutants", module, "--children", str(options.children)]
        REPORT.write_text(f"{module}: no table, for its run did not come to an end\n", encoding="utf-8")
        failed |= subprocess.run(command + ["--again"] * options.again, cwd=ROOT, check=False).returncode != 0
        tables.append(REPORT.read_text("utf-8"))
    every = [what for some in outcomes(chosen).values() for what in some.values()]
    tables.append(f"| all together | {counted(every)} |\n")
    REPORT.write_text("\n".join(tables), encoding="utf-8")
    print(tables[-1])
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", help="modules below attnlib; all if none is named")
    parser.add_argument("--again", action="store_true", help="only what survived the last time")
    parser.add_argument("--children", type=int, default=os.cpu_count(), help="mutants at a time")
    options = parser.parse_args()
    chosen = options.modules or modules()
    if len(chosen) > 1:
        sys.exit(one_by_one(chosen, options))
    PLACE.mkdir(parents=True, exist_ok=True)
    copy_here(PLACE)
    os.environ |= {"OMP_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    os.environ["PYTHONPATH"] = str(PLACE / "mutants")  # for tests that start a Python of their own
    for name in [name for name in sys.modules if name.partition(".")[0] in ("attnlib", "attncourse", "tests")]:
        del sys.modules[name]
    run_mutmut(chosen, options.children, options.again)
    text, new, killed = report(chosen)
    REPORT.write_text(text + "\n", encoding="utf-8")
    print(text)
    for survivor in sorted(new):
        print(f"not listed: {survivor}")
    for survivor in sorted(killed):
        print(f"listed, but killed: {survivor}")
    sys.exit(bool(new | killed))


if __name__ == "__main__":
    main()
