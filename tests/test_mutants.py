"""What must be true of the list of mutants that no test can tell from the library; ``make mutants`` compares it."""

import ast
import tomllib

from tests.mutants import SURVIVORS, listed, modules, rounds
from tests.notebooks import ROOT


def test_every_module_has_tests_that_are_there():
    for module in modules():
        for file in [word for words in rounds(module) for word in words if word.endswith(".py")]:
            assert (ROOT / file).exists(), f"{module}: {file}"


def test_every_listed_change_is_in_a_function_that_is_there_and_has_a_reason():
    groups = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))["survivors"]
    assert len(listed()) == sum(len(group["changes"]) for group in groups)
    for change, why in listed().items():
        module, _, function = change.partition(": ")[0].rpartition(".")
        tree = ast.parse((ROOT / "attnlib" / f"{module}.py").read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, change
        assert len(why) > 20, change
