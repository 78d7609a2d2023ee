"""How experiments are run: stored after each run, continued, each arm at a rate of its own."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pytest

from experiments.arms import choose, run_arm, run_seeds
from experiments.record import Record, short
from experiments.training import block_means, train


class Settings(NamedTuple):
    learning_rates: tuple[float, ...] = (0.1, 1.0, 10.0)
    choosing_seeds: tuple[int, ...] = (100, 101)
    seeds: tuple[int, ...] = (0, 1, 2)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "result.json"


def record_at(path, settings=Settings(), fresh=False):  # noqa: B008 a NamedTuple is never changed
    return Record(path, "python -m experiments.some", settings, fresh)


def refuse(**how):
    raise AssertionError(f"must not be run: {how}")


def is_stored(record):
    return json.loads(record.path.read_text("utf-8")) == record.found


def test_an_interrupted_part_goes_on_where_it_stopped(path):
    def interrupted():
        raise KeyboardInterrupt

    first = record_at(path)
    with pytest.raises(KeyboardInterrupt):
        first.fill(("runs",), {"0": lambda: 1.5, "1": interrupted, "2": refuse})
    again = record_at(path)
    assert again.part("runs") == {"0": 1.5}
    again.fill(("runs",), {"0": refuse, "1": lambda: 2.5, "2": lambda: 3.5})
    assert again.part("runs") == {"0": 1.5, "1": 2.5, "2": 3.5}
    assert is_stored(again)


def test_a_result_of_other_settings_or_thrown_away_is_not_continued(path):
    record_at(path).fill(("runs",), {"0": lambda: 1.5})
    assert record_at(path).part("runs")
    assert not record_at(path, Settings(seeds=(7,))).part("runs")
    assert not record_at(path, fresh=True).part("runs")


@pytest.mark.parametrize(("arguments", "kept"), [([], True), (["--fresh"], False)])
def test_the_command_line_says_whether_to_start_again(path, monkeypatch, arguments, kept):
    record_at(path).fill(("runs",), {"0": lambda: 1.5})
    monkeypatch.setattr("sys.argv", ["experiments/some.py", *arguments])
    assert bool(record_at(path, fresh=None).part("runs")) == kept


def test_what_is_stored_has_four_digits_and_says_how_it_was_made(path):
    record = record_at(path)
    record.fill(("runs",), {"0": lambda: {"loss": [1 / 3, 20000 / 3], "count": 123456}})
    assert record.part("runs", "0") == {"loss": [0.3333, 6667.0], "count": 123456}
    assert {"command", "versions", "threads", "wall_seconds", "settings"} <= set(record.found)
    assert short(1 / 3, digits=2) == 0.33


@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor(2)], ids=["one by one", "several at a time"])
def test_an_arm_runs_its_seeds_at_the_rate_whose_mean_loss_is_the_smallest(path, executor):
    def trial(seed, learning_rate):  # 1.0 is best on average, 10.0 on one of the two seeds
        return {0.1: 5, 1.0: 2, 10.0: 1 if seed == 100 else 8}[learning_rate]

    def run(seed, learning_rate):
        return [seed, learning_rate]

    record = record_at(path)
    run_arm(record, ("arms", "some"), trial, run, Settings(), executor)
    arm = record.part("arms", "some")
    assert arm["tried"] == {"0.1": [5, 5], "1": [2, 2], "10": [1, 8]}
    assert arm["learning_rate"] == choose(arm["tried"]) == 1.0
    assert arm["runs"] == {"0": [0, 1.0], "1": [1, 1.0], "2": [2, 1.0]}
    assert is_stored(record)
    run_arm(record_at(path), ("arms", "some"), refuse, refuse, Settings(), executor)  # all is there


def test_more_seeds_are_added_to_those_that_are_there(path):
    record = record_at(path)
    run_seeds(record, ("runs",), lambda seed: seed, (0, 1))
    run_seeds(record, ("runs",), lambda seed: 10 * seed, (0, 1, 2))
    assert record.part("runs") == {"0": 0, "1": 1, "2": 20}


@pytest.mark.parametrize("interrupted_at", [0, 2, 4])
def test_half_a_training_is_not_taken_for_a_whole_one(interrupted_at):
    """``fit`` ends early and keeps what was learned when it is interrupted; an experiment must not store that."""

    def batches():
        yield from range(interrupted_at)
        raise KeyboardInterrupt

    def loss_vjp(params, batch):
        return 1.0, lambda grad_loss: (np.ones(3),)

    with pytest.raises(KeyboardInterrupt):
        train((np.zeros(3),), loss_vjp, batches(), steps=6, learning_rate=0.1, block=2)


def test_blocks_are_averaged():
    assert block_means([1.0, 3.0, 5.0, 9.0], 2) == [2.0, 7.0]
