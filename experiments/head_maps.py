"""Train a model of two layers with four heads on three questions at once, then take heads away.

    python -m experiments.head_maps            # from the repository's root; continues, if it was interrupted
    python -m experiments.head_maps --fresh    # throws the stored runs away first

A sequence shows letters, each with a digit after it, then the same pairs in another order: a3 c1 b7 d3 c1 a3 d3 b7.
Every token is asked which token stands before it and which two before; and a letter that was there, for its digit.
No token sees what comes later. Two models are stored to be looked at: one whose look-up head looks at the digit, and
one whose looks elsewhere and knows it all the same; of each kind the one whose heads are the clearest.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attncourse.figures.heads.head_probes import DIGIT, keep_heads, places_looked_at, share_of_weight, text_of
from attncourse.results import result_path
from attncourse.results.models import to_stored
from attnlib import causal_mask
from attnlib.attention_model import ModelParams, attention_model, init_attention_model
from attnlib.tasks import IGNORED, Batch
from experiments.arms import run_arm
from experiments.questions import accuracy_of_each, loss_vjp
from experiments.record import Record
from experiments.training import train

RESULT = result_path("head_maps")
COMMAND = "python -m experiments.head_maps"
QUESTIONS = ("the token before", "the token two before", "the digit of a letter seen before")


class Settings(NamedTuple):
    """All that decides the outcome, next to the task itself."""

    letters: int = 8
    digits: int = 8
    pairs: int = 4  # a sequence has four times as many tokens
    d_model: int = 32
    num_layers: int = 2
    num_heads: int = 4
    batch: int = 32
    steps: int = 800
    record_every: int = 40  # steps averaged into one stored loss
    fresh_sequences: int = 256
    learning_rates: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03)
    choosing_seeds: tuple[int, ...] = (100,)  # picks the learning rate, and is not used again
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)


SETTINGS = Settings()


def pairs_twice(rng: np.random.Generator, settings: Settings = SETTINGS) -> Iterator[Batch]:
    """Endless batches of (batch, seq) tokens, letters first in number, and (batch, seq, 3) targets."""
    batch, pairs = settings.batch, settings.pairs
    while True:
        letter = rng.permuted(np.tile(np.arange(settings.letters), (batch, 1)), axis=1)[:, :pairs]
        digit = settings.letters + rng.integers(settings.digits, size=(batch, pairs))
        order = rng.permuted(np.tile(np.arange(pairs), (batch, 1)), axis=1)
        again = [np.take_along_axis(half, order, axis=1) for half in (letter, digit)]
        both = [np.concatenate(halves, axis=1) for halves in zip((letter, digit), again, strict=True)]
        tokens = np.stack(both, axis=-1).reshape(batch, -1)
        targets = np.full((*tokens.shape, len(QUESTIONS)), IGNORED)
        targets[:, 1:, 0] = tokens[:, :-1]
        targets[:, 2:, 1] = tokens[:, :-2]
        targets[:, 2 * pairs :: 2, 2] = again[1]
        yield Batch(tokens, targets)


def new_model(rng: np.random.Generator, settings: Settings = SETTINGS) -> ModelParams:
    """A random model with learned positions and a set of logits for each question."""
    vocab = settings.letters + settings.digits
    return init_attention_model(
        rng,
        vocab,
        settings.d_model,
        settings.num_heads,
        settings.num_layers,
        outputs=len(QUESTIONS) * vocab,
        max_seq=4 * settings.pairs,
    )


def trained(seed: int, learning_rate: float, settings: Settings = SETTINGS) -> tuple[ModelParams, list[float]]:
    """The trained parameters, and the loss averaged over blocks of steps."""
    start, data = np.random.default_rng(seed).spawn(2)
    seq = 4 * settings.pairs
    loss = partial(loss_vjp, mask=causal_mask(seq, seq))
    model, batches = new_model(start, settings), pairs_twice(data, settings)
    return train(model, loss, batches, settings.steps, learning_rate, settings.record_every)


def accuracies(params: ModelParams, batch: Batch) -> list[float]:
    """The share of right answers to each question."""
    seq = batch.tokens.shape[-1]
    logits, _ = attention_model(params, batch.tokens, mask=causal_mask(seq, seq))
    return accuracy_of_each(logits, batch.targets)


def ablation(params: ModelParams, batch: Batch) -> dict[str, Any]:
    """Accuracies with all heads; (layers, heads, questions) with one head less, and with one alone in its layer."""
    heads = range(params.layers[0].attention.num_heads)

    def of_each(kept) -> list[list[list[float]]]:
        layers = range(len(params.layers))
        return [[accuracies(keep_heads(params, i, kept(head)), batch) for head in heads] for i in layers]

    return {
        "all": accuracies(params, batch),
        "without": of_each(lambda head: [other for other in heads if other != head]),
        "alone": of_each(lambda head: [head]),
    }


def looked_at(params: ModelParams, batch: Batch) -> list[list[tuple[str, float]]]:
    """(layers, heads): the place that a head looks at most, and how much of its weight that place gets."""
    seq = batch.tokens.shape[-1]
    _, attn_weights = attention_model(params, batch.tokens, mask=causal_mask(seq, seq))
    places = places_looked_at(batch.tokens)
    return [
        [max(zip(places, shares, strict=True), key=lambda pair: pair[1]) for shares in share_of_weight(weights, places)]
        for weights in attn_weights
    ]


def fresh_batch(seed: int, size: int, settings: Settings = SETTINGS) -> Batch:
    """Sequences that no model was trained on."""
    return next(pairs_twice(np.random.default_rng(seed + 1000), settings._replace(batch=size)))


def new_run(seed: int, learning_rate: float, settings: Settings = SETTINGS) -> dict[str, Any]:
    """What is stored about one seed, measured on fresh sequences."""
    params, losses = trained(seed, learning_rate, settings)
    batch = fresh_batch(seed, settings.fresh_sequences, settings)
    looks = [[list(pair) for pair in layer] for layer in looked_at(params, batch)]
    return {"loss": losses, "looked_at": looks, **ablation(params, batch)}


def kind(run: dict[str, Any]) -> str:
    """Where the look-up happens: whether a head of the last layer looks at the digit that is the answer."""
    return "digit" if any(place == DIGIT for place, _ in run["looked_at"][-1]) else "elsewhere"


def clearest(runs: dict[str, Any], of_kind: str) -> str:
    """The seed of this kind whose heads give the most weight to the places they look at, on average."""
    clearness = {
        seed: np.mean([share for layer in run["looked_at"] for _, share in layer]) for seed, run in runs.items()
    }
    return max((seed for seed, run in runs.items() if kind(run) == of_kind), key=lambda seed: clearness[seed])


def last_loss(seed: int, learning_rate: float) -> float:
    """Of the last four blocks of steps: the smallest ends lowest."""
    return float(np.mean(trained(seed, learning_rate)[1][-4:]))


def stored_model(seed: str, learning_rate: float) -> dict[str, Any]:
    """The model of one seed, trained again, as plain data."""
    params, _ = trained(int(seed), learning_rate)
    return {"seed": int(seed), **to_stored(params)}


def main(record: Record) -> None:
    """Run what is not stored yet."""
    record.found["sequences"] = [text_of(tokens) for tokens in fresh_batch(len(SETTINGS.seeds), 64).tokens]
    run_arm(record, (), last_loss, new_run, SETTINGS)
    runs, learning_rate = record.part("runs"), record.found["learning_rate"]
    seeds = {of_kind: clearest(runs, of_kind) for of_kind in sorted({kind(run) for run in runs.values()})}
    models = {of_kind: partial(stored_model, seed, learning_rate) for of_kind, seed in seeds.items()}
    record.fill(("models",), models)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
