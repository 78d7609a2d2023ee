"""The language model's rival: how often each letter followed the last few, counted, with no weights to learn."""

import math
from collections import Counter

from attnlib.arguments import as_list, as_number, as_size
from attnlib.names.characters import VOCAB, as_letters

EDGE_SIGN = "."  # before a name and behind it


def count_letters(names, memory):
    """How often each row of up to ``memory`` + 1 signs stands in the names, and how often it is followed by another.

    Args:
        names: a list of strings.
        memory: how many letters before the next one are looked at, 0 or more. One makes a bigram model.

    Returns:
        ``(rows, beginnings)``, two ``Counter`` of strings.

    Raises:
        TypeError, ValueError: as ``as_letters``; if ``memory`` is no integer of 0 or more.
    """
    rows: Counter[str] = Counter()
    beginnings: Counter[str] = Counter()
    for text, at in places(names, as_size("memory", memory)):
        for k in range(memory + 1):
            rows[text[at - k : at + 1]] += 1
            beginnings[text[at - k : at]] += 1
    return rows, beginnings


def chance(counts, before, sign, smoothing):
    """How likely a sign is after some others, by the counts.

    Its share after all of them is mixed with its share after one fewer, as if that had been seen ``smoothing`` times
    more, and so on down to equal shares of all signs.

    Args:
        counts: from ``count_letters``.
        before: a string of small letters, EDGE_SIGN before the first; no longer than the counts' memory.
        sign: a small letter, or EDGE_SIGN for the end.
        smoothing: above 0.
    """
    (rows, beginnings), share = counts, 1 / VOCAB
    for k in range(len(before) + 1):
        last = before[len(before) - k :]
        share = (rows[last + sign] + smoothing * share) / (beginnings[last] + smoothing)
    return share


def count_loss(counts, names, memory, smoothing):
    """How surprising each next letter is to the counts, on average, in nats.

    Args:
        counts: from ``count_letters``, with this memory or a longer one.
        names: a list of strings, one or more.
        memory: as for ``count_letters``.
        smoothing: as for ``chance``.

    Raises:
        TypeError, ValueError: as ``count_letters``; if there are no names, or ``smoothing`` is not above 0.
    """
    memory = as_size("memory", memory)
    smoothing = as_number("smoothing", smoothing, "be a finite number above 0", lambda number: 0 < number < math.inf)
    chances = [chance(counts, text[at - memory : at], text[at], smoothing) for text, at in places(names, memory)]
    if not chances:
        raise ValueError("names must hold 1 or more: got none")
    return -sum(map(math.log, chances)) / len(chances)


def places(names, memory):
    """Each name between its edges, and each place in it where a sign is to be predicted."""
    for name in as_list("names", names):
        text = EDGE_SIGN * memory + as_letters(name) + EDGE_SIGN
        for at in range(memory, len(text)):
            yield text, at
