"""What explorers and trainings have in common: a module whose pure functions measure, say and draw, and its display."""

import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Shown:
    """Something that a module of pure functions defines, and that a notebook and a page show."""

    module: str  # where it stands: "attncourse.figures.compute.soft_lookup", which has soft_lookup
    caption: str  # one or two sentences below the figure

    @property
    def key(self) -> str:
        """The name of the module: "soft_lookup"."""
        return self.module.rpartition(".")[2]

    @property
    def name(self) -> str:
        """What the page calls the figure: "soft-lookup"."""
        return self.key.replace("_", "-")

    @property
    def source(self) -> str:
        """Where to import this object from: "attncourse.figures.compute.soft_lookup:soft_lookup"."""
        return f"{self.module}:{self.key}"

    @property
    def measure(self) -> Callable[..., Any]:
        """The module's function that computes the numbers."""
        return sys.modules[self.module].measure

    @property
    def readout(self) -> Callable[[Any], str]:
        """The module's function from numbers to a sentence."""
        return sys.modules[self.module].readout

    @property
    def draw(self) -> Callable[..., "Figure"]:
        """The module's function from numbers to a drawn figure."""
        return sys.modules[self.module].draw


def from_source(source: str) -> Any:
    """The object that ``"package.module:name"`` names.

    Raises:
        ModuleNotFoundError, AttributeError: if there is none.
    """
    module, _, name = source.partition(":")
    return getattr(import_module(module), name)


def display_stored(
    text: str, figure: "Figure", mime: str, described: Mapping[str, Any], live: Mapping[str, Any]
) -> None:
    """Leave in a notebook's output its text, its picture, its data, and what shows it in a live kernel."""
    from IPython.display import display

    from attncourse.drawing.canvas import to_png

    picture = b64encode(to_png(figure)).decode()  # not every kernel does that for what is displayed raw
    display({"text/plain": text, "image/png": picture, mime: described, **live}, raw=True)
