"""The names that a language model learns: US first names of the census of 1990, which the package ``names`` ships."""

from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np

_FILES = ("dist.female.first", "dist.male.first")  # a line each: the name, its share, the share so far, its rank
_TENTHS = 10  # one of so many is held out


class FirstNames(NamedTuple):
    """All different first names, in an order that says nothing."""

    training: tuple[str, ...]
    held_out: tuple[str, ...]  # never trained on


@lru_cache
def first_names() -> FirstNames:
    """The list in two parts, the same each time; every name counts once, however many people bear it.

    Raises:
        ModuleNotFoundError: if the package ``names`` is not installed.
    """
    lines = [line for file in _FILES for line in (resources.files("names") / file).read_text("utf-8").splitlines()]
    names = sorted({line.split()[0].lower() for line in lines})
    mixed = [names[i] for i in np.random.default_rng(0).permutation(len(names))]
    held_out = len(names) // _TENTHS
    return FirstNames(tuple(mixed[held_out:]), tuple(mixed[:held_out]))
