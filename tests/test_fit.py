import io
import sys
from itertools import islice

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import Fitted, accuracy, adam_start, adam_step, cross_entropy_vjp, fit, tree_leaves
from attnlib.attention_model import attention_model, attention_model_vjp, init_attention_model
from attnlib.fit import progress_line
from attnlib.tasks import reverse


def loss_vjp(params, batch):
    logits, model_pullback = attention_model_vjp(params, batch.tokens)
    loss, loss_pullback = cross_entropy_vjp(logits, batch.targets)
    return loss, lambda grad_loss: model_pullback(loss_pullback(grad_loss))


def distance_vjp(params, batch):
    """Half the squared distance from one parameter to the batch."""
    return 0.5 * float((params - batch) ** 2), lambda grad_loss: grad_loss * (params - batch)


BATCHES = [np.array(3.0)] * 25


def test_it_learns_a_task(rng):
    params = init_attention_model(rng, vocab=8, d_model=16, num_heads=2, max_seq=6, dtype=np.float32)
    fitted = fit(params, loss_vjp, islice(reverse(rng, 32, 6, 8), 300), 0.01)
    assert fitted.losses[0] > np.log(8)
    assert np.mean(fitted.losses[-10:]) < 0.1
    fresh = next(reverse(rng, 200, 6, 8))
    assert accuracy(attention_model(fitted.params, fresh.tokens)[0], fresh.targets) > 0.97
    assert accuracy(attention_model(params, fresh.tokens)[0], fresh.targets) < 0.3
    assert {x.dtype for x in tree_leaves(fitted.params)} == {np.dtype(np.float32)}


def test_it_is_nothing_but_steps_of_adam():
    params, state, losses = np.array(0.0), adam_start(np.array(0.0)), []
    for batch in BATCHES:
        loss, pullback = distance_vjp(params, batch)
        losses.append(loss)
        params, state = adam_step(params, pullback(1.0), state, 0.1)
    fitted = fit(np.array(0.0), distance_vjp, BATCHES, 0.1)
    assert isinstance(fitted, Fitted)
    assert_array_equal(fitted.params, params)
    assert fitted.losses == losses
    assert all(type(loss) is float for loss in fitted.losses)


def test_with_its_state_training_goes_on_as_if_it_had_not_stopped():
    seen = []

    def rate(step):
        seen.append(step)
        return 0.1 / step

    whole = fit(np.array(0.0), distance_vjp, BATCHES[:7], rate)
    first = fit(np.array(0.0), distance_vjp, BATCHES[:3], rate)
    rest = fit(first.params, distance_vjp, BATCHES[:4], rate, state=first.state)
    assert_array_equal(rest.params, whole.params)
    assert first.losses + rest.losses == whole.losses
    assert (first.state.step, rest.state.step) == (3, 7)
    assert rest.state == whole.state
    assert seen == [*range(1, 8)] * 2


def test_a_step_that_goes_wrong_is_counted_from_the_very_start():
    state = fit(np.array(0.0), distance_vjp, BATCHES[:3], 0.1).state
    with pytest.raises(FloatingPointError, match="the loss is nan at step 4"):
        fit(np.array(0.0), lambda params, batch: (np.nan, None), BATCHES, 0.1, state=state)


def test_a_loss_is_that_before_its_step():
    assert fit(np.array(0.0), distance_vjp, BATCHES[:1], 0.1).losses == [4.5]


def test_the_learning_rate_may_follow_the_steps_counted_from_one():
    seen = []

    def rate(step):
        seen.append(step)
        return 0.0 if step <= 3 else 0.1

    fitted = fit(np.array(0.0), distance_vjp, BATCHES[:5], rate)
    assert seen == [1, 2, 3, 4, 5]
    assert fitted.losses[:4] == [4.5] * 4
    assert fitted.losses[4] < 4.5


def test_the_parameters_given_are_not_modified(rng):
    params = init_attention_model(rng, vocab=8, d_model=16, num_heads=2, max_seq=6)
    before = [x.copy() for x in tree_leaves(params)]
    fit(params, loss_vjp, islice(reverse(rng, 4, 6, 8), 3), 0.01)
    for x, copy in zip(tree_leaves(params), before, strict=True):
        assert_array_equal(x, copy)


def test_the_same_seed_gives_the_same_numbers():
    def losses():
        rng = np.random.default_rng(5)
        params = init_attention_model(rng, vocab=8, d_model=16, num_heads=2, max_seq=6)
        return fit(params, loss_vjp, islice(reverse(rng, 4, 6, 8), 5), 0.01).losses

    assert losses() == losses()


