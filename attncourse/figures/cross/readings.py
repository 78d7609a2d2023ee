"""What the date model is asked, and what it said, as signs to draw."""

import numpy as np

from attnlib.dates.task import END, TARGET

EXAMPLES = ("June 7th, 2021", "7.6.21", "6/7/21", "le 7 juin 2021", "Montag, 7. Juni 2021", "the 31st of May 1999")
LAYERS, HEADS = 2, 4


def signs(said: np.ndarray) -> list[str]:
    """What the model said, a sign for each step; the end is "end"."""
    return ["end" if code == END else TARGET[code - 2] if code >= 2 else "?" for code in said]


def answer_of(said: list[str]) -> str:
    """The signs up to the end as one text."""
    return "".join([*said, "end"][: [*said, "end"].index("end")])


def visible(text: str) -> list[str]:
    """The characters of a text, a space as ␣."""
    return list(text.replace(" ", "␣"))
