"""One sentence as the installed translator reads it, kept for all that the experiment asks about it."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from attnlib import softmax
from attnlib.translator.model import TranslatorParams, decode, memory_heads
from attnlib.translator.translate import Translation, Translator, load_translator, pieces, translate
from experiments.word_links import words_of

LAYERS, HEADS = {"encoder": 6, "cross": 2}, 8


@cache
def translator() -> Translator:
    """The installed model."""
    return load_translator()


@cache
def translation(text: str) -> Translation:
    """One sentence with all its maps; every token of the vocabulary may be said."""
    return translate(translator(), text, shortlisted=False)


def spelt(tokens: np.ndarray) -> list[str]:
    """The tokens as they are written."""
    return pieces(translator(), tokens)


def words_said(text: str) -> list[int | None]:
    """For each token of the translation the number of its word, None for a full stop and the end."""
    return words_of(spelt(translation(text).said))


def probabilities(
    params: TranslatorParams, memory: np.ndarray, said: np.ndarray, mask: np.ndarray | None = None
) -> np.ndarray:
    """(steps, vocab): of every token at every step, after the same tokens before it."""
    logits, _, _ = decode(params, said[:-1], memory_heads(params, memory), memory_mask=mask)
    return softmax(logits)


def share(cases: Iterable[Any]) -> float:
    """The mean of numbers, or the share of cases that hold."""
    return float(np.mean(list(cases)))


def grid(side: str) -> list[list[tuple[int, int]]]:
    """All heads of a side, as rows of (layer, head)."""
    return [[(layer, head) for head in range(HEADS)] for layer in range(LAYERS[side])]
