"""Draws every state of every explorer, in parallel, and keeps the pictures between builds."""

import hashlib
import inspect
import pickle
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import matplotlib
import PIL

from attncourse.drawing import canvas
from attncourse.explorer import Explorer

LAYOUTS = ("wide", "narrow")
_DRAWING_IMPORT = re.compile(r"^from (attncourse\.(?:digits|(?:drawing|figures)\.[\w.]+)) import", re.MULTILINE)


class Frame(NamedTuple):
    """One picture to draw: which state of which explorer, in which layout, and the file that holds it."""

    source: str  # where to import the explorer from
    state: int  # its index in Explorer.states
    layout: str  # "wide" or "narrow"
    path: Path


def load(source: str) -> Explorer:
    """The explorer that ``"package.module:name"`` names.

    Raises:
        ValueError: if the library has none of that name.
    """
    module, _, name = source.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ModuleNotFoundError, AttributeError) as error:
        raise ValueError(f"the library has no explorer {source!r}: run `make notebooks`") from error


def drawing_modules(explorer: Explorer) -> list[ModuleType]:
    """The module that draws the explorer, and all of figures and drawing kit that it imports, however indirectly."""
    names = [explorer.draw.__module__]
    for name in names:  # grows while it is walked
        imported = _DRAWING_IMPORT.findall(inspect.getsource(import_module(name)))
        names += [found for found in dict.fromkeys(imported) if found not in names]
    return [import_module(name) for name in names]


@cache
def folder(explorer: Explorer) -> str:
    """The folder of an explorer's frames; its name changes with anything that the pictures depend on.

    A changed picture thus has a new address, and no browser shows an old one from its cache.
    """
    key = hashlib.sha256()
    for module in drawing_modules(explorer):
        key.update(inspect.getsource(module).encode())
    key.update(f"{matplotlib.__version__} {PIL.__version__}".encode())
    for state, numbers in zip(explorer.states, explorer.numbers, strict=True):  # exact: a picture may show any digit
        key.update(pickle.dumps([state, *tuple(numbers)], protocol=4))
    return f"{explorer.name}-{key.hexdigest()[:10]}"


def missing(explorer: Explorer, root: Path) -> Iterator[Frame]:
    """The frames that are not drawn yet below ``root``."""
    where = root / folder(explorer)
    for layout in LAYOUTS:
        for state in range(len(explorer.states)):
            path = where / f"{layout}-{state}.webp"
            if not path.exists():
                yield Frame(explorer.source, state, layout, path)


def draw_all(frames: Iterable[Frame], workers: int | None = None) -> Iterator[Frame]:
    """Draw the frames, yielding each as it is done; what is drawn stays drawn when the build is interrupted."""
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_draw, frames, chunksize=8)


def _draw(frame: Frame) -> Frame:
    explorer = load(frame.source)
    picture = canvas.to_webp(explorer.frame(explorer.states[frame.state], narrow=frame.layout == "narrow"))
    frame.path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = frame.path.with_suffix(f".{frame.layout}.part")
    unfinished.write_bytes(picture)
    unfinished.replace(frame.path)  # never a half-written picture
    return frame
