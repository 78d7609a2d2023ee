import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnlib import adam_start, tree_leaves, tree_map
from attnlib.dates import train
from attnlib.dates.model import init_date_model, load_date_model
from attnlib.dates.task import LANGUAGES, NO_DATE
from attnlib.dates.train import bar, held_out_dates, learning_rate, read_checkpoint, train_dates, write_checkpoint

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


@pytest.mark.parametrize("steps", [0, -3])
def test_no_steps_are_refused_before_anything_is_written(tmp_path, steps):
    with pytest.raises(ValueError, match=r"steps must be (0|1) or more: got"):
        train_dates(tmp_path / "a.npz", steps)
    assert not list(tmp_path.iterdir())


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
    assert [bar(done, 4, 8) for done in (0, 1, 4)] == ["[········]", "[##······]", "[########]"]


def test_held_out_dates_are_always_the_same_all_dates_and_in_every_language():
    pairs = held_out_dates(2000)
    assert pairs == held_out_dates(2000)
    assert pairs[:10] == held_out_dates(10)
    assert NO_DATE not in {answer for _, answer in pairs}
    texts = " ".join(text for text, _ in pairs).lower()
    for language in LANGUAGES.values():
        assert any(month.lower() in texts for month in language.months)


# The command line


def command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["attnlib.dates.train", *map(str, arguments)])
    train.main()


def test_the_command_trains(tmp_path, monkeypatch, capsys):
    command(monkeypatch, "dates", "--steps", 3, "--output", tmp_path / "a.npz", "--fresh")
    assert "held-out dates exactly right" in capsys.readouterr().out
    assert len(weights(tmp_path / "a.npz")) > 10


def test_the_command_says_that_it_was_interrupted(tmp_path, monkeypatch, capsys):
    interrupt_at(monkeypatch, 2)
    with pytest.raises(SystemExit) as stopped:
        command(monkeypatch, "dates", "--steps", 3, "--output", tmp_path / "a.npz")
    assert stopped.value.code == 130
    assert "the same command goes on after step 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cats",), "invalid choice"),
        (("dates", "--steps", 0), "steps must be 1 or more: got 0"),
        (("dates", "--steps", "many"), "invalid int value"),
    ],
)
def test_a_wrong_command_is_answered_with_its_usage(tmp_path, monkeypatch, capsys, arguments, words):
    with pytest.raises(SystemExit) as stopped:
        command(monkeypatch, *arguments, "--output", tmp_path / "a.npz")
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert "usage: python -m attnlib.dates.train" in error
    assert words in error
