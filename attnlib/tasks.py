"""Small tasks with a right answer, each an endless generator of batches that are never the same.

Every generator takes ``rng``, a ``numpy.random.Generator``, and yields ``Batch(tokens, targets)``.
A target of ``IGNORED`` is one that nobody can know, and does not count.
"""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_generator

IGNORED = -1


class Batch(NamedTuple):
    """What the model reads, and what it should say."""

    tokens: np.ndarray  # (batch, seq) integers
    targets: np.ndarray  # (batch, seq), or (batch, seq, 2) if there are two questions a token


def copy(rng, batch, seq, vocab):
    """Say every token again: targets[i] = tokens[i]. Needs no attention, and tests everything around it."""
    for tokens in random_tokens(rng, batch, seq, vocab):
        yield Batch(tokens, tokens)


def reverse(rng, batch, seq, vocab):
    """Say the sequence backwards: targets[i] = tokens[seq − 1 − i]. Needs positions, and no content."""
    for tokens in random_tokens(rng, batch, seq, vocab):
        yield Batch(tokens, tokens[:, ::-1])


def sort(rng, batch, seq, vocab):
    """Say the tokens in increasing order. Needs the content of all tokens, and the position to know which to say."""
    for tokens in random_tokens(rng, batch, seq, vocab):
        yield Batch(tokens, np.sort(tokens, axis=-1))


def previous_and_next(rng, batch, seq, vocab):
    """Name both neighbours of every token: targets[i] = (tokens[i − 1], tokens[i + 1]).

    One softmax gives a mean of the two, which does not say which was which; two heads give one each.
    The first token has no previous one and the last no next one: IGNORED.
    """
    for tokens in random_tokens(rng, batch, seq, vocab):
        targets = np.full((batch, seq, 2), IGNORED)
        targets[:, 1:, 0] = tokens[:, :-1]
        targets[:, :-1, 1] = tokens[:, 1:]
        yield Batch(tokens, targets)


def associative_recall(rng, batch, pairs, keys, values):
    """Read pairs of key and value, then a key again: which value stood behind it?

    Tokens 0 … keys − 1 are keys and the next ``values`` numbers are values. A sequence is key, value, key, value, …,
    key: 2 · pairs + 1 tokens, the keys of the pairs all different. Only the last target counts.

    Raises:
        TypeError, ValueError: if a size is not a positive integer, or there are more pairs than keys.
    """
    rng, batch, pairs = as_generator(rng), as_count("batch", batch), as_count("pairs", pairs)
    keys, values = as_count("keys", keys), as_count("values", values)
    if pairs > keys:
        raise ValueError(f"the pairs of a sequence need different keys: got pairs={pairs}, keys={keys}")
    while True:
        key = rng.permuted(np.tile(np.arange(keys), (batch, 1)), axis=1)[:, :pairs]
        value = keys + rng.integers(values, size=(batch, pairs))
        asked = rng.integers(pairs, size=(batch, 1))
        tokens = np.empty((batch, 2 * pairs + 1), dtype=int)
        tokens[:, 0:-1:2], tokens[:, 1::2] = key, value
        tokens[:, -1:] = np.take_along_axis(key, asked, axis=1)
        targets = np.full_like(tokens, IGNORED)
        targets[:, -1:] = np.take_along_axis(value, asked, axis=1)
        yield Batch(tokens, targets)


def random_tokens(rng, batch, seq, vocab):
    """Endless batches of tokens, each drawn by itself with equal chances.

    Raises:
        TypeError, ValueError: if ``rng`` is no ``Generator``, or a size no positive integer.
    """
    rng, batch, seq, vocab = as_generator(rng), as_count("batch", batch), as_count("seq", seq), as_count("vocab", vocab)
    while True:
        yield rng.integers(vocab, size=(batch, seq))
