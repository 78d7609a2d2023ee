"""What every experiment's result file says about how it was made."""

import importlib
import json
import re

import pytest

from attncourse.results import FOLDER, load_result
from tests.notebooks import ROOT

RESULTS = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_result_was_made_with_the_settings_of_its_script_and_is_small(path):
    script = importlib.import_module(f"experiments.{path.stem}")
    assert path == script.RESULT
    result = load_result(path.stem)
    assert result["settings"] == json.loads(json.dumps(script.SETTINGS._asdict()))
    assert result["command"] == script.COMMAND
    assert script.COMMAND.endswith(f"python -m experiments.{path.stem}")
    assert {"python", "numpy"} <= set(result["versions"])
    assert 0 <= result["wall_seconds"] < 3600
    assert path.stat().st_size < 200_000


def test_the_readme_lists_every_experiment():
    listed = (ROOT / "experiments" / "README.md").read_text("utf-8")
    assert RESULTS
    for path in RESULTS:
        assert f"| `{load_result(path.stem)['command']}` | `{path.name}` |" in listed


def test_every_script_has_its_result():
    """A module of ``experiments`` that is run by a command writes a result that is committed."""
    scripts = {file.stem for file in (ROOT / "experiments").glob("*.py") if "__main__" in file.read_text("utf-8")}
    assert scripts == {path.stem for path in RESULTS}


def test_the_readme_names_no_file_that_is_gone():
    named = set(re.findall(r"`(\w+\.(?:py|json))`", (ROOT / "experiments" / "README.md").read_text("utf-8")))
    folders = ROOT / "experiments", FOLDER
    assert {name for name in named if not any((folder / name).exists() for folder in folders)} == set()
