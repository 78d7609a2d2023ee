"""The trained date model and what it read, computed once for all figures; and what it said, as signs to draw."""

from functools import lru_cache

import numpy as np

from attnlib.dates.model import Reading, load_date_model, read
from attnlib.dates.task import BEGIN, END, STEPS, TARGET
from attnlib.greedy import decode_next, start_cache
from attnlib.softmax import softmax
from attnlib.transformer import TransformerParams


@lru_cache
def date_model() -> TransformerParams:
    """The weights that come with the library, as float64: the same digits on every machine."""
    return load_date_model(dtype=np.float64)


@lru_cache(maxsize=64)
def reading(text: str) -> Reading:
    """The text as the model reads it, with every probability and every map."""
    return read(date_model(), text)


def answers_to(memory: np.ndarray, memory_mask: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest answer to each memory, (batch, steps), and the probability of each of its characters."""
    said, caches, chances = np.full((len(memory), 1), BEGIN), start_cache(date_model(), memory), []
    for _ in range(STEPS):
        logits, caches = decode_next(date_model(), said, caches, memory_mask)
        probs = softmax(logits[:, -1])
        chances.append(probs.max(axis=-1))
        said = np.concatenate([said, probs.argmax(axis=-1)[:, None]], axis=1)
    return said[:, 1:], np.stack(chances, axis=1)


def signs(said: np.ndarray) -> list[str]:
    """What the model said, a sign for each step; the end is "end"."""
    return ["end" if code == END else TARGET[code - 2] if code >= 2 else "?" for code in said]


def answer_of(said: list[str]) -> str:
    """The signs up to the end as one text."""
    return "".join([*said, "end"][: [*said, "end"].index("end")])


def visible(text: str) -> list[str]:
    """The characters of a text, a space as ␣."""
    return list(text.replace(" ", "␣"))
