"""Ask why the arms of ``experiments.order`` differ: bound, size, directions, depth, or the lengths of the training.

    python -m experiments.order_controls            # from the repository's root; continues, if it was interrupted
    python -m experiments.order_controls --fresh    # throws the stored runs away first

Three groups, all on the task of the previous token. "controls" change one property of an encoding at a time;
"two layers" gives every arm a deeper model with feed-forward networks, which can make more of one number;
"mixed lengths" trains on 2 to 12 tokens, so that a model meets sequences of many lengths before it meets longer ones.
Last, models of ``experiments.order`` read the longest sequences with only the offsets of their training in sight.
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


class Settings(NamedTuple):
    """The settings of each group: those of ``experiments.order``, but for what is asked."""

    controls: dict[str, Any] = order.SETTINGS._asdict()
    two_layers: dict[str, Any] = order.SETTINGS._replace(num_layers=2, d_ff=64, longer=(12,))._asdict()
    mixed_lengths: dict[str, Any] = order.SETTINGS._replace(shortest=2)._asdict()


SETTINGS = Settings()
GROUPS = {
    "controls": ("index and its square", "sinusoidal ÷ 10", "random signs", "ALiBi, causal"),
    "two_layers": ("index", "index in [0, 1]", "sinusoidal", "sinusoidal × 10"),
    "mixed_lengths": ("index in [0, 1] and its square", "sinusoidal", "rotary"),
}


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


def main(record: Record) -> None:
    """Run what is not stored yet."""
    for group, arms in GROUPS.items():
        settings = order.Settings(**getattr(SETTINGS, group))
        for arm in arms:
            order.run_order_arm(record, name(group, arm), TASK, arm, settings)
    chosen = load_result("order")["arms"]
    for arm in LIMITED:
        learning_rate = chosen[order.name(TASK, arm)]["learning_rate"]
        run = partial(with_known_offsets, arm=arm, learning_rate=learning_rate)
        run_seeds(record, ("known_offsets", arm), run, order.SETTINGS.seeds)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
