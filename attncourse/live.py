"""An explorer under a reader's own kernel: ipywidgets around the same three functions, between the stops as well."""

from html import escape
from typing import TYPE_CHECKING, Any

from attncourse.controls import Choice, Control, Slider, Switch, Text
from attncourse.drawing.style import ALONE, style
from attncourse.drawing.svg import as_image, to_svg

if TYPE_CHECKING:
    from ipywidgets import HTML, VBox
    from matplotlib.figure import Figure

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


def widget_bundle(widget: Any) -> dict[str, Any]:
    """The mime bundle that shows a widget."""
    return {WIDGET_MIME: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}


def picture_html(figure: "Figure", sentence: str) -> str:
    """A figure as an image that says one sentence, and whose shapes say their numbers beside the pointer."""
    return f'<div class="{ALONE}">{"".join(as_image(to_svg(figure, alone=True), sentence))}</div>'


def said_html(sentence: str) -> str:
    """A sentence that a screen reader says when it changes."""
    return f"<span role='status'>{escape(sentence)}</span>"


def caption_widget(caption: str) -> "HTML":
    """The words below a figure, and the style of its picture."""
    from ipywidgets import HTML

    return HTML(f"<style>{style(ALONE)}</style><p>{escape(caption)}</p>", layout={"max_width": "720px"})


def live_widget(explorer: Any) -> "VBox":
    """Controls, a picture and a sentence that follow them, and the caption.

    The picture is the page's, and its shapes say their numbers beside the pointer; arrow keys and linked highlights
    need the page's script. No ``Output`` widget: what happens inside one is invisible to nbval. Of a text that
    ``measure`` refuses, the sentence says why, and the picture stays.
    """
    from ipywidgets import HTML, VBox

    controls = {name: control_widget(control, explorer.defaults[name]) for name, control in explorer.controls.items()}
    typed = any(isinstance(control, Text) for control in explorer.controls.values())
    picture, readout = HTML(), HTML()

    def redraw(_change=None) -> None:
        try:
            numbers = explorer.measure(**{name: widget.value for name, widget in controls.items()})
        except ValueError as refused:
            if not typed:  # then it is no fault of the reader's
                raise
            readout.value = said_html(f"Not drawn: {refused}.")
            return
        sentence = explorer.readout(numbers)
        picture.value = picture_html(explorer.draw(numbers), sentence)
        readout.value = said_html(sentence)

    for widget in controls.values():
        widget.observe(redraw, names="value")
    redraw()
    return VBox([*controls.values(), picture, readout, caption_widget(explorer.caption)])


def control_widget(control: Control, value: Any):
    """The widget of one control, at a value."""
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
