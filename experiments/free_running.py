"""What does accuracy under teacher forcing say? Small date models read the right past, then their own.

    python -m experiments.free_running            # from the repository's root; continues, if it was interrupted
    python -m experiments.free_running --fresh    # throws the stored runs away first

Three masks in the decoder's self-attention: the causal one; none, so that every step sees the characters it should
say; and the causal one with its polarity flipped, so that a step sees these and nothing else. Each model is asked at
several stages of its training, on days that it never saw: under teacher forcing, where the decoder reads the right
characters, and running free, where it reads what it has said itself.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attnlib import (
    causal_mask,
    cross_entropy_vjp,
    decode,
    encode,
    init_transformer,
    padding_mask,
    transformer,
    transformer_vjp,
)
from attnlib.adam import adam_start
from attnlib.dates.task import BEGIN, SOURCE_VOCAB, STEPS, TARGET_VOCAB, DateBatch, as_batch, date_batches
from attnlib.dates.train import held_out_dates, learning_rate
from attnlib.transformer import TransformerParams
from experiments.arms import run_seeds
from experiments.record import Record
from experiments.training import fit_whole

RESULT = result_path("free_running")
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.free_running"
MASKS = {  # (seq, seq) each, for the decoder's self-attention
    "causal": lambda seq: causal_mask(seq, seq),
    "no mask": lambda seq: np.ones((seq, seq), dtype=bool),
    "flipped": lambda seq: ~causal_mask(seq, seq),
}


class Settings(NamedTuple):
    """All that decides the outcome, next to the task itself."""

    d_model: int = 32
    num_heads: int = 2
    d_ff: int = 64
    num_layers: int = 1  # on each side
    batch: int = 32
    steps: int = 3200
    stages: tuple[int, ...] = (50, 100, 200, 400, 800, 1600, 3200)  # steps after which the model is asked
    texts: int = 500  # held-out dates
    example: tuple[str, str] = ("June 7th, 2021", "2021-06-07")  # whose answer is stored, token by token
    seeds: tuple[int, ...] = (0, 1, 2)


SETTINGS = Settings()


def new_model(seed: int, settings: Settings = SETTINGS) -> TransformerParams:
    """A small model of the build of the big one: pre-LN, tied output."""
    rng, width, layers = np.random.default_rng(seed), settings.d_model, settings.num_layers
    sizes = width, settings.num_heads, settings.d_ff, layers, layers
    return init_transformer(rng, SOURCE_VOCAB, TARGET_VOCAB, *sizes, dtype=np.float32)


def loss_of(mask: str) -> Callable:
    """The loss of a date model that ``fit`` takes, with this mask in its decoder."""

    def loss_vjp(params, batch: DateBatch):
        masks = padding_mask(batch.lengths, batch.source.shape[1]), MASKS[mask](STEPS)
        logits, back_model = transformer_vjp(params, batch.source, batch.target, *masks)
        loss, back_loss = cross_entropy_vjp(logits, batch.wanted)
        return loss, lambda grad_loss: back_model(back_loss(grad_loss))

    return loss_vjp


def stages(seed: int, mask: str, settings: Settings = SETTINGS) -> Iterator[TransformerParams]:
    """The model at each stage of one training. Batches come from the seed alone: the same for every mask."""
    params, batches = new_model(seed, settings), date_batches(seed, settings.batch)
    state, rate = adam_start(params), learning_rate(settings.steps)
    for stage in settings.stages:
        some = itertools.islice(batches, stage - state.step)
        params, _, state, _ = fit_whole(params, loss_of(mask), some, rate, state)
        yield params


def forced(params: TransformerParams, mask: str, batch: DateBatch) -> np.ndarray:
    """(texts, STEPS) the likeliest character at each step, if the decoder reads the right ones before it."""
    masks = padding_mask(batch.lengths, batch.source.shape[1]), MASKS[mask](STEPS)
    logits, _ = transformer(params, batch.source, batch.target, *masks)
    return logits.argmax(axis=-1)


def free(params: TransformerParams, mask: str, batch: DateBatch) -> np.ndarray:
    """(texts, STEPS) what the model says, reading what it has said."""
    source_mask = padding_mask(batch.lengths, batch.source.shape[1])
    memory, _ = encode(params, batch.source, source_mask)
    said = np.full((len(memory), 1), BEGIN)
    for step in range(1, STEPS + 1):
        logits, _ = decode(params, said, memory, source_mask, MASKS[mask](step))
        said = np.append(said, logits[:, -1:].argmax(axis=-1), axis=1)
    return said[:, 1:]


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
    return compare(forced(params, mask, batch) == batch.wanted, free(params, mask, batch) == batch.wanted)


def answers(params: TransformerParams, mask: str, text: str, iso: str) -> dict[str, list[int]]:
    """What the model says to one text, as tokens, in both ways of reading."""
    batch = as_batch([(text, iso)])
    return {way: say(params, mask, batch)[0].tolist() for way, say in (("forced", forced), ("free", free))}


def new_run(seed: int, mask: str, batch: DateBatch, settings: Settings = SETTINGS) -> list[dict[str, Any]]:
    """What the model can do at each stage, with the mask it was trained with and with the causal one."""
    return [
        ask(params, mask, batch)
        | {"with_causal_mask": ask(params, "causal", batch)}
        | {"said": answers(params, mask, *settings.example)}
        for params in stages(seed, mask, settings)
    ]


def table_training(result: dict[str, Any]) -> str:
    """The causal mask over the training: mean of the seeds, lowest and highest."""
    stages = result["settings"]["stages"][1:]
    rows = {
        "right characters, teacher forcing": ("forced", "characters"),
        "right characters, running free": ("free", "characters"),
        "dates without a mistake, teacher forcing": ("forced", "whole"),
        "dates without a mistake, running free": ("free", "whole"),
        "right after a mistake, teacher forcing": ("forced", "after_a_mistake"),
        "right after a mistake, running free": ("free", "after_a_mistake"),
    }
    lines = ["| causal mask, after steps | " + " | ".join(map(str, stages)) + " |", "|---" * (1 + len(stages)) + "|"]
    for name, (way, what) in rows.items():
        shares = [[at[way][what] for at in run[1:]] for run in result["runs"]["causal"].values()]
        lines.append(f"| {name} | {' | '.join(map(spread, zip(*shares, strict=True)))} |")
    return "\n".join(lines)


def table_masks(result: dict[str, Any]) -> str:
    """The three masks at the end of the training: mean of the seeds, lowest and highest."""
    rows = {
        "right characters, teacher forcing": lambda at: at["forced"]["characters"],
        "right characters, running free": lambda at: at["free"]["characters"],
        "dates without a mistake, running free": lambda at: at["free"]["whole"],
        "right characters, teacher forcing, with the causal mask in the test": lambda at: at["with_causal_mask"][
            "forced"
        ]["characters"],
    }
    runs = result["runs"]
    lines = [f"| after {result['settings']['steps']} steps | {' | '.join(runs)} |", "|---" * (1 + len(runs)) + "|"]
    for name, share in rows.items():
        cells = [spread([share(run[-1]) for run in some.values()]) for some in runs.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def spread(shares: Iterable[float]) -> str:
    """Mean, lowest and highest, in two digits; one number where they look alike."""
    shares = list(shares)
    mean, low, high = (f"{share:.2f}" for share in (np.mean(shares), min(shares), max(shares)))
    return mean if low == high else f"{mean} ({low}–{high})"


def main(record: Record) -> None:
    """Run what is not stored yet."""
    batch = as_batch(held_out_dates(SETTINGS.texts))
    for mask in MASKS:
        run_seeds(record, ("runs", mask), partial(new_run, mask=mask, batch=batch), SETTINGS.seeds)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
