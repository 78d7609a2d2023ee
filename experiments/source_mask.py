"""What does the padding mask of the source guarantee? Small date models are trained with it and without, and read the
same dates with more and less padding behind them.

    python -m experiments.source_mask            # from the repository's root; continues, if it was interrupted
    python -m experiments.source_mask --fresh    # throws the stored runs away first

The mask is in both places that read the source, the encoder and the cross-attention, or in neither. Each model is read
as it was trained, and the other way round. The build, the batches and the training are those of ``free_running``.
"""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attnlib import cross_entropy_vjp, greedy, padding_mask, transformer_vjp
from attnlib.dates.task import BEGIN, END, PADDING, STEPS, DateBatch, as_batch, as_texts, date_batches
from attnlib.dates.train import held_out_dates, learning_rate
from attnlib.transformer import TransformerParams
from experiments import free_running
from experiments.arms import run_seeds
from experiments.record import Record
from experiments.training import fit_whole

RESULT = result_path("source_mask")
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.source_mask"
ARMS = {"mask": True, "no mask": False}  # in training


class Settings(NamedTuple):
    """All that decides the outcome, next to the build of ``free_running``'s models."""

    batch: int = 32
    steps: int = 1600
    texts: int = 512  # held-out dates, read in batches of the same size
    more: int = 12  # padding behind the longest text of a batch, in one of the readings
    seeds: tuple[int, ...] = (0, 1, 2)


SETTINGS = Settings()


def loss_of(masked: bool) -> Callable:
    """The loss of a date model that ``fit`` takes, with the padding of the source hidden or not."""

    def loss_vjp(params, batch: DateBatch):
        logits, back_model = transformer_vjp(params, batch.source, batch.target, source_mask(batch, masked))
        loss, back_loss = cross_entropy_vjp(logits, batch.wanted)
        return loss, lambda grad_loss: back_model(back_loss(grad_loss))

    return loss_vjp


def source_mask(batch: DateBatch, masked: bool) -> np.ndarray | None:
    """(batch, 1, seq_source), or None."""
    return padding_mask(batch.lengths, batch.source.shape[1]) if masked else None


def trained(seed: int, masked: bool, settings: Settings = SETTINGS) -> TransformerParams:
    """Start and batches come from the seed alone: the same for both arms."""
    batches = itertools.islice(date_batches(seed, settings.batch), settings.steps)
    rate = learning_rate(settings.steps)
    return fit_whole(free_running.new_model(seed), loss_of(masked), batches, rate).params


def alone(pairs: list[tuple[str, str]]) -> list[DateBatch]:
    """Texts of one length together, so that none has padding."""
    return [as_batch([pair for pair in pairs if len(pair[0]) == n]) for n in sorted({len(text) for text, _ in pairs})]


def together(pairs: list[tuple[str, str]], size: int, more: int = 0) -> list[DateBatch]:
    """Batches as they are in training, with more padding behind the longest text."""
    batches = (as_batch(pairs[start : start + size]) for start in range(0, len(pairs), size))
    return [b._replace(source=np.pad(b.source, ((0, 0), (0, more)), constant_values=PADDING)) for b in batches]


def said(params: TransformerParams, batches: list[DateBatch], masked: bool) -> dict[tuple, str]:
    """The answer to every text, by its tokens."""
    found = {}
    for batch in batches:
        tokens = greedy(params, batch.source, BEGIN, STEPS, source_mask(batch, masked), end=END).tokens
        texts = (tuple(row[:n].tolist()) for row, n in zip(batch.source, batch.lengths, strict=True))
        found |= dict(zip(texts, as_texts(tokens), strict=True))
    return found


def ask(params: TransformerParams, masked: bool, settings: Settings = SETTINGS) -> dict[str, float]:
    """Shares of dates that are right without padding, in batches, and with more of it; and of answers it changes."""
    pairs = held_out_dates(settings.texts)
    wanted = {text_of(pair): pair[1] for pair in pairs}
    ways = {
        "alone": alone(pairs),
        "in a batch": together(pairs, settings.batch),
        "more padding": together(pairs, settings.batch, settings.more),
    }
    answers = {way: said(params, batches, masked) for way, batches in ways.items()}
    shares = {way: float(np.mean([found[t] == wanted[t] for t in wanted])) for way, found in answers.items()}
    return shares | {"changed": float(np.mean([len({found[t] for found in answers.values()}) > 1 for t in wanted]))}


def text_of(pair: tuple[str, str]) -> tuple:
    """A text by its tokens."""
    batch = as_batch([pair])
    return tuple(batch.source[0].tolist())


def new_run(seed: int, masked: bool, settings: Settings = SETTINGS) -> dict[str, Any]:
    """One model, read with the mask and without."""
    params = trained(seed, masked, settings)
    return {name: ask(params, with_mask, settings) for name, with_mask in ARMS.items()}


def table(result: dict[str, Any]) -> str:
    """What every arm gets right, read with the mask and without: mean of the seeds, lowest and highest."""
    columns = ("alone", "in a batch", "more padding", "changed")
    lines = ["| trained with | read with | " + " | ".join(columns) + " |", "|---" * (2 + len(columns)) + "|"]
    for arm, runs in result["runs"].items():
        for reading in ARMS:
            shares = np.array([[run[reading][column] for column in columns] for run in runs.values()])
            cells = map("{:.2f} ({:.2f}–{:.2f})".format, shares.mean(axis=0), shares.min(axis=0), shares.max(axis=0))
            lines.append(f"| {arm} | {reading} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(record: Record) -> None:
    """Run what is not stored yet."""
    for arm, masked in ARMS.items():
        run_seeds(record, ("runs", arm), partial(new_run, masked=masked), SETTINGS.seeds)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
