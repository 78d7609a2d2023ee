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


CHAPTERS = (
    Chapter(
        1,
        "Compute attention by hand",
        "Follow one query through four matrices, see five ways to score a key, and move the output inside its hull.",
        "attncourse.figures.compute.pipeline:pipeline",
    ),
    Chapter(
        2,
        "See why scores are divided by √dₖ",
        "Let the keys grow to 1024 numbers, watch the weights collapse and the gradient die, and bring both back.",
        "attncourse.figures.scaling.saturation:saturation",
    ),
    Chapter(
        3,
        "Split attention into heads",
        "Keep the parameters, change the number of heads, and see what is gained and what is paid.",
        "attncourse.figures.heads.multi_head_flow:multi_head_flow",
    ),
    Chapter(
        4,
        "Give attention a sense of order",
        "Shuffle a sentence, notice that nothing changes, and repair it with clocks of many speeds.",
        "attncourse.figures.order.clock_hands:clock_hands",
    ),
    Chapter(
        5,
        "Build the encoder and the decoder",
        "Edit a word of the future and see which past outputs move; then let a trained Transformer translate dates.",
        "attncourse.figures.transformer.anatomy:anatomy",
    ),
    Chapter(
        6,
        "Normalise the token, not the batch",
        "Lengthen one sentence and see whose mean and variance shift; train with five norms and compare.",
        "attncourse.figures.norms.shared_mean:shared_mean",
    ),
    Chapter(
        7,
        "Ask another sequence",
        "Use one function twice: a sequence reads itself, then it reads another. Follow each look of a translation.",
        "attncourse.figures.cross.alignment:alignment",
    ),
)
