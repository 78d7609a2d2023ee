"""In a live kernel a training is widgets and a task of the kernel's loop, which answers between two slices."""

import asyncio
import base64
import itertools

import pytest
from ipywidgets import Widget

from attncourse import live_training
from attncourse.figures.heads import one_or_two_heads_training as heads_training
from attncourse.figures.transformer import date_training
from attncourse.live import WIDGET_MIME
from attncourse.training import TRAINING_MIME


@pytest.fixture
def panel(monkeypatch):
    """A panel whose clock goes on by 0.1 s at every look: a slice has a few steps on any machine."""
    monkeypatch.setattr(live_training.time, "perf_counter", (n / 10 for n in itertools.count()).__next__)
    yield live_training.Panel(heads_training)
    Widget.close_all()


async def slices(number=2):
    """Let the kernel's loop run for so many slices."""
    for _ in range(number):
        await asyncio.sleep(1.5 * live_training.BREATH)


def in_a_kernel(work):
    """Run a coroutine as a kernel does: in a loop that is running when buttons are pressed."""
    asyncio.run(asyncio.wait_for(work, 60))


def test_before_the_start_the_recorded_run_is_shown_and_how_long_it_takes(panel):
    assert heads_training.readout(heads_training.recorded) in panel.readout.value
    assert panel.pace.value == heads_training.forecast
    assert panel.button.description == "Start"
    assert panel.task is None


def test_start_trains_pause_stops_and_go_on_goes_on(panel):
    async def work():
        panel.button.click()
        assert panel.button.description == "Pause"
        await slices()
        panel.button.click()
        assert panel.button.description == "Go on"
        paused = panel.progress.value
        assert paused > 0
        await slices()
        assert panel.progress.value == paused
        panel.button.click()
        await slices()
        assert panel.progress.value > paused
        panel.pause()

    in_a_kernel(work())
    assert f"After {panel.progress.value} steps" in panel.readout.value
    assert "steps a second" in panel.pace.value


def test_the_learning_rate_changes_while_it_runs(panel):
    async def work():
        panel.button.click()
        await slices()
        panel.controls["learning_rate"].value = 0.1
        await slices()
        assert panel.task is not None
        panel.pause()

    in_a_kernel(work())
    assert panel.run.learning_rate == 0.1


def test_another_number_of_heads_ends_the_run_which_stays_to_compare_with(panel):
    async def work():
        panel.button.click()
        await slices()
        panel.controls["heads"].value = 1
        assert panel.task is None
        assert panel.button.description == "Start"
        panel.button.click()
        await slices()
        panel.pause()

    in_a_kernel(work())
    assert panel.run.heads == 1
    assert panel.before.heads == 2
    assert "in the run before" in panel.readout.value


def test_start_anew_keeps_the_run_before(panel):
    async def work():
        panel.button.click()
        await slices()
        panel.anew.click()
        await slices()
        panel.pause()

    in_a_kernel(work())
    assert panel.before.losses
    assert panel.run.losses[0] == panel.before.losses[0]


def test_display_leaves_text_picture_and_data(monkeypatch):
    shown = {}
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.update(bundle))
    heads_training._ipython_display_()
    Widget.close_all()
    assert set(shown) == {"text/plain", "image/png", TRAINING_MIME, WIDGET_MIME}
    assert base64.b64decode(shown["image/png"], validate=True).startswith(b"\x89PNG")
    assert shown[TRAINING_MIME] == heads_training.describe()


def test_before_a_run_the_readers_text_is_read_by_the_stored_model_and_the_recorded_picture_stays():
    panel = live_training.Panel(date_training)
    picture = panel.picture.value
    panel.controls["text"].value = "7.6.21"
    assert "The stored model reads “7.6.21” as 2021-06-07" in panel.readout.value
    panel.controls["text"].value = ""
    assert "Not read: a text must have 1 to 40 characters" in panel.readout.value
    assert panel.picture.value == picture
    Widget.close_all()
