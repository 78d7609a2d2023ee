"""What a cell leaves behind, in its order and as plain data: printed text, shown values, an error."""

import io
import json
import re
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, redirect_stderr, redirect_stdout
from typing import Any

MOST = 100_000  # characters that are printed: a loop without end would fill the page
SHOWN = {"text/markdown": "_repr_markdown_", "text/html": "_repr_html_", "image/svg+xml": "_repr_svg_"}

_SHEET = re.compile(r"<style.*?</style>", re.DOTALL)
_STYLE = re.compile(r' style="([^"]*)"')
_PAIR = re.compile(r"([\w-]+): *([^;]+)")


class Outputs:
    """Collects what a cell prints and shows; ``tell`` gets each piece of text as it comes, as JSON."""

    def __init__(self, tell: Callable[[str], None]):
        self.found: list[dict[str, Any]] = []
        self.tell, self.left = tell, MOST

    def printing(self) -> AbstractContextManager:
        """While this lasts, what is printed comes here."""
        both = ExitStack()
        both.enter_context(redirect_stdout(_Stream(self, "stdout")))
        both.enter_context(redirect_stderr(_Stream(self, "stderr")))
        return both

    def add_text(self, name: str, text: str) -> None:
        """Text for one of the two streams; what is too much is left out, and a line says so."""
        if not text or self.left < 0:
            return
        self.left -= len(text)
        if self.left < 0:
            text = f"{text[: self.left]}\n… and more: the page shows the first {MOST:,} characters.\n"
        last = self.found[-1] if self.found else {}
        if last.get("name") == name and last["kind"] == "stream":
            last["text"] += text
        else:
            self.found.append({"kind": "stream", "name": name, "text": text})
        self.tell(json.dumps({"kind": "stream", "name": name, "text": text}))

    def show(self, *values: Any) -> None:
        """Show values as a notebook does; it is ``display`` there."""
        self.found += [{"kind": "display", "data": bundle_of(value)} for value in values]

    def show_figures(self) -> None:
        """Show what was drawn with pyplot and is still open, and close it."""
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            for number in pyplot.get_fignums():
                self.show(pyplot.figure(number))
            pyplot.close("all")

    def add_error(self, error: BaseException, place: str) -> None:
        """An error, with the lines of its way that stand in the cell itself."""
        told = traceback.TracebackException.from_exception(error)
        for part in _chain(told):
            part.stack = traceback.StackSummary.from_list([line for line in part.stack if line.filename == place])
        text = re.sub(rf'File "{re.escape(place)}", line', "Line", "".join(told.format()))
        if not told.stack:
            text = text.replace("Traceback (most recent call last):\n", "")
        found = {"kind": "error", "name": type(error).__name__, "message": str(error), "traceback": text}
        self.found.append(found)


class _Stream(io.TextIOBase):
    def __init__(self, outputs: Outputs, name: str):
        self.outputs, self.name = outputs, name

    def write(self, text: str) -> int:
        self.outputs.add_text(self.name, text)
        return len(text)


def bundle_of(value: Any) -> dict[str, str]:
    """A value in the forms that it offers: mime type -> text; its ``repr`` is always among them."""
    found = {"text/plain": repr(value)}
    found |= {mime: text for mime, method in SHOWN.items() if (text := getattr(value, method, lambda: None)())}
    if _is_figure(value):
        found["image/svg+xml"] = _svg_of(value)
    return found


def _is_figure(value: Any) -> bool:
    figure = sys.modules.get("matplotlib.figure")
    return figure is not None and isinstance(value, figure.Figure)


def _svg_of(figure: Any) -> str:
    """Matplotlib's own SVG, its styles written as attributes: a site may forbid inline styles."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    svg = _SHEET.sub("", file.getvalue()).replace("<svg ", '<svg stroke-linejoin="round" ', 1)
    return _STYLE.sub(lambda style: "".join(f' {name}="{value}"' for name, value in _PAIR.findall(style[1])), svg)


def _chain(told: traceback.TracebackException | None):
    while told is not None:
        yield told
        told = told.__cause__ or told.__context__
