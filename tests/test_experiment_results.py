"""What every experiment's result file says about how it was made."""

import importlib
import json
import re

import pytest

from attncourse.results import FOLDER, load_result
from experiments.arms import choose
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


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_every_arm_has_the_best_learning_rate_of_its_grid_chosen_on_seeds_that_do_not_count(path):
    result = load_result(path.stem)
    settings = result["settings"].get("controls", result["settings"])  # of several groups, alike in this
    for arm in (result, *result.get("arms", {}).values()):
        if arm.get("tried"):
            grids = settings["learning_rates"]
            grids = list(grids.values()) if isinstance(grids, dict) else [grids]
            assert [float(rate) for rate in arm["tried"]] in grids
            assert {len(losses) for losses in arm["tried"].values()} == {len(settings["choosing_seeds"])}
            assert arm["learning_rate"] == choose(arm["tried"])
            counted = [int(seed) for seed in (*arm["runs"], *arm.get("more_runs", ()))]
            assert not set(counted) & set(settings["choosing_seeds"])
            assert len(counted) == len(set(counted)) >= 3


def test_the_readme_lists_every_experiment():
    listed = (ROOT / "experiments" / "README.md").read_text("utf-8")
    assert RESULTS
    for path in RESULTS:
        assert f"| `{load_result(path.stem)['command']}` | `{path.name}` |" in listed


def test_every_script_has_its_result():
    """A module of ``experiments`` that is run by a command writes a result that is committed."""
    scripts = {file.stem for file in (ROOT / "experiments").glob("*.py") if "__main__" in file.read_text("utf-8")}
    scripts -= {"tables"}  # which fills in the README
    assert scripts == {path.stem for path in RESULTS}


def test_the_readme_names_no_file_that_is_gone():
    named = set(re.findall(r"`(\w+\.(?:py|json))`", (ROOT / "experiments" / "README.md").read_text("utf-8")))
    folders = ROOT / "experiments", FOLDER
    assert {name for name in named if not any((folder / name).exists() for folder in folders)} == set()
