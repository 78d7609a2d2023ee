import datetime
import itertools
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnlib import adam_start, tree_leaves, tree_map
from attnlib.dates import train
from attnlib.dates.command import run
from attnlib.dates.model import init_date_model, load_date_model
from attnlib.dates.task import HELD_OUT, NO_DATE, sample
from attnlib.dates.train import (
    as_steps,
    bar,
    held_out_dates,
    learning_rate,
    read_checkpoint,
    train_dates,
    write_checkpoint,
)
from attnlib.dates.writing import LANGUAGES
from attnlib.stored_params import save_arrays
from tests.streams import Leaving

STEPS = 7


def make_quick(patch):
    """A checkpoint every three steps, four texts a batch, two dates to test."""
    patch.setattr(train, "CHECKPOINT_EVERY", 3)
    patch.setattr(train, "BATCH", 4)
    patch.setattr(train, "held_out_dates", lambda: held_out_dates(2))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    make_quick(monkeypatch)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The weights after all steps in one go."""
    path = tmp_path_factory.mktemp("whole") / "whole.npz"
    with pytest.MonkeyPatch.context() as patch:
        make_quick(patch)
        train_dates(path, STEPS)
    return weights(path)


def weights(path):
    return tree_leaves(load_date_model(path))


def interrupt_at(monkeypatch, call, where="the loss"):
    """Ctrl-C at the n-th call of the loss, or when the n-th batch is asked for."""
    calls, original, batches = iter(range(1, 100)), train.date_loss_vjp, train.date_batches

    def loss_vjp(params, batch):
        if next(calls) == call:
            raise KeyboardInterrupt
        return original(params, batch)

    def interrupted(*args, **kwargs):
        for batch in batches(*args, **kwargs):
            if next(calls) == call:
                raise KeyboardInterrupt
            yield batch

    if where == "the loss":
        monkeypatch.setattr(train, "date_loss_vjp", loss_vjp)
    else:
        monkeypatch.setattr(train, "date_batches", interrupted)


def test_it_learns_and_says_how_well(tmp_path, capsys):
    share = train_dates(tmp_path / "a.npz", STEPS)
    assert 0 <= share <= 1
    out, err = capsys.readouterr()
    assert f"171392 parameters, {STEPS} steps of 4 texts" in err
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in out.splitlines()[:-1]]
    assert len(losses) == 3  # after steps 3, 6 and 7
    assert losses[-1] < losses[0]
    assert f"{share:.2%} of 2000 held-out dates exactly right after" in out.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]  # the checkpoint is gone


def test_it_says_how_long_it_took_and_lets_each_line_go_at_once(tmp_path, monkeypatch):
    """By a clock on which every stretch up to a checkpoint takes ten seconds."""
    clock = (1000 + 20 * (call // 2) + 10 * (call % 2) for call in itertools.count())
    monkeypatch.setattr(train, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(sys, "stdout", written := Leaving())
    train_dates(tmp_path / "a.npz", STEPS)
    assert re.findall(r", (\d+) s\n", written.gone) == ["10", "20", "30"]
    assert "after 30 s of training" in written.getvalue()


def test_it_begins_with_the_first_batch_of_its_seed(tmp_path, monkeypatch):
    asked, batches = [], train.date_batches
    monkeypatch.setattr(train, "date_batches", lambda *args, **kwargs: asked.append(kwargs) or batches(*args, **kwargs))
    train_dates(tmp_path / "a.npz", STEPS, fresh=True)  # although there is no checkpoint to throw away
    assert asked == [{"first_step": 1}]


@pytest.mark.parametrize("where", ["the loss", "the batches"])
@pytest.mark.parametrize("call", [1, 2, 4, 7])  # at the very start, between, right after a checkpoint, at the last step
def test_interrupted_and_resumed_it_ends_with_the_same_bits(tmp_path, monkeypatch, capsys, uninterrupted, where, call):
    with monkeypatch.context() as patch:
        interrupt_at(patch, call, where)
        assert train_dates(tmp_path / "a.npz", STEPS) is None
    assert not (tmp_path / "a.npz").exists()
    assert f"interrupted; the same command goes on after step {call - 1}" in capsys.readouterr().err
    assert train_dates(tmp_path / "a.npz", STEPS) is not None
    if call > 1:
        assert f"goes on after step {call - 1} of {STEPS}" in capsys.readouterr().err
    for found, expected in zip(weights(tmp_path / "a.npz"), uninterrupted, strict=True):
        assert_array_equal(found, expected)


def test_an_interrupt_right_after_the_last_step_before_a_checkpoint_is_heard_too(tmp_path, monkeypatch):
    steps = iter(range(1, 100))

    def progress_line(*args):
        if next(steps) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["attnlib.fit"], "progress_line", progress_line)
        assert train_dates(tmp_path / "a.npz", STEPS, progress=True) is None
    assert saved_step(tmp_path) == 3


@pytest.mark.parametrize("call", [3, 4, 6])
def test_a_crash_loses_no_more_than_the_steps_since_the_last_checkpoint(tmp_path, monkeypatch, uninterrupted, call):
    calls, original = iter(range(1, 100)), train.date_loss_vjp

    def loss_vjp(params, batch):
        if next(calls) == call:
            raise MemoryError
        return original(params, batch)

    with monkeypatch.context() as patch:
        patch.setattr(train, "date_loss_vjp", loss_vjp)
        with pytest.raises(MemoryError):
            train_dates(tmp_path / "a.npz", STEPS)
    assert saved_step(tmp_path) == (call - 1) // 3 * 3
    train_dates(tmp_path / "a.npz", STEPS)
    for found, expected in zip(weights(tmp_path / "a.npz"), uninterrupted, strict=True):
        assert_array_equal(found, expected)


def saved_step(folder):
    path = folder / "a.checkpoint.npz"
    return read_checkpoint(path, init_date_model(np.random.default_rng(0)), STEPS)[1].step if path.exists() else 0


def test_fresh_throws_the_checkpoint_away(tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        interrupt_at(patch, 5)
        train_dates(tmp_path / "a.npz", STEPS)
    capsys.readouterr()
    train_dates(tmp_path / "a.npz", STEPS, fresh=True)
    assert "goes on" not in capsys.readouterr().err


def test_a_checkpoint_of_a_run_of_another_length_is_refused(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt_at(patch, 5)
        train_dates(tmp_path / "a.npz", STEPS)
    with pytest.raises(ValueError, match=r"a\.checkpoint\.npz is from a run of 7 steps, not 8: ask for as many, or"):
        train_dates(tmp_path / "a.npz", STEPS + 1)


def test_a_checkpoint_holds_all_that_training_needs(rng, tmp_path):
    params = init_date_model(rng)
    state = adam_start(params)._replace(
        step=5, mean=tree_map(lambda x: x + 1, params), square=tree_map(lambda x: x * x, params)
    )
    write_checkpoint(tmp_path / "c.npz", params, state, 1.25, STEPS)
    found, found_state, seconds = read_checkpoint(tmp_path / "c.npz", init_date_model(np.random.default_rng(9)), STEPS)
    assert (found_state.step, seconds) == (5, 1.25)
    tree_map(assert_array_equal, (found, *found_state[1:]), (params, *state[1:]))


@pytest.mark.parametrize("steps", [0, -3, 1_000_001, 10**400])
def test_no_steps_or_absurdly_many_are_refused_before_anything_is_written(tmp_path, monkeypatch, capsys, steps):
    with pytest.raises(
        ValueError, match=r"steps must be (0 or more|0 or more and fit 64 bits|1 or more|1000000 or fewer): got"
    ):
        train_dates(tmp_path / "a.npz", steps)
    assert not list(tmp_path.iterdir())
    assert as_steps(1_000_000) == 1_000_000
    assert command(monkeypatch, "--steps", steps, "--output", tmp_path / "a.npz") == 2
    assert capsys.readouterr().err.count("\n") == 1


def never(*args):
    raise AssertionError("training must not begin")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("none/a.npz", "output must lie in a folder that exists: got"),
        ("file/a.npz", "output must lie in a folder that exists: got"),
        ("folder", "output must be a file: got"),
        ("", "output must be a file: got"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_training(tmp_path, monkeypatch, capsys, output, words):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    monkeypatch.setattr(train, "date_loss_vjp", never)
    with pytest.raises(OSError, match=words):
        train_dates(tmp_path / output, STEPS)
    assert command(monkeypatch, "--output", tmp_path / output) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


def test_a_folder_that_may_not_be_written_is_told_before_training(tmp_path, monkeypatch, capsys):
    def refused(path, tree):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(train, "date_loss_vjp", never)
    monkeypatch.setattr(train, "save_arrays", refused)
    assert command(monkeypatch, "--steps", STEPS, "--output", tmp_path / "a.npz") == 2
    assert capsys.readouterr().err == f"[Errno 13] Permission denied: {str(tmp_path / 'a.checkpoint.npz')!r}\n"


@pytest.mark.parametrize("content", ["empty", "cut", "another"])
def test_a_broken_checkpoint_is_told_in_one_line_and_can_be_thrown_away(tmp_path, monkeypatch, capsys, content):
    path = tmp_path / "a.checkpoint.npz"
    params = init_date_model(np.random.default_rng(0))
    if content == "another":
        save_arrays(path, params)
    else:
        write_checkpoint(path, params, adam_start(params), 0.0, STEPS)
        path.write_bytes(path.read_bytes()[: 0 if content == "empty" else -1000])
    arguments = ("--steps", STEPS, "--output", tmp_path / "a.npz")
    assert command(monkeypatch, *arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("a.checkpoint.npz ")
    assert err.endswith("; --fresh throws it away\n")
    assert err.count("\n") == 1
    assert command(monkeypatch, *arguments, "--fresh") == 0


@pytest.mark.parametrize("moment", ["the last test", "a checkpoint"])
def test_an_interrupt_outside_the_steps_ends_it_too_and_loses_nothing(tmp_path, monkeypatch, uninterrupted, moment):
    def interrupted(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(train, "exact_matches" if moment == "the last test" else "bar", interrupted)
        assert command(monkeypatch, "--steps", STEPS, "--output", tmp_path / "a.npz") == 130
    train_dates(tmp_path / "a.npz", STEPS)
    for found, expected in zip(weights(tmp_path / "a.npz"), uninterrupted, strict=True):
        assert_array_equal(found, expected)


# Learning rate, bar, held-out dates


@pytest.mark.parametrize("steps", [1, 2, 50, 100, 101, 3000])
def test_the_learning_rate_rises_to_its_peak_and_falls_to_nearly_nothing(steps):
    rates = np.array([learning_rate(steps)(step) for step in range(1, steps + 1)])
    top = min(train.RISE, steps) - 1
    assert rates[top] == pytest.approx(train.PEAK)
    assert (rates > 0).all()
    assert (np.diff(rates[: top + 1]) > 0).all()
    assert (np.diff(rates[top:]) < 0).all()
    if steps == 3000:
        assert rates[0] == pytest.approx(train.PEAK / 100)
        assert rates[-1] < train.PEAK / 2000


def test_a_bar_fills_up():
    assert [bar(done, 4, 8) for done in (0, 1, 4)] == ["[........]", "[##......]", "[########]"]
    assert len(bar(1, 2)) == len("[]") + 24


def test_held_out_dates_are_always_the_same_all_dates_and_in_every_language():
    pairs = held_out_dates(2000)
    assert pairs == held_out_dates(2000)
    assert pairs[:10] == held_out_dates(10)
    answers = {answer for _, answer in pairs}
    assert NO_DATE not in answers
    assert {datetime.date.fromisoformat(answer).toordinal() % HELD_OUT for answer in answers} == {0}
    assert pairs[0] == sample(np.random.default_rng([train.SEED, 0]), held_out=True, not_dates=0)
    texts = " ".join(text for text, _ in pairs).lower()
    for language in LANGUAGES.values():
        assert any(month.lower() in texts for month in language.months)


# The command line


def command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["attnlib.dates.train", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        run(train.main)
    return stopped.value.code


def test_the_command_trains(tmp_path, monkeypatch, capsys):
    assert command(monkeypatch, "--steps", 3, "--output", tmp_path / "a.npz", "--fresh") == 0
    assert "held-out dates exactly right" in capsys.readouterr().out
    assert len(weights(tmp_path / "a.npz")) > 10


def test_asked_for_nothing_in_particular_the_command_trains_the_library_s_own_model(monkeypatch):
    asked = []
    monkeypatch.setattr(train, "train_dates", lambda *args: asked.append(args))
    command(monkeypatch)
    assert asked == [(train.OUTPUT, train.STEPS, False)]


def test_help_says_what_it_does_and_what_it_takes(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "300")  # no address is broken
    assert command(monkeypatch, "--help") == 0
    out = " ".join(["", *capsys.readouterr().out.split(), ""])
    assert out.startswith(" usage: python -m attnlib.dates.train [-h] ")
    for said in (
        "Train from scratch, in NumPy, the model that translates dates to ISO 8601.",
        "number of batches (default: 3000)",
        f"where the weights go (default: {train.OUTPUT})",
        "start anew although there is a checkpoint",
        "It learns the years 1950 to 2049.",
    ):
        assert f" {said} " in out


def test_the_command_says_that_it_was_interrupted(tmp_path, monkeypatch, capsys):
    interrupt_at(monkeypatch, 2)
    assert command(monkeypatch, "--steps", 3, "--output", tmp_path / "a.npz") == 130
    assert "the same command goes on after step 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dates",), "unrecognized arguments: dates"),
        (("--steps", "many"), "invalid int value"),
    ],
)
def test_a_wrong_command_is_answered_with_its_usage(tmp_path, monkeypatch, capsys, arguments, words):
    assert command(monkeypatch, *arguments, "--output", tmp_path / "a.npz") == 2
    error = capsys.readouterr().err
    assert "usage: python -m attnlib.dates.train" in error
    assert words in error
