"""The date model and what it read, remembered between the figures."""

from functools import lru_cache

import numpy as np

from attnlib.date_model import Reading, load_date_model, read
from attnlib.dates import END, TARGET
from attnlib.transformer import TransformerParams

EXAMPLES = ("June 7th, 2021", "7.6.21", "6/7/21", "le 7 juin 2021", "Montag, 7. Juni 2021", "the 31st of May 1999")
LAYERS, HEADS = 2, 4


@lru_cache
def model() -> TransformerParams:
    """The trained parameters in float64."""
    return load_date_model(dtype=np.float64)


@lru_cache(maxsize=64)
def reading(text: str) -> Reading:
    """One text, read once."""
    return read(model(), text)


def signs(said: np.ndarray) -> list[str]:
    """What the model said, a sign for each step; the end is "end"."""
    return ["end" if code == END else TARGET[code - 2] if code >= 2 else "?" for code in said]


def answer_of(said: list[str]) -> str:
    """The signs up to the end as one text."""
    return "".join([*said, "end"][: [*said, "end"].index("end")])


def visible(text: str) -> list[str]:
    """The characters of a text, a space as ␣."""
    return list(text.replace(" ", "␣"))
