"""Ask why the arms of ``experiments.order`` differ: bound, size, directions, depth, or the lengths of the training.

    python -m experiments.order_controls            # from the repository's root; continues, if it was interrupted
    python -m experiments.order_controls --fresh    # throws the stored runs away first

Three groups, all on the task of the previous token. "controls" change one property of an encoding at a time;
"two layers" gives every arm a deeper model with feed-forward networks, which can make more of one number;
"mixed lengths" trains on 2 to 12 tokens, so that a model meets sequences of many lengths before it meets longer ones.
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

from experiments import order
from experiments.order import run_arm
from experiments.stored import open_result

RESULT = Path(__file__).with_suffix(".json")
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


def name(group: str, arm: str) -> str:
    """Under which an arm is stored: "two layers: index"."""
    return f"{group.replace('_', ' ')}: {arm}"


def main(fresh: bool = False) -> None:
    """Run what is not stored yet."""
    result = open_result(RESULT, COMMAND, SETTINGS, fresh)
    for group, arms in GROUPS.items():
        settings = order.Settings(**getattr(SETTINGS, group))
        for arm in arms:
            run_arm(result, RESULT, name(group, arm), TASK, arm, settings)


if __name__ == "__main__":
    main(fresh="--fresh" in sys.argv[1:])
