"""The task of ``norms``: mark the day, the month and the year in dates as people write them, letter by letter."""

import itertools
import string
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from attnlib.dates.task import PADDING, SOURCE_CODES, draw_date
from attnlib.dates.writing import LANGUAGES, NUMBERS, fill, pick
from attnlib.tasks import IGNORED

TAG_NAMES = ("other", "day", "month", "year")
OTHER, DAY, MONTH, YEAR = range(4)
TAGS = {"d": DAY, "dd": DAY, "m": MONTH, "mm": MONTH, "mon": MONTH, "month": MONTH, "y": YEAR, "yy": YEAR}


class Padded(NamedTuple):
    """A batch of texts, padded to the longest of them."""

    tokens: np.ndarray  # (batch, seq) integers
    lengths: np.ndarray  # (batch,)
    targets: np.ndarray  # (batch, seq) integers, IGNORED where there is padding


def tagged_date(rng: np.random.Generator) -> tuple[str, list[int]]:
    """A date as ``attnlib.dates.writing`` has it, and one of OTHER, DAY, MONTH, YEAR for each of its characters."""
    date, language = draw_date(rng), pick(rng, tuple(LANGUAGES.values()))
    pattern = pick(rng, NUMBERS if rng.random() < 1 / 3 else language.patterns)
    text, tags = "", []
    for literal, field, *_ in string.Formatter().parse(pattern):
        part = fill(f"{{{field}}}", language, date) if field else ""
        text += literal + part
        tags += [OTHER] * len(literal) + [TAGS.get(field or "", OTHER)] * len(part)
    return text, tags


def date_tags(rng: np.random.Generator, batch: int, dates: int = 1, letters: int | None = None) -> Iterator[Padded]:
    """Endless batches, padded to the longest text of each; a text holds so many dates, one behind the other."""
    while True:
        yield text_batch(rng, batch, dates, letters)


def text_batch(rng: np.random.Generator, batch: int, dates: int = 1, letters: int | None = None) -> Padded:
    """So many texts, each of so many dates; with ``letters``, only such as are exactly so long."""
    drawn = (joined([tagged_date(rng) for _ in range(dates)]) for _ in itertools.count())
    kept = (text for text in drawn if letters in (None, len(text[0])))
    texts, tags = zip(*itertools.islice(kept, batch), strict=True)
    return as_padded(texts, tags)


def joined(parts: list[tuple[str, list[int]]]) -> tuple[str, list[int]]:
    """Several tagged texts as one, with a space between them."""
    texts, tags = zip(*parts, strict=True)
    between = [tag for each in tags for tag in (*each, OTHER)]
    return " ".join(texts), between[:-1]


def as_padded(texts: tuple[str, ...], tags: tuple[list[int], ...]) -> Padded:
    """Texts and tags as numbers; the texts may be longer than those that ``attnlib.dates.task`` reads."""
    lengths = np.array([len(text) for text in texts])
    tokens = np.full((len(texts), lengths.max()), PADDING)
    targets = np.full_like(tokens, IGNORED)
    for row, (text, each) in enumerate(zip(texts, tags, strict=True)):
        tokens[row, : len(text)] = [SOURCE_CODES[character] for character in text.lower()]
        targets[row, : len(each)] = each
    return Padded(tokens, lengths, targets)
