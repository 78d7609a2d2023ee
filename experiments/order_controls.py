"""Ask why the arms of ``experiments.order`` differ: bound, size, directions, depth, time, or training lengths.

    python -m experiments.order_controls            # from the repository's root; continues, if it was interrupted
    python -m experiments.order_controls --fresh    # throws the stored runs away first

Five groups. "controls" change one property of an encoding at a time; "two layers" gives every arm a deeper model with
feed-forward networks, which can make more of one number; "mixed lengths" trains on 2 to 12 tokens, so that a model
meets sequences of many lengths before it meets longer ones; "long" and "long backwards" (of the other task) have four
times the steps, so that slow and impossible can be told apart. Some of the long arms are also asked on the way. Last,
models of ``experiments.order`` read the longest sequences with only the offsets of their training in sight.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import load_result, result_path
from attnlib import accuracy
from attnlib.attention_model import attention_model
from experiments import order
from experiments.arms import run_seeds
from experiments.record import Record

RESULT = result_path("order_controls")
COMMAND = "python -m experiments.order_controls"
TASK = "previous"
BASE = order.SETTINGS._replace(learning_rates=(0.0003, 0.001, 0.003, 0.01, 0.03, 0.1))
LONG = BASE._replace(steps=1600, record_every=50)


class Settings(NamedTuple):
    """The settings of each group: those of ``experiments.order``, but for what is asked and a wider grid of rates."""

    controls: dict[str, Any] = BASE._asdict()
    two_layers: dict[str, Any] = BASE._replace(num_layers=2, d_ff=64, longer=(12,))._asdict()
    mixed_lengths: dict[str, Any] = BASE._replace(shortest=2)._asdict()
    long: dict[str, Any] = LONG._asdict()
    long_backwards: dict[str, Any] = LONG._asdict()
    asked_after: tuple[int, ...] = (50, 100, 200, 400, 800, 1600)  # steps


SETTINGS = Settings()
GROUPS = {
    "controls": ("index, centred", "index and its square", "sinusoidal ÷ 10", "random signs", "ALiBi, causal"),
    "long": (
        "none",
        "none, causal",
        "index",
        "index in [0, 1]",
        "index, centred",
        "index in [0, 1] and its square",
        "index in [0, 1] and its square, × 11",
        "index and its square",
        "sinusoidal",
        "sinusoidal ÷ 10",
        "sinusoidal × 10",
    ),
    "two_layers": ("index", "index in [0, 1]", "index, centred", "sinusoidal", "sinusoidal × 10"),
    "mixed_lengths": ("index in [0, 1] and its square", "sinusoidal", "rotary"),
    "long_backwards": ("sinusoidal × 10",),
}
ON_THE_WAY = ("none", "none, causal", "index", "sinusoidal", "sinusoidal ÷ 10")  # long arms asked after fewer steps


def task_of(group: str) -> str:
    """What a group's models learn."""
    return "backwards" if group.endswith("backwards") else TASK


def on_the_way(seed: int, arm: str, learning_rate: float) -> dict[str, float]:
    """Right answers after so many steps; each number is that of a training which ends there."""
    ends = {steps: LONG._replace(steps=steps, longer=(LONG.seq,)) for steps in SETTINGS.asked_after}
    runs = {steps: order.new_run(seed, TASK, arm, learning_rate, settings) for steps, settings in ends.items()}
    return {str(steps): run["accuracy"][str(LONG.seq)] for steps, run in runs.items()}


LIMITED = ("sinusoidal", "rotary")  # arms whose sight is limited afterwards


def with_known_offsets(seed: int, arm: str, learning_rate: float) -> float:
    """Right answers on the longest sequences if no key is farther away than any in training, 11 positions.

    A query in the middle still has more keys than in training, 23 instead of 12, but no offset that is new.
    """
    settings = order.SETTINGS
    seq, start = settings.longer[-1], np.random.default_rng(seed)
    params, _ = order.trained(seed, TASK, arm, learning_rate)
    batch = next(order.TASKS[TASK](start.spawn(4)[3], settings.fresh_sequences, seq, settings.vocab))
    how = order.options(arm, seq, np.zeros((2, settings.d_model)))  # directions are for other arms
    how["mask"] = np.abs(np.arange(seq)[:, None] - np.arange(seq)) < settings.seq
    return accuracy(attention_model(params, batch.tokens, **how)[0], batch.targets)


def name(group: str, arm: str) -> str:
    """Under which an arm is stored: "two layers: index"."""
    return f"{group.replace('_', ' ')}: {arm}"


def table(result: dict[str, Any]) -> str:
    """What the README says of every control."""
    stored, rows = result["arms"], []
    for group, arms in GROUPS.items():
        every = result["settings"][group]["record_every"]
        for arm in arms:
            key = name(group, arm)
            rows.append((key, order.right(stored, key), order.steps(stored, key, every), order.right(stored, key, 24)))
    return order.markdown(("group: order told by", "right answers", "steps", "at 24 tokens"), rows)


def table_on_the_way(result: dict[str, Any]) -> str:
    """What the README says of the long arms after fewer steps, in the median of the seeds."""
    after = [str(steps) for steps in result["settings"]["asked_after"]]
    rows = []
    for arm, seeds in result["on_the_way"].items():
        median = np.median([[seed[steps] for steps in after] for seed in seeds.values()], axis=0)
        rows.append((arm, *(f"{share:.2f}" for share in median)))
    return order.markdown(("order told by", *(f"{steps} steps" for steps in after)), rows)


def main(record: Record) -> None:
    """Run what is not stored yet."""
    for group, arms in GROUPS.items():
        settings = order.Settings(**getattr(SETTINGS, group))
        for arm in arms:
            order.run_order_arm(record, name(group, arm), task_of(group), arm, settings)
    for arm in ON_THE_WAY:
        learning_rate = record.part("arms", name("long", arm))["learning_rate"]
        run_seeds(record, ("on_the_way", arm), partial(on_the_way, arm=arm, learning_rate=learning_rate), LONG.seeds)
    chosen = load_result("order")["arms"]
    for arm in LIMITED:
        learning_rate = chosen[order.name(TASK, arm)]["learning_rate"]
        run = partial(with_known_offsets, arm=arm, learning_rate=learning_rate)
        run_seeds(record, ("known_offsets", arm), run, order.SETTINGS.seeds)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
