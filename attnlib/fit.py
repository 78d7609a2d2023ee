"""The training loop: batch, loss, gradient, step."""

import math
import os
import sys
from typing import Any, NamedTuple

from attnlib.adam import AdamState, adam_start, adam_step, check_state


class Fitted(NamedTuple):
    """What training leaves behind."""

    params: Any
    losses: list[float]  # one a step, each on the batch before the step
    state: AdamState  # to go on from here
    interrupted: bool  # whether Ctrl-C ended it


def fit(params, loss_vjp, batches, learning_rate, progress=None, state=None):
    """Take one step of Adam for every batch.

    Args:
        params: nested tuples of arrays.
        loss_vjp: ``loss_vjp(params, batch)`` returns ``(loss, pullback)``, and ``pullback(1.0)`` the gradient
            by the parameters, built like them.
        batches: the batches, one a step; ``itertools.islice`` cuts an endless generator to a number of steps.
        learning_rate: a number, or a function from the step, counted from 1, to a number.
        progress: show a line with step and loss. None means: at a terminal, and not where ``CI`` is set.
        state: the ``AdamState`` to go on from; steps are counted on from its own. None starts at step 1.

    Returns:
        ``Fitted(params, losses, state, interrupted)``. An interrupt (Ctrl-C) ends training early and keeps what was
        learned.

    Raises:
        TypeError: if ``state`` is no ``AdamState``.
        FloatingPointError: if the loss or a gradient is not finite; the message says at which step, and which
            parameter's gradient.
    """
    rate = learning_rate if callable(learning_rate) else lambda step: learning_rate
    state = adam_start(params) if state is None else state
    check_state(state)
    losses: list[float] = []
    interrupted = False
    show = progress_line if wants_progress(progress) else lambda *_: None
    try:
        for step, batch in enumerate(batches, start=state.step + 1):
            loss, pullback = loss_vjp(params, batch)
            if not math.isfinite(loss):
                raise FloatingPointError(f"the loss is {loss} at step {step}: is the learning rate too high?")
            # Both at once, so that an interrupt cannot leave parameters and state of different steps.
            params, state = adam_step(params, pullback(1.0), state, rate(step))
            losses.append(float(loss))
            show(step, loss)
    except KeyboardInterrupt:
        interrupted = True
        print(f"interrupted after {state.step} steps; what was learned so far is kept", file=sys.stderr)
    show(state.step, losses[-1] if losses else math.nan, "\n")
    return Fitted(params, losses, state, interrupted)


def progress_line(step, loss, end=""):
    """Write step and loss over the line before."""
    if end or step % 10 == 0:
        print(f"\rstep {step:6}   loss {loss:8.4f}", end=end, file=sys.stderr, flush=True)


def wants_progress(progress):
    """Whether to show the line: as told, else only where a person watches."""
    return progress if progress is not None else sys.stderr.isatty() and not os.environ.get("CI")
