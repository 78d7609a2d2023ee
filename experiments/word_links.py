"""Which words of a translation belong to which of its source, as a person links them, and as tokens say it."""

import itertools
from pathlib import Path
from typing import NamedTuple

LINKED = Path(__file__).with_name("translator_alignments.txt")


class Linked(NamedTuple):
    """A sentence, its translation, and the places of the source's words that each word translates, from 0."""

    source: str
    said: str
    links: list[set[int]]  # one set a word of the translation; empty for a word that translates none


def read_linked() -> list[Linked]:
    """All pairs of ``translator_alignments.txt``: a sentence, then its translation with the numbers of its words."""
    lines = LINKED.read_text("utf-8").splitlines()
    return [linked(source, said) for source, said in zip(lines[::2], lines[1::2], strict=True)]


def linked(source: str, annotated: str) -> Linked:
    """A sentence, and a translation such as ``Ela/1 abriu/2``: behind the stroke stand places, counted from 1."""
    parts = [word.partition("/") for word in annotated.split()]
    links = [{int(number) - 1 for number in numbers.split(",")} if numbers else set() for _, _, numbers in parts]
    return Linked(source, " ".join(word for word, _, _ in parts), links)


def words_of(pieces: list[str]) -> list[int | None]:
    """For each token the number of its word, from 0; None for a full stop and for the sign for the end."""
    number, found = -1, []
    for piece in pieces:
        number += piece.startswith("_")
        found.append(None if piece in (".", "</s>") else number)
    return found


def linked_pieces(pair: Linked, source: list[str], said: list[str]) -> list[list[int]]:
    """For each token of the translation the tokens of the source that belong to it; none for full stop and end."""
    words = words_of(source)
    return [
        [] if word is None else [j for j, other in enumerate(words) if other in pair.links[word]]
        for word in words_of(said)
    ]


def crossings(pair: Linked) -> list[tuple[int, int]]:
    """Neighbouring words of the translation that stand the other way round in the source."""
    neighbours = itertools.pairwise(range(len(pair.links)))
    return [
        (a, b) for a, b in neighbours if pair.links[a] and pair.links[b] and min(pair.links[a]) > max(pair.links[b])
    ]
