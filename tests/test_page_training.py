"""What a page asks while its reader trains a model: sessions that go on by slices, change on the way, and compare."""

import json

import numpy as np
import pytest

from attncourse.figures.heads import one_or_two_heads_training as heads_training
from attncourse.figures.transformer import date_training
from attncourse.page import training as page


@pytest.fixture
def slowly(monkeypatch):
    """A clock that goes on by 0.1 s at every look, so that a slice of 0.5 s has four steps on any machine."""
    now = iter(np.arange(0, 1000, 0.1))
    monkeypatch.setattr(page.time, "perf_counter", lambda: next(now))


def begin(after=None, **values):
    given = heads_training.defaults | values
    return page.begin(heads_training.source, given, narrow=False, after=after)


def test_a_session_begins_with_a_picture_before_the_first_step():
    shown = begin()
    assert (shown["step"], shown["done"]) == (0, False)
    assert shown["lines"][0].startswith("<svg ")
    assert json.loads(json.dumps(shown)) == shown


def test_a_slice_ends_when_its_time_is_over(slowly):
    session = begin()["session"]
    steps = [page.advance(session, 0.5, narrow=False)["step"] for _ in range(3)]
    assert 0 < steps[0] < steps[1] < steps[2] < 30


def test_slices_make_the_run_that_one_training_makes(slowly):
    session = begin()["session"]
    shown = [page.advance(session, 0.5, narrow=True) for _ in range(3)][-1]
    run = heads_training.start()
    for _ in range(shown["step"]):
        run = heads_training.step(run)
    assert page._sessions[session].run.losses == run.losses


@pytest.mark.parametrize(("drawing", "steps"), [(0.0, 4), (0.2, 7), (10.0, 10)])
def test_a_slow_drawing_makes_the_slice_longer_within_reason(slowly, drawing, steps):
    session = begin()["session"]
    page._sessions[session].drawing = drawing
    assert page.advance(session, 0.35, narrow=False)["step"] == pytest.approx(steps, abs=2)


def test_a_changed_rate_counts_in_the_next_slice(slowly):
    session = begin()["session"]
    page.advance(session, 0.5, narrow=False)
    params = page._sessions[session].run.params
    assert page.change(session, {"learning_rate": 0.0}, narrow=False)["step"] > 0
    page.advance(session, 0.5, narrow=False)
    np.testing.assert_array_equal(page._sessions[session].run.params.w_out, params.w_out)


def test_the_run_before_is_kept_to_compare_with_and_its_session_ends(slowly):
    first = begin(heads=1)["session"]
    page.advance(first, 0.5, narrow=False)
    second = begin(after=first, heads=4)
    assert "in the run before" in second["readout"]
    assert first not in page._sessions
    third = begin(after=second["session"])  # the second has learnt nothing: the first stays
    assert "1 head named" in third["readout"]


def test_a_run_ends_after_its_steps(slowly, monkeypatch):
    session = begin()["session"]
    page._sessions[session].run = page._sessions[session].run._replace(losses=(0.0,) * (heads_training.steps - 2))
    shown = page.advance(session, 5.0, narrow=False)
    assert (shown["step"], shown["done"]) == (heads_training.steps, True)


def test_numbers_that_run_away_are_said_and_the_run_stays_as_it_was(slowly):
    session = begin()["session"]
    broken = page._sessions[session].run
    broken = broken._replace(params=broken.params._replace(w_out=np.full_like(broken.params.w_out, np.inf)))
    page._sessions[session].run = broken
    assert "run away: logits must be finite" in page.advance(session, 0.5, narrow=False)["fault"]
    assert page._sessions[session].run is broken


def test_before_a_run_a_text_is_read_or_refused():
    read = page.beforehand(date_training.source, {"text": "7.6.21", "learning_rate": 0.01})
    assert read["readout"].startswith("The stored model reads “7.6.21” as 2021-06-07, probability ")
    assert "refused" in page.beforehand(date_training.source, {"text": "", "learning_rate": 0.01})
