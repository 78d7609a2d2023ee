"""Train the date model from scratch: ``python -m attnlib.dates.train``.

    python -m attnlib.dates.train             # goes on, if it was interrupted; writes weights.npz
    python -m attnlib.dates.train --fresh     # throws the checkpoint away first
    python -m attnlib.dates.train --steps 200 --output quick.npz

Every CHECKPOINT_EVERY steps all that training needs to go on is stored beside the output. Batches depend on seed and
step alone, so a run that was interrupted and went on ends with the same weights as one that was not.
"""

import argparse
import itertools
import sys
import time
from pathlib import Path

import numpy as np

from attnlib.adam import adam_start
from attnlib.arguments import as_count
from attnlib.dates.command import FAILED, INTERRUPTED, run
from attnlib.dates.model import date_loss_vjp, exact_matches, init_date_model
from attnlib.dates.task import FIRST, LAST, date_batches, sample
from attnlib.fit import fit
from attnlib.params import count_parameters
from attnlib.stored_params import load_arrays, save_arrays

STEPS = 3000
MOST_STEPS = 1_000_000  # some twenty hours
BATCH = 64
PEAK = 3e-3  # learning rate: a straight rise, then a straight fall to nearly 0
RISE = 100  # steps
SEED = 0
CHECKPOINT_EVERY = 100  # steps, some seven seconds
TESTS = 2000  # held-out dates
OUTPUT = Path(__file__).with_name("weights.npz")


def train_dates(output=OUTPUT, steps=STEPS, fresh=False, progress=None):
    """Train the date model, store its weights, and say how many held-out dates it gets right.

    Args:
        output: where the weights go; the checkpoint lies beside it until training ends.
        steps: number of batches, from 1 to MOST_STEPS.
        fresh: whether to start anew although there is a checkpoint.
        progress: as for ``fit``.

    Returns:
        The share of exact matches on TESTS held-out dates, or None if training was interrupted.

    Raises:
        OSError: if the output cannot be written. That shows before training, not after it.
        TypeError, ValueError: if ``steps`` is no integer from 1 to MOST_STEPS, or the checkpoint is broken or of a run
            of another length.
    """
    output, steps = as_output(output), as_steps(steps)
    checkpoint = output.with_suffix(".checkpoint.npz")
    if fresh:
        checkpoint.unlink(missing_ok=True)
    params, state, seconds = start_or_go_on(checkpoint, steps)
    write_checkpoint(checkpoint, params, state, seconds, steps)  # if it cannot be written, better now than in a minute
    print(f"{count_parameters(params)} parameters, {steps} steps of {BATCH} texts", file=sys.stderr)
    batches = date_batches(SEED, BATCH, first_step=state.step + 1)
    while state.step < steps:
        start = time.perf_counter()
        some = itertools.islice(batches, min(CHECKPOINT_EVERY, steps - state.step))
        params, losses, state, interrupted = fit(params, date_loss_vjp, some, learning_rate(steps), progress, state)
        seconds += time.perf_counter() - start
        if losses:
            write_checkpoint(checkpoint, params, state, seconds, steps)
            report = f"{bar(state.step, steps)} step {state.step}, loss {np.mean(losses):.4f}, {seconds:.0f} s"
            print(report, flush=True)
        if interrupted:
            print(f"interrupted; the same command goes on after step {state.step}", file=sys.stderr)
            return None
    save_arrays(output, params)
    share = exact_matches(params, held_out_dates())
    print(f"{share:.2%} of {TESTS} held-out dates exactly right after {seconds:.0f} s of training")
    checkpoint.unlink(missing_ok=True)
    return share


def as_output(path):
    """``path`` as a ``Path`` where a file can be written.

    Raises:
        OSError: if its folder is missing, or something stands there that is no file.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"output must lie in a folder that exists: got {path}")
    if path.exists() and not path.is_file():
        raise FileExistsError(f"output must be a file: got {path}")
    return path


def as_steps(steps):
    """``steps`` as an int.

    Raises:
        TypeError, ValueError: if it is no integer from 1 to MOST_STEPS.
    """
    steps = as_count("steps", steps)
    if steps > MOST_STEPS:
        raise ValueError(f"steps must be {MOST_STEPS} or fewer: got {steps}")
    return steps


def start_or_go_on(checkpoint, steps):
    """``(params, state, seconds)`` of the checkpoint, or of a model that has learnt nothing if there is none.

    Raises:
        ValueError: as ``read_checkpoint``.
    """
    params = init_date_model(np.random.default_rng(SEED))
    if not checkpoint.exists():
        return params, adam_start(params), 0.0
    params, state, seconds = read_checkpoint(checkpoint, params, steps)
    print(f"goes on after step {state.step} of {steps}", file=sys.stderr)
    return params, state, seconds


def learning_rate(steps):
    """A function from the step, counted from 1, to the learning rate: up to PEAK, then down to nearly 0."""
    rise = min(RISE, steps)

    def rate(step):
        return PEAK * min(step / rise, (steps - step + 1) / (steps - rise + 1))

    return rate


def held_out_dates(number=TESTS, seed=SEED):
    """Texts of days that training never sees, in all ways to write them, with the right answers."""
    rng = np.random.default_rng([seed, 0])  # step 0: no batch of training has it
    return [sample(rng, held_out=True, not_dates=0) for _ in range(number)]


def bar(done, total, width=24):
    """How far, as a picture: ``[######......]``."""
    full = width * done // total
    return f"[{'#' * full}{'.' * (width - full)}]"


def write_checkpoint(path, params, state, seconds, steps):
    """Parameters, both running means of Adam, the step, the time so far, and the length of the whole run."""
    numbers = np.array([state.step, seconds, steps], dtype=float)
    save_arrays(path, (params, state.mean, state.square, numbers))


def read_checkpoint(path, params, steps):
    """``(params, state, seconds)`` as they were stored.

    Raises:
        ValueError: if the file is broken, or from a run of another length: its learning rates would not fit.
    """
    state = adam_start(params)
    try:
        params, mean, square, numbers = load_arrays(path, (params, state.mean, state.square, np.zeros(3)))
    except ValueError as error:
        raise ValueError(f"{error}; --fresh throws it away") from None
    if int(numbers[2]) != steps:
        raise ValueError(
            f"{path.name} is from a run of {int(numbers[2])} steps, not {steps}: ask for as many, or --fresh"
        )
    return params, state._replace(step=int(numbers[0]), mean=mean, square=square), float(numbers[1])


def main():
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m attnlib.dates.train",
        description="Train from scratch, in NumPy, the model that translates dates to ISO 8601.",
        epilog=f"It learns the years {FIRST.year} to {LAST.year}.",
    )
    parser.add_argument("--steps", type=int, default=STEPS, help="number of batches (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where the weights go (default: %(default)s)")
    parser.add_argument("--fresh", action="store_true", help="start anew although there is a checkpoint")
    options = parser.parse_args()
    try:
        share = train_dates(options.output, options.steps, options.fresh)
    except ValueError as error:
        parser.exit(FAILED, f"{error}\n")
    return INTERRUPTED if share is None else 0


if __name__ == "__main__":
    run(main)
