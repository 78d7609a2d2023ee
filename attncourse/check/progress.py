"""What a reader has done of the course: chapter by chapter, the exercises, the parts of the model, the tests."""

from collections.abc import Iterable, Set
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


CHAPTERS = (
    Chapter("Compute attention by hand", compute, ("next_letter", "nearest_by_dot")),
    Chapter("See why scores are divided by √d_k", scaling, ("score_variance", "undivided")),
    Chapter("Split attention into heads", heads, ("removal_costs", "narrow_heads")),
    Chapter("Give attention a sense of order", order, ("is_equivariant", "look_back")),
    Chapter("Build the encoder and the decoder", transformer, ("cached_attention", "beam_search")),
    Chapter("Normalise the token, not the batch", norms, ("fold_layer_norm", "merge_statistics")),
    Chapter("Ask another sequence", cross, ("token_contributions", "removal_effects")),
)


class Progress(Table):
    """A table of what is done, ● for done and ○ for not yet; prints in columns, and displays itself as a table."""

    def __init__(self, passed: Set[str], parts: Set[str], trouble: str = ""):
        rows = [_row(number, chapter, passed, parts) for number, chapter in enumerate(CHAPTERS, 1)]
        super().__init__(["Chapter", "Exercises", "Build", "Catch", "Further"], rows)
        read = " Read a date with what you have: check.model()('June 7th, 2021')." * bool(parts)
        self.last = trouble or f"{len(parts & set(PARTS))} of {len(PARTS)} parts of the date model are yours.{read}"

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


def _row(number: int, chapter: Chapter, passed: Set[str], parts: Set[str]) -> list[str]:
    build = [name for name, part in PARTS.items() if part.chapter == number]
    catch = [f"catch.{name}" for name, catch in CATCHES.items() if catch.chapter == number]
    further = [name for name in exercises(chapter.checks) if name not in chapter.core]
    done = f"{len(passed & set(further))} of {len(further)}"
    return [f"{number} {chapter.title}", _dots(chapter.core, passed), _dots(build, parts), _dots(catch, passed), done]


def _dots(names: Iterable[str], done: Set[str]) -> str:
    return "".join("●" if name in done else "○" for name in names)
