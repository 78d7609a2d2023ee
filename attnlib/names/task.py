"""The task: after each letter of a name say the next one, and after the last that it has ended."""

import numpy as np

from attnlib.arguments import as_count, as_list, as_tokens
from attnlib.names.characters import EDGE, LETTERS, VOCAB, as_letters
from attnlib.tasks import IGNORED, Batch


def name_batches(names, seed, batch, first_step=1):
    """Endless batches of names; each depends on the seed and its step alone, so training can be resumed.

    Args:
        names: a list of strings.
        seed: an integer.
        batch: names in a batch, each drawn from the list with equal chances.
        first_step: number of the first batch, counted from 1.

    Yields:
        ``Batch``

    Raises:
        TypeError, ValueError: as ``as_batch``; if there are no names, or ``batch`` or ``first_step`` is no integer of
            1 or more.
    """
    names, batch, step = as_list("names", names), as_count("batch", batch), as_count("first_step", first_step)
    if not names:
        raise ValueError("names must hold 1 or more: got none")
    while True:
        chosen = np.random.default_rng([seed, step]).integers(len(names), size=batch)
        yield as_batch([names[i] for i in chosen])
        step += 1


def as_batch(names):
    """Names as a ``Batch``: what the model reads, (batch, longest + 1), and what it should say next.

    Args:
        names: a list of strings of the letters a to z.

    Raises:
        TypeError: if ``names`` is no list of strings.
        ValueError: if a name has other letters or too many.
    """
    names = [as_letters(name) for name in as_list("names", names)]
    targets = np.full((len(names), 1 + max(map(len, names), default=0)), IGNORED)
    for row, name in zip(targets, names, strict=True):
        row[: len(name) + 1] = [*codes(name), EDGE]
    tokens = np.insert(np.maximum(targets[:, :-1], 0), 0, EDGE, axis=1)  # padding lies in the future: any token will do
    return Batch(tokens, targets)


def as_texts(tokens):
    """Names that were written: tokens (batch, seq) behind the sign for the beginning, up to the next one.

    Raises:
        TypeError, ValueError: if they are no integers below VOCAB.
    """
    rows = as_tokens(tokens, VOCAB)[:, 1:].tolist()
    return ["".join(LETTERS[code - 1] for code in row[: [*row, EDGE].index(EDGE)]) for row in rows]


def as_beginning(text):
    """The beginning of a name as the model reads it, (1 + letters,): the sign for the beginning, then the letters.

    Raises:
        TypeError, ValueError: as ``as_letters``.
    """
    return np.array([EDGE, *codes(as_letters(text))])


def codes(letters):
    """The token of each letter."""
    return [1 + LETTERS.index(letter) for letter in letters]
