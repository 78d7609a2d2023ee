"""What does accuracy under teacher forcing say? Small date models read the right past, then their own.

    python -m experiments.free_running            # from the repository's root; continues, if it was interrupted
    python -m experiments.free_running --fresh    # throws the stored runs away first

Three masks in the decoder's self-attention: the causal one; none, so that every step sees the characters it should
say; and the causal one with its polarity flipped, so that a step sees these and nothing else. Each model is asked at
several stages of its training, on days that it never saw: under teacher forcing, where the decoder reads the right
characters, and running free, where it reads what it has said itself.
"""

import importlib
import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from attncourse.results import result_path
from attnlib import causal_mask, fit, init_transformer, padding_mask
from attnlib.adam import adam_start
from attnlib.dates.model import date_loss_vjp
from attnlib.dates.task import BEGIN, SOURCE_VOCAB, STEPS, TARGET_VOCAB, DateBatch, as_batch, date_batches
from attnlib.dates.train import held_out_dates, learning_rate
from attnlib.greedy import greedy
from attnlib.transformer import TransformerParams, transformer
from experiments.stored import open_result, short, stored_after, threads

RESULT = result_path("free_running")
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.free_running"
MASKS = {
    "causal": causal_mask,
    "no mask": lambda seq_q, seq_k: np.ones((seq_q, seq_k), dtype=bool),
    "flipped": lambda seq_q, seq_k: ~causal_mask(seq_q, seq_k),
}


class Settings(NamedTuple):
    """All that decides the outcome, next to the task itself."""

    d_model: int = 32
    num_heads: int = 2
    d_ff: int = 64
    num_layers: int = 1  # on each side
    batch: int = 32
    steps: int = 1600
    stages: tuple[int, ...] = (50, 100, 200, 400, 800, 1600)  # steps after which the model is asked
    texts: int = 500  # held-out dates
    seeds: tuple[int, ...] = (0, 1, 2)


SETTINGS = Settings()


@contextmanager
def decoder_mask(mask: str) -> Iterator[None]:
    """Inside, decoder layers use this mask in place of the causal one: the library has no switch for a mistake."""
    with mock.patch.object(importlib.import_module("attnlib.decoder"), "causal_mask", MASKS[mask]):
        yield


def new_model(seed: int, settings: Settings = SETTINGS) -> TransformerParams:
    """A small model of the build of the big one: pre-LN, tied output."""
    rng, width, layers = np.random.default_rng(seed), settings.d_model, settings.num_layers
    sizes = width, settings.num_heads, settings.d_ff, layers, layers
    return init_transformer(rng, SOURCE_VOCAB, TARGET_VOCAB, *sizes, dtype=np.float32)


def stages(seed: int, mask: str, settings: Settings = SETTINGS) -> Iterator[TransformerParams]:
    """The model at each stage of one training. Batches come from the seed alone: the same for every mask."""
    params, batches = new_model(seed, settings), date_batches(seed, settings.batch)
    state, rate = adam_start(params), learning_rate(settings.steps)
    for stage in settings.stages:
        with decoder_mask(mask):
            some = itertools.islice(batches, stage - state.step)
            params, _, state, _ = fit(params, date_loss_vjp, some, rate, progress=False, state=state)
        yield params


def forced(params: TransformerParams, batch: DateBatch) -> np.ndarray:
    """(texts, STEPS) the likeliest character at each step, if the decoder reads the right ones before it."""
    logits, _ = transformer(params, batch.source, batch.target, padding_mask(batch.lengths, batch.source.shape[1]))
    return logits.argmax(axis=-1)


def free(params: TransformerParams, batch: DateBatch) -> np.ndarray:
    """(texts, STEPS) what the model says, reading what it has said."""
    source_mask = padding_mask(batch.lengths, batch.source.shape[1])
    return greedy(params, batch.source, BEGIN, STEPS, source_mask, cached=False).tokens  # a cache needs no mask


def compare(forced_right: np.ndarray, free_right: np.ndarray) -> dict[str, Any]:
    """Shares of right characters and of whole answers, in both ways of reading.

    Args:
        forced_right, free_right: (texts, STEPS) boolean: which characters are right.
    """

    def numbers(right: np.ndarray) -> dict[str, Any]:
        wrong_before = np.cumsum(~right, axis=1) - ~right > 0  # a mistake was made at an earlier step
        after = float(right[wrong_before].mean()) if wrong_before.any() else None
        return {
            "characters": float(right.mean()),
            "by_step": right.mean(axis=0).tolist(),
            "whole": float(right.all(axis=1).mean()),
            "after_a_mistake": after,
        }

    return {"forced": numbers(forced_right), "free": numbers(free_right)}


def ask(params: TransformerParams, mask: str, batch: DateBatch) -> dict[str, Any]:
    """The model under teacher forcing and running free, with this mask in its decoder."""
    with decoder_mask(mask):
        return compare(forced(params, batch) == batch.wanted, free(params, batch) == batch.wanted)


def new_run(seed: int, mask: str, batch: DateBatch, settings: Settings = SETTINGS) -> list[dict[str, Any]]:
    """What the model can do at each stage, with the mask it was trained with and with the causal one."""
    return [
        ask(params, mask, batch) | {"with_causal_mask": ask(params, "causal", batch)}
        for params in stages(seed, mask, settings)
    ]


def main(fresh: bool = False) -> None:
    """Run what is not stored yet."""
    result = open_result(RESULT, COMMAND, SETTINGS, fresh)
    result["threads"] = threads()
    batch = as_batch(held_out_dates(SETTINGS.texts))
    for seed, mask in itertools.product(SETTINGS.seeds, MASKS):
        runs = result.setdefault("runs", {}).setdefault(mask, {})
        if str(seed) not in runs:
            with stored_after(RESULT, result, f"{mask}, seed {seed}"):
                runs[str(seed)] = short(new_run(seed, mask, batch))


if __name__ == "__main__":
    main(fresh="--fresh" in sys.argv[1:])
