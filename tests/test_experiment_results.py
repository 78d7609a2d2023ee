"""What every experiment's result file says about how it was made."""

import importlib
import json

import pytest

from attncourse.results import FOLDER
from tests.notebooks import ROOT

RESULTS = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_result_was_made_with_the_settings_of_its_script_and_is_small(path):
    script = importlib.import_module(f"experiments.{path.stem}")
    assert path == script.RESULT
    result = json.loads(path.read_text("utf-8"))
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
        assert f"python -m experiments.{path.stem}` | `{path.name}` |" in listed
