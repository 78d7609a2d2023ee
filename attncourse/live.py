"""An explorer under a reader's own kernel: ipywidgets around the same three functions, at any value."""

import math
from html import escape
from typing import TYPE_CHECKING, Any

from attncourse.controls import Choice, Control, Slider, Switch, Text
from attncourse.drawing.canvas import to_png

if TYPE_CHECKING:
    from ipywidgets import VBox

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


def live_bundle(explorer: Any, picture: bytes | None = None) -> dict[str, Any]:
    """The mime bundle that shows the widget of an ``Explorer``."""
    widget = live_widget(explorer, picture)
    return {WIDGET_MIME: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}


def live_widget(explorer: Any, picture: bytes | None = None) -> "VBox":
    """Controls, a picture and a sentence that follow them.

    No ``Output`` widget: what happens inside one is invisible to nbval. A first ``picture`` that was drawn already
    is not drawn again. Of a text that ``measure`` refuses, the sentence says why, and the picture stays.
    """
    from ipywidgets import HTML, Image, VBox

    controls = {name: _widget(control, explorer.defaults[name]) for name, control in explorer.controls.items()}
    typed = any(isinstance(control, Text) for control in explorer.controls.values())
    image = Image(format="png", layout={"max_width": "100%", "width": "720px"})
    readout = HTML()

    def say(sentence: str) -> None:
        readout.value = f"<span role='status'>{escape(sentence)}</span>"

    def redraw(_change=None, drawn: bytes | None = None) -> None:
        try:
            numbers = explorer.measure(**{name: widget.value for name, widget in controls.items()})
        except ValueError as refused:
            if not typed:  # then it is no fault of the reader's
                raise
            say(f"Not drawn: {refused}.")
            return
        sentence = explorer.readout(numbers)
        image.value = drawn or to_png(explorer.draw(numbers))
        image.alt = sentence  # for clients that read it
        say(sentence)

    for widget in controls.values():
        widget.observe(redraw, names="value")
    redraw(drawn=picture)
    return VBox([*controls.values(), image, readout])


def _widget(control: Control, value: Any):
    import ipywidgets as widgets

    shared = {
        "value": value,
        "description": control.label,
        "style": {"description_width": "12em"},
        "layout": {"width": "min(100%, 40em)"},
    }
    if isinstance(control, Switch):
        return widgets.Checkbox(**shared)
    if isinstance(control, Text):  # drawn when the reader has finished: at Enter, or when the field is left
        return widgets.Combobox(options=control.stops, ensure_option=False, continuous_update=False, **shared)
    if isinstance(control, Choice):
        return widgets.Dropdown(options=control.stops, **shared)
    return _slider(control, shared)


def _slider(control: Slider, shared: dict[str, Any]):
    import ipywidgets as widgets

    low, high = control.stops[0], control.stops[-1]
    whole = all(isinstance(stop, int) for stop in control.stops)
    if whole and control.log:  # every integer between, denser at the small end
        return widgets.SelectionSlider(options=_between_powers(control.stops), **shared)
    if whole:
        return widgets.IntSlider(min=low, max=high, **shared)
    if control.log:
        return widgets.FloatLogSlider(
            min=math.log10(low), max=math.log10(high), step=(math.log10(high / low)) / 200, **shared
        )
    return widgets.FloatSlider(min=low, max=high, step=(high - low) / 200, **shared)


def _between_powers(stops: tuple[float, ...]) -> list[int]:
    """The stops and whole numbers between them, up to twelve to a doubling."""
    low, high = int(stops[0]), int(stops[-1])
    doublings = math.log2(high / low)
    between = {round(low * 2 ** (step / 12)) for step in range(int(12 * doublings) + 1)}
    return sorted(between | {int(stop) for stop in stops})
