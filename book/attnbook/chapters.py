"""The seven chapters: what each asks, and where its notebook is once it is written."""

from pathlib import Path
from typing import NamedTuple


class Chapter(NamedTuple):
    """One chapter of the book."""

    number: int
    title: str
    promise: str  # what the reader will see happen
    picture: str = ""  # source of the explorer whose first frame stands for the chapter

    def notebook(self, root: Path) -> Path | None:
        """The chapter's notebook below the book's root, or ``None`` while it is in preparation."""
        return next(iter(sorted((root / "chapters").glob(f"{self.number:02}_*.ipynb"))), None)


def notebooks(root: Path) -> list[Path]:
    """The notebooks of all chapters that are written, in their order, and those of the appendix."""
    chapters = [notebook for chapter in CHAPTERS if (notebook := chapter.notebook(root))]
    return chapters + sorted((root / "appendix").glob("*.ipynb"))


CHAPTERS = (
    Chapter(
        1,
        "Compute attention by hand",
        "What does “its” mean in “my cat hid its toy”? See “hid” find out who and what; then follow “its” through "
        "three small matrices until it carries the cat.",
        "attncourse.figures.compute.attends_to:attends_to",
    ),
    Chapter(
        2,
        "See why scores are divided by √dₖ",
        "Give a random word ever longer vectors, and one weight takes everything. Find out how far apart "
        "scores lie, what that does to training, and what the division repairs.",
        "attncourse.figures.scaling.wide_row:wide_row",
    ),
    Chapter(
        3,
        "Split attention into heads",
        "Watch one head fail at a task that two heads solve with the same number of parameters, and see when "
        "one is enough.",
        "attncourse.figures.heads.multi_head_flow:multi_head_flow",
    ),
    Chapter(
        4,
        "Give attention a sense of order",
        "Shuffle a sentence and nothing changes. Repair it with the hands of clocks, and find out how far they count.",
        "attncourse.figures.order.clock_hands:clock_hands",
    ),
    Chapter(
        5,
        "Build the encoder and the decoder",
        "A model is right about everything in training and nothing in use. Build it from its parts, find the "
        "fault, and let it read a date.",
        "attncourse.figures.transformer.anatomy:anatomy",
    ),
    Chapter(
        6,
        "Normalise the token, not the batch",
        "Stack twelve layers with and without a norm, see whose numbers share a mean, and watch a mean leak "
        "the future.",
        "attncourse.figures.norms.shared_mean:shared_mean",
    ),
    Chapter(
        7,
        "Ask another sequence",
        "A dot that gets hardly any attention decides the date. Find out what a map of attention shows, and "
        "what it does not.",
        "attncourse.figures.cross.blank_out:blank_out",
    ),
)
