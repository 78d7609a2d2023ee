"""Dates as people write them, and the same dates in ISO 8601: a task of translation with a right answer.

``sample`` draws a date, a language and a way to write it. Of the texts, 8 % are no dates, and the right answer
to them is "?". One day in ten is never drawn for training, in any language: those test what was learned.
"""

import datetime
import reprlib
from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_generator, as_list
from attnlib.dates.characters import SOURCE, as_known
from attnlib.dates.no_dates import no_date
from attnlib.dates.writing import write

FIRST, LAST = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)  # two digits of a year are then enough
HELD_OUT = 10  # every tenth day
NO_DATE = "?"
NOT_DATES = 0.08  # their share

PADDING, UNKNOWN = 0, 1  # of the source
BEGIN, END = 0, 1  # of the target
TARGET = f"0123456789-{NO_DATE}"
SOURCE_VOCAB, TARGET_VOCAB = len(SOURCE) + 2, len(TARGET) + 2
STEPS = len("2021-06-07") + 1  # characters of an answer, and the sign for its end

SOURCE_CODES = {character: code for code, character in enumerate(SOURCE, start=2)}
TARGET_CODES = {character: code for code, character in enumerate(TARGET, start=2)}


class DateBatch(NamedTuple):
    """Texts and their translations, as numbers."""

    source: np.ndarray  # (batch, seq_source) integers, PADDING behind the end
    lengths: np.ndarray  # (batch,)
    target: np.ndarray  # (batch, STEPS) integers: what the decoder reads, BEGIN first
    wanted: np.ndarray  # (batch, STEPS): what it should say next; −1 where nothing is asked


def date_batches(seed, batch, first_step=1):
    """Endless batches of training dates; each depends on the seed and its step alone, so training can be resumed.

    Args:
        seed: an integer.
        batch: texts in a batch.
        first_step: number of the first batch, counted from 1.

    Yields:
        ``DateBatch``

    Raises:
        TypeError, ValueError: if ``batch`` or ``first_step`` is no integer of 1 or more.
    """
    batch, step = as_count("batch", batch), as_count("first_step", first_step)
    while True:
        rng = np.random.default_rng([seed, step])
        yield as_batch([sample(rng) for _ in range(batch)])
        step += 1


def sample(rng, held_out=False, not_dates=NOT_DATES):
    """A text and its translation.

    Args:
        rng: a ``numpy.random.Generator``.
        held_out: whether to draw one of the days that training never sees.
        not_dates: the share of texts that are no dates, from 0 to 1.

    Returns:
        ``(text, iso)``, such as ``("June 7th, 2021", "2021-06-07")``, or ``(text, "?")``.
    """
    if as_generator(rng).random() < not_dates:
        return no_date(rng, draw_date(rng)), NO_DATE
    date = draw_date(rng, held_out)
    return write(rng, date), date.isoformat()


def draw_date(rng, held_out=False):
    """A day between FIRST and LAST, of those held out or of the others."""
    while True:
        ordinal = int(as_generator(rng).integers(FIRST.toordinal(), LAST.toordinal() + 1))
        if (ordinal % HELD_OUT == 0) == held_out:
            return datetime.date.fromordinal(ordinal)


def as_batch(pairs):
    """Texts and translations as a ``DateBatch``.

    Args:
        pairs: a list of ``(text, iso)``.

    Raises:
        TypeError: if ``pairs`` is no list of pairs, or a text no string.
        ValueError: if a text is empty or longer than LONGEST, or a translation has other characters than TARGET.
    """
    pairs = as_pairs(pairs)
    source, lengths = as_source([text for text, _ in pairs])
    wanted = np.full((len(pairs), STEPS), -1)
    for row, (_, answer) in zip(wanted, pairs, strict=True):
        if not set(answer) <= set(TARGET) or len(answer) >= STEPS:
            raise ValueError(f"a translation has at most {STEPS - 1} characters of {TARGET!r}: got {answer!r}")
        row[: len(answer) + 1] = [*(TARGET_CODES[character] for character in answer), END]
    target = np.concatenate([np.full((len(pairs), 1), BEGIN), np.maximum(wanted[:, :-1], 0)], axis=1)
    return DateBatch(source, lengths, target, wanted)


def as_source(texts):
    """Texts as numbers: (batch, longest of them), PADDING behind the end, and their lengths (batch,).

    Numbered are the characters of ``as_known``, upper and lower case alike.

    Raises:
        TypeError: if ``texts`` is no list of strings.
        ValueError: if a text is empty or longer than LONGEST characters.
    """
    known = [as_known(text) for text in as_list("texts", texts)]
    lengths = np.array([len(text) for text in known], dtype=int)
    source = np.full((len(known), lengths.max(initial=0)), PADDING)
    for row, text in zip(source, known, strict=True):
        row[: len(text)] = [SOURCE_CODES.get(character.lower(), UNKNOWN) for character in text]
    return source, lengths


def as_pairs(pairs):
    """Texts and translations as a list of pairs.

    Raises:
        TypeError: if they are no list of pairs of strings.
    """
    pairs = as_list("pairs", pairs)
    for pair in pairs:
        if not isinstance(pair, tuple | list) or [isinstance(part, str) for part in pair] != [True, True]:
            raise TypeError(f"a pair must be two strings, (text, translation): got {reprlib.repr(pair)}")
    return pairs


def as_texts(tokens):
    """What was said: tokens of the target, (batch, steps), as texts up to the sign for the end.

    Raises:
        ValueError: if they are no integers below TARGET_VOCAB in two axes.
    """
    tokens, texts = np.asarray(tokens), []
    if tokens.ndim != 2 or tokens.dtype.kind not in "iu" or tokens.max(initial=0) >= TARGET_VOCAB:
        raise ValueError(
            f"tokens must be integers below {TARGET_VOCAB}, (batch, steps): got {tokens.dtype} {tokens.shape}"
        )
    for row in tokens.tolist():
        ends = [*row, END].index(END)
        texts.append("".join(TARGET[code - 2] if code >= 2 else "" for code in row[:ends]))
    return texts
