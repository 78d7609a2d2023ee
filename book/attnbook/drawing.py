"""Draws every state of every explorer, in parallel, and keeps the bundles between builds."""

import gc
import os
import pickle
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from attnbook.bundles import Drawn, Picture, pack
from attnbook.sources import key
from attncourse.drawing.svg import to_svg
from attncourse.explorer import Explorer
from attncourse.shown import from_source

LAYOUTS = ("wide", "narrow")
_SIZE = re.compile(r'width="(\d+)" height="(\d+)"')
_AT_ONCE = 12  # states: small enough for all workers to end together, large enough to be worth the way


def load(source: str) -> Explorer:
    """The explorer that ``"package.module:name"`` names.

    Raises:
        ValueError: if the library has none of that name.
    """
    try:
        return from_source(source)
    except (ModuleNotFoundError, AttributeError) as error:
        raise ValueError(f"the library has no explorer {source!r}: run `make notebooks`") from error


def folder(explorer: Explorer) -> str:
    """Where an explorer's bundles are; a changed picture has a new address, and no browser shows an old one."""
    return f"{explorer.name}-{key(explorer.module)}"


def kept(explorer: Explorer, root: Path) -> Drawn | None:
    """What an earlier build has drawn, if nothing on which it depends has changed since."""
    path = root / folder(explorer)
    return pickle.loads(path.read_bytes()) if path.exists() else None


def missing(explorers: Iterable[Explorer], root: Path) -> list[Explorer]:
    """Those that are not kept below ``root``."""
    return [explorer for explorer in explorers if not (root / folder(explorer)).exists()]


def draw_all(explorers: Iterable[Explorer], root: Path, workers: int | None = None) -> Iterator[tuple[Explorer, int]]:
    """Draw what is not kept below ``root``; yields each explorer as it is done, and how many states it has.

    What is done stays done when the build is interrupted.
    """
    root.mkdir(parents=True, exist_ok=True)
    todo = missing(explorers, root)
    parts = [(explorer, start) for explorer in todo for start in range(0, len(explorer.states), _AT_ONCE)]
    found: dict[Explorer, dict[int, list]] = defaultdict(dict)
    with ProcessPoolExecutor(min(workers or os.cpu_count() or 1, len(parts) or 1)) as pool:
        running = {pool.submit(_draw_states, explorer.source, start): (explorer, start) for explorer, start in parts}
        for future in as_completed(running):
            explorer, start = running[future]
            found[explorer][start] = future.result()
            if sum(map(len, found[explorer].values())) == len(explorer.states):
                _keep(explorer, [state for _, part in sorted(found.pop(explorer).items()) for state in part], root)
                yield explorer, len(explorer.states)


def _draw_states(source: str, start: int) -> list[tuple[str, Picture, Picture]]:
    """Readout, wide and narrow picture of some states; each is measured once."""
    gc.disable()  # figures are circles of references: looking for them all the time takes a sixth of the time
    explorer = load(source)
    gc.freeze()  # nor need the search after these states go through all that was imported
    measured = (explorer.measure(**state) for state in explorer.states[start : start + _AT_ONCE])
    drawn = [
        (explorer.readout(numbers), to_svg(explorer.draw(numbers)), to_svg(explorer.draw(numbers, narrow=True)))
        for numbers in measured
    ]
    gc.collect()
    return drawn


def _keep(explorer: Explorer, states: list[tuple[str, Picture, Picture]], root: Path) -> None:
    readouts, *pictures = (list(column) for column in zip(*states, strict=True))
    first = explorer.states.index(explorer.defaults)
    drawn = Drawn(
        explorer.describe(readouts),
        pictures[0][first],
        {layout: size_of(column[first]) for layout, column in zip(LAYOUTS, pictures, strict=True)},
        {layout: pack(column, readouts) for layout, column in zip(LAYOUTS, pictures, strict=True)},
    )
    path = root / folder(explorer)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(pickle.dumps(drawn))
    unfinished.replace(path)  # never half a file


def size_of(picture: Picture) -> tuple[int, int]:
    """Width and height of a picture, from its opening tag."""
    width, height = _SIZE.search(picture[0]).groups()
    return int(width), int(height)


def forget(explorers: Iterable[Explorer], root: Path) -> None:
    """Remove what older builds have drawn and this one does not need."""
    wanted = {folder(explorer) for explorer in explorers}
    for old in root.iterdir() if root.exists() else ():
        if old.is_dir():
            shutil.rmtree(old)
        elif old.name not in wanted:
            old.unlink()
