"""What the translator computed for a few sentences, as the experiment stored it: no weights are needed to show it."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import load_result

LAYERS, CROSS_LAYERS, HEADS = 6, 2, 8
END = "end"  # the sign for the end of a sentence, in words


class Sentence(NamedTuple):
    """One sentence and its translation."""

    source: list[str]  # tokens; a low line marks the beginning of a word
    said: list[str]
    translation: str
    links: list[list[int]]  # for each said token the source's that a person links with it


@lru_cache
def result() -> dict[str, Any]:
    """The experiment's result file."""
    return load_result("translator")


def sentences(with_encoder: bool = False) -> tuple[str, ...]:
    """The sentences that are stored, or those of them with the encoder's maps."""
    stored = result()["sentences"]
    return tuple(text for text in stored if "encoder" in stored[text] or not with_encoder)


def sentence(text: str) -> Sentence:
    """One of them."""
    stored = result()["sentences"][text]
    source, said = ([END if token == "</s>" else token for token in stored[side]] for side in ("source", "said"))
    return Sentence(source, said, stored["translation"], stored["links"])


def thousandths(text: str, *where: str) -> np.ndarray:
    """Stored maps or losses of one of them, as they are stored."""
    part = result()["sentences"][text]
    for name in where:
        part = part[name]
    return np.array(part)


def as_told(thousandths: np.ndarray) -> np.ndarray:
    """In whole hundredths, as a reader is told them: rounded once, and so the same on every machine."""
    return np.rint(thousandths / 10) / 100


def plain(token: str) -> str:
    """A token as a sentence quotes it."""
    return token.removeprefix("_")
