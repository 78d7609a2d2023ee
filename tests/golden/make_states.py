"""``python -m tests.golden.make_states``: keep the numbers of every state of every explorer, and what is drawn.

A file is written again only if something in it has changed beyond the tolerances, and what changed is printed.
"""

from pathlib import Path

from matplotlib.figure import Figure

from attncourse import Explorer
from tests.explorers import all_explorers, artists, corners
from tests.golden.numbers import Parts, differences, load, parts, save

HERE = Path(__file__).parent
COMMAND = "python -m tests.golden.make_states"


def measured(explorer: Explorer) -> Parts:
    """The numbers of every state."""
    return parts({str(state): explorer.measure(**state) for state in explorer.states})


def drawings(explorer: Explorer) -> dict[str, list[Figure]]:
    """Layout → figure of the first, default and last stops, laid out: arrows and ticks have their places."""
    figures = {
        layout: [explorer.frame(state, narrow=layout == "narrow") for state in corners(explorer)]
        for layout in ("wide", "narrow")
    }
    for figure in (figure for row in figures.values() for figure in row):
        figure.draw_without_rendering()
    return figures


def drawn(explorer: Explorer, figures: dict[str, list[Figure]] | None = None) -> Parts:
    """What is drawn in both layouts, at the first, default and last stops."""
    return parts(
        {
            f"{layout} {state}": dict(artists(figure))
            for layout, row in (figures or drawings(explorer)).items()
            for state, figure in zip(corners(explorer), row, strict=True)
        }
    )


def file_of(kind: str, explorer: Explorer) -> Path:
    """Where the numbers of one kind are kept."""
    return HERE / kind / f"{explorer.name}.npz"


def kept(kind: str, explorer: Explorer) -> Parts:
    """The numbers of one kind as they were; none of a new explorer."""
    path = file_of(kind, explorer)
    return load(path) if path.exists() else {}


KINDS = {"states": measured, "figures": drawn}


def assert_kept(explorer: Explorer, kind: str, now: Parts) -> None:
    """Fail if numbers of one kind are not as they were, and say which and how to keep them."""
    found = differences(now, kept(kind, explorer))
    assert not found, (
        f"{explorer.name}: {len(found)} {kind} fields have changed:\n"
        + "\n".join(found[:20])
        + f"\nIf they are meant to, look at the figure, then call: {COMMAND}"
    )


def main() -> None:
    """Measure and draw every explorer, and write what has changed."""
    explorers = all_explorers().values()
    for kind, look in KINDS.items():
        for number, explorer in enumerate(explorers, 1):
            new = look(explorer)
            changes = differences(new, kept(kind, explorer))
            if changes:
                save(file_of(kind, explorer), new)
            print(f"{kind} {number}/{len(explorers)} {explorer.name}: {len(changes) or 'no'} changes", flush=True)
            print("".join(f"    {change}\n" for change in changes[:10]), end="")
        for path in set((HERE / kind).glob("*.npz")) - {file_of(kind, explorer) for explorer in explorers}:
            path.unlink()
            print(f"{kind} {path.stem}: gone")


if __name__ == "__main__":
    main()
