"""Every explorer of the course, found by looking through ``attncourse.figures``; and the data of a drawn figure."""

import pkgutil
import re
import sys
from collections.abc import Iterator
from html import unescape
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Text

import attncourse.figures
from attncourse import Explorer
from attncourse.drawing.cells import Cells
from attncourse.drawing.svg import to_svg


def all_explorers() -> dict[str, Explorer]:
    """Name -> explorer."""
    found: dict[str, Explorer] = {}
    for module in pkgutil.walk_packages(attncourse.figures.__path__, "attncourse.figures."):
        for thing in vars(import_module(module.name)).values():
            if isinstance(thing, Explorer):
                assert found.setdefault(thing.name, thing) is thing, f"two explorers are called {thing.name!r}"
    return found


def made_up(name: str, measure, readout, draw, controls=None) -> Explorer:
    """An explorer of three functions, in a module that exists in this test alone."""
    module = ModuleType(f"made_up.{name}")
    vars(module).update(measure=measure, readout=readout, draw=draw)
    explorer = Explorer(module.__name__, "", controls or {})
    setattr(module, name, explorer)
    sys.modules[module.__name__] = module
    return explorer


def corners(explorer: Explorer) -> list[dict]:
    """The states worth drawing in a test: first, default and last stops."""
    states = [explorer.states[0], explorer.defaults, explorer.states[-1]]
    return [state for i, state in enumerate(states) if state not in states[:i]]


def artists(figure: Figure) -> Iterator[tuple[str, Any]]:
    """What a figure shows, as data: every line, bar, point, cell and word, with its name and its place."""
    for i, axes in enumerate(figure.axes):
        yield f"axes[{i}].x", (axes.get_xlim(), axes.get_xscale(), axes.get_xlabel())
        yield f"axes[{i}].y", (axes.get_ylim(), axes.get_yscale(), axes.get_ylabel())
        yield f"axes[{i}].title", axes.get_title(loc="left")
        yield f"axes[{i}].lines", [tuple(line.get_xydata().T) for line in axes.lines]
        yield f"axes[{i}].patches", [_corners(patch) for patch in axes.patches]
        yield f"axes[{i}].collections", [_collection(collection) for collection in axes.collections]
        yield f"axes[{i}].cells", [(cells.numbers, cells.reach, cells.corner, cells.cell) for cells in _cells(axes)]
        yield f"axes[{i}].texts", [(text.get_text(), text.get_position()) for text in axes.texts]
    yield "figure.texts", [(text.get_text(), text.get_position()) for text in figure.texts]
    yield "figure.patches", [_corners(patch) for patch in figure.patches]


def _cells(axes: Axes) -> list[Cells]:
    return [artist for artist in axes.artists if isinstance(artist, Cells)]


def _corners(patch: Patch) -> np.ndarray:
    return patch.get_transform().transform_path(patch.get_path()).vertices


def _collection(collection: Collection) -> tuple:
    values, paths = collection.get_array(), [path.vertices for path in collection.get_paths()]
    return values if values is None else _filled(values), _filled(collection.get_offsets()), paths


def _filled(array: np.ma.MaskedArray) -> np.ndarray:
    return np.ma.filled(array.astype(float), np.nan)


def texts(figure: Figure) -> Iterator[Text]:
    """Every text that a reader sees; ticks outside the axes' limits exist, but are not drawn."""
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            shown = {id(tick) for tick in axis._update_ticks()}
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            hidden |= {id(label) for tick in ticks if id(tick) not in shown for label in (tick.label1, tick.label2)}
        if not axes.axison:
            hidden |= {id(text) for axis in (axes.xaxis, axes.yaxis) for text in axis.findobj(Text)}
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden:
            yield text


def every_state(explorer: Explorer) -> pytest.MarkDecorator:
    """Run a test once for each state of the explorer."""
    return pytest.mark.parametrize("state", explorer.states, ids=str)


def numbers_in(sentence: str) -> list[float]:
    """The numbers of a readout, in order."""
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", sentence.replace("−", "-"))]


def words_of(explorer: Explorer, state: dict, narrow: bool = False) -> list[str]:
    """Every text in the drawn state."""
    return [text.get_text() for text in texts(explorer.frame(state, narrow=narrow))]


def said_by(explorer: Explorer, state: dict, name: str, narrow: bool = False) -> list[str]:
    """What the shapes of a drawn state say under a name: every ``data-value``, from back to front."""
    drawn = "\n".join(to_svg(explorer.frame(state, narrow=narrow)))
    return [unescape(words) for words in re.findall(f'data-{name}="([^"]*)"', drawn)]
