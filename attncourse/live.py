"""An explorer under a reader's own kernel: ipywidgets around the same three functions, between the stops as well."""

from html import escape
from typing import TYPE_CHECKING, Any

from attncourse.controls import Choice, Control, Slider, Switch, Text
from attncourse.drawing.style import ALONE, style
from attncourse.drawing.svg import as_image, to_svg

if TYPE_CHECKING:
    from ipywidgets import VBox

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


def live_bundle(explorer: Any) -> dict[str, Any]:
    """The mime bundle that shows the widget of an ``Explorer``."""
    widget = live_widget(explorer)
    return {WIDGET_MIME: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}


def live_widget(explorer: Any) -> "VBox":
    """Controls, a picture and a sentence that follow them, and the caption.

    The picture is the page's, and its shapes say their numbers beside the pointer; arrow keys and linked highlights
    need the page's script. No ``Output`` widget: what happens inside one is invisible to nbval. Of a text that
    ``measure`` refuses, the sentence says why, and the picture stays.
    """
    from ipywidgets import HTML, VBox

    controls = {name: _widget(control, explorer.defaults[name]) for name, control in explorer.controls.items()}
    typed = any(isinstance(control, Text) for control in explorer.controls.values())
    picture, readout = HTML(), HTML()
    caption = HTML(f"<style>{style(ALONE)}</style><p>{escape(explorer.caption)}</p>", layout={"max_width": "720px"})

    def say(sentence: str) -> None:
        readout.value = f"<span role='status'>{escape(sentence)}</span>"

    def redraw(_change=None) -> None:
        try:
            numbers = explorer.measure(**{name: widget.value for name, widget in controls.items()})
        except ValueError as refused:
            if not typed:  # then it is no fault of the reader's
                raise
            say(f"Not drawn: {refused}.")
            return
        sentence = explorer.readout(numbers)
        lines = as_image(to_svg(explorer.draw(numbers), alone=True), sentence)
        picture.value = f'<div class="{ALONE}">{"".join(lines)}</div>'
        say(sentence)

    for widget in controls.values():
        widget.observe(redraw, names="value")
    redraw()
    return VBox([*controls.values(), picture, readout, caption])


def _widget(control: Control, value: Any):
    import ipywidgets as widgets

    shared = {
        "value": value,
        "description": control.label,
        "style": {"description_width": "initial"},  # labels are never cut
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

    if control.stops_only or control.log:
        return widgets.SelectionSlider(options=[(control.text(value), value) for value in control.values], **shared)
    low, high = control.stops[0], control.stops[-1]
    if control.whole:
        return widgets.IntSlider(min=low, max=high, **shared)
    return widgets.FloatSlider(min=low, max=high, step=control.step, **shared)  # the stops, too, lie on its grid
