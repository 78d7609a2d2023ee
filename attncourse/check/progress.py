"""What a reader has done of the course: chapter by chapter, the exercises, the parts of the model, the tests."""

from collections.abc import Iterable, Sequence, Set
from types import ModuleType
from typing import NamedTuple

from attncourse.capstone.parts import PARTS
from attncourse.check import compute, cross, heads, norms, order, scaling, transformer
from attncourse.check.catches import CATCHES
from attncourse.kept import NOTHING, load
from attncourse.table import Table


class Chapter(NamedTuple):
    """A chapter's title, and where its exercises are."""

    title: str
    checks: ModuleType
    core: tuple[str, str]  # the two that stand on the main road


class Asked(NamedTuple):
    """What a chapter asks for, by name: the columns of the table but the first."""

    exercises: Sequence[str]
    build: Sequence[str]
    catch: Sequence[str]
    further: Sequence[str]


HEAD = ["Chapter", "Exercises", "Build", "Catch", "Further"]
YOURS = "parts of the date model are yours."
READ = "Read a date with what you have:"
READING = "check.model()('June 7th, 2021')"

CHAPTERS = (
    Chapter("Compute attention by hand", compute, ("next_letter", "nearest_by_dot")),
    Chapter("See why scores are divided by √dₖ", scaling, ("score_variance", "undivided")),
    Chapter("Split attention into heads", heads, ("removal_costs", "narrow_heads")),
    Chapter("Give attention a sense of order", order, ("is_equivariant", "look_back")),
    Chapter("Build the encoder and the decoder", transformer, ("cached_attention", "beam_search")),
    Chapter("Normalise the token, not the batch", norms, ("fold_layer_norm", "merge_statistics")),
    Chapter("Ask another sequence", cross, ("token_contributions", "removal_effects")),
)


class Progress(Table):
    """A table of what is done, ● for done and ○ for not yet; prints in columns, and displays itself as a table."""

    def __init__(self, passed: Set[str], parts: Set[str], trouble: str = ""):
        rows = [_row(number, passed, parts) for number in range(1, len(CHAPTERS) + 1)]
        super().__init__(HEAD, rows)
        own = len(parts & set(PARTS))
        self.last = trouble or f"{own} of {len(PARTS)} {YOURS}{f' {READ} {READING}.' * bool(own)}"

    def __repr__(self) -> str:
        lines = [self.head, *self.rows]
        widths = [max(len(str(line[column])) for line in lines) for column in range(len(self.head))]
        columns = [
            "   ".join(str(cell).ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
        ]
        return "\n".join([*(line.rstrip() for line in columns), self.last])

    def _repr_markdown_(self) -> str:
        return f"{super().__repr__()}\n\n{self.last}"


def progress() -> Progress:
    """What you have done so far, as kept in the folder where this notebook runs."""
    kept, trouble = NOTHING, ""
    try:
        kept = load()
    except (OSError, ValueError) as error:
        trouble = f"What you have done cannot be read: {error}"
    return Progress(set(kept.passed), set(kept.parts), trouble)


def exercises(checks: ModuleType) -> list[str]:
    """The names of the checks in a module."""
    return [
        name
        for name, value in vars(checks).items()
        if hasattr(value, "__wrapped__") and value.__module__ == checks.__name__
    ]


def asked(number: int) -> Asked:
    """What the chapter of this number asks for."""
    chapter = CHAPTERS[number - 1]
    return Asked(
        chapter.core,
        [name for name, part in PARTS.items() if part.chapter == number],
        [f"catch.{name}" for name, catch in CATCHES.items() if catch.chapter == number],
        [name for name in exercises(chapter.checks) if name not in chapter.core],
    )


def _row(number: int, passed: Set[str], parts: Set[str]) -> list[str]:
    names = asked(number)
    done = f"{len(passed & set(names.further))} of {len(names.further)}"
    dots = _dots(names.exercises, passed), _dots(names.build, parts), _dots(names.catch, passed)
    return [f"{number} {CHAPTERS[number - 1].title}", *dots, done]


def _dots(names: Iterable[str], done: Set[str]) -> str:
    return "".join("●" if name in done else "○" for name in names)
