"""Every explorer of the course, found by looking through ``attncourse.figures``; and the data of a drawn figure."""

import pkgutil
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import attncourse.figures
from attncourse import Explorer


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


def artists(figure: Figure) -> Iterator[tuple]:
    """What a figure shows, as data: every line, bar, point, picture and word, with its place."""
    for number, axes in enumerate(figure.axes):
        yield number, "limits", axes.get_xlim(), axes.get_ylim(), axes.get_xscale(), axes.get_yscale()
        yield number, "words", axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()
        for line in axes.lines:
            yield number, "line", line.get_xydata()
        for patch in axes.patches:
            yield number, "patch", patch.get_transform().transform_path(patch.get_path()).vertices
        for collection in axes.collections:
            yield number, "collection", collection.get_array(), collection.get_offsets(), len(collection.get_paths())
            yield number, "paths", [path.vertices for path in collection.get_paths()]
        for image in axes.images:
            yield number, "image", image.get_array()
        for text in axes.texts:
            yield number, "text", text.get_text(), text.get_position()
    for text in figure.texts:
        yield "figure", "text", text.get_text(), text.get_position()
    for patch in figure.patches:
        yield "figure", "patch", patch.get_transform().transform_path(patch.get_path()).vertices


def texts(figure: Figure) -> Iterator[Text]:
    """Every text that a reader sees; ticks outside the axes' limits exist, but are not drawn."""
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            shown = {id(tick) for tick in axis._update_ticks()}
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            hidden |= {id(label) for tick in ticks if id(tick) not in shown for label in (tick.label1, tick.label2)}
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
