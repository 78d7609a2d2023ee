"""What JupyterLite is built from: settings, and the packages that the site adds to Pyodide's."""

import ast
import hashlib
import importlib.metadata
import sys
from pathlib import Path

import pytest

from attnbook import lite, runtime
from tests.notebooks import NOTEBOOKS, code_cells


@pytest.fixture
def wheel(tmp_path):
    file = tmp_path / "_python" / "wheels-0123" / "attnlib-0.1.0-py3-none-any.whl"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"the wheel")
    return file


def test_a_package_is_described_with_its_sum_and_an_address_relative_to_jupyterlite(wheel, tmp_path):
    found = lite.entry("attnlib", wheel, tmp_path / "lite")
    assert found["file_name"] == "../_python/wheels-0123/attnlib-0.1.0-py3-none-any.whl"
    assert found["sha256"] == hashlib.sha256(b"the wheel").hexdigest()
    assert (found["name"], found["version"]) == ("attnlib", "0.1.0")
    assert {"numpy", "matplotlib", "ipywidgets"} <= set(found["depends"])


def test_all_that_a_package_needs_is_pyodides_or_ours():
    known = {*lite.OURS, *lite.PACKAGES, "traitlets"}  # on which IPython depends
    assert {need for needs, _ in lite.OURS.values() for need in needs} <= known
    assert {name.replace("_", "-") for name in lite.START} <= known


def test_whatever_a_notebook_imports_is_loaded_by_its_name():
    offered = {name for _, imports in lite.OURS.values() for name in imports} | {*runtime.PACKAGES}
    for chapter in NOTEBOOKS:
        source = "\n".join("".join(cell["source"]) for cell in code_cells(chapter))
        nodes = list(ast.walk(ast.parse(source)))
        modules = [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
        modules += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        assert {module.partition(".")[0] for module in modules} - sys.stdlib_module_names <= offered


def test_the_course_asks_for_no_package_that_it_does_not_get():
    needs = importlib.metadata.requires("attnlib")
    asked = {need.split(">")[0] for need in needs if "extra ==" not in need}
    assert asked <= {*lite.OURS["attnlib"][0]}


@pytest.mark.parametrize("address", ["../_python/pyodide/", "https://example.org/pyodide/"])
def test_the_kernel_starts_from_the_address_of_pyodide_with_all_that_it_would_ask_a_registry_for(address):
    own = lite.settings("A title", address, f"{address}library.zip")["jupyter-config-data"]
    kernel = own["litePluginSettings"][f"{lite.KERNEL}:kernel"]
    assert own["appName"] == "A title"
    assert kernel["pyodideUrl"] == f"./{Path(lite.SCRIPT).name}"
    assert kernel["loadPyodideOptions"] == {
        "indexURL": address,
        "stdLibURL": f"{address}library.zip",
        "lockFileURL": "packages.json",
        "packages": list(lite.START),
    }


@pytest.mark.parametrize(
    ("address", "led"),
    [
        ("", "See the ledger and [chapter 2](02_scale_the_scores.ipynb)."),
        (
            "https://example.org/",
            "See [the ledger](https://example.org/appendix/claims.html#c1) and [chapter 2](02_scale_the_scores.ipynb).",
        ),
    ],
)
def test_a_link_to_a_page_that_is_no_notebook_leads_to_the_site_or_nowhere(address, led):
    text = "See [the ledger](../appendix/claims.md#c1) and [chapter 2](02_scale_the_scores.ipynb)."
    assert lite.without_dead_links(text, address) == led


def test_the_appendix_s_notebook_finds_the_chapters_beside_it():
    text = "See [chapter 2](../chapters/02_scale_the_scores.ipynb)."
    assert lite.without_dead_links(text, "") == "See [chapter 2](02_scale_the_scores.ipynb)."
