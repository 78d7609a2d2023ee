"""A task with one or more questions a token, and the loss that trains attention_model on it."""

from collections.abc import Iterator

import numpy as np

from attnlib import accuracy, cross_entropy_vjp
from attnlib.attention_model import ModelParams, attention_model_vjp
from attnlib.tasks import IGNORED, Batch, previous_and_next


def two_patterns(rng: np.random.Generator, batch: int, seq: int, vocab: int) -> Iterator[Batch]:
    """Which token is before this one, and which behind it? Targets are (batch, seq, 2)."""
    return previous_and_next(rng, batch, seq, vocab)


def one_pattern(rng: np.random.Generator, batch: int, seq: int, vocab: int) -> Iterator[Batch]:
    """Which token is before this one? The same sequences and the first of the two questions: (batch, seq, 1)."""
    return (Batch(tokens, targets[..., :1]) for tokens, targets in previous_and_next(rng, batch, seq, vocab))


TASKS = {"two patterns": two_patterns, "one pattern": one_pattern}
QUESTIONS = {"two patterns": 2, "one pattern": 1}


def loss_vjp(params: ModelParams, batch: Batch, mask: np.ndarray | None = None):
    """Mean cross-entropy of all questions, and its pullback to the parameters: what ``fit`` takes."""
    logits, back_model = attention_model_vjp(params, batch.tokens, mask=mask)
    loss, back_loss = cross_entropy_vjp(logits.reshape(*batch.targets.shape, -1), batch.targets)
    return loss, lambda grad_loss: back_model(back_loss(grad_loss).reshape(logits.shape))


def accuracy_of_each(logits: np.ndarray, targets: np.ndarray) -> list[float]:
    """The share of right answers to each question, from all logits of a token in one row."""
    logits = logits.reshape(*targets.shape, -1)
    return [accuracy(logits[..., i, :], targets[..., i], IGNORED) for i in range(targets.shape[-1])]
