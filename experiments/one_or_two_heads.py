"""Train a small layer with one head and with two, and keep both models at some steps along the way.

    python -m experiments.one_or_two_heads --fresh    # from the repository's root; takes seconds

Every token is asked for the token before it and the one behind it. Same parameters, same examples, same learning rate.
"""

import itertools
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attncourse.results.models import to_stored
from attnlib.attention_model import ModelParams, init_attention_model
from attnlib.tasks import previous_and_next
from experiments.questions import loss_vjp
from experiments.record import Record
from experiments.training import fit_whole

RESULT = result_path("one_or_two_heads")
COMMAND = "python -m experiments.one_or_two_heads"


class Settings(NamedTuple):
    """All that decides the outcome, next to the task itself."""

    vocab: int = 8
    seq: int = 8
    d_model: int = 16
    batch: int = 16
    learning_rate: float = 0.01
    seed: int = 0
    heads: tuple[int, ...] = (1, 2)
    kept_steps: tuple[int, ...] = (0, 10, 20, 40, 60, 80, 100, 150, 200, 300, 400, 600)


SETTINGS = Settings()


def new_run(num_heads: int, settings: Settings = SETTINGS) -> list[ModelParams]:
    """The model at each of the kept steps. Training goes on from one to the next with Adam's memory intact."""
    start, data = np.random.default_rng(settings.seed).spawn(2)
    vocab, seq = settings.vocab, settings.seq
    params = init_attention_model(start, vocab, settings.d_model, num_heads, outputs=2 * vocab, max_seq=seq)
    kept = []

    def watched(params, batch):
        kept.append(params)
        return loss_vjp(params, batch)

    batches = itertools.islice(previous_and_next(data, settings.batch, seq, vocab), settings.kept_steps[-1] + 1)
    fit_whole(params, watched, batches, settings.learning_rate)
    return [kept[step] for step in settings.kept_steps]


def stored_models(num_heads: int) -> list[dict[str, Any]]:
    """The kept models as plain data, in half precision."""
    return [to_stored(params, "<f2") for params in new_run(num_heads)]


def main(record: Record) -> None:
    """Run what is not stored yet."""
    record.fill(("models",), {str(num_heads): partial(stored_models, num_heads) for num_heads in SETTINGS.heads})


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