def test_no_batches_leave_everything_as_it_was():
    params = np.array(0.0)
    fitted = fit(params, distance_vjp, [], 0.1)
    assert fitted.params is params
    assert fitted.losses == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, np.float32("inf")])
def test_a_loss_that_is_not_finite_stops_training_and_says_where(bad):
    def breaks(params, batch):
        return (bad if batch == 9 else 1.0), lambda grad_loss: np.zeros(())

    with pytest.raises(FloatingPointError, match=r"the loss is (nan|inf) at step 4: is the learning rate too high\?"):
        fit(np.array(0.0), breaks, np.array([1, 1, 1, 9, 1]), 0.1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("at", [1, 4])
def test_a_gradient_that_is_not_finite_stops_training_and_names_the_parameter(rng, bad, at):
    """Also in the last step, when no loss would show it any more."""
    params = init_attention_model(rng, vocab=8, d_model=16, num_heads=2, max_seq=6)
    steps = iter(range(1, 100))

    def spoilt(params, batch):
        loss, pullback = loss_vjp(params, batch)

        def back(grad_loss):
            grads = pullback(grad_loss)
            if next(steps) == at:
                grads.layers[0].attention.w_k[3, 5] = bad
            return grads

        return loss, back

    words = rf"the gradient of layers\[0\]\.attention\.w_k \(16, 16\) is not finite \({bad}\) at step {at}"
    with pytest.raises(FloatingPointError, match=words):
        fit(params, spoilt, islice(reverse(rng, 4, 6, 8), 4), 0.01)


def test_a_state_of_another_type_is_restated():
    with pytest.raises(TypeError, match="state must be an AdamState, as adam_start makes them: got tuple"):
        fit(np.array(0.0), distance_vjp, BATCHES, 0.1, state=(0, 0.0, 0.0))


@pytest.mark.parametrize("where", ["the batches", "the loss", "the pullback", "the learning rate"])
def test_an_interrupt_keeps_what_was_learned(capsys, where):
    def interrupt(at, here):
        if here == where and at == 4:
            raise KeyboardInterrupt

    steps = iter(range(1, 100))

    def batches():
        for i, batch in enumerate(BATCHES, start=1):
            interrupt(i, "the batches")
            yield batch

    def loss_vjp(params, batch):
        step = next(steps)
        interrupt(step, "the loss")
        loss, pullback = distance_vjp(params, batch)

        def back(grad_loss):
            interrupt(step, "the pullback")
            return pullback(grad_loss)

        return loss, back

    def rate(step):
        interrupt(step, "the learning rate")
        return 0.1

    fitted = fit(np.array(0.0), loss_vjp, batches(), rate)
    expected = fit(np.array(0.0), distance_vjp, BATCHES[:3], 0.1)
    assert_array_equal(fitted.params, expected.params)
    assert fitted.losses == expected.losses
    assert fitted.interrupted
    assert not expected.interrupted
    assert "interrupted after 3 steps; what was learned so far is kept" in capsys.readouterr().err


def test_other_errors_are_not_swallowed():
    def breaks(params, batch):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fit(np.array(0.0), breaks, BATCHES, 0.1)


@pytest.mark.parametrize(
    ("progress", "terminal", "ci", "shown"),
    [
        (None, True, None, True),
        (None, True, "", True),
        (None, True, "true", False),
        (None, False, None, False),
        (None, False, "true", False),
        (True, False, "true", True),
        (False, True, None, False),
    ],
)
def test_a_line_of_progress_is_shown_where_a_person_watches(capsys, monkeypatch, progress, terminal, ci, shown):
    monkeypatch.delenv("CI", raising=False)
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    fitted = fit(np.array(0.0), distance_vjp, BATCHES, 0.1, progress)
    out, err = capsys.readouterr()
    assert out == ""
    lines = [f"step {n:6}   loss {fitted.losses[n - 1]:8.4f}" for n in (10, 20, 25)]
    assert err == ("\r" + "\r".join(lines) + "\n" if shown else "")


def test_progress_without_a_single_step(capsys):
    fit(np.array(0.0), distance_vjp, [], 0.1, progress=True)
    assert capsys.readouterr().err == "\rstep      0   loss      nan\n"


def test_showing_progress_changes_no_number():
    quiet, loud = (fit(np.array(0.0), distance_vjp, BATCHES, 0.1, progress) for progress in (False, True))
    assert_allclose(quiet.losses, loud.losses, rtol=0)


def test_a_line_of_progress_is_shown_at_once(monkeypatch):
    class Terminal(io.StringIO):
        flushed = 0

        def flush(self):
            self.flushed += 1

    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    progress_line(10, 0.5)
    assert (terminal.getvalue(), terminal.flushed) == ("\rstep     10   loss   0.5000", 1)
