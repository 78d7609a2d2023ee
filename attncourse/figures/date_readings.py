"""The trained date model and what it read, computed once for all figures; and what it said, as signs to draw."""

from functools import lru_cache

import numpy as np

from attnlib.dates.model import Reading, load_date_model, read
from attnlib.dates.task import END, TARGET
from attnlib.transformer import TransformerParams


@lru_cache
def date_model() -> TransformerParams:
    """The weights that come with the library, as float64: the same digits on every machine."""
    return load_date_model(dtype=np.float64)


@lru_cache(maxsize=64)
def reading(text: str) -> Reading:
    """The text as the model reads it, with every probability and every map."""
    return read(date_model(), text)


def signs(said: np.ndarray) -> list[str]:
    """What the model said, a sign for each step; the end is "end"."""
    return ["end" if code == END else TARGET[code - 2] if code >= 2 else "?" for code in said]


def answer_of(said: list[str]) -> str:
    """The signs up to the end as one text."""
    return "".join([*said, "end"][: [*said, "end"].index("end")])


def visible(text: str) -> list[str]:
    """The characters of a text, a space as ␣."""
    return list(text.replace(" ", "␣"))
